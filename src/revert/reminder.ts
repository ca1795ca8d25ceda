/** What is said on the pull request of a revert that a person has let wait. */
import type { GitRevert } from '../api/index.ts';
import { mentionOf } from './comment.ts';
import { derive } from './decide.ts';

const HOUR = 3_600_000;
/** In order: milliseconds since the plan was made, and in words. */
const REMINDERS = [
  { after: HOUR, words: 'an hour' },
  { after: 24 * HOUR, words: 'a day' },
] as const;

/** Which one is next, from 1, and when (world time, milliseconds since the epoch); undefined where none is. */
export function nextReminder({ status }: GitRevert, now: number): { number: number; dueAt: number } | undefined {
  const since = Date.parse(status?.plan?.plannedAt ?? '');
  const waits = derive(status) === 'proposed' && status?.proposal?.autoMerge !== true;
  if (!waits || Number.isNaN(since)) return undefined;
  const times = REMINDERS.map(({ after }) => since + after);
  // Of several that are due by now, the last one says it all.
  const number = Math.max((status?.reported?.reminders ?? 0) + 1, times.filter((time) => time <= now).length);
  const dueAt = times[number - 1];
  return dueAt === undefined ? undefined : { number, dueAt };
}

/** Markdown. `number`: as of `nextReminder`. */
export function reminderText(revert: GitRevert, number: number, mentionsAuthor: boolean): string {
  const { words } = REMINDERS[number - 1] ?? REMINDERS[0];
  return `${mentionOf(revert, mentionsAuthor)}This has waited for a person for ${words}. Until it is merged or closed, Git holds a change whose release failed, and the cluster stays on what ran before.`;
}
