import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakerState, type KnownFailure } from './breaker.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const settings = { failures: 3, withinMinutes: 10 };
const at = (minutes: number, rollout: string, culprit = `by-${rollout}`): KnownFailure => ({
  rollout,
  culprit,
  at: NOW + minutes * MINUTE,
});
const asked = (failures: KnownFailure[], now = 0, failedAt = 0) =>
  breakerState(failures, settings, { now: NOW + now * MINUTE, failedAt: NOW + failedAt * MINUTE });

describe('the breaker', () => {
  const three = [at(-8, 'a'), at(-4, 'b'), at(0, 'c')];

  it.each<[string, KnownFailure[], string]>([
    ['too few', three.slice(1), 'closed'],
    ['enough', three, 'open'],
    ['too far from each other', [at(-10, 'a'), at(-4, 'b'), at(0, 'c')], 'closed'],
    ['one commit in many places', three.map((each) => ({ ...each, culprit: 'one' })), 'closed'],
    ['one Rollout with many commits', three.map((each) => ({ ...each, rollout: 'one' })), 'closed'],
    ['two commits in three places', [at(-8, 'a', 'x'), at(-4, 'b', 'x'), at(0, 'c')], 'closed'],
    ['what is yet to come', [...three.slice(1), at(1, 'd')], 'closed'],
  ])('%s', (_, failures, kind) => {
    expect(asked(failures).kind).toBe(kind);
    expect(asked([...failures].reverse()).kind).toBe(kind);
  });

  it('stays open for half an hour after the last time', () => {
    expect(asked(three, 29)).toEqual({ kind: 'open', until: NOW + 30 * MINUTE, count: 3 });
    expect(asked([...three, at(5, 'd')], 31)).toMatchObject({ kind: 'open', until: NOW + 35 * MINUTE });
  });

  it('speaks afterwards of what failed meanwhile, and of nothing else', () => {
    for (const failedAt of [-9, 0, 29]) expect(asked(three, 60, failedAt)).toEqual({ kind: 'cooled', count: 3 });
    for (const failedAt of [-10, 30]) expect(asked(three, 60, failedAt)).toEqual({ kind: 'closed' });
    expect(asked(three, 60 * 24, 0)).toEqual({ kind: 'cooled', count: 3 });
  });

  it('is told in no time of thousands of failures', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => at(-index / 4000, String(index)));
    const began = performance.now();
    expect(asked(many)).toMatchObject({ kind: 'open', count: 20_000 });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('is open where any ten minutes of the last half hour hold enough of both', () => {
    const any = fc.array(
      fc.record({
        rollout: fc.constantFrom('a', 'b', 'c', 'd'),
        culprit: fc.constantFrom('x', 'y', 'z', 'w'),
        at: fc.integer({ min: -45, max: 0 }).map((minutes) => NOW + minutes * MINUTE),
      }),
      { maxLength: 12 },
    );
    const isEnough = (failures: KnownFailure[], end: number) => {
      const within = failures.filter((each) => end - 10 * MINUTE < each.at && each.at <= end);
      const [rollouts, culprits] = [within.map((each) => each.rollout), within.map((each) => each.culprit)];
      return Math.min(new Set(rollouts).size, new Set(culprits).size) >= 3;
    };
    fc.assert(
      fc.property(any, (failures) => {
        const isOpen = failures.some((each) => NOW < each.at + 30 * MINUTE && isEnough(failures, each.at));
        expect(asked(failures, 0, -60).kind === 'open').toBe(isOpen);
      }),
    );
  });

  it('is opened by no failure that is taken away, and closed by none that comes', () => {
    const any = fc.array(
      fc.record({
        rollout: fc.constantFrom('a', 'b', 'c', 'd'),
        culprit: fc.constantFrom('x', 'y', 'z', 'w'),
        at: fc.integer({ min: NOW - 20 * MINUTE, max: NOW }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(any, any, (some, more) => {
        const few = asked(some);
        const many = asked([...some, ...more]);
        if (few.kind === 'open') expect(many).toMatchObject({ kind: 'open' });
        if (few.kind === 'open' && many.kind === 'open') expect(many.until).toBeGreaterThanOrEqual(few.until);
      }),
    );
  });
});
