import { type Builtin, type Call, number, numbers, text } from './call.ts';
import { EvaluationProblem } from './limits.ts';
import { int, intOf, isNumber, type Numeric, typeName, type Value } from './values.ts';

function extreme(call: Call, better: (a: Numeric, b: Numeric) => boolean): Value {
  const all = numbers(call);
  if (all.some((value) => Number.isNaN(value))) return Number.NaN;
  const [first, ...rest] = all;
  if (first === undefined) throw new EvaluationProblem(`not enough arguments to call ${call.name}: the array is empty`);
  return rest.reduce((best, value) => (better(value, best) ? value : best), first);
}

export function total(values: Numeric[]): Numeric {
  if (values.every((value) => typeof value === 'bigint')) return int(values.reduce((sum, value) => sum + value, 0n));
  return values.reduce<number>((sum, value) => sum + Number(value), 0);
}

function median(call: Call): number {
  const sorted = numbers(call).map(Number);
  if (sorted.some(Number.isNaN)) return Number.NaN;
  sorted.sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** Half away from zero. */
function rounded(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads a float as the reference does; throws for anything else. */
function parseFloat64(source: string): number {
  const word = source.toLowerCase().replace(/^\+/, '');
  if (word === 'nan') return Number.NaN;
  if (word === 'inf' || word === 'infinity') return Number.POSITIVE_INFINITY;
  if (word === '-inf' || word === '-infinity') return Number.NEGATIVE_INFINITY;
  if (DECIMAL.test(source)) return Number(source);
  throw new EvaluationProblem(`parsing "${source.slice(0, 40)}" as a float: invalid syntax`);
}

function parseInt64(source: string): bigint {
  if (/^[+-]?\d{1,19}$/.test(source)) return int(BigInt(source.replace('+', '')));
  throw new EvaluationProblem(`parsing "${source.slice(0, 40)}" as an integer: invalid syntax`);
}

function toFloat(call: Call): number {
  const value = call.args[0] ?? null;
  if (typeof value === 'string') return parseFloat64(text(call));
  if (isNumber(value)) return Number(value);
  throw new EvaluationProblem(`${call.name}() not supported on ${typeName(value)}`);
}

function toInt(call: Call): bigint {
  const value = call.args[0] ?? null;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string') return parseInt64(text(call));
  if (typeof value === 'number') return intOf(value);
  throw new EvaluationProblem(`${call.name}() not supported on ${typeName(value)}`);
}

export const NUMERIC: Record<string, Builtin> = {
  abs: (call) => {
    const value = number(call);
    return value < 0 ? (typeof value === 'bigint' ? int(-value) : -value) : value;
  },
  ceil: (call) => Math.ceil(Number(number(call))),
  floor: (call) => Math.floor(Number(number(call))),
  round: (call) => rounded(Number(number(call))),
  int: toInt,
  asInt: toInt,
  float: toFloat,
  asFloat: toFloat,
  isNaN: (call) => Number.isNaN(Number(number(call))),
  isInf: (call) => Math.abs(Number(number(call))) === Number.POSITIVE_INFINITY,
  max: (call) => extreme(call, (a, b) => a > b),
  min: (call) => extreme(call, (a, b) => a < b),
  mean: (call) => {
    const all = numbers(call);
    return all.length === 0 ? 0 : Number(total(all)) / all.length;
  },
  median,
};
