import { progressDeadlineSeconds } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { progressDeadline } from './derive.ts';
import type { Facts } from './facts.ts';

/** Milliseconds since the epoch; undefined where an object does not tell, so that nothing is made up. */
export function instant(text: string | undefined): number | undefined {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/** Since when a condition has this status. */
export function conditionSince({ status }: Facts, type: string, value: 'True' | 'False' = 'True'): number | undefined {
  const found = status.conditions?.find((condition) => condition.type === type && condition.status === value);
  return instant(found?.lastTransitionTime);
}

/** When a pause began that the status names. */
export function pauseSince({ status }: Facts, reason: string): number | undefined {
  return instant(status.pauseConditions?.find((condition) => condition.reason === reason)?.startTime);
}

const PROGRESS = ['NewReplicaSetCreated', 'ReplicaSetUpdated', 'RolloutResumed', 'RolloutRetry'];

function progressing({ status }: Facts, ...reasons: string[]) {
  return status.conditions?.find(({ type, reason = '' }) => type === 'Progressing' && reasons.includes(reason));
}

/** When something last came nearer to its goal; undefined where the condition speaks of something else by now. */
export function progressSince(facts: Facts): number | undefined {
  return instant(progressing(facts, ...PROGRESS)?.lastUpdateTime);
}

/** Since when the update counts as one that does not progress; undefined while it does not. */
export function overdueSince(facts: Facts): number | undefined {
  const told = instant(progressing(facts, 'ProgressDeadlineExceeded')?.lastTransitionTime);
  const deadline = progressDeadline(facts);
  return told ?? (deadline !== undefined && facts.now >= deadline ? deadline : undefined);
}

/** What becomes of a wait for pods that never ends; undefined where it has no deadline. */
export function deadlineInWords(facts: Facts): string | undefined {
  const overdue = overdueSince(facts);
  const deadline = progressDeadline(facts);
  const { rollout } = facts.seen;
  const isAborted = rollout.spec.progressDeadlineAbort === true && facts.hash !== facts.stableHash;
  if (overdue !== undefined)
    return isAborted ? undefined : `it counts as Degraded since ${timestamp(overdue)}, and goes on all the same`;
  const isCounting = facts.status.conditions?.some(
    ({ type, lastUpdateTime }) => type === 'Progressing' && lastUpdateTime,
  );
  if (deadline === undefined || !isCounting) return undefined;
  const seconds = progressDeadlineSeconds(rollout);
  const what = isAborted ? 'it is given up' : 'it counts as Degraded';
  return `without progress until ${timestamp(deadline)} (${seconds}s after the last) ${what}`;
}
