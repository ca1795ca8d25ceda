import { QueryError } from './values.ts';

export type TokenKind = 'identifier' | 'number' | 'duration' | 'string' | 'symbol' | 'end';

export interface Token {
  kind: TokenKind;
  text: string;
  /** Offset of the first character. */
  at: number;
}

const SPACE = /(?:\s|#[^\n]*)+/y;
const DURATION = /(?:\d+(?:ms|[smhdwy]))+(?![\w.])/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const IDENTIFIER = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y;
const SYMBOL = /=~|!~|==|!=|<=|>=|[-+*/%^(){}[\],=<>:@]/y;

const KINDS: [TokenKind, RegExp][] = [
  ['duration', DURATION],
  ['number', NUMBER],
  ['string', STRING],
  ['identifier', IDENTIFIER],
  ['symbol', SYMBOL],
];

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = match(SPACE, source, 0)?.length ?? 0;
  while (at < source.length) {
    const token = nextToken(source, at);
    tokens.push(token);
    at += token.text.length;
    at += match(SPACE, source, at)?.length ?? 0;
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

function nextToken(source: string, at: number): Token {
  // In a subquery `[5m:1m]` the colon separates; in `job:rate5m` it belongs to the name.
  const colon = source[at] === ':' && /^:\s*(?:\d|\])/.test(source.slice(at));
  if (colon) return { kind: 'symbol', text: ':', at };
  for (const [kind, pattern] of KINDS) {
    const text = match(pattern, source, at);
    if (text) return { kind, text, at };
  }
  if (/["'`]/.test(source[at] as string)) throw parseError(source, at, 'unterminated quoted string');
  throw parseError(source, at, `unexpected character: ${JSON.stringify(source[at]).replaceAll('"', "'")}`);
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** `line:column: parse error: message`, counted from 1. */
export function parseError(source: string, at: number, message: string): QueryError {
  const before = source.slice(0, at).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return new QueryError('bad_data', `${before.length}:${column}: parse error: ${message}`);
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** The text that a string token stands for. */
export function unquote(token: string): string {
  const body = token.slice(1, -1);
  if (token.startsWith('`')) return body;
  return body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, sequence: string) =>
    sequence.length > 1 ? String.fromCharCode(Number.parseInt(sequence.slice(1), 16)) : (ESCAPES[sequence] ?? sequence),
  );
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Milliseconds of `1h30m`; undefined where the text is no duration. */
export function durationMilliseconds(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+)(ms|[smhdwy])/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit as string] as number), 0);
}
