import { sorted } from './functions-collections.ts';
import { total } from './functions-numbers.ts';
import { shown } from './functions-texts.ts';
import { type Budget, EvaluationProblem } from './limits.ts';
import { isNumber, NoData, type Numeric, typeName, UNKNOWN, type Value } from './values.ts';

/** What `#`, `#index` and `#acc` stand for while a predicate is evaluated. */
export interface Element {
  value: Value;
  index: number;
  accumulator?: Value;
}

export interface PredicateCall {
  name: string;
  array: Value[];
  /** The argument after the predicate, where one was given. */
  extra: Value | undefined;
  /** Evaluates the predicate; undefined where none was given, and the element itself counts. */
  apply: ((element: Element) => Value) | undefined;
  budget: Budget;
}

type Logic = boolean | typeof UNKNOWN;

function truth(call: PredicateCall, value: Value, index: number): Logic {
  const outcome = call.apply === undefined ? value : call.apply({ value, index });
  if (typeof outcome === 'boolean' || outcome === UNKNOWN) return outcome;
  throw new EvaluationProblem(`predicate of ${call.name} should return bool, but got ${typeName(outcome)}`);
}

/** Like `truth`, where an unknown outcome would decide what is picked. */
function certain(call: PredicateCall): (value: Value, index: number) => boolean {
  return (value, index) => {
    const outcome = truth(call, value, index);
    if (outcome === UNKNOWN) throw new NoData();
    return outcome;
  };
}

/** Whether some element makes the predicate `wanted`; unknown where that hangs on an unknown one. */
function some(call: PredicateCall, wanted: boolean): Logic {
  let unknown = false;
  for (const [index, value] of call.array.entries()) {
    const outcome = truth(call, value, index);
    if (outcome === wanted) return true;
    unknown ||= outcome === UNKNOWN;
  }
  return unknown ? UNKNOWN : false;
}

function not(outcome: Logic): Logic {
  return outcome === UNKNOWN ? UNKNOWN : !outcome;
}

function mapped(call: PredicateCall): Value[] {
  return call.array.map((value, index) => (call.apply === undefined ? value : call.apply({ value, index })));
}

function grouped(call: PredicateCall): Value {
  const groups: { [key: string]: Value[] } = Object.create(null);
  for (const [index, key] of mapped(call).entries()) {
    const name = shown(key);
    groups[name] ??= [];
    groups[name].push(call.array[index] ?? null);
  }
  return groups;
}

function sum(call: PredicateCall): Numeric {
  return total(
    mapped(call).map((value) => {
      if (isNumber(value)) return value;
      throw new EvaluationProblem(`invalid argument for sum (type ${typeName(value)})`);
    }),
  );
}

function reduced(call: PredicateCall): Value {
  const given = call.extra !== undefined;
  const start = given ? call.extra : call.array[0];
  if (start === undefined) throw new EvaluationProblem('reduce of an empty array needs an initial value');
  let accumulator = start;
  for (const [index, value] of call.array.entries()) {
    if (index === 0 && !given) continue;
    accumulator = call.apply?.({ value, index, accumulator }) ?? null;
  }
  return accumulator;
}

const HANDLERS: Record<string, (call: PredicateCall) => Value> = {
  any: (call) => some(call, true),
  none: (call) => not(some(call, true)),
  all: (call) => not(some(call, false)),
  one: (call) => call.array.filter(certain(call)).length === 1,
  filter: (call) => call.array.filter(certain(call)),
  map: mapped,
  count: (call) => BigInt(call.array.filter(certain(call)).length),
  find: (call) => call.array.find(certain(call)) ?? null,
  findIndex: (call) => BigInt(call.array.findIndex(certain(call))),
  findLast: (call) => call.array.findLast(certain(call)) ?? null,
  findLastIndex: (call) => BigInt(call.array.findLastIndex(certain(call))),
  groupBy: grouped,
  sum,
  sortBy: (call) => {
    call.budget.spend(call.array.length * Math.ceil(Math.log2(call.array.length + 1)));
    return sorted(call.array, mapped(call), call.extra === 'desc');
  },
  reduce: reduced,
};

export function applyPredicate(call: PredicateCall): Value {
  const handler = HANDLERS[call.name];
  if (handler === undefined) throw new EvaluationProblem(`unknown function ${call.name}`);
  return handler(call);
}
