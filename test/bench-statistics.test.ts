import { expect, it } from 'vitest';
import { quantile, rounded } from '../bench/statistics.ts';

it('takes the nearest rank, whatever the order', () => {
  const values = [9, 10, 2, 100, 20];
  expect(quantile(values, 0.5)).toBe(10);
  expect(quantile(values, 0.99)).toBe(100);
  expect(quantile(values, 0)).toBe(2);
  expect(quantile([], 0.5)).toBeNaN();
});

it('puts the 99th of 100 values at the 99th, not the greatest', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(quantile(values, 0.99)).toBe(99);
});

it('rounds to the digits asked for', () => {
  expect(rounded(12.3456, 1)).toBe(12.3);
});
