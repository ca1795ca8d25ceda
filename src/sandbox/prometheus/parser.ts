import { unquote } from './lexer.ts';
import { createMatcher } from './matchers.ts';
import {
  AGGREGATORS,
  AGGREGATORS_WITH_PARAMETER,
  COMPARISONS,
  type Expression,
  type Grouping,
  type Matching,
  SET_OPERATORS,
} from './syntax.ts';
import { is, readTokens, type TokenReader } from './tokens.ts';
import { check } from './types.ts';
import { type Matcher, METRIC_NAME, QueryError } from './values.ts';

const PRECEDENCE: Record<string, number> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
const UNARY = 5;

/** Parses and checks a PromQL expression. Throws QueryError with Prometheus' wording of what is wrong and where. */
export function parse(source: string): Expression {
  if (source.trim() === '') {
    throw new QueryError('bad_data', 'unknown position: parse error: no expression found in input');
  }
  const tokens = readTokens(source);
  const expression = parseBinary(tokens, 0);
  if (tokens.peek().kind !== 'end') throw tokens.unexpected('');
  check(expression, tokens.fail);
  return expression;
}

function parseBinary(tokens: TokenReader, minimum: number): Expression {
  let left = parseUnary(tokens);
  for (;;) {
    const operator = tokens.peek().text.toLowerCase();
    const precedence = tokens.peek().kind === 'string' ? undefined : PRECEDENCE[operator];
    if (precedence === undefined || precedence <= minimum) return left;
    tokens.next();
    const bool = tokens.accept('bool');
    if (bool && !COMPARISONS.includes(operator))
      throw tokens.fail('bool modifier can only be used on comparison operators');
    const matching = parseMatching(tokens, operator);
    const right = parseBinary(tokens, operator === '^' ? precedence - 1 : precedence);
    left = { kind: 'binary', at: left.at, operator, bool, left, right, ...(matching && { matching }) };
  }
}

function parseMatching(tokens: TokenReader, operator: string): Matching | undefined {
  const on = is(tokens.peek(), 'on');
  if (!on && !is(tokens.peek(), 'ignoring')) return undefined;
  tokens.next();
  const matching: Matching = { on, labels: parseNames(tokens, 'grouping opts'), include: [] };
  for (const [keyword, many] of [['group_left', 'left'] as const, ['group_right', 'right'] as const]) {
    if (!tokens.accept(keyword)) continue;
    if (SET_OPERATORS.includes(operator)) throw tokens.fail(`no grouping allowed for "${operator}" operation`);
    matching.many = many;
    if (is(tokens.peek(), '(')) matching.include = parseNames(tokens, 'grouping opts');
  }
  return matching;
}

function parseNames(tokens: TokenReader, context: string): string[] {
  tokens.expect('(', ` in ${context}`);
  const names: string[] = [];
  while (!tokens.accept(')')) {
    const token = tokens.peek();
    if (token.kind !== 'identifier') throw tokens.unexpected(` in ${context}, expected label`);
    names.push(tokens.next().text);
    if (!is(tokens.peek(), ')')) tokens.expect(',', ` in ${context}`);
  }
  return names;
}

function parseUnary(tokens: TokenReader): Expression {
  const { at, text } = tokens.peek();
  if (!is(tokens.peek(), '-') && !is(tokens.peek(), '+')) return parsePostfix(tokens);
  tokens.next();
  return { kind: 'unary', at, negative: text === '-', inner: parseBinary(tokens, UNARY) };
}

function parsePostfix(tokens: TokenReader): Expression {
  let expression = parsePrimary(tokens);
  for (;;) {
    if (tokens.accept('[')) expression = parseRange(tokens, expression);
    else if (is(tokens.peek(), 'offset') || is(tokens.peek(), '@')) parseShift(tokens, expression);
    else return expression;
  }
}

function parseRange(tokens: TokenReader, inner: Expression): Expression {
  const range = tokens.duration(' in subquery or range selector');
  if (range <= 0) throw tokens.fail('duration must be greater than 0');
  if (tokens.accept(':')) {
    const step = is(tokens.peek(), ']') ? undefined : tokens.duration(' in subquery selector');
    tokens.expect(']', ' in subquery selector');
    return { kind: 'subquery', at: inner.at, inner, range, step, shift: { offset: 0 } };
  }
  tokens.expect(']', ' in subquery or range selector');
  if (inner.kind !== 'selector' || inner.range !== undefined) {
    throw tokens.fail('ranges only allowed for vector selectors', inner.at);
  }
  return { ...inner, range };
}

function parseShift(tokens: TokenReader, target: Expression): void {
  const { text: modifier } = tokens.next();
  if (target.kind !== 'selector' && target.kind !== 'subquery') {
    throw tokens.fail(
      `${modifier} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
      target.at,
    );
  }
  const sign = tokens.accept('-') ? -1 : 1;
  if (modifier !== '@') {
    target.shift.offset = sign * tokens.duration(' in offset');
    return;
  }
  const token = tokens.next();
  if (is(token, 'start') || is(token, 'end')) {
    tokens.expect('(', ' in @');
    tokens.expect(')', ' in @');
    target.shift.pinned = is(token, 'start') ? 'start' : 'end';
  } else if (token.kind === 'number') {
    target.shift.pinned = sign * Number(token.text) * 1000;
  } else {
    throw tokens.fail('unexpected value in @, expected timestamp', token.at);
  }
}

function parsePrimary(tokens: TokenReader): Expression {
  const token = tokens.peek();
  if (token.kind === 'number') return { kind: 'number', at: tokens.next().at, value: Number(token.text) };
  if (token.kind === 'duration') return { kind: 'number', at: token.at, value: tokens.duration('') / 1000 };
  if (token.kind === 'string') return { kind: 'string', at: token.at, value: unquote(tokens.next().text) };
  if (is(token, '{')) return parseSelector(tokens, '', token.at);
  if (tokens.accept('(')) {
    const inner = parseBinary(tokens, 0);
    tokens.expect(')', ' in paren expression');
    return { kind: 'group', at: token.at, inner };
  }
  if (token.kind !== 'identifier') throw tokens.unexpected('');
  return parseNamed(tokens);
}

function parseNamed(tokens: TokenReader): Expression {
  const { text, at } = tokens.next();
  const word = text.toLowerCase();
  const opens = is(tokens.peek(), '(');
  const grouped = is(tokens.peek(), 'by') || is(tokens.peek(), 'without');
  if (AGGREGATORS.includes(word) && (opens || grouped)) return parseAggregate(tokens, word, at);
  if (opens) return { kind: 'call', at, name: text, parameters: parseParameters(tokens) };
  if (word === 'inf' || word === 'nan')
    return { kind: 'number', at, value: word === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN };
  return parseSelector(tokens, text, at);
}

function parseAggregate(tokens: TokenReader, operator: string, at: number): Expression {
  let grouping = parseGrouping(tokens);
  const parameters = parseParameters(tokens);
  grouping ??= parseGrouping(tokens);
  const expected = AGGREGATORS_WITH_PARAMETER.includes(operator) ? 2 : 1;
  if (parameters.length !== expected) {
    throw tokens.fail(
      `wrong number of arguments for aggregate expression provided, expected ${expected}, got ${parameters.length}`,
      at,
    );
  }
  const inner = parameters.at(-1) as Expression;
  const [parameter] = parameters;
  return {
    kind: 'aggregate',
    at,
    operator,
    grouping: grouping ?? { by: true, labels: [] },
    inner,
    ...(expected === 2 && parameter && { parameter }),
  };
}

function parseGrouping(tokens: TokenReader): Grouping | undefined {
  const by = is(tokens.peek(), 'by');
  if (!by && !is(tokens.peek(), 'without')) return undefined;
  tokens.next();
  return { by, labels: parseNames(tokens, 'grouping opts') };
}

function parseParameters(tokens: TokenReader): Expression[] {
  tokens.expect('(', '');
  const parameters: Expression[] = [];
  while (!tokens.accept(')')) {
    parameters.push(parseBinary(tokens, 0));
    if (!is(tokens.peek(), ')')) tokens.expect(',', ' in function call');
  }
  return parameters;
}

function parseSelector(tokens: TokenReader, name: string, at: number): Expression {
  const matchers = name === '' ? [] : [createMatcher(METRIC_NAME, '=', name)];
  if (tokens.accept('{')) {
    while (!tokens.accept('}')) {
      matchers.push(parseMatcher(tokens));
      if (!is(tokens.peek(), '}')) tokens.expect(',', ' in label matching');
    }
  }
  if (matchers.every((matcher) => matcher.matches(''))) {
    throw tokens.fail('vector selector must contain at least one non-empty matcher', at);
  }
  return { kind: 'selector', at, name, matchers, shift: { offset: 0 } };
}

function parseMatcher(tokens: TokenReader): Matcher {
  if (tokens.peek().kind !== 'identifier') throw tokens.unexpected(' in label matching, expected identifier or "}"');
  const label = tokens.next().text;
  const { text: operator } = tokens.peek();
  if (operator !== '=' && operator !== '!=' && operator !== '=~' && operator !== '!~') {
    throw tokens.unexpected(' in label matching, expected label matching operator');
  }
  tokens.next();
  if (tokens.peek().kind !== 'string') throw tokens.unexpected(' in label matching, expected string');
  const { text, at } = tokens.next();
  try {
    return createMatcher(label, operator, unquote(text));
  } catch (error) {
    throw tokens.fail(error instanceof Error ? error.message : String(error), at);
  }
}
