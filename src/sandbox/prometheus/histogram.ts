import { type Labels, omit, type Sample, signature, withoutName } from './values.ts';

interface Bucket {
  upper: number;
  count: number;
}

/** One element per histogram: cumulative buckets that differ in nothing but `le`. */
export function histogramQuantile(quantile: number, samples: Sample[]): Sample[] {
  const histograms = new Map<string, { labels: Labels; buckets: Bucket[] }>();
  for (const { labels, value } of samples) {
    const upper = upperBound(labels.le);
    if (upper === undefined) continue;
    const rest = omit(withoutName(labels), ['le']);
    const key = signature(rest);
    const histogram = histograms.get(key) ?? { labels: rest, buckets: [] };
    histogram.buckets.push({ upper, count: value });
    histograms.set(key, histogram);
  }
  return [...histograms.values()].map(({ labels, buckets }) => ({ labels, value: bucketQuantile(quantile, buckets) }));
}

function upperBound(le: string | undefined): number | undefined {
  if (le === '+Inf' || le === 'Inf') return Number.POSITIVE_INFINITY;
  const upper = Number(le || Number.NaN);
  return Number.isNaN(upper) ? undefined : upper;
}

function bucketQuantile(quantile: number, unordered: Bucket[]): number {
  if (Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  const buckets = monotonic(unordered.sort((a, b) => a.upper - b.upper));
  const last = buckets.at(-1) as Bucket;
  const total = last.count;
  if (last.upper !== Number.POSITIVE_INFINITY || buckets.length < 2 || total === 0 || Number.isNaN(total)) {
    return Number.NaN;
  }
  const rank = quantile * total;
  const index = buckets.slice(0, -1).findIndex(({ count }) => count >= rank);
  if (index < 0) return (buckets.at(-2) as Bucket).upper;
  const bucket = buckets[index] as Bucket;
  if (index === 0 && bucket.upper <= 0) return bucket.upper;
  const below = buckets[index - 1] ?? { upper: 0, count: 0 };
  return below.upper + (bucket.upper - below.upper) * ((rank - below.count) / (bucket.count - below.count));
}

/** Rates of buckets scraped at different moments may fall from one bucket to the next; a histogram's never do. */
function monotonic(buckets: Bucket[]): Bucket[] {
  let most = Number.NEGATIVE_INFINITY;
  return buckets.map(({ upper, count }) => {
    most = Math.max(most, count);
    return { upper, count: most };
  });
}
