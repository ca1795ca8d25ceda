import { aggregate } from './aggregate.ts';
import { type Operation, scalarOperation, setOperation, vectorScalar, vectorVector } from './binary.ts';
import { vector, vectorOf } from './function.ts';
import { signatureOf } from './functions.ts';
import { type Expression, type ExpressionOf, SET_OPERATORS, type Shift } from './syntax.ts';
import { QueryError, type SampleStore, type SeriesPoints, signature, type Value, withoutName } from './values.ts';

/** How far back an instant selector looks for the latest sample. */
export const LOOKBACK = 5 * 60_000;

const DEFAULT_SUBQUERY_STEP = 60_000;

/** Times in milliseconds; `start` and `end` are those of the whole query. */
export interface Instant {
  store: SampleStore;
  time: number;
  start: number;
  end: number;
}

export function evaluate(expression: Expression, at: Instant): Value {
  switch (expression.kind) {
    case 'number':
      return { type: 'scalar', value: expression.value };
    case 'string':
      return { type: 'string', value: expression.value };
    case 'group':
      return evaluate(expression.inner, at);
    case 'selector':
      return evaluateSelector(expression, at);
    case 'subquery':
      return evaluateSubquery(expression, at);
    case 'unary':
      return evaluateUnary(expression, at);
    case 'call':
      return evaluateCall(expression, at);
    case 'aggregate':
      return evaluateAggregate(expression, at);
    case 'binary':
      return evaluateBinary(expression, at);
  }
}

function shifted({ offset, pinned }: Shift, at: Instant): number {
  const base = pinned === undefined ? at.time : typeof pinned === 'number' ? pinned : at[pinned];
  return base - offset;
}

function evaluateSelector({ matchers, range, shift }: ExpressionOf<'selector'>, at: Instant): Value {
  const to = shifted(shift, at);
  const found = at.store.select(matchers, to - (range ?? LOOKBACK), to);
  if (range !== undefined) {
    const series = found.map(({ labels, points }) => ({ labels, points: points.filter((point) => !point.stale) }));
    return { type: 'matrix', series: series.filter(({ points }) => points.length > 0) };
  }
  return vector(
    found.flatMap(({ labels, points }) => {
      const latest = points.at(-1);
      return latest && !latest.stale ? [{ labels, value: latest.value, time: latest.time }] : [];
    }),
  );
}

/** Evaluated at the multiples of the step, whatever the query's own time. */
function evaluateSubquery({ inner, range, step, shift }: ExpressionOf<'subquery'>, at: Instant): Value {
  const to = shifted(shift, at);
  const every = step ?? DEFAULT_SUBQUERY_STEP;
  const first = (Math.floor((to - range) / every) + 1) * every;
  const times = Array.from(
    { length: Math.max(0, Math.floor((to - first) / every) + 1) },
    (_, index) => first + index * every,
  );
  return { type: 'matrix', series: evaluateAt(inner, times, at) };
}

/** The expression's value as series over several instants. */
export function evaluateAt(expression: Expression, times: number[], at: Instant): SeriesPoints[] {
  const series = new Map<string, SeriesPoints>();
  for (const time of times) {
    const value = evaluate(expression, { ...at, time });
    const samples = value.type === 'scalar' ? [{ labels: {}, value: value.value }] : vectorOf(value);
    for (const { labels, value: number } of samples) {
      const key = signature(labels);
      const known = series.get(key) ?? { labels, points: [] };
      known.points.push({ time, value: number });
      series.set(key, known);
    }
  }
  return [...series.values()];
}

function evaluateUnary({ negative, inner }: ExpressionOf<'unary'>, at: Instant): Value {
  const value = evaluate(inner, at);
  if (!negative) return value;
  if (value.type === 'scalar') return { type: 'scalar', value: -value.value };
  return vector(vectorOf(value).map((sample) => ({ labels: withoutName(sample.labels), value: -sample.value })));
}

function evaluateCall({ name, parameters }: ExpressionOf<'call'>, at: Instant): Value {
  const known = signatureOf(name);
  if (!known) throw new QueryError('bad_data', `unknown function with name "${name}"`);
  const ranged = parameters
    .map(unwrap)
    .find((parameter) => parameter.kind === 'selector' || parameter.kind === 'subquery');
  const to = ranged ? shifted(ranged.shift, at) : at.time;
  const values = parameters.map((parameter) => evaluate(parameter, at));
  const result = known.evaluate(values, { time: at.time, window: { from: to - (ranged?.range ?? 0), to }, parameters });
  if (result.type === 'vector') requireDistinct(result);
  return result;
}

function unwrap(expression: Expression): Expression {
  return expression.kind === 'group' ? unwrap(expression.inner) : expression;
}

function requireDistinct({ samples }: Extract<Value, { type: 'vector' }>): void {
  if (new Set(samples.map(({ labels }) => signature(labels))).size < samples.length) {
    throw new QueryError('execution', 'vector cannot contain metrics with the same labelset');
  }
}

function evaluateAggregate({ operator, grouping, parameter, inner }: ExpressionOf<'aggregate'>, at: Instant): Value {
  const argument = parameter && evaluate(parameter, at);
  const plain = argument?.type === 'scalar' || argument?.type === 'string' ? argument.value : undefined;
  return vector(aggregate(operator, grouping, vectorOf(evaluate(inner, at)), plain));
}

function evaluateBinary(binary: ExpressionOf<'binary'>, at: Instant): Value {
  const left = evaluate(binary.left, at);
  const right = evaluate(binary.right, at);
  const operation: Operation = binary;
  if (left.type === 'scalar' && right.type === 'scalar') {
    return { type: 'scalar', value: scalarOperation(operation, left.value, right.value) };
  }
  if (left.type === 'scalar') return vector(vectorScalar(operation, vectorOf(right), left.value, true));
  if (right.type === 'scalar') return vector(vectorScalar(operation, vectorOf(left), right.value, false));
  const apply = SET_OPERATORS.includes(operation.operator) ? setOperation : vectorVector;
  return vector(apply(operation, vectorOf(left), vectorOf(right)));
}
