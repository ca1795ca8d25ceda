/**
 * When somebody who sets an object back is a contest, and how often the object is written until that is over. All times are
 * world time, milliseconds since the epoch. One change from outside is none: it is put right at once.
 */
import type { Contest } from '../api/index.ts';
import type { Facts } from './facts.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** So many times, */
const ENOUGH = 3;
/** within so long: sync engines that look every ten minutes are meant too. */
const WINDOW = 30 * MINUTE;
/** It is over when nobody has set the object back for so long. */
const QUIET = 15 * MINUTE;

/** How much a write matters: it takes users from what was given up, gives a release less than somebody else does, or more. */
export type Urgency = 'retreats' | 'lowers' | 'raises';

/** Between two writes of which the first was undone: the first rest is doubled with each, up to the longest. */
const RESTS: Record<Urgency, { first: number; longest: number }> = {
  retreats: { first: SECOND, longest: SECOND },
  lowers: { first: SECOND, longest: 30 * SECOND },
  raises: { first: 30 * SECOND, longest: 5 * MINUTE },
};

/** What is remembered of one object. */
export interface Resets {
  /** When it was set back, as far as that may be the beginning of a contest. */
  recent: readonly number[];
  /** It was set back since it was last written, and is still to be written again. */
  isUndone: boolean;
  /** `goal`: what was asked for; two writes of the same have the same. */
  lastWrite?: { goal: string; at: number };
  contest?: {
    since: number;
    times: number;
    last: number;
    /** Writes in a row that did not last. */
    undone: number;
  };
}

export const UNTOUCHED: Resets = { recent: [], isUndone: false };

/** The object is no more as it was written, or as it was found to be right. */
export function afterReset(resets: Resets, now: number): Resets {
  const { contest, lastWrite } = resets;
  if (contest) {
    const lasted = lastWrite === undefined || now - lastWrite.at > RESTS.raises.longest;
    const undone = lasted ? 1 : contest.undone + 1;
    return { ...resets, isUndone: true, contest: { ...contest, times: contest.times + 1, last: now, undone } };
  }
  const recent = [...resets.recent.filter((at) => now - at < WINDOW), now];
  const [since = now] = recent;
  if (recent.length < ENOUGH) return { ...resets, recent, isUndone: true };
  return { ...resets, recent: [], isUndone: true, contest: { since, times: recent.length, last: now, undone: 1 } };
}

export function afterWrite({ recent, contest }: Resets, goal: string, now: number): Resets {
  return { recent, isUndone: false, lastWrite: { goal, at: now }, ...(contest && { contest }) };
}

/** Nothing is asked for but what the object holds, whoever wrote it. */
export function afterAgreement(resets: Resets): Resets {
  return resets.isUndone ? { ...resets, isUndone: false } : resets;
}

/** When the contest counts as over, unless the object is set back again. */
export function endOf({ contest }: Resets): number | undefined {
  return contest && contest.last + QUIET;
}

/** Without the contest, where that is over. */
export function afterTime(resets: Resets, now: number): Resets {
  const { contest: _, ...rest } = resets;
  return now >= (endOf(resets) ?? now + 1) ? rest : resets;
}

/** Until when a write waits; undefined: it does not. What raises nothing never waits for what was written for another goal. */
export function restUntil(resets: Resets, goal: string, urgency: Urgency): number | undefined {
  const { contest, lastWrite, isUndone } = resets;
  if (!contest || !lastWrite || (urgency !== 'raises' && lastWrite.goal !== goal)) return undefined;
  const { first, longest } = RESTS[urgency];
  return lastWrite.at + Math.min(first * 2 ** (isUndone ? contest.undone - 1 : 0), longest);
}

/** What the Rollout asks for is not there, and will not be for a while. */
export function isUndone({ seen }: Facts): boolean {
  return seen.contests?.some(({ resets }) => resets.isUndone) === true;
}

/** As a ReplicaSet remembers them: written when there is another one, and each time that a count has doubled. */
export function rememberedContests({ seen }: Facts): Contest[] {
  return (seen.contests ?? []).map(({ of: _, resets: __, times, ...contest }) => ({
    ...contest,
    times: ENOUGH * 2 ** Math.floor(Math.log2(Math.max(ENOUGH, times) / ENOUGH)),
  }));
}
