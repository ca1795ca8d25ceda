import { expect, it } from 'vitest';
import type { GitRevert } from '../api/index.ts';
import { nextReminder, reminderText } from './reminder.ts';

const OPENED = Date.parse('2026-11-22T06:00:00Z');
const HOUR = 3_600_000;
const proposal = { branch: 'headgate/revert/x', number: 2, url: 'https://host/2' };

function proposed(status: object = {}): GitRevert {
  const plannedAt = new Date(OPENED).toISOString();
  const plan = { expectedHead: 'a', tree: 'b', patchDigest: 'c', files: [], attempt: 1, plannedAt };
  return { status: { state: 'proposed', proposal, plan, ...status } } as unknown as GitRevert;
}

it.each([
  ['at first', 0, 0, { number: 1, dueAt: OPENED + HOUR }],
  ['when the first was said', 2, 1, { number: 2, dueAt: OPENED + 24 * HOUR }],
  ['when both are due', 30, 0, { number: 2, dueAt: OPENED + 24 * HOUR }],
  ['when the second was said', 30, 2, undefined],
])('the next one, %s, %i hours later with %i said: %o', (_, hours, reminders, next) => {
  expect(nextReminder(proposed({ reported: { reminders } }), OPENED + hours * HOUR)).toEqual(next);
});

it.each<[string, object]>([
  ['is closed', { state: 'vetoed' }],
  ['is merged by the host', { proposal: { ...proposal, autoMerge: true } }],
  ['has no plan', { plan: undefined }],
])('there is none for what %s', (_, status) => {
  expect(nextReminder(proposed(status), OPENED + 2 * HOUR)).toBeUndefined();
});

it('mentions the author only where the policy says so', () => {
  const culprit = { author: 'Ann', pullRequest: { number: 1, url: 'https://host/1', author: 'ann-gh' } };
  expect(reminderText(proposed({ culprit }), 2, true)).toMatch(/^@ann-gh: This has waited for a person for a day\./);
  expect(reminderText(proposed({ culprit }), 1, false)).toMatch(/^This has waited for a person for an hour\./);
});
