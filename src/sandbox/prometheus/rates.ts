import { type CallContext, define, matrixOf, type PromFunction, scalarOf, vector } from './function.ts';
import { type Point, withoutName } from './values.ts';

type Measure = (points: Point[], context: CallContext) => number | undefined;

const MEASURES: Record<string, Measure> = {
  rate: (points, context) => extrapolated(points, context, { counter: true, perSecond: true }),
  increase: (points, context) => extrapolated(points, context, { counter: true, perSecond: false }),
  delta: (points, context) => extrapolated(points, context, { counter: false, perSecond: false }),
  irate: (points) => lastStep(points, { counter: true, perSecond: true }),
  idelta: (points) => lastStep(points, { counter: false, perSecond: false }),
  deriv: (points) => (points.length < 2 ? undefined : regression(points, (points[0] as Point).time).slope),
};

interface Kind {
  /** Falls are resets, and the value never was below zero. */
  counter: boolean;
  perSecond: boolean;
}

/** Functions of how a series changes over a range. */
export function rates(name: string): PromFunction | undefined {
  if (name === 'predict_linear') return predictLinear();
  if (!Object.hasOwn(MEASURES, name)) return undefined;
  const measure = MEASURES[name] as Measure;
  return define({
    parameters: ['matrix'],
    evaluate: ([matrix], context) =>
      vector(
        matrixOf(matrix).flatMap(({ labels, points }) => {
          const value = measure(points, context);
          return value === undefined ? [] : [{ labels: withoutName(labels), value }];
        }),
      ),
  });
}

/**
 * The change between the first and the last sample, stretched to the ends of the window where the samples come close
 * enough to them, as Prometheus does: at most half an average gap otherwise, and a counter never back beyond zero.
 */
function extrapolated(points: Point[], { window }: CallContext, kind: Kind): number | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 2) return undefined;
  const change = last.value - first.value + (kind.counter ? resets(points) : 0);
  const sampled = (last.time - first.time) / 1000;
  const gap = sampled / (points.length - 1);
  const near = (seconds: number) => (seconds >= gap * 1.1 ? gap / 2 : seconds);

  let toStart = near((first.time - window.from) / 1000);
  if (kind.counter && change > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / change));
  const toEnd = near((window.to - last.time) / 1000);
  const stretched = change * ((sampled + toStart + toEnd) / sampled);
  return kind.perSecond ? stretched / ((window.to - window.from) / 1000) : stretched;
}

/** What a counter had reached before each of its falls. */
function resets(points: Point[]): number {
  return points.reduce((sum, point, index) => {
    const before = points[index - 1];
    return before && point.value < before.value ? sum + before.value : sum;
  }, 0);
}

function lastStep(points: Point[], kind: Kind): number | undefined {
  const last = points.at(-1);
  const before = points.at(-2);
  if (!last || !before || last.time === before.time) return undefined;
  const change = kind.counter && last.value < before.value ? last.value : last.value - before.value;
  return kind.perSecond ? change / ((last.time - before.time) / 1000) : change;
}

/** Least squares; the slope per second, the intercept at `origin`. */
function regression(points: Point[], origin: number): { slope: number; intercept: number } {
  const xs = points.map(({ time }) => (time - origin) / 1000);
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const meanX = mean(xs);
  const meanY = mean(points.map(({ value }) => value));
  const covariance = points.reduce(
    (sum, { value }, index) => sum + ((xs[index] as number) - meanX) * (value - meanY),
    0,
  );
  const variance = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  const slope = covariance / variance;
  return { slope, intercept: meanY - slope * meanX };
}

function predictLinear(): PromFunction {
  return define({
    parameters: ['matrix', 'scalar'],
    evaluate: ([matrix, ahead], { time }) =>
      vector(
        matrixOf(matrix)
          .filter(({ points }) => points.length >= 2)
          .map(({ labels, points }) => {
            const { slope, intercept } = regression(points, time);
            return { labels: withoutName(labels), value: intercept + slope * scalarOf(ahead) };
          }),
      ),
  });
}
