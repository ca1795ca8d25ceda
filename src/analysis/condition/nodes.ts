import { RE2JS } from 're2js';
import type { Node } from './ast.ts';
import { ORDERING } from './grammar.ts';
import { SyntaxProblem } from './limits.ts';
import { invalidPattern } from './operators.ts';

interface Operation {
  operator: string;
  left: Node;
  right: Node;
  offset: number;
}

/** The node of a binary operator; those in parentheses stand for themselves. */
export function binaryNode({ operator, left, right, offset }: Operation, parenthesized: WeakSet<Node>): Node {
  if (operator === 'matches' && right.kind === 'literal') checkPattern(right);
  // `a < b < c` means `a < b and b < c`.
  if (ORDERING.has(operator) && left.kind === 'binary' && ORDERING.has(left.operator) && !parenthesized.has(left)) {
    const second: Node = { kind: 'binary', operator, left: left.right, right, offset };
    return { kind: 'binary', operator: '&&', left, right: second, offset };
  }
  for (const side of [left, right]) {
    const mixed = side.kind === 'binary' && (side.operator === '??') !== (operator === '??');
    if (mixed && (operator === '??' || side.operator === '??') && !parenthesized.has(side)) {
      throw new SyntaxProblem('?? cannot be mixed with other operators: put parentheses around one of them', offset);
    }
  }
  return { kind: 'binary', operator, left, right, offset };
}

/** The value of an integer literal. */
export function integer(digits: string, offset: number): bigint {
  const value = BigInt(digits);
  if (BigInt.asIntN(64, value) !== value) throw new SyntaxProblem(`${digits} does not fit a 64-bit integer`, offset);
  return value;
}

function checkPattern(pattern: Node & { kind: 'literal' }): void {
  try {
    RE2JS.compile(String(pattern.value));
  } catch (error) {
    throw new SyntaxProblem(invalidPattern(error), pattern.offset);
  }
}
