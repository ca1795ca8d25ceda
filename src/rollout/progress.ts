import { isDeepStrictEqual } from 'node:util';
import type { RolloutStatus } from '../api/index.ts';

/** What stays when counts, weights and the words about them are left out. */
function decisive(status: RolloutStatus): object {
  const { replicas, updatedReplicas, readyReplicas, availableReplicas, HPAReplicas, message, ...rest } = status;
  const { weights, ...canary } = status.canary ?? {};
  const conditions = (status.conditions ?? []).map(({ type, status, reason }) =>
    // How far it is, is the one that has many reasons on its way.
    type === 'Progressing' ? `${type}=${status}` : `${type}=${status} ${reason}`,
  );
  return { ...rest, canary, conditions: conditions.sort() };
}

/** Whether two statuses differ in nothing that anyone decides by. */
export function onlyProgress(before: RolloutStatus, after: RolloutStatus): boolean {
  return isDeepStrictEqual(decisive(before), decisive(after));
}
