import { expect, it } from 'vitest';
import { AT_WORK_MILLISECONDS, createLine, MOST_AT_WORK, type Rank, SHARED_WAIT_MILLISECONDS } from './line.ts';

function lineOf(...keys: [string, Rank][]) {
  const line = createLine();
  for (const [key, rank] of keys) line.join(key, rank);
  return line;
}

function all(line: ReturnType<typeof createLine>): string[] {
  const keys: string[] = [];
  for (let key = line.next(0); key !== undefined; key = line.next(0)) keys.push(key);
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
    const key = line.next(0);
    turns.push(key);
    if (key === 'busy') line.join('busy', 'underWay');
  }
  expect(turns).toHaveLength(50);
});

it('begins no more than can be worked on, until one is done or rests', () => {
  const line = lineOf(['new', 'new'], ['another', 'new']);
  for (let index = 0; index < MOST_AT_WORK; index++) line.passed(`busy-${index}`, 'own', 0);
  expect(line.next(10)).toBeUndefined();
  line.join('urgent', 'first');
  expect(line.next(10)).toBe('urgent');
  line.passed('busy-0', 'over', 10);
  expect(line.next(10)).toBe('new');
  line.passed('new', 'own', 10);
  expect(line.next(10)).toBeUndefined();
  expect(line.atWork(10)).toBe(MOST_AT_WORK);
  expect(line.next(AT_WORK_MILLISECONDS)).toBe('another');
  expect(line.atWork(AT_WORK_MILLISECONDS)).toBe(1);
});

it('counts those who wait for a shared server for longer, but not for ever, however often they look', () => {
  const line = lineOf(['new', 'new']);
  for (let index = 0; index < MOST_AT_WORK; index++) line.passed(`busy-${index}`, 'shared', 0);
  expect(line.next(AT_WORK_MILLISECONDS)).toBeUndefined();
  for (let index = 0; index < MOST_AT_WORK; index++)
    line.passed(`busy-${index}`, 'shared', SHARED_WAIT_MILLISECONDS - 1);
  expect(line.next(SHARED_WAIT_MILLISECONDS - 1)).toBeUndefined();
  expect(line.next(SHARED_WAIT_MILLISECONDS)).toBe('new');
  line.passed('busy-0', 'own', SHARED_WAIT_MILLISECONDS);
  line.passed('busy-0', 'shared', SHARED_WAIT_MILLISECONDS);
  expect(line.atWork(SHARED_WAIT_MILLISECONDS)).toBe(1);
});
