import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spliceBack } from './splice.ts';

/** Keys of a block mapping, one line each, as a commit and later ones changed them. */
interface KeyStory {
  keys: { key: string; value: string; now: string; is: 'kept' | 'added' | 'removed' }[];
  column: number;
  lineBreak: string;
  endsOpen: boolean;
}

const keyStories: fc.Arbitrary<KeyStory> = fc.record({
  keys: fc
    .array(
      fc.record({
        value: fc.constantFrom('1', '"a"', "'1.10'  # why", 'x y', '~'),
        later: fc.option(fc.constantFrom('later', '2 # later'), { freq: 4 }),
        is: fc.constantFrom('kept', 'kept', 'added', 'removed'),
      }),
      { minLength: 1, maxLength: 8 },
    )
    .map((all) =>
      all.map(({ value, later, is }, index) => ({
        key: `k${index}`,
        value,
        now: is === 'kept' ? (later ?? value) : value,
        is: is as 'kept',
      })),
    ),
  column: fc.nat(4),
  lineBreak: fc.constantFrom('\n', '\n', '\r\n'),
  endsOpen: fc.boolean(),
});

function keysText({ keys, column, lineBreak, endsOpen }: KeyStory, without: string, isNow: boolean): string {
  const left = keys.filter(({ is }) => is !== without).map(({ key, value, now }) => `${key}: ${isNow ? now : value}`);
  const inItem = ['name: web', ...left].map((line) => `${' '.repeat(column + 2)}${line}`).join(lineBreak);
  const lines = ['# top', 'list:', `${' '.repeat(column)}-${inItem.slice(column + 1)}`];
  return lines.join(lineBreak) + (endsOpen ? '' : lineBreak);
}

describe('keys that a commit added and took away', () => {
  it('go and come back as whole lines', () => {
    const check = (story: KeyStory) => {
      const [before, after] = [keysText(story, 'added', false), keysText(story, 'removed', false)];
      const answer = spliceBack({ before, after, head: keysText(story, 'removed', true) });
      const isChanged = story.keys.some(({ is }) => is !== 'kept');
      if (isChanged) expect(answer).toMatchObject({ content: keysText(story, 'added', true) });
      else expect(answer.kind).toBe('unchanged');
    };
    fc.assert(fc.property(keyStories, check), { numRuns: 300 });
  });
});
