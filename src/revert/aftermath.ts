import { conditionAt } from '../api/conditions.ts';
import type { Condition, GitRevertStatus } from '../api/index.ts';
import { timestamp } from '../api/times.ts';

/**
 * How long after the change went out of Git the cluster may still ask for it. Argo CD asks its repositories every 3 minutes, a
 * GitSource every one, and most Flux objects are set to 10 at most: who is later than that is kept from it.
 */
const SYNC_MINUTES = 15;

/** What the cluster shows of a change that is out of Git, as the caches hold it now. */
export interface Cluster {
  /**
   * Where the Rollout still asks for what failed: who applies it, and what they say of it. `undefined` as long as that is being
   * asked.
   */
  asksForFailed: { applier: string | undefined } | undefined;
  /** Why what it goes back to does not serve; undefined where it does. */
  stableProblem: string | undefined;
}

/** Both are told once, when they begin to hold, and neither is acted upon: what follows Git is others', and a revert is not reverted. */
export const NOT_SYNCED = 'RevertNotSynced';
export const STABLE_NOT_SERVING = 'StableNotServing';

/** Milliseconds since the epoch: from then on the cluster is late. Undefined where it is not known since when the change is out. */
export function syncDueAt({ takenOutAt }: GitRevertStatus): number | undefined {
  const since = Date.parse(takenOutAt ?? '');
  return Number.isNaN(since) ? undefined : since + SYNC_MINUTES * 60_000;
}

function lateText({ commit, takenOutAt }: GitRevertStatus, applier: string): string {
  const by = commit ? ` by ${commit.slice(0, 7)}` : '';
  return `The change is out of Git${by} since ${takenOutAt}, and the Rollout still asks for what failed. ${applier}. See whether the sync is suspended, waits for a window or fails: Headgate touches none of its settings. The cluster stays on the stable revision meanwhile.`;
}

/** Undefined where it cannot be told yet: then what was told last stays. */
function lateMessage({ asksForFailed }: Cluster, status: GitRevertStatus, now: number): string | false | undefined {
  const due = syncDueAt(status);
  if (!asksForFailed || due === undefined || now < due) return false;
  return asksForFailed.applier === undefined ? undefined : lateText(status, asksForFailed.applier);
}

/**
 * The conditions of a revert that is in Git, besides those of every one. One that has never held is left out. `cluster`: undefined
 * before the change is out of Git, and once the record is about to end.
 */
export function aftermath(
  cluster: Cluster | undefined,
  status: GitRevertStatus,
  before: readonly Condition[] | undefined,
  now: number,
): Condition[] {
  const stable =
    cluster?.stableProblem !== undefined &&
    `The change is out of Git, and what the cluster goes back to does not serve: ${cluster.stableProblem}. Nothing is reverted again: see what it lacks, and fix it forward.`;
  const messages: [string, string | false | undefined, string][] = [
    [NOT_SYNCED, cluster ? lateMessage(cluster, status, now) : false, 'Synced'],
    [STABLE_NOT_SERVING, stable, 'Serving'],
  ];
  return messages.flatMap(([type, message, otherwise]) => {
    const last = before?.find((each) => each.type === type);
    if (message === undefined || (message === false && last === undefined)) return last ? [last] : [];
    const holds = message !== false;
    const text = holds ? message : 'It does not hold any more.';
    return [conditionAt(timestamp(now), before, { type, holds, reason: holds ? type : otherwise, message: text })];
  });
}
