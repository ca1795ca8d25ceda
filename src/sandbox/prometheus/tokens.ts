import { durationMilliseconds, parseError, type Token, tokenize } from './lexer.ts';
import type { QueryError } from './values.ts';

/** Reads tokens one after the other and knows how to complain about them. */
export interface TokenReader {
  peek(ahead?: number): Token;
  next(): Token;
  /** Takes the token if it is this symbol or, in any case, this keyword. */
  accept(text: string): boolean;
  expect(text: string, context: string): Token;
  fail(message: string, at?: number): QueryError;
  unexpected(context: string): QueryError;
  duration(context: string): number;
}

export function readTokens(source: string): TokenReader {
  const tokens = tokenize(source);
  let position = 0;
  const peek = (ahead = 0) => tokens[Math.min(position + ahead, tokens.length - 1)] as Token;
  const next = () => {
    const token = peek();
    position++;
    return token;
  };
  const fail = (message: string, at = peek().at) => parseError(source, at, message);
  const unexpected = (context: string) => fail(`unexpected ${describe(peek())}${context}`);
  return {
    peek,
    next,
    fail,
    unexpected,
    accept(text) {
      const hit = is(peek(), text);
      if (hit) position++;
      return hit;
    },
    expect(text, context) {
      if (!is(peek(), text)) throw unexpected(`${context}, expected "${text}"`);
      return next();
    },
    duration(context) {
      const token = next();
      const milliseconds = token.kind === 'number' ? Number(token.text) * 1000 : durationMilliseconds(token.text);
      if (milliseconds === undefined || Number.isNaN(milliseconds)) {
        throw fail(`unexpected ${describe(token)}${context}, expected duration`, token.at);
      }
      return milliseconds;
    },
  };
}

export function is(token: Token, text: string): boolean {
  if (token.kind === 'symbol') return token.text === text;
  return token.kind === 'identifier' && token.text.toLowerCase() === text;
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'end of input';
  return token.kind === 'symbol' ? JSON.stringify(token.text) : `${token.kind} ${JSON.stringify(token.text)}`;
}
