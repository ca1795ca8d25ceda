import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationSeconds, intOrPercent, pauseSeconds, resolveAmount } from './durations.ts';

describe('durationSeconds', () => {
  it.each([
    ['30s', 30],
    ['5m', 300],
    ['1h30m', 5400],
    ['1m30s', 90],
    ['1.5h', 5400],
    ['.5s', 0.5],
    ['250ms', 0.25],
    ['10us', 1e-5],
    ['10µs', 1e-5],
    ['0', 0],
    ['-5s', -5],
    ['+5s', 5],
  ])('%s is %d seconds', (text, seconds) => {
    expect(durationSeconds(text)).toBeCloseTo(seconds, 9);
  });

  it.each(['', '10', '5 minutes', '5min', '1d', 's', 'h1', '1h 30m', '--5s', '1e3s', ' 5s', '٣s'])(
    '%j is none',
    (text) => {
      expect(durationSeconds(text)).toBeUndefined();
    },
  );

  it.each([
    ['1.1s', 1.1],
    ['0.3s', 0.3],
    ['4.35h', 15_660],
  ])('%s is exact, as in Go', (text, seconds) => {
    expect(durationSeconds(text)).toBe(seconds);
  });

  it('adds up what it is given', () => {
    const part = fc.integer({ min: 0, max: 999 });
    fc.assert(
      fc.property(part, part, part, (hours, minutes, seconds) => {
        expect(durationSeconds(`${hours}h${minutes}m${seconds}s`)).toBe(hours * 3600 + minutes * 60 + seconds);
      }),
    );
  });
});

describe('pauseSeconds', () => {
  it.each([
    [10, 10],
    ['10', 10],
    ['1h', 3600],
    ['1500ms', 1],
    ['-10', -10],
  ])('%j is %d', (value, seconds) => {
    expect(pauseSeconds(value)).toBe(seconds);
  });

  it.each(['5 minutes', '', 'soon', 1.5])('%j is none', (value) => {
    expect(pauseSeconds(value)).toBeUndefined();
  });
});

describe('amounts of pods', () => {
  it.each([
    [5, { value: 5, percent: false }],
    ['25%', { value: 25, percent: true }],
    ['25', { value: 25, percent: true }],
    ['-5%', undefined],
    ['a lot', undefined],
    ['', undefined],
  ])('%j', (value, amount) => {
    expect(intOrPercent(value)).toEqual(amount);
  });

  it.each([
    ['25%', 10, 'up', 3],
    ['25%', 10, 'down', 2],
    ['25', 10, 'up', 3],
    [4, 10, 'down', 4],
    ['100%', 7, 'down', 7],
    ['0%', 7, 'up', 0],
    ['1%', 7, 'up', 1],
    ['1%', 7, 'down', 0],
    ['nonsense', 7, 'up', 0],
  ] as const)('%j of %d, rounded %s, is %d', (value, total, rounding, pods) => {
    expect(resolveAmount(value, total, rounding)).toBe(pods);
  });
});
