import type { Json } from '../../api/kubernetes.ts';
import type { Node } from './ast.ts';
import { elements } from './call.ts';
import { BUILTINS, method } from './functions.ts';
import { Budget, EvaluationProblem } from './limits.ts';
import { saysWhatNaNMeans } from './meanings.ts';
import { arithmetic, contained, equal, mismatch, negate, order, range, signed, textual } from './operators.ts';
import { applyPredicate, type Element } from './predicates.ts';
import { PREDICATES } from './signatures.ts';
import { isFields, NoData, typeName, UNKNOWN, type Value, withinArray } from './values.ts';

/** What names stand for, and what is left to spend. */
interface Scope {
  names: Record<string, Value>;
  element: Element | undefined;
  budget: Budget;
  now: number;
  definite: boolean;
}

export interface EvaluateOptions {
  result?: Json | number[];
  /** World time, milliseconds since the epoch. */
  now: number;
}

/** The outcome of a `?.` on nil: the rest of the chain is nil. */
const CUT = Symbol('cut');

/** Evaluates a tree. Throws `EvaluationProblem` with the failing node's offset. */
export function evaluate(root: Node, { result, now }: EvaluateOptions): Value {
  const names: Record<string, Value> = Object.create(null);
  names.result = (result ?? null) as Value;
  names.$env = { result: names.result };
  const scope: Scope = { names, element: undefined, budget: new Budget(), now, definite: saysWhatNaNMeans(root) };
  const value = walk(root, scope);
  if (value === UNKNOWN) throw new NoData();
  return value;
}

function walk(node: Node, scope: Scope): Value {
  const value = visit(node, scope);
  return value === CUT ? null : value;
}

function visit(node: Node, scope: Scope): Value | typeof CUT {
  scope.budget.spend();
  try {
    return step(node, scope);
  } catch (error) {
    if (error instanceof EvaluationProblem) error.offset ??= node.offset;
    throw error;
  }
}

function step(node: Node, scope: Scope): Value | typeof CUT {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'array':
      return node.items.map((item) => walk(item, scope));
    case 'map':
      return mapOf(node, scope);
    case 'name':
      return scope.names[node.name] ?? null;
    case 'pointer':
      return pointer(node.name, scope);
    case 'unary':
      return node.operator === '!'
        ? negate(walk(node.operand, scope))
        : signed(node.operator, walk(node.operand, scope));
    case 'binary':
      return binary(node, scope);
    case 'conditional':
      return walk(test(walk(node.test, scope)) ? node.yes : node.no, scope);
    case 'let':
      return walk(node.body, { ...scope, names: { ...scope.names, [node.name]: walk(node.value, scope) } });
    case 'index':
      return indexed(node, scope);
    case 'slice':
      return sliced(node, scope);
    case 'chain':
      return walk(node.whole, scope);
    case 'call':
      return called(node, scope);
    case 'method':
      return method(
        walk(node.object, scope),
        node.name,
        node.args.map((arg) => walk(arg, scope)),
      );
  }
}

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>;

function mapOf(node: Of<'map'>, scope: Scope): Value {
  const map: { [key: string]: Value } = Object.create(null);
  for (const { key, value } of node.entries) {
    const name = walk(key, scope);
    map[typeof name === 'string' ? name : String(name as bigint)] = walk(value, scope);
  }
  return map;
}

function pointer(name: string, { element }: Scope): Value {
  if (name === '#index') return BigInt(element?.index ?? 0);
  return (name === '#acc' ? element?.accumulator : element?.value) ?? null;
}

function test(value: Value): boolean {
  if (value === UNKNOWN) throw new NoData();
  if (typeof value === 'boolean') return value;
  throw new EvaluationProblem(`non-bool expression (type ${typeName(value)}) used as condition`);
}

/** Evaluates a side of `and` and `or`. */
function logic(node: Node, scope: Scope, operator: string): boolean | typeof UNKNOWN {
  const value = walk(node, scope);
  if (typeof value === 'boolean' || value === UNKNOWN) return value;
  throw new EvaluationProblem(`invalid operation: ${operator} takes bool, but got ${typeName(value)}`);
}

/** `and` (decided by false) or `or` (decided by true): an unknown side leaves the outcome to the other one. */
function connective(node: Of<'binary'>, scope: Scope, decisive: boolean): Value {
  const left = logic(node.left, scope, node.operator);
  if (left === decisive) return decisive;
  const right = logic(node.right, scope, node.operator);
  return right === decisive || left !== UNKNOWN ? right : UNKNOWN;
}

function binary(node: Of<'binary'>, scope: Scope): Value {
  const { operator, left, right } = node;
  if (operator === '&&') return connective(node, scope, false);
  if (operator === '||') return connective(node, scope, true);
  const a = walk(left, scope);
  if (operator === '??') return a ?? walk(right, scope);
  const b = walk(right, scope);
  const { budget, definite } = scope;
  switch (operator) {
    case '==':
    case '!=': {
      const same = comparable(node, a, b) && equal(a, b, definite, budget);
      return operator === '==' ? same : negate(same);
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(operator, a, b, definite);
    case 'in':
      return contained(a, b, definite, budget);
    case '..':
      return range(a, b, budget);
    case 'matches':
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return textual(operator, a, b, budget);
    default:
      return arithmetic(operator, a, b);
  }
}

const TYPED = new Set(['asInt', 'asFloat', 'len', 'int', 'float', 'string']);

/**
 * Values of different types are unequal; but where both types are plain from the condition (the result itself, a
 * literal, a conversion), comparing them is a mistake in the condition, as in the reference.
 */
function comparable({ operator, left, right }: Of<'binary'>, a: Value, b: Value): boolean {
  const plain = [left, right].every(
    (side) =>
      side.kind === 'literal' ||
      (side.kind === 'name' && side.name === 'result') ||
      (side.kind === 'call' && TYPED.has(side.name)),
  );
  const scalar = (value: Value) => ['string', 'boolean', 'number', 'bigint'].includes(typeof value);
  const family = (value: Value) => (typeof value === 'bigint' ? 'number' : typeof value);
  const list: [Value, Value] = Array.isArray(a) ? [a, b] : [b, a];
  const listed = Array.isArray(list[0]) && scalar(list[1]) && list[0].length !== 1;
  if (plain && (listed || (scalar(a) && scalar(b) && family(a) !== family(b)))) throw mismatch(operator, a, b);
  return true;
}

function indexed(node: Of<'index'>, scope: Scope): Value | typeof CUT {
  const object = visit(node.object, scope);
  if (object === CUT || (object === null && node.optional)) return CUT;
  const index = walk(node.index, scope);
  if (Array.isArray(object) && typeof index !== 'string') return elementAt(object, index);
  if (isFields(object)) {
    const key = typeof index === 'bigint' ? String(index) : index;
    if (typeof key !== 'string') throw new EvaluationProblem(`cannot use ${typeName(index)} to index a map`);
    return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
  }
  const name = typeof index === 'string' || typeof index === 'bigint' ? String(index) : typeName(index);
  throw new EvaluationProblem(`cannot fetch ${name.slice(0, 100)} from ${typeName(object)}`);
}

function elementAt(array: Value[], index: Value): Value {
  if (typeof index !== 'bigint') {
    throw new EvaluationProblem(
      `cannot fetch from an array with ${typeName(index)}: array elements are selected by an integer`,
    );
  }
  const element = array.at(Number(index));
  if (element === undefined)
    throw new EvaluationProblem(`index out of range: ${index} (array length is ${array.length})`);
  return element;
}

function sliced(node: Of<'slice'>, scope: Scope): Value | typeof CUT {
  const object = visit(node.object, scope);
  if (object === CUT) return CUT;
  if (!Array.isArray(object) && typeof object !== 'string')
    throw new EvaluationProblem(`cannot slice ${typeName(object)}`);
  if (Array.isArray(object)) withinArray(object.length);
  scope.budget.spend(1 + object.length / 100);
  const bound = (part: Node | undefined): number | undefined => {
    const value = part === undefined ? undefined : walk(part, scope);
    if (value === undefined) return undefined;
    if (typeof value !== 'bigint')
      throw new EvaluationProblem(`cannot slice with ${typeName(value)}: an integer is needed`);
    return Number(value);
  };
  return object.slice(bound(node.from) ?? 0, bound(node.to));
}

function called(node: Of<'call'>, scope: Scope): Value {
  const { name, predicate } = node;
  const args = node.args.map((arg) => walk(arg, scope));
  if (Object.hasOwn(PREDICATES, name)) {
    const { budget } = scope;
    const apply = predicate && ((element: Element) => walk(predicate, { ...scope, element }));
    return applyPredicate({ name, array: elements({ name, args, budget }), extra: args[1], apply, budget });
  }
  // As in the reference, these two speak of the result, whatever they are given.
  if (name === 'isNil') return isEmpty(scope.names.result);
  if (name === 'default') return (isEmpty(scope.names.result) ? args[1] : scope.names.result) ?? null;
  if (args.includes(UNKNOWN)) throw new NoData();
  const builtin = BUILTINS[name];
  if (builtin === undefined) throw new EvaluationProblem(`unknown function ${name}`);
  return builtin({ name, args, budget: scope.budget, now: scope.now, definite: scope.definite });
}

/** No value, or an answer without any element. */
function isEmpty(value: Value | undefined): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
