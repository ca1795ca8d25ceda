import { calendar } from './calendar.ts';
import { type CallContext, define, matrixOf, type PromFunction, scalarOf, vector, vectorOf } from './function.ts';
import { histogramQuantile } from './histogram.ts';
import { math } from './math.ts';
import { overTime } from './over-time.ts';
import { rates } from './rates.ts';
import { relabelling } from './relabelling.ts';
import type { Expression } from './syntax.ts';
import type { Labels, Sample, Value } from './values.ts';

/** The labels that `absent` can name: those that the selector pins to one value. */
function absentLabels(expression: Expression | undefined): Labels {
  if (expression?.kind === 'group') return absentLabels(expression.inner);
  if (expression?.kind !== 'selector') return {};
  const pinned = expression.matchers.filter(({ label, operator }) => operator === '=' && label !== '__name__');
  const once = pinned.filter(({ label }) => expression.matchers.filter((other) => other.label === label).length === 1);
  return Object.fromEntries(once.map(({ label, value }) => [label, value]));
}

const absent = (count: (value: Value | undefined) => number) => (values: Value[], context: CallContext) =>
  vector(count(values[0]) > 0 ? [] : [{ labels: absentLabels(context.parameters[0]), value: 1 }]);

const FUNCTIONS: Record<string, () => PromFunction> = {
  absent: () => define({ parameters: ['vector'], evaluate: absent((value) => vectorOf(value).length) }),
  absent_over_time: () => define({ parameters: ['matrix'], evaluate: absent((value) => matrixOf(value).length) }),
  histogram_quantile: () =>
    define({
      parameters: ['scalar', 'vector'],
      evaluate: ([quantile, buckets]) => vector(histogramQuantile(scalarOf(quantile), vectorOf(buckets))),
    }),
  pi: () => define({ parameters: [], returns: 'scalar', evaluate: () => ({ type: 'scalar', value: Math.PI }) }),
  scalar: () =>
    define({ parameters: ['vector'], returns: 'scalar', evaluate: ([value]) => onlyElement(vectorOf(value)) }),
  time: () =>
    define({ parameters: [], returns: 'scalar', evaluate: (_, { time }) => ({ type: 'scalar', value: time / 1000 }) }),
  vector: () =>
    define({ parameters: ['scalar'], evaluate: ([value]) => vector([{ labels: {}, value: scalarOf(value) }]) }),
};

function onlyElement(samples: Sample[]): Value {
  return { type: 'scalar', value: samples.length === 1 ? (samples[0] as Sample).value : Number.NaN };
}

/** The function of this name, or undefined where Prometheus knows none (or only an experimental one). */
export function signatureOf(name: string): PromFunction | undefined {
  for (const family of [math, calendar, rates, overTime, relabelling]) {
    const found = family(name);
    if (found) return found;
  }
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]?.() : undefined;
}
