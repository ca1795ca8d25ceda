import { describe, expect, it } from 'vitest';
import type { Change } from './compare.ts';
import { applyEdits } from './edits.ts';
import { isProved } from './proof.ts';
import { readSource, type Source } from './source.ts';
import { spliceBack } from './splice.ts';
import type { MapTree, Tree } from './tree.ts';

function read(text: string): Source {
  const source = readSource(text, 'it');
  if ('kind' in source) throw new Error(source.message);
  return source;
}

function at(source: Source, key: string): Tree | undefined {
  const root = source.roots[0] as MapTree;
  return root.entries.get(key)?.value;
}

const place = { document: { label: 'document 1' }, path: ['a'] };
const head = read('a: bad\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n');

function proves(text: string): boolean {
  const before = at(read('a: good\n'), 'a');
  const now = at(head, 'a');
  if (before?.kind !== 'scalar' || now?.kind !== 'scalar') throw new Error('no scalars');
  const change: Change = { kind: 'value', place, before, head: now };
  return isProved([change], head, read(text));
}

describe('the proof', () => {
  it('holds for what was planned', () => {
    expect(proves('a: good\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n')).toBe(true);
  });

  it.each([
    ['nothing changed', 'a: bad\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n'],
    ['another value', 'a: goods\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n'],
    ['a collection for a scalar', 'a: [good]\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n'],
    ['another field besides', 'a: good\nb: {c: &x 2}\nd: [1, "2"]\n---\ne: 1\n'],
    ['another type besides', 'a: good\nb: {c: &x 1}\nd: [1, 2]\n---\ne: 1\n'],
    ['another document besides', 'a: good\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 2\n'],
    ['a document less', 'a: good\nb: {c: &x 1}\nd: [1, "2"]\n'],
    ['a document more', 'a: good\nb: {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n---\n'],
    ['a key more', 'a: good\nb: {c: &x 1, f: 1}\nd: [1, "2"]\n---\ne: 1\n'],
    ['a key less', 'a: good\nb: {}\nd: [1, "2"]\n---\ne: 1\n'],
    ['another key', 'a: good\nb: {f: &x 1}\nd: [1, "2"]\n---\ne: 1\n'],
    ['an item more', 'a: good\nb: {c: &x 1}\nd: [1, "2", 3]\n---\ne: 1\n'],
    ['items in another order', 'a: good\nb: {c: &x 1}\nd: ["2", 1]\n---\ne: 1\n'],
    ['another anchor', 'a: good\nb: {c: &y 1}\nd: [1, "2"]\n---\ne: 1\n'],
    ['a tag', 'a: good\nb: !b {c: &x 1}\nd: [1, "2"]\n---\ne: 1\n'],
  ])('fails: %s', (_, text) => expect(proves(text)).toBe(false));

  it('fails for a key that was to go or to come', () => {
    const [now, was] = [read('a: 1\nb: 2\n'), read('a: 1\nb: 2\nc: 3\n')];
    const [map, before, value] = [now.roots[0] as MapTree, was.roots[0] as MapTree, at(was, 'c')];
    if (value?.kind !== 'scalar') throw new Error('no scalar');
    const maps = { before, after: map, head: map };
    const insert: Change = { kind: 'insert', place, key: 'c', value, maps };
    const remove: Change = { kind: 'remove', place, key: 'b', value, maps };
    expect(isProved([insert], now, read('a: 1\nb: 2\nc: 3\n'))).toBe(true);
    expect(isProved([insert], now, read('a: 1\nb: 2\nc: 4\n'))).toBe(false);
    expect(isProved([insert], now, read('a: 1\nb: 2\n'))).toBe(false);
    expect(isProved([remove], now, read('a: 1\n'))).toBe(true);
    expect(isProved([remove], now, read('a: 1\nb: 2\n'))).toBe(false);
    expect(isProved([insert, remove], now, read('a: 1\nc: 3\n'))).toBe(true);
  });

  it('refuses what does not fit where the value stands now', () => {
    const answer = spliceBack({ before: 'm:\n  x: a, b\n', after: 'm:\n  x: c\n', head: 'm: {x: c}\n' });
    expect(answer).toMatchObject({
      kind: 'refused',
      reason: 'unproved',
      message: expect.stringContaining('would not hold'),
    });
    const broken = spliceBack({ before: 'm:\n  x: a]\n', after: 'm:\n  x: c\n', head: 'm: [{x: c}]\n' });
    expect(broken).toMatchObject({ kind: 'refused', reason: 'changedSince' });
    const open = spliceBack({ before: 'm:\n  x: a]\n', after: 'm:\n  x: c\n', head: 'm: {x: c}\n' });
    expect(open).toMatchObject({
      kind: 'refused',
      reason: 'unproved',
      message: expect.stringMatching(/^the result: line 1/),
    });
  });
});

describe('edits', () => {
  it('are made in order, and can be unmade', () => {
    const made = applyEdits('one two three', [
      { start: 8, end: 13, text: '3' },
      { start: 3, end: 4, text: '' },
      { start: 3, end: 3, text: '!' },
      { start: 0, end: 3, text: 'first' },
    ]);
    expect(made?.text).toBe('first!two 3');
    expect(applyEdits(made?.text ?? '', made?.undo ?? [])?.text).toBe('one two three');
  });

  it.each([
    [
      [
        { start: 0, end: 3, text: '' },
        { start: 2, end: 4, text: '' },
      ],
    ],
    [[{ start: 3, end: 2, text: '' }]],
    [[{ start: 3, end: 20, text: '' }]],
  ])('are not made where they overlap or lie outside: %j', (edits) => {
    expect(applyEdits('one two', edits)).toBeUndefined();
  });
});
