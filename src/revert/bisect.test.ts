import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFound, lastTurn, nextLook } from './bisect.ts';

/** Looks at commits until there is nothing left, or so often. */
function search(truth: readonly boolean[], most: number) {
  const looked: (boolean | undefined)[] = truth.map(() => undefined);
  looked[truth.length - 1] = true;
  let count = 0;
  for (let next = nextLook(looked); next !== undefined && count < most; next = nextLook(looked)) {
    expect(looked[next]).toBeUndefined();
    looked[next] = truth[next];
    count += 1;
  }
  return { turn: lastTurn(looked), found: isFound(looked) };
}

it('finds the one commit with a look for each half', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (good, bad) => {
      const truth = [...Array(good).fill(false), ...Array(bad).fill(true)];
      const halves = Math.ceil(Math.log2(truth.length + 1)) + 1;
      expect(search(truth, halves)).toEqual({ turn: good, found: true });
    }),
  );
});

it('finds the last one where all may be looked at, however often the template came and went', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (commits) => {
      const truth = [...commits, true];
      const { turn, found } = search(truth, 100);
      expect({ turn, found }).toEqual({ turn: truth.lastIndexOf(false) + 1, found: true });
    }),
  );
});

it('has not found it before it has looked at both sides', () => {
  expect(isFound([undefined, undefined, true])).toBe(false);
  expect(isFound([false, undefined, true])).toBe(false);
  expect(isFound([false, true, undefined, true])).toBe(true);
  expect(isFound([true])).toBe(true);
});
