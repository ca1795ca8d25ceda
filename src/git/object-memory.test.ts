import { expect, it } from 'vitest';
import { createObjectMemory } from './object-memory.ts';

it('holds no more than it may: what was asked for longest ago goes first', () => {
  const memory = createObjectMemory(10_000);
  const answer = (letter: string) => Buffer.alloc(800, letter);
  for (const key of 'abcdefghi') memory.set(key, answer(key));
  expect(memory.get('a')).toEqual(answer('a'));
  memory.set('j', answer('j'));
  expect(memory.get('b')).toBeUndefined();
  expect(memory.get('a')).toEqual(answer('a'));
  expect(memory.get('j')).toEqual(answer('j'));
});

it('counts an answer that is given anew once', () => {
  const memory = createObjectMemory(10_000);
  memory.set('kept', Buffer.alloc(800));
  for (let time = 0; time < 100; time += 1) memory.set('again', Buffer.alloc(800));
  expect(memory.get('kept')).toBeDefined();
});

it('holds nothing that would push out all others', () => {
  const memory = createObjectMemory(10_000);
  memory.set('small', Buffer.alloc(10));
  memory.set('large', Buffer.alloc(9_000));
  expect(memory.get('large')).toBeUndefined();
  expect(memory.get('small')).toBeDefined();
});
