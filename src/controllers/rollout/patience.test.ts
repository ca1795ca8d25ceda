import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

it('lets news wait a while from its first moment, and no longer', () => {
  const patience = createPatience();
  expect(patience.until('a', 1_000, 5_000)).toBe(6_000);
  expect(patience.until('a', 5_999, 5_000)).toBe(6_000);
  expect(patience.until('a', 6_000, 5_000)).toBeUndefined();
  expect(patience.until('a', 6_001, 5_000)).toBe(11_001);
});

it('begins anew once something else was told, for each key by itself', () => {
  const patience = createPatience();
  patience.until('a', 0, 5_000);
  expect(patience.until('b', 1_000, 5_000)).toBe(6_000);
  expect(patience.until('a', 2_000, undefined)).toBeUndefined();
  expect(patience.until('a', 3_000, 5_000)).toBe(8_000);
  patience.forget('b');
  expect(patience.until('b', 4_000, 5_000)).toBe(9_000);
});

it('counts what news has waited already against a shorter time', () => {
  const patience = createPatience();
  patience.until('a', 1_000, 5_000);
  expect(patience.until('a', 1_500, 1_000)).toBe(2_000);
  expect(patience.until('a', 3_000, 1_000)).toBeUndefined();
});

it('waits for no longer where the clock was set back', () => {
  const patience = createPatience();
  patience.until('a', 3_600_000, 5_000);
  expect(patience.until('a', 1_000, 5_000)).toBe(6_000);
});
