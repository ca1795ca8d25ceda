import type { Token } from './lexer.ts';
import { SyntaxProblem } from './limits.ts';

const END: Token = { kind: 'end', text: 'the end', offset: 0 };

/** Tokens, read from left to right. */
export class TokenStream {
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  /** The one after the current one. */
  get following(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  get atEnd(): boolean {
    return this.current.kind === 'end';
  }

  skip(count = 1): void {
    this.#at += count;
  }

  /** Whether the current token is one of these operators or names. */
  is(...texts: string[]): boolean {
    const { kind, text } = this.current;
    return (kind === 'operator' || kind === 'name') && texts.includes(text);
  }

  /** The same, and then it is read. */
  take(...texts: string[]): boolean {
    const found = this.is(...texts);
    if (found) this.skip();
    return found;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.unexpected(text);
  }

  name(): string {
    const { kind, text } = this.current;
    if (kind !== 'name' || text.startsWith('#')) throw this.unexpected('a name');
    this.skip();
    return text;
  }

  unexpected(expected?: string): SyntaxProblem {
    const { text, kind, offset } = this.current;
    const found = kind === 'end' ? 'unexpected end of the condition' : `unexpected ${kind} ${text}`;
    return new SyntaxProblem(expected === undefined ? found : `${found}, expected ${expected}`, offset);
  }
}
