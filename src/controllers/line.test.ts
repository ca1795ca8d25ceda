import { expect, it } from 'vitest';
import { createLine, type Rank } from './line.ts';

function lineOf(...keys: [string, Rank][]) {
  const line = createLine();
  for (const [key, rank] of keys) line.join(key, rank);
  return line;
}

function all(line: ReturnType<typeof createLine>): string[] {
  const keys: string[] = [];
  for (let key = line.next(); key !== undefined; key = line.next()) keys.push(key);
  return keys;
}

it('takes what may not wait, then what has begun, then the new, each in the order in which it came', () => {
  const line = lineOf(['n1', 'new'], ['b1', 'underWay'], ['n2', 'new'], ['f1', 'first'], ['b2', 'underWay']);
  expect(line.size()).toBe(5);
  expect(all(line)).toEqual(['f1', 'b1', 'b2', 'n1', 'n2']);
  expect(line.size()).toBe(0);
});

it('has a key once, at its latest place', () => {
  expect(all(lineOf(['a', 'new'], ['b', 'underWay'], ['a', 'first']))).toEqual(['a', 'b']);
});

it('lets the new begin, however much is under way', () => {
  const line = lineOf(['new', 'new'], ['busy', 'underWay']);
  const turns: (string | undefined)[] = [];
  while (!turns.includes('new') && turns.length < 100) {
    const key = line.next();
    turns.push(key);
    if (key === 'busy') line.join('busy', 'underWay');
  }
  expect(turns).toHaveLength(10);
});
