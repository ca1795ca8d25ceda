import { RE2JS } from 're2js';
import type { Node } from './ast.ts';
import { BINARY, NEGATABLE, ORDERING, RESERVED, UNARY } from './grammar.ts';
import { type Token, tokenize } from './lexer.ts';
import { LIMITS, SyntaxProblem } from './limits.ts';
import { invalidPattern } from './operators.ts';
import { type Environment, FUNCTIONS, PREDICATES } from './signatures.ts';

/** A recursive-descent parser for the expression language of conditions. Throws `SyntaxProblem`. */
export function parse(source: string, environment: Environment): Node {
  if (Buffer.byteLength(source) > LIMITS.source) {
    throw new SyntaxProblem(`the condition is longer than ${LIMITS.source} bytes`, 0);
  }
  return new Parser(tokenize(source), environment).parse();
}

class Parser {
  readonly #tokens: Token[];
  readonly #environment: Environment;
  readonly #variables: string[] = [];
  #at = 0;
  #depth = 0;
  #predicates = 0;

  constructor(tokens: Token[], environment: Environment) {
    this.#tokens = tokens;
    this.#environment = environment;
  }

  parse(): Node {
    if (this.#atEnd()) throw new SyntaxProblem('the condition is empty', 0);
    const node = this.#expression();
    if (!this.#atEnd()) throw this.#unexpected();
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: 'the end', offset: 0 };
  }

  #atEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #unexpected(expected?: string): SyntaxProblem {
    const { text, kind, offset } = this.#token;
    const found = kind === 'end' ? 'unexpected end of the condition' : `unexpected ${kind} ${text}`;
    return new SyntaxProblem(expected === undefined ? found : `${found}, expected ${expected}`, offset);
  }

  #is(...texts: string[]): boolean {
    const { kind, text } = this.#token;
    return (kind === 'operator' || kind === 'name') && texts.includes(text);
  }

  #take(...texts: string[]): boolean {
    const found = this.#is(...texts);
    if (found) this.#at++;
    return found;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(text);
  }

  #name(): string {
    const { kind, text } = this.#token;
    if (kind !== 'name' || text.startsWith('#')) throw this.#unexpected('a name');
    this.#at++;
    return text;
  }

  /** One whole expression: `let`, `if`, pipes and the ternary included. */
  #expression(): Node {
    const { offset } = this.#token;
    this.#deeper(offset);
    let node = this.#is('let') ? this.#declaration() : this.#is('if') ? this.#branches() : this.#operation(0);
    while (this.#is('?')) node = this.#ternary(node);
    this.#depth--;
    return node;
  }

  #deeper(offset: number): void {
    if (++this.#depth > LIMITS.depth) {
      throw new SyntaxProblem(`the condition nests deeper than ${LIMITS.depth} levels`, offset);
    }
  }

  #declaration(): Node {
    const { offset } = this.#token;
    this.#expect('let');
    const at = this.#token.offset;
    const name = this.#name();
    if (RESERVED.has(name) || this.#environment.names.includes(name) || isFunction(name)) {
      throw new SyntaxProblem(`${name} cannot be declared: the name is taken`, at);
    }
    this.#expect('=');
    const value = this.#expression();
    this.#expect(';');
    this.#variables.push(name);
    const body = this.#expression();
    this.#variables.pop();
    return { kind: 'let', name, value, body, offset };
  }

  #branches(): Node {
    const { offset } = this.#token;
    this.#expect('if');
    const test = this.#expression();
    const yes = this.#block();
    this.#expect('else');
    const no = this.#is('if') ? this.#expression() : this.#block();
    return { kind: 'conditional', test, yes, no, offset };
  }

  #block(): Node {
    this.#expect('{');
    const node = this.#expression();
    this.#expect('}');
    return node;
  }

  #ternary(test: Node): Node {
    const { offset } = this.#token;
    this.#expect('?');
    if (this.#take(':')) return { kind: 'conditional', test, yes: test, no: this.#expression(), offset };
    const yes = this.#expression();
    this.#expect(':');
    return { kind: 'conditional', test, yes, no: this.#expression(), offset };
  }

  #pipe(value: Node): Node {
    const { offset } = this.#token;
    const name = this.#name();
    return this.#postfix(this.#call(name, offset, [value]));
  }

  /** Binary operators that bind at least as tightly as `precedence`. */
  #operation(precedence: number): Node {
    this.#deeper(this.#token.offset);
    let left = this.#prefix();
    for (;;) {
      if (precedence === 0 && this.#take('|')) {
        left = this.#pipe(left);
        continue;
      }
      const negated = this.#is('not') && NEGATABLE.has(this.#tokens[this.#at + 1]?.text ?? '');
      const token = negated ? this.#tokens[this.#at + 1] : this.#token;
      const operator = token === undefined || token.kind === 'string' ? undefined : own(BINARY, token.text);
      if (token === undefined || operator === undefined || operator.precedence < precedence) break;
      this.#at += negated ? 2 : 1;
      const right = this.#operation(operator.right ? operator.precedence : operator.precedence + 1);
      const node = this.#binary(operator.as, left, right, token.offset);
      left = negated ? { kind: 'unary', operator: '!', operand: node, offset: token.offset } : node;
    }
    this.#depth--;
    return left;
  }

  #binary(operator: string, left: Node, right: Node, offset: number): Node {
    if (operator === 'matches' && right.kind === 'literal') checkPattern(right);
    // `a < b < c` means `a < b and b < c`.
    if (
      ORDERING.has(operator) &&
      left.kind === 'binary' &&
      ORDERING.has(left.operator) &&
      !this.#parenthesized.has(left)
    ) {
      const second: Node = { kind: 'binary', operator, left: left.right, right, offset };
      return { kind: 'binary', operator: '&&', left, right: second, offset };
    }
    for (const side of [left, right]) {
      const mixed = side.kind === 'binary' && (side.operator === '??') !== (operator === '??');
      if (mixed && (operator === '??' || side.operator === '??') && !this.#parenthesized.has(side)) {
        throw new SyntaxProblem('?? cannot be mixed with other operators: put parentheses around one of them', offset);
      }
    }
    return { kind: 'binary', operator, left, right, offset };
  }

  readonly #parenthesized = new WeakSet<Node>();

  #prefix(): Node {
    const { offset, text, kind } = this.#token;
    const unary = kind === 'string' ? undefined : own(UNARY, text);
    if (unary !== undefined) {
      this.#at++;
      const operand = this.#operation(unary.precedence);
      return { kind: 'unary', operator: unary.as, operand, offset };
    }
    return this.#postfix(this.#primary());
  }

  #primary(): Node {
    const { kind, text, offset } = this.#token;
    if (kind === 'end') throw this.#unexpected();
    if (this.#take('(')) {
      const node = this.#expression();
      this.#expect(')');
      this.#parenthesized.add(node);
      return node;
    }
    if (this.#is('[')) return { kind: 'array', items: this.#list('[', ']', () => this.#expression()), offset };
    if (this.#is('{')) return { kind: 'map', entries: this.#list('{', '}', () => this.#entry()), offset };
    if (this.#is('.') && this.#predicates > 0) return { kind: 'pointer', name: '#', offset };
    if (kind === 'operator') throw this.#unexpected();
    this.#at++;
    if (kind === 'int') return { kind: 'literal', value: integer(text, offset), offset };
    if (kind === 'float') return { kind: 'literal', value: Number(text), offset };
    if (kind === 'string') return { kind: 'literal', value: text, offset };
    return this.#named(text, offset);
  }

  #named(name: string, offset: number): Node {
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', offset };
    if (name === 'nil') return { kind: 'literal', value: null, offset };
    if (name.startsWith('#')) return this.#pointer(name, offset);
    if (this.#is('(')) return this.#call(name, offset, []);
    if (this.#variables.includes(name) || this.#environment.names.includes(name) || name === '$env') {
      return { kind: 'name', name, offset };
    }
    throw this.#unknown(name, offset);
  }

  #pointer(name: string, offset: number): Node {
    if (this.#predicates === 0)
      throw new SyntaxProblem(`${name} stands for an element: it is only known inside a predicate`, offset);
    if (name !== '#' && name !== '#acc' && name !== '#index') throw this.#unknown(name, offset);
    return { kind: 'pointer', name, offset };
  }

  #unknown(name: string, offset: number): SyntaxProblem {
    const { names, functions } = this.#environment;
    const known = [...names, ...Object.keys(functions)].join(', ');
    const hint = isFunction(name) ? `${name} is a function` : `known are ${known} and the language's functions`;
    return new SyntaxProblem(`unknown name ${name} (${hint})`, offset);
  }

  #call(name: string, offset: number, given: Node[]): Node {
    const predicate = own(PREDICATES, name);
    if (predicate !== undefined) return this.#predicateCall(name, predicate, offset, given);
    const arity = own(this.#environment.functions, name) ?? own(FUNCTIONS, name);
    if (arity === undefined) throw this.#unknown(name, offset);
    const args = [...given, ...this.#list('(', ')', () => this.#expression())];
    const [fewest, most] = arity;
    if (args.length < fewest || args.length > most) {
      const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
      throw new SyntaxProblem(`${name} takes ${wanted} arguments, but got ${args.length}`, offset);
    }
    return { kind: 'call', name, args, predicate: undefined, offset };
  }

  #predicateCall(name: string, shape: { optional?: boolean; extra?: boolean }, offset: number, given: Node[]): Node {
    this.#expect('(');
    const [array = this.#expression()] = given;
    if (given.length === 0 && !this.#is(')')) this.#expect(',');
    const predicate = this.#is(')') ? undefined : this.#predicate();
    if (predicate === undefined && !shape.optional) throw this.#unexpected('a predicate');
    const extra = shape.extra && this.#take(',') ? [this.#expression()] : [];
    this.#expect(')');
    return { kind: 'call', name, args: [array, ...extra], predicate, offset };
  }

  #predicate(): Node {
    this.#predicates++;
    const node = this.#is('{') ? this.#block() : this.#expression();
    this.#predicates--;
    return node;
  }

  #list<T>(open: string, close: string, item: () => T): T[] {
    this.#expect(open);
    const items: T[] = [];
    while (!this.#is(close)) {
      items.push(item());
      if (!this.#take(',')) break;
    }
    this.#expect(close);
    return items;
  }

  #entry(): { key: Node; value: Node } {
    const { kind, text, offset } = this.#token;
    let key: Node;
    if (this.#take('(')) {
      key = this.#expression();
      this.#expect(')');
    } else if (kind === 'operator' || kind === 'end') {
      throw this.#unexpected('a key');
    } else {
      this.#at++;
      key = { kind: 'literal', value: text, offset };
    }
    this.#expect(':');
    return { key, value: this.#expression() };
  }

  /** Members, indexes, slices and method calls after a value. */
  #postfix(start: Node): Node {
    let node = start;
    let chained = false;
    // The dot of `.field` in a predicate follows an implied `#`.
    while (this.#is('.', '?.', '[')) {
      const { offset } = this.#token;
      const optional = this.#take('?.');
      chained ||= optional;
      if (this.#is('[')) node = this.#subscript(node, optional, offset);
      else {
        if (!optional) this.#expect('.');
        node = this.#member(node, optional);
      }
    }
    return chained ? { kind: 'chain', whole: node, offset: start.offset } : node;
  }

  #member(object: Node, optional: boolean): Node {
    const { offset } = this.#token;
    const name = this.#name();
    if (this.#is('('))
      return { kind: 'method', object, name, args: this.#list('(', ')', () => this.#expression()), offset };
    return { kind: 'index', object, index: { kind: 'literal', value: name, offset }, optional, offset };
  }

  #subscript(object: Node, optional: boolean, offset: number): Node {
    this.#expect('[');
    const from = this.#is(':') ? undefined : this.#expression();
    if (this.#take(':')) {
      const to = this.#is(']') ? undefined : this.#expression();
      this.#expect(']');
      return { kind: 'slice', object, from, to, offset };
    }
    if (from === undefined) throw this.#unexpected('an index');
    this.#expect(']');
    return { kind: 'index', object, index: from, optional, offset };
  }
}

function isFunction(name: string): boolean {
  return Object.hasOwn(FUNCTIONS, name) || Object.hasOwn(PREDICATES, name);
}

function own<T>(table: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function integer(digits: string, offset: number): bigint {
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
