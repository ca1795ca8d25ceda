import { type Matcher, RE2JS } from 're2js';
import { messageOf } from '../../errors.ts';
import { type Budget, EvaluationProblem, LIMITS } from './limits.ts';
import {
  Instant,
  int,
  isFields,
  isHollow,
  isNumber,
  type Numeric,
  Span,
  typeName,
  UNKNOWN,
  type Value,
  withinArray,
  withinText,
} from './values.ts';

export function mismatch(operator: string, left: Value, right: Value): EvaluationProblem {
  const hint =
    Array.isArray(left) && isNumber(right)
      ? `: a list of ${left.length} values is not a number; use result[0], or all(result, # ${operator} ...)`
      : '';
  return new EvaluationProblem(
    `invalid operation: ${operator} (mismatched types ${typeName(left)} and ${typeName(right)})${hint}`,
  );
}

type Logic = boolean | typeof UNKNOWN;

/** A one-element vector that is compared with a number counts as its element. */
function elementFor(value: Value, other: Value): Value {
  const [only] = Array.isArray(value) && value.length === 1 ? value : [];
  return isNumber(other) && only !== undefined && isNumber(only) ? only : value;
}

/** Orders two values; anything compared with NaN or an infinity is unknown. */
export function order(operator: string, a: Value, b: Value, definite: boolean): Logic {
  const left = elementFor(a, b);
  const right = elementFor(b, a);
  if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
  if (isNumber(left) && isNumber(right)) {
    if (!definite && (isHollow(left) || isHollow(right))) return UNKNOWN;
    return ordered(operator, left, right);
  }
  if (typeof left === 'string' && typeof right === 'string') return ordered(operator, left, right);
  if ((left instanceof Instant && right instanceof Instant) || (left instanceof Span && right instanceof Span)) {
    return ordered(operator, left.milliseconds, right.milliseconds);
  }
  throw mismatch(operator, left, right);
}

function ordered<T extends Numeric | string>(operator: string, left: T, right: T): boolean {
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

/** An int and a float are the same when their values are, exactly, which === never says; NaN is nothing's same. */
function sameNumber(a: number | bigint, b: number | bigint): boolean {
  return a <= b && a >= b;
}

/** Deep equality; values of different types are unequal, as JSON's are. */
export function equal(a: Value, b: Value, definite: boolean, budget: Budget, depth = 0): Logic {
  budget.spend();
  if (depth > LIMITS.depth) throw new EvaluationProblem(`the values compared nest deeper than ${LIMITS.depth} levels`);
  const left = depth === 0 ? elementFor(a, b) : a;
  const right = depth === 0 ? elementFor(b, a) : b;
  if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
  if (isNumber(left) && isNumber(right)) {
    if (!definite && (isHollow(left) || isHollow(right))) return UNKNOWN;
    return sameNumber(left, right);
  }
  const inner = (x: Value, y: Value) => equal(x, y, definite, budget, depth + 1);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && both(left.map((item, index) => inner(item, right[index] ?? null)));
  }
  if (isFields(left) && isFields(right)) {
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length || !keys.every((key) => Object.hasOwn(right, key))) return false;
    return both(keys.map((key) => inner(left[key] ?? null, right[key] ?? null)));
  }
  return sameMoment(left, right) ?? left === right;
}

function sameMoment(left: Value, right: Value): boolean | undefined {
  const alike =
    (left instanceof Instant && right instanceof Instant) || (left instanceof Span && right instanceof Span);
  return alike ? left.milliseconds === right.milliseconds : undefined;
}

function both(outcomes: Logic[]): Logic {
  if (outcomes.includes(false)) return false;
  return outcomes.includes(UNKNOWN) ? UNKNOWN : true;
}

export function negate(value: Value): Logic {
  if (value === UNKNOWN) return UNKNOWN;
  if (typeof value === 'boolean') return !value;
  throw new EvaluationProblem(`invalid operation: ! (mismatched type ${typeName(value)})`);
}

export function signed(operator: '-' | '+', value: Value): Value {
  if (typeof value === 'bigint') return operator === '-' ? int(-value) : value;
  if (typeof value === 'number') return operator === '-' ? -value : value;
  if (value instanceof Span) return new Span(operator === '-' ? -value.milliseconds : value.milliseconds);
  throw new EvaluationProblem(`invalid operation: ${operator} (mismatched type ${typeName(value)})`);
}

export function arithmetic(operator: string, left: Value, right: Value): Value {
  if (isNumber(left) && isNumber(right)) return compute(operator, left, right);
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return withinText(left + right);
  const sign = operator === '-' ? -1 : 1;
  if (operator === '+' || operator === '-') {
    if (left instanceof Instant && right instanceof Span)
      return new Instant(left.milliseconds + sign * right.milliseconds);
    if (left instanceof Span && right instanceof Span) return new Span(left.milliseconds + sign * right.milliseconds);
    if (operator === '+' && left instanceof Span && right instanceof Instant) return arithmetic('+', right, left);
    if (operator === '-' && left instanceof Instant && right instanceof Instant) {
      return new Span(left.milliseconds - right.milliseconds);
    }
  }
  throw mismatch(operator, left, right);
}

function compute(operator: string, left: Numeric, right: Numeric): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    if (operator === '+') return int(left + right);
    if (operator === '-') return int(left - right);
    if (operator === '*') return int(left * right);
    if (operator === '%' && right !== 0n) return left % right;
    if (operator === '%') throw new EvaluationProblem('integer divide by zero');
  }
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '**':
      return a ** b;
    default:
      throw mismatch(operator, left, right);
  }
}

export function range(left: Value, right: Value, budget: Budget): Value {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') throw mismatch('..', left, right);
  const size = right - left + 1n;
  if (size <= 0n) return [];
  withinArray(Number(size));
  budget.spend(Number(size));
  return Array.from({ length: Number(size) }, (_, index) => left + BigInt(index));
}

export function contained(item: Value, whole: Value, definite: boolean, budget: Budget): Logic {
  if (Array.isArray(whole)) {
    withinArray(whole.length);
    const outcomes = whole.map((element) => equal(item, element, definite, budget));
    if (outcomes.includes(true)) return true;
    return outcomes.includes(UNKNOWN) ? UNKNOWN : false;
  }
  if (isFields(whole) && typeof item === 'string') return Object.hasOwn(whole, item);
  if (whole === null) return false;
  throw new EvaluationProblem(`operator "in" not defined on ${typeName(whole)}`);
}

export function textual(operator: string, left: Value, right: Value, budget: Budget): boolean {
  if (typeof left !== 'string' || typeof right !== 'string') throw mismatch(operator, left, right);
  budget.spend(1 + left.length / 1000);
  if (operator === 'contains') return left.includes(right);
  if (operator === 'startsWith') return left.startsWith(right);
  if (operator === 'endsWith') return left.endsWith(right);
  return matching(left, right, budget);
}

function matching(text: string, pattern: string, budget: Budget): boolean {
  let matcher: Matcher;
  try {
    const compiled = RE2JS.compile(pattern);
    budget.spend(Math.ceil((text.length * compiled.programSize()) / 16));
    matcher = compiled.matcher(text);
  } catch (error) {
    if (error instanceof EvaluationProblem) throw error;
    throw new EvaluationProblem(invalidPattern(error));
  }
  return matcher.find();
}

export function invalidPattern(error: unknown): string {
  return `this regular expression is not valid: ${messageOf(error).replace('error parsing regexp: ', '')}`;
}
