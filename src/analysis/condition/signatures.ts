/** How many arguments each function takes: fewest and most. */
export const FUNCTIONS: Record<string, readonly [number, number]> = {
  abs: [1, 1],
  ceil: [1, 1],
  floor: [1, 1],
  round: [1, 1],
  int: [1, 1],
  float: [1, 1],
  string: [1, 1],
  type: [1, 1],
  len: [1, 1],
  first: [1, 1],
  last: [1, 1],
  take: [2, 2],
  get: [2, 2],
  max: [1, 64],
  min: [1, 64],
  mean: [1, 64],
  median: [1, 64],
  reverse: [1, 1],
  sort: [1, 2],
  uniq: [1, 1],
  concat: [1, 64],
  flatten: [1, 1],
  keys: [1, 1],
  values: [1, 1],
  toPairs: [1, 1],
  fromPairs: [1, 1],
  trim: [1, 2],
  trimPrefix: [2, 2],
  trimSuffix: [2, 2],
  upper: [1, 1],
  lower: [1, 1],
  split: [2, 3],
  join: [1, 2],
  replace: [3, 3],
  repeat: [2, 2],
  indexOf: [2, 2],
  lastIndexOf: [2, 2],
  hasPrefix: [2, 2],
  hasSuffix: [2, 2],
  now: [0, 0],
  date: [1, 1],
  duration: [1, 1],
};

/** Functions that apply a predicate to each element; some go without one, some take one argument after it. */
export const PREDICATES: Record<string, { optional?: boolean; extra?: boolean }> = {
  all: {},
  none: {},
  any: {},
  one: {},
  filter: {},
  map: {},
  find: {},
  findIndex: {},
  findLast: {},
  findLastIndex: {},
  groupBy: {},
  count: { optional: true },
  sum: { optional: true },
  sortBy: { extra: true },
  reduce: { extra: true },
};

/** What a condition on a measurement may name besides the language's own functions. */
export const MEASUREMENT: Environment = {
  names: ['result'],
  functions: { asInt: [1, 1], asFloat: [1, 1], isNaN: [1, 1], isInf: [1, 1], isNil: [1, 1], default: [2, 2] },
};

/** What the start and end of a range query may name. */
export const TIMES: Environment = { names: [], functions: { isNaN: [1, 1], isInf: [1, 1] } };

export interface Environment {
  names: readonly string[];
  functions: Record<string, readonly [number, number]>;
}
