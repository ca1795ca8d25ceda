import { EvaluationProblem, LIMITS } from './limits.ts';

/** A moment, as `now()` and `date()` answer it. */
export class Instant {
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
}

/** A length of time, as `duration()` answers it. */
export class Span {
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
}

/** The outcome of comparing something with NaN or an infinity: neither true nor false. */
export const UNKNOWN = Symbol('unknown');

export type Fields = { [key: string]: Value };

/**
 * What conditions compute with. The language has integers and floats: a `bigint` is its int (64 bit), a `number` its
 * float64. Numbers from JSON and from metric backends are always floats.
 */
export type Value = null | boolean | bigint | number | string | Value[] | Fields | Instant | Span | typeof UNKNOWN;

export type Numeric = bigint | number;

export function isNumber(value: Value): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint';
}

export function isFields(value: Value): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Instant) &&
    !(value instanceof Span)
  );
}

/** NaN or an infinity: what a backend computes where there is no data. */
export function isHollow(value: Value): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}

/** The reference's names of types, which its messages use. */
export function typeName(value: Value): string {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return '[]interface {}';
  if (value instanceof Instant) return 'time.Time';
  if (value instanceof Span) return 'time.Duration';
  switch (typeof value) {
    case 'boolean':
    case 'symbol':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'string':
      return 'string';
    default:
      return 'map[string]interface {}';
  }
}

/** Wraps around as a 64-bit integer does. */
export function int(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

export function intOf(value: number): bigint {
  if (!Number.isFinite(value)) throw new NoData();
  return int(BigInt(Math.trunc(value)));
}

export function withinText(text: string): string {
  if (text.length <= LIMITS.text) return text;
  throw new EvaluationProblem(
    `the condition builds a text of more than ${LIMITS.text.toLocaleString('en')} characters`,
  );
}

export function withinArray(length: number): void {
  if (length <= LIMITS.array) return;
  throw new EvaluationProblem(
    `an array has ${length} elements; conditions may use at most ${LIMITS.array.toLocaleString('en')}`,
  );
}

/** The result is NaN or infinite where a definite value is needed. */
export class NoData extends EvaluationProblem {
  constructor() {
    super(
      'no data: the result is NaN or infinite, and the condition does not say what that means (isNaN, isInf or default)',
    );
    this.name = 'NoData';
  }
}

const MAGNITUDE = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/;

/** A float in decimal digits without an exponent, and the backends' own words for what is not a number. */
export function decimal(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [, sign, first, rest = '', exponent] = MAGNITUDE.exec(String(value)) ?? [];
  if (first === undefined) return String(value);
  const digits = first + rest;
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}
