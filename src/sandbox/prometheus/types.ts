import { signatureOf } from './functions.ts';
import { COMPARISONS, type Expression, type ExpressionOf, SET_OPERATORS } from './syntax.ts';
import type { QueryError, ValueType } from './values.ts';

type Fail = (message: string, at?: number) => QueryError;

const NAMES: Record<ValueType, string> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector',
};

export function typeName(type: ValueType): string {
  return NAMES[type];
}

/** The type of what an expression evaluates to; throws where operand types do not fit. */
export function check(expression: Expression, fail: Fail): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
      return expression.range === undefined ? 'vector' : 'matrix';
    case 'group':
      return check(expression.inner, fail);
    case 'subquery':
      expectType(expression.inner, 'vector', 'subquery', fail);
      return 'matrix';
    case 'unary': {
      const type = check(expression.inner, fail);
      if (type === 'scalar' || type === 'vector') return type;
      throw fail(
        `unary expression only allowed on expressions of type scalar or instant vector, got "${NAMES[type]}"`,
        expression.at,
      );
    }
    case 'call':
      return checkCall(expression, fail);
    case 'aggregate':
      return checkAggregate(expression, fail);
    case 'binary':
      return checkBinary(expression, fail);
  }
}

function expectType(expression: Expression, wanted: ValueType, context: string, fail: Fail): void {
  const type = check(expression, fail);
  if (type !== wanted) throw fail(`expected type ${NAMES[wanted]} in ${context}, got ${NAMES[type]}`, expression.at);
}

function checkCall(call: ExpressionOf<'call'>, fail: Fail): ValueType {
  const known = signatureOf(call.name);
  if (!known) throw fail(`unknown function with name "${call.name}"`, call.at);
  const { length } = call.parameters;
  const least = known.parameters.length - known.optional;
  const most = known.variadic ? Number.POSITIVE_INFINITY : known.parameters.length;
  if (length < least || length > most) {
    const bound = least === most ? '' : length < least ? 'at least ' : 'at most ';
    const expected = length < least ? least : most;
    throw fail(`expected ${bound}${expected} argument(s) in call to "${call.name}", got ${length}`, call.at);
  }
  call.parameters.forEach((parameter, index) => {
    const wanted = known.parameters[Math.min(index, known.parameters.length - 1)] as ValueType;
    expectType(parameter, wanted, `call to function "${call.name}"`, fail);
  });
  return known.returns;
}

function checkAggregate(aggregate: ExpressionOf<'aggregate'>, fail: Fail): ValueType {
  expectType(aggregate.inner, 'vector', 'aggregation expression', fail);
  if (aggregate.parameter) {
    const wanted = aggregate.operator === 'count_values' ? 'string' : 'scalar';
    expectType(aggregate.parameter, wanted, 'aggregation parameter', fail);
  }
  return 'vector';
}

function checkBinary(binary: ExpressionOf<'binary'>, fail: Fail): ValueType {
  const sides = [check(binary.left, fail), check(binary.right, fail)];
  const odd = sides.findIndex((type) => type !== 'scalar' && type !== 'vector');
  if (odd >= 0) {
    const side = odd === 0 ? binary.left : binary.right;
    throw fail('binary expression must contain only scalar and instant vector types', side.at);
  }
  const vectors = sides.filter((type) => type === 'vector').length;
  if (SET_OPERATORS.includes(binary.operator) && vectors < 2) {
    throw fail(`set operator "${binary.operator}" not allowed in binary scalar expression`, binary.at);
  }
  if (binary.matching && vectors < 2) {
    throw fail('vector matching only allowed between instant vectors', binary.at);
  }
  if (vectors === 0 && COMPARISONS.includes(binary.operator) && !binary.bool) {
    throw fail('comparisons between scalars must use BOOL modifier', binary.at);
  }
  return vectors === 0 ? 'scalar' : 'vector';
}
