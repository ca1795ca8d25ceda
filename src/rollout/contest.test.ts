import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterReset, afterTime, afterWrite, type Resets, restUntil, UNTOUCHED, type Urgency } from './contest.ts';

const MINUTE = 60_000;

/** So many times written and set back, at these times in seconds. */
function setBackAt(...times: number[]): Resets {
  return times.reduce((resets, at) => afterReset(afterWrite(resets, '25', at * 1000 - 100), at * 1000), UNTOUCHED);
}

describe('a contest', () => {
  it.each([
    ['one change', [10], false],
    ['two', [10, 20], false],
    ['three', [10, 20, 30], true],
    ['a sync every ten minutes', [0, 600, 1200], true],
    ['a sync every hour', [0, 3600, 7200, 10800], false],
  ])('%s at %j: %j', (_, times, isContest) => {
    expect(setBackAt(...times).contest !== undefined).toBe(isContest);
  });

  it('counts from the first time on', () => {
    expect(setBackAt(10, 20, 30, 40).contest).toMatchObject({ since: 10_000, times: 4, last: 40_000 });
  });

  it('is over when nothing was set back for a quarter of an hour', () => {
    const resets = setBackAt(10, 20, 30);
    expect(afterTime(resets, 30_000 + 15 * MINUTE - 1).contest).toBeDefined();
    expect(afterTime(resets, 30_000 + 15 * MINUTE).contest).toBeUndefined();
  });
});

describe('how long a write waits, in seconds after the last one', () => {
  const waits = (resets: Resets, goal: string, urgency: Urgency) => {
    const until = restUntil(resets, goal, urgency);
    return until === undefined ? undefined : (until - (resets.lastWrite?.at ?? 0)) / 1000;
  };

  it.each([
    ['without a contest', [10, 20], '25', 'raises', undefined],
    ['to raise', [10, 20, 30], '25', 'raises', 30],
    ['to raise again', [10, 20, 30, 70], '25', 'raises', 60],
    ['to raise after many times', [10, 20, 30, 70, 140, 270, 520, 830], '25', 'raises', 300],
    ['to raise to more', [10, 20, 30], '50', 'raises', 30],
    ['to lower to another goal', [10, 20, 30, 70], '5', 'lowers', undefined],
    ['to lower the same again', [10, 20, 30, 70], '25', 'lowers', 2],
    ['to lower it after many times', [10, 20, 30, 31, 32, 33, 34, 35, 36, 37], '25', 'lowers', 30],
    ['to retreat', [10, 20, 30, 70], '0', 'retreats', undefined],
    ['to retreat again', [10, 20, 30, 31, 32, 33, 34], '25', 'retreats', 1],
  ] as const)('%s', (_, times, goal, urgency, expected) => {
    expect(waits(setBackAt(...times), goal, urgency)).toBe(expected);
  });

  it('is short again once a write has lasted', () => {
    const lasting = afterWrite(setBackAt(10, 20, 30, 70, 140), '25', 270_000);
    expect(waits(lasting, '50', 'raises')).toBe(30);
    expect(waits(afterReset(lasting, 270_000 + 6 * MINUTE), '25', 'raises')).toBe(30);
  });
});

interface Turn {
  /** Milliseconds since the last turn. */
  after: number;
  /** What the Rollout wants by then. */
  goal: number;
  /** Somebody sets the object to this. */
  other: number | undefined;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  after: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 20 * MINUTE })),
  goal: fc.constantFrom(0, 25, 50, 100),
  other: fc.option(fc.constantFrom(0, 25, 50, 100), { nil: undefined }),
});

/** A controller that writes whenever it may, over one weight; answers when it wrote what. */
function play(turns: readonly Turn[]): { at: number; goal: number; from: number; isNew: boolean }[] {
  let [now, weight, resets, wanted] = [0, 0, UNTOUCHED, 0];
  const writes: ReturnType<typeof play> = [];
  for (const { after, goal, other } of turns) {
    now += after;
    resets = afterTime(resets, now);
    if (other !== undefined && other !== weight && !resets.isUndone && weight === wanted)
      resets = afterReset(resets, now);
    weight = other ?? weight;
    const isNew = goal !== wanted;
    wanted = goal;
    if (weight === wanted) continue;
    const urgency = wanted === 0 ? 'retreats' : wanted < weight ? 'lowers' : 'raises';
    if ((restUntil(resets, String(wanted), urgency) ?? now) > now) continue;
    writes.push({ at: now, goal: wanted, from: weight, isNew });
    resets = afterWrite(resets, String(wanted), now);
    weight = wanted;
  }
  return writes;
}

describe('whatever others write, in whatever order', () => {
  const turns = fc.array(turn, { maxLength: 200 });

  it('a new wish to have no traffic on the canary is written at once', () => {
    fc.assert(
      fc.property(turns, fc.constantFrom(25, 50, 100), (before, weight) => {
        const raised: Turn = { after: 20 * MINUTE, goal: weight, other: undefined };
        const abort: Turn = { after: 1, goal: 0, other: undefined };
        const writes = play([...before, raised, abort]);
        const at = [...before, raised, abort].reduce((sum, { after }) => sum + after, 0);
        expect(writes.at(-1)).toMatchObject({ at, goal: 0 });
      }),
    );
  });

  it('no more than five writes a minute raise anything, and none is made anew in vain more often than once a second', () => {
    const stubborn = fc.array(
      turn.map((one) => ({ ...one, goal: 25 })),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(stubborn, (all) => {
        const writes = play(all);
        const raising = writes.filter(({ from, goal }) => goal > from).map(({ at }) => at);
        for (const [index, at] of raising.entries())
          expect((raising[index + 5] ?? at + MINUTE) - at).toBeGreaterThanOrEqual(MINUTE);
        const minutes = Map.groupBy(writes, ({ at }) => Math.floor(at / MINUTE));
        for (const inOne of minutes.values()) expect(inOne.length).toBeLessThanOrEqual(12);
      }),
    );
  });
});
