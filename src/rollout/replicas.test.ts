import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BasicCounts,
  type BasicInput,
  type Pods,
  podsForWeight,
  rollBasic,
  splitByWeight,
  weightForPods,
} from './replicas.ts';

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

const CASES = { numRuns: 10_000 };

interface Roll {
  input: BasicInput;
  /** Sides whose pods never come up. */
  broken: { canary: boolean; stable: boolean };
  /** How many of the pods that are missing come up between two steps. */
  comeUp: number[];
}

const somePods = (most: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most }))
    .map(([wanted, missing]) => pods(wanted, Math.max(0, wanted - missing)));

/** Any number of pods anywhere, as after any edit at any time, on the way to any weight. */
const rolls: fc.Arbitrary<Roll> = fc
  .record({
    replicas: fc.integer({ min: 0, max: 12 }),
    limits: fc
      .record({ maxSurge: fc.integer({ min: 0, max: 4 }), maxUnavailable: fc.integer({ min: 0, max: 4 }) })
      .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0),
    weight: fc.oneof(fc.constantFrom(0, 100), fc.integer({ min: 0, max: 100 })),
    canary: somePods(12),
    stable: somePods(12),
    others: fc.array(somePods(4), { maxLength: 2 }),
    broken: fc.record({ canary: fc.boolean(), stable: fc.boolean() }),
    comeUp: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 }),
  })
  .map(({ replicas, limits, weight, canary, stable, others, broken, comeUp }) => {
    const own = (side: Pods, isBroken: boolean) => (isBroken ? pods(side.wanted, 0) : side);
    const sides = { canary: own(canary, broken.canary), stable: own(stable, broken.stable) };
    const desired = splitByWeight(weight, { replicas, maxSurge: limits.maxSurge });
    return { input: { replicas, ...limits, desired, ...sides, others }, broken, comeUp };
  });

const sum = (
  of: (side: Pods) => number,
  { canary, stable, others }: Pick<BasicInput, 'canary' | 'stable' | 'others'>,
) => [canary, stable, ...others].reduce((total, side) => total + of(side), 0);
const allWanted = (input: BasicInput) => sum(({ wanted }) => wanted, input);
const allServing = (input: BasicInput) => sum(({ wanted, available }) => Math.min(wanted, available), input);

/** ReplicaSets that were scaled: those that do not serve go first. */
function scaled(input: BasicInput, counts: BasicCounts): BasicInput {
  const to = (side: Pods, wanted: number) => pods(wanted, Math.min(side.available, wanted));
  return {
    ...input,
    canary: to(input.canary, counts.canary),
    stable: to(input.stable, counts.stable),
    others: input.others.map((other, index) => to(other, counts.others[index] ?? 0)),
  };
}

/** So many of the missing pods come up: stable's first. */
function withPodsUp(input: BasicInput, { broken }: Pick<Roll, 'broken'>, most: number): BasicInput {
  let left = most;
  const up = (side: Pods, isBroken = false) => {
    const more = isBroken ? 0 : Math.min(left, side.wanted - side.available);
    left -= more;
    return pods(side.wanted, side.available + more);
  };
  return {
    ...input,
    stable: up(input.stable, broken.stable),
    canary: up(input.canary, broken.canary),
    others: input.others.map((other) => up(other)),
  };
}

/** Every step of a roll, each as what it began with and what it asked for, until it asks for nothing new. */
function stepsOf({ input, broken, comeUp }: Roll): { before: BasicInput; counts: BasicCounts }[] {
  const steps: { before: BasicInput; counts: BasicCounts }[] = [];
  let before = input;
  for (let count = 0; count < 200; count++) {
    const counts = rollBasic(before);
    if (!isDeepStrictEqual(steps.at(-1)?.before, before)) steps.push({ before, counts });
    const after = scaled(before, counts);
    const next = withPodsUp(after, { broken }, comeUp[count] ?? Number.POSITIVE_INFINITY);
    if (count >= comeUp.length && isDeepStrictEqual(next, before)) return steps;
    before = next;
  }
  throw new Error('does not end');
}

const last = (steps: { counts: BasicCounts }[]) => steps.at(-1)?.counts;

/** What holds of every single step, whatever comes up when. */
function checkStep({ before, counts }: { before: BasicInput; counts: BasicCounts }): void {
  const { replicas, maxSurge, maxUnavailable, desired } = before;
  const after = scaled(before, counts);
  expect(allServing(after), 'available').toBeGreaterThanOrEqual(
    Math.min(allServing(before), replicas - maxUnavailable),
  );
  expect(allWanted(after), 'wanted').toBeLessThanOrEqual(Math.max(allWanted(before), replicas + maxSurge));
  for (const [index, other] of before.others.entries()) expect(counts.others[index]).toBeLessThanOrEqual(other.wanted);
  // Where spec.replicas fell, what does not serve goes first, wherever it is, and comes back where it is due.
  if (allWanted(before) > replicas + maxSurge) return;
  for (const side of ['canary', 'stable'] as const) {
    const from = before[side].wanted;
    expect(counts[side], `${side} towards its goal`).toBeGreaterThanOrEqual(Math.min(from, desired[side]));
    expect(counts[side], `${side} towards its goal`).toBeLessThanOrEqual(Math.max(from, desired[side]));
  }
}

describe('rollBasic, from anywhere to any weight', () => {
  it('never has fewer available than it may, where that can be helped, nor more than it may; each side goes only towards its goal', () => {
    fc.assert(
      fc.property(rolls, (roll) => stepsOf(roll).forEach(checkStep)),
      CASES,
    );
  });

  it('ends where the weight asks for, once pods come up', () => {
    fc.assert(
      fc.property(rolls, ({ input, comeUp }) => {
        const roll = { input, comeUp, broken: { canary: false, stable: false } };
        const others = input.others.map(() => 0);
        expect(last(stepsOf(roll))).toEqual({ ...input.desired, others });
      }),
      CASES,
    );
  });

  it.each([
    { weight: 100, broken: 'stable' as const },
    { weight: 0, broken: 'canary' as const },
  ])('ends at weight $weight also where no pod of $broken ever comes up', ({ weight, broken: side }) => {
    fc.assert(
      fc.property(rolls, ({ input, comeUp }) => {
        const desired = splitByWeight(weight, input);
        const start = { ...input, desired, [side]: pods(input[side].wanted, 0) };
        const broken = { canary: false, stable: false, [side]: true };
        const others = input.others.map(() => 0);
        expect(last(stepsOf({ input: start, broken, comeUp }))).toEqual({ ...desired, others });
      }),
      CASES,
    );
  });

  it('makes room for new pods where broken stable ones and former ones that serve take all of it', () => {
    const desired = { canary: 3, stable: 7 };
    const input = { desired, canary: pods(0), stable: pods(10, 0), others: [pods(1)] };
    expect(roll(input)).toEqual({ canary: 0, stable: 7, others: [1] });
    expect(roll({ ...input, stable: pods(7, 0) })).toEqual({ canary: 3, stable: 7, others: [1] });
  });

  it('lets broken new pods go first on the way back to stable, where former ones that serve take the room', () => {
    const desired = { canary: 0, stable: 10 };
    const input = { desired, canary: pods(4, 0), stable: pods(5), others: [pods(2)] };
    expect(roll(input)).toEqual({ canary: 0, stable: 5, others: [2] });
  });
});

describe('pods and weight', () => {
  const weights = fc.tuple(fc.constantFrom(100, 1000), fc.double({ min: 0, max: 1, noNaN: true }));

  it('the pods for a weight carry that weight, and one fewer would not', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 500 }), ([maxWeight, share], replicas) => {
        const weight = Math.round(share * maxWeight);
        const count = podsForWeight(weight, maxWeight, replicas, 0);
        expect(weightForPods(count, maxWeight, replicas)).toBeGreaterThanOrEqual(weight);
        if (count > 0) expect(weightForPods(count - 1, maxWeight, replicas)).toBeLessThan(weight);
      }),
      CASES,
    );
  });

  it('the weight that pods carry needs no more than these', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(100, 1000),
        fc.nat(600),
        fc.integer({ min: 1, max: 500 }),
        (maxWeight, count, replicas) => {
          const weight = weightForPods(count, maxWeight, replicas);
          expect(podsForWeight(weight, maxWeight, replicas, 0)).toBeLessThanOrEqual(count);
          expect(weight).toBeLessThanOrEqual(maxWeight);
        },
      ),
      CASES,
    );
  });

  it('without a router no side that is to have traffic is left without pods, and the shares add up', () => {
    const weight = fc.integer({ min: 0, max: 100 });
    const surge = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(weight, fc.integer({ min: 0, max: 60 }), surge, (share, replicas, maxSurge) => {
        const { canary, stable } = splitByWeight(share, { replicas, maxSurge });
        expect(canary + stable).toBeGreaterThanOrEqual(replicas);
        expect(canary + stable).toBeLessThanOrEqual(replicas + Math.min(1, maxSurge));
        if (share > 0 && share < 100 && replicas + maxSurge > 1 && replicas > 0)
          expect([canary > 0, stable > 0]).toEqual([true, true]);
        if (share === 0) expect(canary).toBe(0);
        if (share === 100) expect(stable).toBe(0);
      }),
      CASES,
    );
  });
});
