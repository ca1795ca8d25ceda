/** Operators before their operand. */
export const UNARY: Record<string, { as: '!' | '-' | '+'; precedence: number }> = {
  not: { as: '!', precedence: 50 },
  '!': { as: '!', precedence: 50 },
  '-': { as: '-', precedence: 90 },
  '+': { as: '+', precedence: 90 },
};

/** Operators between two operands; the higher the precedence, the tighter they bind. */
export const BINARY: Record<string, { as: string; precedence: number; right?: boolean }> = {
  or: { as: '||', precedence: 10 },
  '||': { as: '||', precedence: 10 },
  and: { as: '&&', precedence: 15 },
  '&&': { as: '&&', precedence: 15 },
  '==': { as: '==', precedence: 20 },
  '!=': { as: '!=', precedence: 20 },
  '<': { as: '<', precedence: 20 },
  '>': { as: '>', precedence: 20 },
  '<=': { as: '<=', precedence: 20 },
  '>=': { as: '>=', precedence: 20 },
  in: { as: 'in', precedence: 20 },
  matches: { as: 'matches', precedence: 20 },
  contains: { as: 'contains', precedence: 20 },
  startsWith: { as: 'startsWith', precedence: 20 },
  endsWith: { as: 'endsWith', precedence: 20 },
  '..': { as: '..', precedence: 25 },
  '+': { as: '+', precedence: 30 },
  '-': { as: '-', precedence: 30 },
  '*': { as: '*', precedence: 60 },
  '/': { as: '/', precedence: 60 },
  '%': { as: '%', precedence: 60 },
  '**': { as: '**', precedence: 100, right: true },
  '^': { as: '**', precedence: 100, right: true },
  '??': { as: '??', precedence: 500 },
};

/** Operators that `not` may stand before. */
export const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
export const ORDERING = new Set(['<', '>', '<=', '>=']);
/** Names that cannot be given to variables. */
export const RESERVED = new Set([...Object.keys(BINARY), 'not', 'let', 'if', 'else', 'true', 'false', 'nil']);
