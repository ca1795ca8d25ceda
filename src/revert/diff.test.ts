import { expect, it } from 'vitest';
import { boundedDiff, LONGEST_DIFF_CHARACTERS, namesSecret } from './diff.ts';

it('is all of the files, but for those that are not to be shown', () => {
  const text = 'diff --git a/x b/x\n-a\n+b\n';
  expect(
    boundedDiff([
      { path: 'x', text },
      { path: 'a"b', text: undefined },
    ]),
  ).toBe(`${text}# "a\\"b" changes too. It may hold secrets, so it is not shown here\n`);
});

it('is cut between lines, and says how many are left out', () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `+ line ${at}`);
  const cut = boundedDiff([{ path: 'x', text: `${lines.join('\n')}\n` }]);
  expect(cut.length).toBeLessThanOrEqual(LONGEST_DIFF_CHARACTERS);
  const kept = cut.trimEnd().split('\n');
  expect(kept.pop()).toBe(`# ${lines.length - kept.length} more lines are not kept here`);
  expect(kept).toEqual(lines.slice(0, kept.length));
  expect(boundedDiff([{ path: 'x', text: 'x'.repeat(100_000) }])).toBe('# 0 more lines are not kept here\n');
});

it.each([
  ['kind: Secret\n', true],
  ['{"kind": "Secret"}', true],
  ['kind: "\\x53ecret"\n', true],
  ['kind: SealedSecret\n', false],
  ['secretRef: {name: x}\n', false],
  ['kind: Rollout\n', false],
])('%j holds a Secret: %s', (text, expected) => {
  expect(namesSecret(text)).toBe(expected);
});
