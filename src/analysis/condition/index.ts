/** The condition language: the expression language of the reference's conditions, within limits. */
import type { Json } from '../../api/kubernetes.ts';
import { messageOf } from '../../errors.ts';
import type { Node } from './ast.ts';
import { evaluate } from './evaluate.ts';
import { EvaluationProblem, type Position, positionAt, SyntaxProblem } from './limits.ts';
import { saysWhatEmptyMeans } from './meanings.ts';
import { parse } from './parser.ts';
import { type Environment, MEASUREMENT, TIMES } from './signatures.ts';
import { Instant, NoData, typeName } from './values.ts';

export { LIMITS } from './limits.ts';

/** A parsed condition. */
export interface Condition {
  source: string;
  ast: Node;
  /** The condition says itself what an empty result means (isNil, default, len, nil or ??). */
  handlesEmpty: boolean;
}

/** What is wrong, with the place appended as in `unknown name foo (1:8)`. */
export interface ConditionProblem extends Position {
  message: string;
}

export type Parsed = { ok: true; condition: Condition } | { ok: false; problem: ConditionProblem };

/** `noData`: the result is NaN or infinite and decides a condition that does not provide for it. */
export type Outcome = { ok: true; value: boolean } | { ok: false; message: string; noData: boolean };

function problemAt(source: string, message: string, offset: number): ConditionProblem {
  const position = positionAt(source, offset);
  return { ...position, message: `${message} (${position.line}:${position.column})` };
}

function parsed(source: string, environment: Environment, check: (ast: Node) => void): Parsed {
  try {
    const ast = parse(source, environment);
    check(ast);
    return { ok: true, condition: { source, ast, handlesEmpty: saysWhatEmptyMeans(ast) } };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { ok: false, problem: problemAt(source, error.message, error.offset) };
  }
}

/** Parses a success or failure condition; one that plainly yields no bool is a problem too. */
export function parseCondition(source: string): Parsed {
  return parsed(source, MEASUREMENT, (ast) => {
    const type = plainType(ast);
    if (type !== undefined && type !== 'bool') throw new SyntaxProblem(`expected bool, but got ${type}`, ast.offset);
  });
}

/** Evaluates a condition for a measured result; never throws. */
export function evaluateCondition(condition: Condition, result: Json | number[], now = 0): Outcome {
  try {
    const value = evaluate(condition.ast, { result, now });
    if (typeof value === 'boolean') return { ok: true, value };
    return { ok: false, message: `expected bool, but got ${typeName(value)}`, noData: false };
  } catch (error) {
    if (error instanceof NoData) return { ok: false, message: error.message, noData: true };
    return { ok: false, message: whyNot(condition.source, error), noData: false };
  }
}

/** Whatever a tenant's condition does, the loop goes on: what nobody thought of is a problem of the condition too. */
function whyNot(source: string, error: unknown): string {
  const offset = error instanceof EvaluationProblem ? (error.offset ?? 0) : 0;
  return problemAt(source, messageOf(error), offset).message;
}

/** A moment that an expression names, as in `now() - duration("5m")`, in milliseconds since the epoch. */
export function evaluateTime(source: string, now: number): { ok: true; time: number } | { ok: false; message: string } {
  const expression = parsed(source, TIMES, () => {});
  if (!expression.ok) return { ok: false, message: expression.problem.message };
  try {
    const value = evaluate(expression.condition.ast, { now });
    if (value instanceof Instant) return { ok: true, time: value.milliseconds };
    return { ok: false, message: `expected time, but got ${typeName(value)}` };
  } catch (error) {
    return { ok: false, message: whyNot(source, error) };
  }
}

const NUMBERS = new Set(['len', 'count', 'int', 'asInt', 'findIndex', 'findLastIndex', 'indexOf', 'lastIndexOf']);
const FLOATS = new Set(['float', 'asFloat', 'ceil', 'floor', 'round', 'mean', 'median']);
const STRINGS = new Set(['string', 'type', 'trim', 'upper', 'lower', 'join', 'replace', 'repeat']);
const LISTS = new Set(['filter', 'map', 'sort', 'sortBy', 'keys', 'values', 'split', 'take', 'reverse', 'concat']);
const OPERATORS: Record<string, string> = {
  '/': 'float64',
  '**': 'float64',
  '%': 'int',
  '-': 'a number',
  '*': 'a number',
  '..': '[]int',
};

/** The type that an expression has whatever the result is; undefined where that depends. */
function plainType(node: Node): string | undefined {
  switch (node.kind) {
    case 'literal':
      return typeName(node.value);
    case 'array':
      return '[]interface {}';
    case 'map':
      return 'map[string]interface {}';
    case 'unary':
      return node.operator === '!' ? undefined : (plainType(node.operand) ?? 'a number');
    case 'binary':
      return (
        OPERATORS[node.operator] ??
        (node.operator === '+' ? (plainType(node.left) ?? plainType(node.right)) : undefined)
      );
    case 'let':
      return plainType(node.body);
    case 'call':
      if (NUMBERS.has(node.name)) return 'int';
      if (FLOATS.has(node.name)) return 'float64';
      if (STRINGS.has(node.name)) return 'string';
      return LISTS.has(node.name) ? '[]interface {}' : undefined;
    default:
      return undefined;
  }
}
