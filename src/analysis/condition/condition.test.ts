import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateCondition, evaluateTime, parseCondition } from './index.ts';

function judge(source: string, result: unknown = null): boolean | string {
  const parsed = parseCondition(source);
  if (!parsed.ok) return `syntax: ${parsed.problem.message}`;
  const outcome = evaluateCondition(parsed.condition, result as never, Date.UTC(2026, 0, 1));
  if (outcome.ok) return outcome.value;
  return outcome.noData ? 'no data' : outcome.message;
}

describe('the condition language', () => {
  it.each<[string, unknown]>([
    ['result >= 0.95', 0.97],
    ['result[0] >= 0.95', [0.97]],
    ['len(result) > 0 && result[0] < 0.05', [0.01]],
    ["result == 'It worked!'", 'It worked!'],
    ['result.rate >= 0.95', { rate: 0.997 }],
    ['result["rate"] >= .95', { rate: 0.997 }],
    ['all(result.values, {# > 1})', { values: [2, 3] }],
    ['all(result, # < 0.05)', [0.01, 0.02]],
    ['any(result, {.status == "up"})', [{ status: 'up' }]],
    ['none(result, .bad)', [{ bad: false }]],
    ['one(1..3, # == 2)', null],
    ['filter(1..9, # % 2 == 0) == [2, 4, 6, 8]', null],
    ['map(result, #.n * 2)[1] == 6', [{ n: 1 }, { n: 3 }]],
    ['count(result, # > 1) == 1', [1, 2]],
    ['count([true, false]) == 1', null],
    ['find([1, 2, 3], # > 1) == 2 and findIndex([1, 2, 3], # > 1) == 1', null],
    ['findLast([1, 2, 3], # > 1) == 3 and findLastIndex([1, 2, 3], # > 5) == -1', null],
    ['groupBy(1..4, # % 2)["0"] == [2, 4]', null],
    ['sum(result) == 6 && sum(result, # * 2) == 12', [1, 2, 3]],
    ['reduce(1..4, #acc + #) == 10 and reduce(1..3, #acc + #index, 10) == 13', null],
    ['sortBy([{a: 2}, {a: 1}], .a)[0].a == 1', null],
    ['sort([3, 1, 2], "desc") == [3, 2, 1]', null],
    ['max(1, 2.5) == 2.5 && min([3, 1, 2]) == 1', null],
    ['mean([1, 2, 3]) == 2 and median([1, 9, 2, 3]) == 2.5', null],
    ['abs(-5) == 5 and ceil(1.2) == 2 and floor(-1.2) == -2 and round(-1.5) == -2', null],
    ['int("42") == 42 and float("1.5") == 1.5 and string(1.50) == "1.5" and int(1.9) == 1', null],
    ['asInt(result) == 1', 1.123],
    ['asFloat(result) >= 1.1', '1.1'],
    ['1 + 2 * 3 ** 2 == 19 and 2 ^ 3 == 8 and 7 % 3 == 1 and 7 / 2 == 3.5', null],
    ['-2 ** 2 == -4', null],
    ['0x2A == 42 and 0b101 == 5 and 0o17 == 15 and 1_000 == 1e3 and .5 == 0.5', null],
    [
      'type(1) == "int" and type(1.0) == "float" and type(nil) == "nil" and type([]) == "array" and type({}) == "map"',
      null,
    ],
    ['1 in [1, 2] and 3 not in [1, 2] and "a" in {a: 1}', null],
    ['"abc" contains "b" and "abc" startsWith "a" and not ("abc" endsWith "b") and "abc" not contains "x"', null],
    ['"a1" matches "^[a-z]\\\\d$" and "b" not matches "^a"', null],
    ['result?.a?.b == nil and (result?.a?.b ?? 3) == 3', { a: null }],
    ['result.missing == nil', {}],
    ['result[-1] == 3 and result[1:] == [2, 3] and result[:-1] == [1, 2] and result[:] == result', [1, 2, 3]],
    ['result > 1 ? true : false', 2],
    ['if result > 1 { true } else if result < 0 { false } else { false }', 2],
    ['let x = result * 2; let y = x + 1; y == 5', 2],
    ['result | len() == 2', [1, 2]],
    ['(1..9 | filter(# < 5) | map(# * 2)) == [2, 4, 6, 8]', null],
    ['1 < result < 3', 2],
    ['not (1 < result < 3)', 5],
    ['true or false and false', null],
    ['!false && not false', null],
    ['`raw\\n` == "raw\\\\n" && \'it\\\'s\' == "it\'s" && "\\u0041\\x42" == "AB"', null],
    ['/* why */ true // because', null],
    ['lower("AB") + upper("c") == "abC" and trim(" a ") == "a" and trim("__a_", "_") == "a"', null],
    ['split("a,b,c", ",", 2) == ["a", "b,c"] and join(["a", "b"], "-") == "a-b"', null],
    ['replace("a-b-c", "-", "+") == "a+b+c" and repeat("ab", 2) == "abab" and indexOf("abc", "c") == 2', null],
    ['keys({a: 1, "b": 2}) == ["a", "b"] and values({a: 1}) == [1] and get({a: 1}, "b") == nil', null],
    ['first([]) == nil and last([1, 2]) == 2 and take([1, 2], 1) == [1] and uniq([1, 1.0, 2]) == [1, 2]', null],
    ['flatten([1, [2, [3]]]) == [1, 2, 3] and concat([1], [2]) == [1, 2] and reverse([1, 2]) == [2, 1]', null],
    ['now() - duration("1h30m") < now() and (now() - date("2025-12-31T00:00:00Z")).Hours() == 24', null],
    ['isNil(result) || result[0] > 0.9', []],
    ['default(result, 0) < 0.05', []],
    ['len(result) == 0', []],
    ['isNaN(result[0]) || result[0] > 0.9', [Number.NaN]],
    ['isInf(result)', Number.POSITIVE_INFINITY],
    ['result == "1"', '1'],
    ['result.code == "200" or result.code == 200', { code: 200 }],
    ['$env["result"] == 3', 3],
  ])('%s', (source, result) => {
    expect(judge(source, result)).toBe(true);
  });

  it('counts a one-element vector compared with a number as its element', () => {
    expect(judge('result >= 0.95', [0.97])).toBe(true);
    expect(judge('0.95 > result', [0.97])).toBe(false);
    expect(judge('result == 1', [1])).toBe(true);
    expect(judge('result != 1', [1])).toBe(false);
  });

  it.each<[string, unknown, string]>([
    [
      'result > 1',
      [1, 2],
      'invalid operation: > (mismatched types []interface {} and int): a list of 2 values is not a number; use result[0], or all(result, # > ...) (1:8)',
    ],
    ['result > 1', 'a', 'invalid operation: > (mismatched types string and int) (1:8)'],
    ['result == "a"', 1, 'invalid operation: == (mismatched types float64 and string) (1:8)'],
    ['result[0] > 1', [], 'index out of range: 0 (array length is 0) (1:7)'],
    ['result.a.b > 1', {}, 'cannot fetch b from nil (1:10)'],
    ['result', 0.5, 'expected bool, but got float64'],
    ['result && true', 1, 'invalid operation: && takes bool, but got float64 (1:8)'],
    ['1.5 % 2 == 0', null, 'invalid operation: % (mismatched types float64 and int) (1:5)'],
    ['asFloat(result) > 1', 'x', 'parsing "x" as a float: invalid syntax (1:1)'],
    ['result matches "("', '', 'syntax: this regular expression is not valid: missing closing ): `(` (1:16)'],
    ['filter(result, #)', [1], 'syntax: expected bool, but got []interface {} (1:1)'],
    ['all(result, #)', [1], 'predicate of all should return bool, but got float64 (1:1)'],
  ])('%s of %j is an error', (source, result, message) => {
    expect(judge(source, result)).toBe(message);
  });

  it.each([
    ['', 'the condition is empty (1:1)'],
    ['result >= ', 'unexpected end of the condition (1:11)'],
    ['result > 1)', 'unexpected operator ) (1:11)'],
    [
      'resutl > 1',
      "unknown name resutl (known are result, asInt, asFloat, isNaN, isInf, isNil, default and the language's functions) (1:1)",
    ],
    [
      'true and\n  nope(1)',
      "unknown name nope (known are result, asInt, asFloat, isNaN, isInf, isNil, default and the language's functions) (2:3)",
    ],
    ['"open', 'this string is not closed (1:1)'],
    ['result @ 1', 'unexpected character @ (1:8)'],
    ['1 + 1', 'expected bool, but got int (1:3)'],
    ['0.95', 'expected bool, but got float64 (1:1)'],
    ['# > 1', '# stands for an element: it is only known inside a predicate (1:1)'],
    ['len() > 1', 'len takes 1 arguments, but got 0 (1:1)'],
    ['result ?? 1 > 0', '?? cannot be mixed with other operators: put parentheses around one of them (1:13)'],
    ['99999999999999999999 > 1', '99999999999999999999 does not fit a 64-bit integer (1:1)'],
    [
      'constructor',
      "unknown name constructor (known are result, asInt, asFloat, isNaN, isInf, isNil, default and the language's functions) (1:1)",
    ],
  ])('%j does not parse', (source, message) => {
    expect(judge(source)).toBe(`syntax: ${message}`);
  });

  describe('NaN and infinities', () => {
    it.each<[string, unknown, boolean | string]>([
      ['result[0] < 0.05', [Number.NaN], 'no data'],
      ['result < 0.05', [Number.NaN], 'no data'],
      ['result[0] < 100', [Number.POSITIVE_INFINITY], 'no data'],
      ['not (result[0] < 0.05)', [Number.NaN], 'no data'],
      ['result[0] < 0.05 or true', [Number.NaN], true],
      ['result[0] < 0.05 and false', [Number.NaN], false],
      ['result[0] < 0.05 and true', [Number.NaN], 'no data'],
      ['result[0] == result[0]', [Number.NaN], 'no data'],
      ['all(result, # < 1)', [0.5, Number.NaN], 'no data'],
      ['all(result, # < 1)', [2, Number.NaN], false],
      ['any(result, # < 1)', [0.5, Number.NaN], true],
      ['len(filter(result, # < 1)) == 1', [0.5, Number.NaN], 'no data'],
      ['result[0] < 1 ? true : false', [Number.NaN], 'no data'],
      ['sum(result) > 1', [2, Number.NaN], 'no data'],
      ['max(result) < 5', [2, Number.NaN], 'no data'],
      ['1 / 0 > 1', null, 'no data'],
      ['len(result) == 1', [Number.NaN], true],
      ['isNaN(result[0]) or result[0] < 1', [Number.NaN], true],
      ['default(result, 0)[0] < 1', [Number.NaN], false],
    ])('%s of %j', (source, result, expected) => {
      expect(judge(source, result)).toBe(expected);
    });
  });

  describe('limits', () => {
    const long = Array.from({ length: 10_001 }, () => 1);
    it.each<[string, string, unknown, string]>([
      ['source', `true${' '.repeat(4096)}`, null, 'longer than 4096 bytes'],
      ['depth', `${'('.repeat(70)}true${')'.repeat(70)}`, null, 'deeper than 64 levels'],
      ['depth of unary operators', `${'!'.repeat(100)}true`, null, 'deeper than 64 levels'],
      ['array', 'len(1..20000) > 1', null, 'at most 10,000'],
      ['result', 'all(result, # > 0)', long, 'at most 10,000'],
      ['steps', 'all(1..1000, all(1..1000, # > 0))', null, 'more than 100,000 evaluation steps'],
      [
        'steps of regular expressions',
        `repeat("a", 90000) matches "(?:a?){200}a{200}$"`,
        null,
        'more than 100,000 evaluation steps',
      ],
      ['text', 'repeat("aaaaaaaaaa", 100000) == ""', null, 'more than 100,000 characters'],
      [
        'text by replacement',
        'let a = repeat("a", 50000); replace(a, "a", a) == ""',
        null,
        'more than 100,000 characters',
      ],
    ])('%s', (_, source, result, message) => {
      expect(judge(source, result)).toContain(message);
    });

    it('survives what nobody should write', () => {
      expect(judge(`result${'.a'.repeat(2000)} == nil`, {})).toContain('cannot fetch a from nil');
      expect(judge('len(groupBy([1, 2], [#, {a: #}])) == 2')).toBe(true);
      expect(judge('let constructor = 1; let __proto__ = 2; {__proto__: 3}.__proto__ + __proto__ == 5')).toBe(true);
    });

    it('takes long chains and wide arrays within the limits', () => {
      expect(judge(Array.from({ length: 400 }, () => 'true').join(' and '))).toBe(true);
      expect(judge(`${'1+'.repeat(1500)}1 == 1501`)).toBe(true);
    });
  });

  it('never looks into prototypes', () => {
    expect(judge('result.constructor == nil and result["__proto__"] == nil and "toString" not in result', {})).toBe(
      true,
    );
    expect(judge('{a: 1}.constructor == nil')).toBe(true);
  });

  it('answers for any text and any result with a verdict or a message', () => {
    const words = [
      'result',
      '(',
      ')',
      '[',
      ']',
      '0',
      '1.5',
      '"a"',
      '+',
      '-',
      '<',
      '==',
      'and',
      'not',
      '?',
      ':',
      '.',
      '..',
      'len',
      'all',
      '#',
      '{',
      '}',
      ',',
      '|',
      '??',
      '?.',
      'nil',
      'in',
    ];
    const source = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(source, fc.jsonValue(), (text, result) => {
        expect(['boolean', 'string']).toContain(typeof judge(text, result));
      }),
      { numRuns: 2000 },
    );
  });

  it('compares numbers as numbers do', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        expect(judge('result[0] < result[1]', [a, b])).toBe(a < b);
        expect(judge('result[0] >= result[1]', [a, b])).toBe(a >= b);
        expect(judge('result[0] == result[1]', [a, b])).toBe(a === b);
      }),
    );
  });
});

describe('moments', () => {
  const now = Date.UTC(2026, 0, 1, 12);
  it('reads the start and end of a range query', () => {
    expect(evaluateTime('now() - duration("5m")', now)).toEqual({ ok: true, time: now - 300_000 });
    expect(evaluateTime('date("2026-01-01T12:00:00Z")', now)).toEqual({ ok: true, time: now });
  });
  it('says what is wrong', () => {
    expect(evaluateTime('5', now)).toEqual({ ok: false, message: 'expected time, but got int' });
    expect(evaluateTime('result', now)).toMatchObject({
      ok: false,
      message: expect.stringContaining('unknown name result'),
    });
    expect(evaluateTime('now() - duration("5 minutes")', now)).toMatchObject({
      ok: false,
      message: expect.stringContaining('invalid duration'),
    });
  });
});
