import { type Builtin, type Call, elements, fields, integer, text } from './call.ts';
import { shown } from './functions-texts.ts';
import { EvaluationProblem } from './limits.ts';
import { equal, order } from './operators.ts';
import { isFields, typeName, type Value, withinArray } from './values.ts';

function length(call: Call): bigint {
  const value = call.args[0] ?? null;
  if (typeof value === 'string') return BigInt([...text(call)].length);
  if (Array.isArray(value)) return BigInt(value.length);
  if (isFields(value)) return BigInt(Object.keys(value).length);
  throw new EvaluationProblem(`invalid argument for len (type ${typeName(value)})`);
}

/** Sorts numbers or texts; `keys` decide where they differ from the elements. */
export function sorted(values: Value[], keys: Value[], descending: boolean): Value[] {
  const ranked = values.map((value, index): { value: Value; key: Value } => ({ value, key: keys[index] ?? null }));
  ranked.sort((a, b) => {
    const before = order('<', a.key, b.key, true) ? -1 : order('>', a.key, b.key, true) ? 1 : 0;
    return descending ? -before : before;
  });
  return ranked.map(({ value }) => value);
}

function unique(call: Call): Value[] {
  const kept: Value[] = [];
  for (const value of elements(call)) {
    if (!kept.some((other) => equal(value, other, true, call.budget) === true)) kept.push(value);
  }
  return kept;
}

function flat(call: Call, value: Value, depth = 0): Value[] {
  if (!Array.isArray(value) || depth > 64) return [value];
  return elements({ ...call, args: [value] }).flatMap((item) => flat(call, item, depth + 1));
}

function descending(call: Call): boolean {
  const direction = call.args.length > 1 ? text(call, 1) : 'asc';
  if (direction !== 'asc' && direction !== 'desc') {
    throw new EvaluationProblem(`invalid order "${direction.slice(0, 40)}": asc or desc`);
  }
  return direction === 'desc';
}

function got(call: Call): Value {
  const [whole = null, key = null] = call.args;
  if (Array.isArray(whole) && typeof key === 'bigint') return whole.at(Number(key)) ?? null;
  if (isFields(whole) && typeof key === 'string') return Object.hasOwn(whole, key) ? (whole[key] ?? null) : null;
  return null;
}

function fromPairs(call: Call): Value {
  const entries = elements(call).map((pair): [string, Value] => {
    const [key = null, value = null] = Array.isArray(pair) ? pair : [];
    return [shown(key), value];
  });
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

export const COLLECTIONS: Record<string, Builtin> = {
  len: length,
  first: (call) => elements(call)[0] ?? null,
  last: (call) => elements(call).at(-1) ?? null,
  take: (call) => elements(call).slice(0, Math.max(0, integer(call, 1))),
  get: got,
  reverse: (call) => [...elements(call)].reverse(),
  sort: (call) => {
    const all = elements(call);
    call.budget.spend(all.length * Math.ceil(Math.log2(all.length + 1)));
    return sorted(all, all, descending(call));
  },
  uniq: unique,
  concat: (call) => {
    const all = call.args.flatMap((_, position) => elements(call, position));
    withinArray(all.length);
    return all;
  },
  flatten: (call) => {
    const all = flat(call, elements(call));
    withinArray(all.length);
    return all;
  },
  keys: (call) => Object.keys(fields(call)),
  values: (call) => Object.values(fields(call)),
  toPairs: (call) => Object.entries(fields(call)),
  fromPairs,
};
