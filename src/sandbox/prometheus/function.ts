import type { Expression } from './syntax.ts';
import { QueryError, type Sample, type SeriesPoints, type Value, type ValueType } from './values.ts';

/** What a function may know besides its arguments. Times in milliseconds. */
export interface CallContext {
  time: number;
  /** The range of the matrix argument, left end excluded; both are `time` where there is none. */
  window: { from: number; to: number };
  parameters: Expression[];
}

export interface PromFunction {
  parameters: ValueType[];
  /** How many of the last parameters may be left out. */
  optional: number;
  /** The last parameter may be repeated. */
  variadic: boolean;
  returns: ValueType;
  evaluate(values: Value[], context: CallContext): Value;
}

type Definition = Partial<PromFunction> & Pick<PromFunction, 'parameters' | 'evaluate'>;

export function define(definition: Definition): PromFunction {
  return { optional: 0, variadic: false, returns: 'vector', ...definition };
}

export function vectorOf(value: Value | undefined): Sample[] {
  if (value?.type !== 'vector') throw new QueryError('execution', `expected an instant vector, got ${value?.type}`);
  return value.samples;
}

export function matrixOf(value: Value | undefined): SeriesPoints[] {
  if (value?.type !== 'matrix') throw new QueryError('execution', `expected a range vector, got ${value?.type}`);
  return value.series;
}

export function scalarOf(value: Value | undefined): number {
  if (value?.type !== 'scalar') throw new QueryError('execution', `expected a scalar, got ${value?.type}`);
  return value.value;
}

export function stringOf(value: Value | undefined): string {
  if (value?.type !== 'string') throw new QueryError('execution', `expected a string, got ${value?.type}`);
  return value.value;
}

export function vector(samples: Sample[]): Value {
  return { type: 'vector', samples };
}
