import { matchesAll } from './matchers.ts';
import { type Labels, type Matcher, METRIC_NAME, type Point, type SampleStore, type SeriesPoints } from './values.ts';

/** A number that somebody exposes, known exactly at any moment of its life. */
export interface ExposedSeries {
  /** Metric name included, as `__name__`. */
  labels: Labels;
  /** World time, milliseconds: the first moment at which it was there. */
  from: number;
  /** The moment from which it no longer was there; undefined while it is. */
  until(): number | undefined;
  /** Its value at a moment of its life that is not in the future. */
  value(time: number): number;
}

/** Everything that can be scraped. */
export interface ScrapeTargets {
  /** The series of one metric, or of all. */
  series(metric?: string): Iterable<ExposedSeries>;
}

/**
 * Samples as if every target had been scraped at each multiple of the interval (milliseconds). They are worked out when
 * asked for, so an idle world costs nothing. At the first scrape that misses a series, the series is marked stale.
 */
export function scrapedSamples(targets: ScrapeTargets, interval: number, now: () => number): SampleStore {
  const pointsOf = (series: ExposedSeries, from: number, to: number): Point[] => {
    const gone = series.until() ?? Number.POSITIVE_INFINITY;
    const first = Math.max(Math.floor(from / interval) + 1, Math.ceil(series.from / interval));
    const last = Math.min(Math.floor(Math.min(to, now()) / interval), Math.ceil(gone / interval));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
      const time = (first + index) * interval;
      return time < gone ? { time, value: series.value(time) } : { time, value: Number.NaN, stale: true };
    });
  };
  return {
    select(matchers: Matcher[], from: number, to: number): SeriesPoints[] {
      const name = matchers.find(({ label, operator }) => label === METRIC_NAME && operator === '=')?.value;
      const found: SeriesPoints[] = [];
      for (const series of targets.series(name)) {
        if (!matchesAll(matchers, series.labels)) continue;
        const points = pointsOf(series, from, to);
        if (points.length > 0) found.push({ labels: series.labels, points });
      }
      return found;
    },
  };
}
