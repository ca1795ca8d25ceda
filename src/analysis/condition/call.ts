/** What the language's functions are given, and how they read it. */
import { type Budget, EvaluationProblem } from './limits.ts';
import { type Fields, isFields, isNumber, type Numeric, typeName, type Value, withinArray } from './values.ts';

/** What a function may use besides its arguments. */
export interface Call {
  name: string;
  args: Value[];
  budget: Budget;
  /** World time, milliseconds since the epoch. */
  now: number;
  /** The condition says itself what NaN and Inf mean. */
  definite: boolean;
}

export type Builtin = (call: Call) => Value;

export function fail(call: Call, position: number): EvaluationProblem {
  return new EvaluationProblem(`invalid argument for ${call.name} (type ${typeName(call.args[position] ?? null)})`);
}

export function text(call: Call, position = 0): string {
  const value = call.args[position];
  if (typeof value !== 'string') throw fail(call, position);
  call.budget.spend(1 + value.length / 1000);
  return value;
}

export function integer(call: Call, position: number): number {
  const value = call.args[position];
  if (typeof value !== 'bigint') throw fail(call, position);
  return Number(value);
}

/** An argument as an array that is within the limit. */
export function elements(call: Pick<Call, 'args' | 'budget' | 'name'>, position = 0): Value[] {
  const value = call.args[position];
  if (!Array.isArray(value)) {
    throw new EvaluationProblem(
      `invalid argument for ${call.name} (type ${typeName(value ?? null)}): it takes an array`,
    );
  }
  withinArray(value.length);
  call.budget.spend(value.length);
  return value;
}

export function fields(call: Call): Fields {
  const value = call.args[0] ?? null;
  if (!isFields(value)) throw fail(call, 0);
  call.budget.spend(Object.keys(value).length);
  return value;
}

export function number(call: Call, position = 0): Numeric {
  const value = call.args[position] ?? null;
  if (!isNumber(value)) throw fail(call, position);
  return value;
}

/** All numbers among the arguments, arrays laid out flat. */
export function numbers(call: Call): Numeric[] {
  const flat = call.args.flatMap<Value>((value) =>
    Array.isArray(value) ? elements({ ...call, args: [value] }) : [value],
  );
  return flat.map((value) => {
    if (!isNumber(value)) throw new EvaluationProblem(`invalid argument for ${call.name} (type ${typeName(value)})`);
    return value;
  });
}
