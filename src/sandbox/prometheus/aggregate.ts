import { sorted } from './math.ts';
import { greater, lesser, mean, quantile, sum, variance } from './numbers.ts';
import type { Grouping } from './syntax.ts';
import { type Labels, numberText, omit, pick, QueryError, type Sample, signature, withoutName } from './values.ts';

const SUMMARIES: Record<string, (numbers: number[]) => number> = {
  sum,
  avg: mean,
  min: (numbers) => numbers.reduce(lesser),
  max: (numbers) => numbers.reduce(greater),
  count: (numbers) => numbers.length,
  group: () => 1,
  stddev: (numbers) => Math.sqrt(variance(numbers)),
  stdvar: variance,
};

interface Group {
  labels: Labels;
  samples: Sample[];
}

/** `parameter` is k, the rank, or the new label's name, for the operators that take one. */
export function aggregate(
  operator: string,
  grouping: Grouping,
  samples: Sample[],
  parameter?: number | string,
): Sample[] {
  return groups(samples, grouping).flatMap((group) => summarize(operator, group, parameter));
}

function groups(samples: Sample[], grouping: Grouping): Group[] {
  const found = new Map<string, Group>();
  for (const sample of samples) {
    const labels = grouping.by
      ? pick(sample.labels, grouping.labels)
      : omit(withoutName(sample.labels), grouping.labels);
    const key = signature(labels);
    const group = found.get(key) ?? { labels, samples: [] };
    group.samples.push(sample);
    found.set(key, group);
  }
  return [...found.values()];
}

function summarize(operator: string, { labels, samples }: Group, parameter?: number | string): Sample[] {
  const numbers = samples.map(({ value }) => value);
  switch (operator) {
    case 'topk':
    case 'bottomk':
      return sorted(samples, operator === 'bottomk').slice(0, Math.max(0, Math.trunc(Number(parameter)) || 0));
    case 'quantile':
      return [{ labels, value: quantile(Number(parameter), numbers) }];
    case 'count_values':
      return countValues(labels, numbers, String(parameter));
  }
  const apply = SUMMARIES[operator];
  if (!apply) throw new QueryError('bad_data', `unknown aggregation operator "${operator}"`);
  return [{ labels, value: apply(numbers) }];
}

function countValues(labels: Labels, numbers: number[], name: string): Sample[] {
  const counts = new Map<string, number>();
  for (const number of numbers) counts.set(numberText(number), (counts.get(numberText(number)) ?? 0) + 1);
  return [...counts].map(([text, value]) => ({ labels: { ...labels, [name]: text }, value }));
}
