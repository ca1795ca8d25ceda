import { define, matrixOf, type PromFunction, scalarOf, vector } from './function.ts';
import { greater, lesser, mean, quantile, sum, variance } from './numbers.ts';
import { withoutName } from './values.ts';

const SUMMARIES: Record<string, (numbers: number[]) => number> = {
  avg_over_time: mean,
  min_over_time: (numbers) => numbers.reduce(lesser),
  max_over_time: (numbers) => numbers.reduce(greater),
  sum_over_time: sum,
  count_over_time: (numbers) => numbers.length,
  stddev_over_time: (numbers) => Math.sqrt(variance(numbers)),
  stdvar_over_time: variance,
  last_over_time: (numbers) => numbers.at(-1) as number,
  present_over_time: () => 1,
  changes: (numbers) =>
    steps(numbers, (before, after) => before !== after && !(Number.isNaN(before) && Number.isNaN(after))),
  resets: (numbers) => steps(numbers, (before, after) => after < before),
};

function steps(numbers: number[], counts: (before: number, after: number) => boolean): number {
  return numbers.slice(1).filter((after, index) => counts(numbers[index] as number, after)).length;
}

/** Functions that boil the samples of a range down to one number. */
export function overTime(name: string): PromFunction | undefined {
  if (name === 'quantile_over_time') {
    return define({
      parameters: ['scalar', 'matrix'],
      evaluate: ([rank, matrix]) =>
        vector(
          matrixOf(matrix).map(({ labels, points }) => ({
            labels: withoutName(labels),
            value: quantile(
              scalarOf(rank),
              points.map(({ value }) => value),
            ),
          })),
        ),
    });
  }
  if (!Object.hasOwn(SUMMARIES, name)) return undefined;
  const summarize = SUMMARIES[name] as (numbers: number[]) => number;
  return define({
    parameters: ['matrix'],
    evaluate: ([matrix]) =>
      vector(
        matrixOf(matrix).map(({ labels, points }) => ({
          labels: name === 'last_over_time' ? labels : withoutName(labels),
          value: summarize(points.map(({ value }) => value)),
        })),
      ),
  });
}
