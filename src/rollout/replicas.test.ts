import { describe, expect, it } from 'vitest';
import { type BasicInput, podsForWeight, rollBasic, splitByWeight } from './replicas.ts';

describe('splitByWeight: the pods of canary and stable nearest to a weight', () => {
  it.each([
    // weight, replicas, surge -> canary, stable. Worked out by hand from the reference's §2.3.1.
    [0, 10, 3, 0, 10],
    [100, 10, 3, 10, 0],
    [10, 10, 3, 1, 9],
    [25, 4, 1, 1, 3],
    [50, 4, 1, 2, 2],
    // A third of 10 is 3.33: 4/10 is off by 7, 3/10 by 3, 4/11 by 3.4, 3/11 by 5.7.
    [33, 10, 3, 3, 7],
    // 5 % of 10: 1/11 (9.1 %) is nearer than 1/10, and none is not allowed.
    [5, 10, 3, 1, 10],
    [5, 10, 0, 1, 9],
    [1, 4, 1, 1, 4],
    // 99 %: all is not allowed while stable is to have traffic; 10 of 11 is nearer than 9 of 10.
    [99, 10, 1, 10, 1],
    [99, 10, 0, 9, 1],
    // One pod: with surge each side has one, without it the one pod is the nearer side's.
    [50, 1, 1, 1, 1],
    [10, 1, 1, 1, 1],
    [49, 1, 0, 0, 1],
    [51, 1, 0, 1, 0],
    // An even error: the one that adds a canary wins.
    [50, 1, 0, 1, 0],
    // 66.7 and 33.3 are as far from 50 as each other, but not as doubles: the reference compares these too.
    [50, 3, 0, 1, 2],
    [50, 3, 1, 2, 2],
    [0, 0, 1, 0, 0],
    [50, 0, 1, 0, 0],
  ])('weight %i of %i pods, surge %i: %i and %i', (weight, replicas, maxSurge, canary, stable) => {
    expect(splitByWeight(weight, { replicas, maxSurge })).toEqual({ canary, stable });
  });
});

describe('podsForWeight: with a router the pods follow the weight, rounded up', () => {
  it.each([
    // weight, max, replicas, minimum -> canary
    [0, 100, 10, 0, 0],
    [1, 100, 10, 0, 1],
    [25, 100, 10, 0, 3],
    [100, 100, 10, 0, 10],
    [1, 100, 10, 2, 2],
    [0, 100, 10, 2, 0],
    [1, 100, 1, 2, 1],
    [1, 1000, 10, 0, 1],
    [250, 1000, 10, 0, 3],
  ])('weight %i of %i, %i pods, at least %i: %i', (weight, max, replicas, minimum, canary) => {
    expect(podsForWeight(weight, max, replicas, minimum)).toBe(canary);
  });
});

const pods = (wanted: number, available = wanted) => ({ wanted, available });

function roll(input: Partial<BasicInput> & Pick<BasicInput, 'desired' | 'canary' | 'stable'>) {
  return rollBasic({ replicas: 10, maxSurge: 1, maxUnavailable: 0, others: [], ...input });
}

describe('rollBasic: one step without a router', () => {
  it('adds what surge allows, and takes nothing down before it serves', () => {
    const desired = { canary: 5, stable: 5 };
    expect(roll({ desired, canary: pods(0), stable: pods(10) })).toMatchObject({ canary: 1, stable: 10 });
    expect(roll({ desired, canary: pods(1, 0), stable: pods(10) })).toMatchObject({ canary: 1, stable: 10 });
    expect(roll({ desired, canary: pods(1), stable: pods(10) })).toMatchObject({ canary: 1, stable: 9 });
  });

  it('takes pods down first where nothing may be added', () => {
    const limits = { maxSurge: 0, maxUnavailable: 2 };
    const desired = { canary: 5, stable: 5 };
    expect(roll({ ...limits, desired, canary: pods(0), stable: pods(10) })).toMatchObject({ canary: 0, stable: 8 });
    expect(roll({ ...limits, desired, canary: pods(0), stable: pods(8) })).toMatchObject({ canary: 2, stable: 8 });
    expect(roll({ ...limits, desired, canary: pods(2, 1), stable: pods(8) })).toMatchObject({ canary: 2, stable: 7 });
  });

  it('adds stable pods before canary pods', () => {
    const desired = { canary: 5, stable: 5 };
    expect(roll({ desired, canary: pods(2), stable: pods(3) })).toMatchObject({ stable: 5, canary: 5 });
    expect(roll({ desired, canary: pods(4), stable: pods(4), maxSurge: 0, replicas: 9 })).toMatchObject({
      stable: 5,
      canary: 4,
    });
  });

  it('goes back to stable without a gap: broken canaries at once, serving ones as stable comes up', () => {
    const desired = { canary: 0, stable: 10 };
    expect(roll({ desired, canary: pods(5), stable: pods(5) })).toMatchObject({ canary: 5, stable: 6 });
    expect(roll({ desired, canary: pods(5), stable: pods(6) })).toMatchObject({ canary: 4, stable: 6 });
    expect(roll({ desired, canary: pods(5, 0), stable: pods(10) })).toMatchObject({ canary: 0, stable: 10 });
  });

  it('takes other revisions down before canary and stable, pods that do not serve at once', () => {
    const desired = { canary: 5, stable: 5 };
    const input = { desired, canary: pods(0), stable: pods(8), others: [pods(2, 1)] };
    expect(roll(input)).toEqual({ canary: 1, stable: 8, others: [1] });
    expect(roll({ ...input, canary: pods(1), others: [pods(1)] })).toEqual({ canary: 2, stable: 8, others: [1] });
    expect(roll({ ...input, canary: pods(2), others: [pods(1)] })).toEqual({ canary: 2, stable: 8, others: [0] });
  });
});
