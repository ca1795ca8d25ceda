import { describe, expect, it } from 'vitest';
import { isLabelKey, labelProblems, selectorProblems } from './validate-selector.ts';

const long = (length: number) => 'a'.repeat(length);

describe('a label', () => {
  it.each(['app', 'App_1.x', 'a', '1', 'example.com/app', 'a.b-c.example/x', `${long(253)}/${long(63)}`])(
    'may be called %s',
    (key) => {
      expect(isLabelKey(key)).toBe(true);
    },
  );

  it.each([
    ...['', ' ', 'a b', '-a', 'a-', '.a', 'a/b/c', '/a', 'a/', 'Example.com/a', 'a..b/c', 'ä'],
    ...[long(64), `${long(254)}/a`],
  ])('may not be called %j', (key) => {
    expect(isLabelKey(key)).toBe(false);
  });

  it('has a value of the same letters, or none', () => {
    expect(labelProblems('labels', { a: '', b: 'x_1.Y', c: long(63) })).toEqual([]);
    const wrong = labelProblems('labels', { a: 'x y', b: '-x', c: long(64), 'd e': 'f' });
    expect(wrong.map(({ path }) => path)).toEqual(['labels.a', 'labels.b', 'labels.c', 'labels."d e"']);
  });
});

describe('a selector', () => {
  it('is judged requirement by requirement', () => {
    const matchExpressions = [
      { key: 'app', operator: 'In', values: ['a', 'b c'] },
      { key: 'app', operator: 'DoesNotExist', values: ['a'] },
      { key: 'a b', operator: 'Exists' },
      { key: 'app', operator: 'in' },
    ];
    expect(selectorProblems('s', { matchExpressions }).map(({ path }) => path)).toEqual([
      's.matchExpressions[0].values[1]',
      's.matchExpressions[1].values',
      's.matchExpressions[2].key',
      's.matchExpressions[3].operator',
    ]);
  });
});
