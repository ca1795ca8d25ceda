import { describe, expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';
import { createLineReader } from './lines.ts';
import { parseLabelSelector } from './selector.ts';
import { compareVersions } from './versions.ts';

describe('lines', () => {
  const read = (chunks: string[], longest?: number) => {
    const lines: (string | undefined)[] = [];
    const take = createLineReader((line) => lines.push(line), longest);
    for (const chunk of chunks) take(Buffer.from(chunk, 'latin1'));
    return lines;
  };

  it('are cut wherever chunks end, even within a character', () => {
    const bytes = Buffer.from('{"a":"é"}\nb\n', 'utf8').toString('latin1');
    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.slice(0, at), bytes.slice(at)])).toEqual(['{"a":"é"}', 'b']);
    }
  });

  it('leave out what is empty or unfinished', () => {
    expect(read(['a\n\n \r\nb'])).toEqual(['a']);
  });

  it('that are too long are told as such, once, and those after them live', () => {
    expect(read(['12345', '67890', '1\nok\n'], 8)).toEqual([undefined, 'ok']);
  });
});

describe('label selectors', () => {
  it.each([
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['example.com/a', { 'example.com/a': '' }, true],
    ['!a', { a: '' }, false],
    ['!a,b=c', { b: 'c' }, true],
    ['a,b=c', { b: 'c' }, false],
  ])('%s on %j is %s', (selector, labels, expected) => {
    expect(parseLabelSelector(selector)(labels)).toBe(expected);
  });

  it.each(['a in (b,c)', '!a=b', '', 'a=b,', 'a>1'])('refuses "%s"', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow('none of a=b, a!=b, a, !a');
  });
});

describe('versions', () => {
  it.each([
    ['9', '10', -1],
    ['10', '10', 0],
    ['18446744073709551616', '18446744073709551615', 1],
    ['1', 'x', undefined],
    ['01', '1', undefined],
    [undefined, '1', undefined],
  ])('%s against %s', (a, b, expected) => {
    const order = compareVersions(a, b);
    expect(order === undefined ? undefined : Math.sign(order)).toBe(expected);
  });
});

describe('back-off', () => {
  it('doubles up to its limit, shortened at random, and starts over', () => {
    const delays = (random: number) => {
      const backoff = createBackoff({ first: 10, longest: 50, random: () => random });
      return [backoff.next(), backoff.next(), backoff.next(), backoff.next()];
    };
    expect(delays(0)).toEqual([10, 20, 40, 50]);
    expect(delays(1)).toEqual([5, 10, 20, 25]);
    const backoff = createBackoff({ first: 10, longest: 50, random: () => 0 });
    for (let i = 0; i < 5_000; i++) backoff.next();
    expect(backoff.next()).toBe(50);
    backoff.reset();
    expect(backoff.next()).toBe(10);
  });
});
