import { expect, it } from 'vitest';
import { timestamp } from './times.ts';

it.each([
  [0, '1970-01-01T00:00:00Z'],
  [Date.parse('2026-03-01T12:30:45Z'), '2026-03-01T12:30:45Z'],
  [Date.parse('2026-03-01T12:30:45.999Z'), '2026-03-01T12:30:45Z'],
])('%d is written %s, in whole seconds', (milliseconds, text) => {
  expect(timestamp(milliseconds)).toBe(text);
});
