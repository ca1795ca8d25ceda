import { describe, expect, it } from 'vitest';
import { messageOf, redact } from './errors.ts';

describe('redact', () => {
  it('takes every secret out of a text, and nothing for an empty one', () => {
    expect(redact('a hunter2 b hunter2', ['hunter2', ''], '*****')).toBe('a ***** b *****');
  });

  it('takes the longest secret first', () => {
    expect(redact('abcdef abc', ['abc', 'abcdef'])).toBe('[redacted] [redacted]');
    expect(redact('abcdef abc', ['abcdef', 'abc'], '*****')).toBe('***** *****');
  });
});

it('has a message for several errors in one', () => {
  expect(messageOf(new AggregateError([new Error('a'), 'b']))).toBe('a; b');
  expect(messageOf(new AggregateError([new Error('a')], 'all'))).toBe('all');
});
