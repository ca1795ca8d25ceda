import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

it('lets news wait a while from its first moment, and no longer', () => {
  const patience = createPatience(5_000);
  expect(patience.until('a', 1_000, true)).toBe(6_000);
  expect(patience.until('a', 5_999, true)).toBe(6_000);
  expect(patience.until('a', 6_000, true)).toBeUndefined();
  expect(patience.until('a', 6_001, true)).toBe(11_001);
});

it('begins anew once something else was told, for each key by itself', () => {
  const patience = createPatience(5_000);
  patience.until('a', 0, true);
  expect(patience.until('b', 1_000, true)).toBe(6_000);
  expect(patience.until('a', 2_000, false)).toBeUndefined();
  expect(patience.until('a', 3_000, true)).toBe(8_000);
  patience.forget('b');
  expect(patience.until('b', 4_000, true)).toBe(9_000);
});
