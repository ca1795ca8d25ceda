import type { Node } from './ast.ts';
import { BINARY, NEGATABLE, RESERVED, UNARY } from './grammar.ts';
import { tokenize } from './lexer.ts';
import { LIMITS, SyntaxProblem } from './limits.ts';
import { binaryNode, integer } from './nodes.ts';
import { type Environment, FUNCTIONS, PREDICATES } from './signatures.ts';
import { TokenStream } from './token-stream.ts';

/** A recursive-descent parser for the expression language of conditions. Throws `SyntaxProblem`. */
export function parse(source: string, environment: Environment): Node {
  if (Buffer.byteLength(source) > LIMITS.source) {
    throw new SyntaxProblem(`the condition is longer than ${LIMITS.source} bytes`, 0);
  }
  return new Parser(new TokenStream(tokenize(source)), environment).parse();
}

class Parser {
  readonly #tokens: TokenStream;
  readonly #environment: Environment;
  readonly #variables: string[] = [];
  #depth = 0;
  #predicates = 0;

  constructor(tokens: TokenStream, environment: Environment) {
    this.#tokens = tokens;
    this.#environment = environment;
  }

  parse(): Node {
    if (this.#tokens.atEnd) throw new SyntaxProblem('the condition is empty', 0);
    const node = this.#expression();
    if (!this.#tokens.atEnd) throw this.#tokens.unexpected();
    return node;
  }

  /** One whole expression: `let`, `if`, pipes and the ternary included. */
  #expression(): Node {
    const { offset } = this.#tokens.current;
    this.#deeper(offset);
    let node = this.#tokens.is('let')
      ? this.#declaration()
      : this.#tokens.is('if')
        ? this.#branches()
        : this.#operation(0);
    while (this.#tokens.is('?')) node = this.#ternary(node);
    this.#depth--;
    return node;
  }

  #deeper(offset: number): void {
    if (++this.#depth > LIMITS.depth) {
      throw new SyntaxProblem(`the condition nests deeper than ${LIMITS.depth} levels`, offset);
    }
  }

  #declaration(): Node {
    const { offset } = this.#tokens.current;
    this.#tokens.expect('let');
    const at = this.#tokens.current.offset;
    const name = this.#tokens.name();
    if (RESERVED.has(name) || this.#environment.names.includes(name) || isFunction(name)) {
      throw new SyntaxProblem(`${name} cannot be declared: the name is taken`, at);
    }
    this.#tokens.expect('=');
    const value = this.#expression();
    this.#tokens.expect(';');
    this.#variables.push(name);
    const body = this.#expression();
    this.#variables.pop();
    return { kind: 'let', name, value, body, offset };
  }

  #branches(): Node {
    const { offset } = this.#tokens.current;
    this.#tokens.expect('if');
    const test = this.#expression();
    const yes = this.#block();
    this.#tokens.expect('else');
    const no = this.#tokens.is('if') ? this.#expression() : this.#block();
    return { kind: 'conditional', test, yes, no, offset };
  }

  #block(): Node {
    this.#tokens.expect('{');
    const node = this.#expression();
    this.#tokens.expect('}');
    return node;
  }

  #ternary(test: Node): Node {
    const { offset } = this.#tokens.current;
    this.#tokens.expect('?');
    if (this.#tokens.take(':')) return { kind: 'conditional', test, yes: test, no: this.#expression(), offset };
    const yes = this.#expression();
    this.#tokens.expect(':');
    return { kind: 'conditional', test, yes, no: this.#expression(), offset };
  }

  #pipe(value: Node): Node {
    const { offset } = this.#tokens.current;
    const name = this.#tokens.name();
    return this.#postfix(this.#call(name, offset, [value]));
  }

  /** Binary operators that bind at least as tightly as `precedence`. */
  #operation(precedence: number): Node {
    this.#deeper(this.#tokens.current.offset);
    let left = this.#prefix();
    for (;;) {
      if (precedence === 0 && this.#tokens.take('|')) {
        left = this.#pipe(left);
        continue;
      }
      const negated = this.#tokens.is('not') && NEGATABLE.has(this.#tokens.following?.text ?? '');
      const token = negated ? this.#tokens.following : this.#tokens.current;
      const operator = token === undefined || token.kind === 'string' ? undefined : own(BINARY, token.text);
      if (token === undefined || operator === undefined || operator.precedence < precedence) break;
      this.#tokens.skip(negated ? 2 : 1);
      const right = this.#operation(operator.right ? operator.precedence : operator.precedence + 1);
      const node = binaryNode({ operator: operator.as, left, right, offset: token.offset }, this.#parenthesized);
      left = negated ? { kind: 'unary', operator: '!', operand: node, offset: token.offset } : node;
    }
    this.#depth--;
    return left;
  }

  readonly #parenthesized = new WeakSet<Node>();

  #prefix(): Node {
    const { offset, text, kind } = this.#tokens.current;
    const unary = kind === 'string' ? undefined : own(UNARY, text);
    if (unary !== undefined) {
      this.#tokens.skip();
      const operand = this.#operation(unary.precedence);
      return { kind: 'unary', operator: unary.as, operand, offset };
    }
    return this.#postfix(this.#primary());
  }

  #primary(): Node {
    const { kind, text, offset } = this.#tokens.current;
    if (kind === 'end') throw this.#tokens.unexpected();
    if (this.#tokens.take('(')) {
      const node = this.#expression();
      this.#tokens.expect(')');
      this.#parenthesized.add(node);
      return node;
    }
    if (this.#tokens.is('[')) return { kind: 'array', items: this.#list('[', ']', () => this.#expression()), offset };
    if (this.#tokens.is('{')) return { kind: 'map', entries: this.#list('{', '}', () => this.#entry()), offset };
    if (this.#tokens.is('.') && this.#predicates > 0) return { kind: 'pointer', name: '#', offset };
    if (kind === 'operator') throw this.#tokens.unexpected();
    this.#tokens.skip();
    if (kind === 'int') return { kind: 'literal', value: integer(text, offset), offset };
    if (kind === 'float') return { kind: 'literal', value: Number(text), offset };
    if (kind === 'string') return { kind: 'literal', value: text, offset };
    return this.#named(text, offset);
  }

  #named(name: string, offset: number): Node {
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', offset };
    if (name === 'nil') return { kind: 'literal', value: null, offset };
    if (name.startsWith('#')) return this.#pointer(name, offset);
    if (this.#tokens.is('(')) return this.#call(name, offset, []);
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
    this.#tokens.expect('(');
    const [array = this.#expression()] = given;
    if (given.length === 0 && !this.#tokens.is(')')) this.#tokens.expect(',');
    const predicate = this.#tokens.is(')') ? undefined : this.#predicate();
    if (predicate === undefined && !shape.optional) throw this.#tokens.unexpected('a predicate');
    const extra = shape.extra && this.#tokens.take(',') ? [this.#expression()] : [];
    this.#tokens.expect(')');
    return { kind: 'call', name, args: [array, ...extra], predicate, offset };
  }

  #predicate(): Node {
    this.#predicates++;
    const node = this.#tokens.is('{') ? this.#block() : this.#expression();
    this.#predicates--;
    return node;
  }

  #list<T>(open: string, close: string, item: () => T): T[] {
    this.#tokens.expect(open);
    const items: T[] = [];
    while (!this.#tokens.is(close)) {
      items.push(item());
      if (!this.#tokens.take(',')) break;
    }
    this.#tokens.expect(close);
    return items;
  }

  #entry(): { key: Node; value: Node } {
    const { kind, text, offset } = this.#tokens.current;
    let key: Node;
    if (this.#tokens.take('(')) {
      key = this.#expression();
      this.#tokens.expect(')');
    } else if (kind === 'operator' || kind === 'end') {
      throw this.#tokens.unexpected('a key');
    } else {
      this.#tokens.skip();
      key = { kind: 'literal', value: text, offset };
    }
    this.#tokens.expect(':');
    return { key, value: this.#expression() };
  }

  /** Members, indexes, slices and method calls after a value. */
  #postfix(start: Node): Node {
    let node = start;
    let chained = false;
    // The dot of `.field` in a predicate follows an implied `#`.
    while (this.#tokens.is('.', '?.', '[')) {
      const { offset } = this.#tokens.current;
      const optional = this.#tokens.take('?.');
      chained ||= optional;
      if (this.#tokens.is('[')) node = this.#subscript(node, optional, offset);
      else {
        if (!optional) this.#tokens.expect('.');
        node = this.#member(node, optional);
      }
    }
    return chained ? { kind: 'chain', whole: node, offset: start.offset } : node;
  }

  #member(object: Node, optional: boolean): Node {
    const { offset } = this.#tokens.current;
    const name = this.#tokens.name();
    if (this.#tokens.is('('))
      return { kind: 'method', object, name, args: this.#list('(', ')', () => this.#expression()), offset };
    return { kind: 'index', object, index: { kind: 'literal', value: name, offset }, optional, offset };
  }

  #subscript(object: Node, optional: boolean, offset: number): Node {
    this.#tokens.expect('[');
    const from = this.#tokens.is(':') ? undefined : this.#expression();
    if (this.#tokens.take(':')) {
      const to = this.#tokens.is(']') ? undefined : this.#expression();
      this.#tokens.expect(']');
      return { kind: 'slice', object, from, to, offset };
    }
    if (from === undefined) throw this.#tokens.unexpected('an index');
    this.#tokens.expect(']');
    return { kind: 'index', object, index: from, optional, offset };
  }
}

function isFunction(name: string): boolean {
  return Object.hasOwn(FUNCTIONS, name) || Object.hasOwn(PREDICATES, name);
}

function own<T>(table: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
