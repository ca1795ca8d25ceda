import type { Answer } from '../../git/provenance/index.ts';

/** Until a tool is asked again that has not finished, and one of which nothing is to be known until a person changes something. */
export const SOON_MILLISECONDS = 10_000;
const LATER_MILLISECONDS = 300_000;
/** How long an answer counts for a Rollout that has failed. */
const FRESH_MILLISECONDS = 600_000;
/** A tool that takes longer to finish is not waited for any more when a release has failed. */
const PATIENCE_MILLISECONDS = 900_000;

/** What a tool last said of one Rollout. Lost with the process, and asked for again. */
export interface Memory {
  uid: string | undefined;
  /** The UID of the ReplicaSet that was in hand. */
  revision: string | undefined;
  /** The Rollout's: another one is asked about anew, as another revision is. */
  generation: number | undefined;
  answer: Answer;
  /** Milliseconds since the epoch, as all times here. */
  at: number;
  /** Since when it has said that it has not finished with this revision. */
  waitsSince: number | undefined;
}

const waits = (answer: Answer) => !answer.known && answer.reason === 'NotYet';

export function remembered(before: Memory | undefined, now: Omit<Memory, 'waitsSince'>): Memory {
  const since = before?.revision === now.revision ? before?.waitsSince : undefined;
  return { ...now, waitsSince: waits(now.answer) ? (since ?? now.at) : undefined };
}

/** Whether it can be acted upon. */
export function isSettled({ answer, waitsSince, at }: Memory, now: number): boolean {
  if (now - at >= FRESH_MILLISECONDS) return false;
  return !waits(answer) || (waitsSince !== undefined && at - waitsSince >= PATIENCE_MILLISECONDS);
}

/** When the tool may say something else; undefined where no tool speaks of the object, or all is said. */
export function nextLook({ answer, at }: Memory): number | undefined {
  if (answer.known || answer.looks.every(({ finding }) => finding.kind === 'silent')) return undefined;
  return at + (waits(answer) ? SOON_MILLISECONDS : LATER_MILLISECONDS);
}
