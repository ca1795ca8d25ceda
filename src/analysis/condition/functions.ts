import type { Builtin } from './call.ts';
import { COLLECTIONS } from './functions-collections.ts';
import { NUMERIC } from './functions-numbers.ts';
import { TEXTS } from './functions-texts.ts';
import { EvaluationProblem } from './limits.ts';
import { Instant, Span, typeName, type Value } from './values.ts';

/** The language's functions, but for those that take a predicate. */
export const BUILTINS: Record<string, Builtin> = { ...NUMERIC, ...COLLECTIONS, ...TEXTS };

const METHODS: Record<string, (value: Instant | Span) => Value | undefined> = {
  Unix: (value) => (value instanceof Instant ? BigInt(Math.floor(value.milliseconds / 1000)) : undefined),
  Seconds: (value) => (value instanceof Span ? value.milliseconds / 1000 : undefined),
  Minutes: (value) => (value instanceof Span ? value.milliseconds / 60_000 : undefined),
  Hours: (value) => (value instanceof Span ? value.milliseconds / 3_600_000 : undefined),
  Milliseconds: (value) => (value instanceof Span ? BigInt(Math.trunc(value.milliseconds)) : undefined),
};

/** The few methods that moments and lengths of time have. */
export function method(object: Value, name: string, args: Value[]): Value {
  const known = Object.hasOwn(METHODS, name) && args.length === 0 ? METHODS[name] : undefined;
  const timed = object instanceof Instant || object instanceof Span ? object : undefined;
  const value = known !== undefined && timed !== undefined ? known(timed) : undefined;
  if (value === undefined) throw new EvaluationProblem(`${typeName(object)} has no method ${name}`);
  return value;
}
