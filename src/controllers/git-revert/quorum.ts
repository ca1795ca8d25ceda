/**
 * Clusters that are made of the same path may wait for each other: one that fails alone may have itself to blame. Each tells the
 * others by a ref of its own, right before it would write, and takes it back when it wants the revert no more.
 */
import { failedRef } from '../../git/hosts/host.ts';
import { pushRef } from '../../git/push-report.ts';
import { type FailedResult, isApproved, QUORUM_NOT_REACHED } from '../../revert/index.ts';
import { asFailed, asPaused } from './proposal-results.ts';
import type { Task } from './task.ts';

const REST_SECONDS = 30;

/** The refs by which others have told, as a pattern of `remoteRefs`. Nothing where the policy does not ask for others. */
export function quorumRefs({ policy, revert }: Task): string[] {
  return policy.quorum ? [failedRef(revert.spec.key, '*')] : [];
}

/** Those refs as they are now. */
export async function refsOfQuorum(task: Task): Promise<ReadonlyMap<string, string>> {
  const patterns = quorumRefs(task);
  return patterns.length > 0 ? task.policy.repository.remoteRefs(patterns) : new Map();
}

function missing(task: Task, there: number, clusters: number): FailedResult {
  const message = `${there} of ${clusters} clusters have seen this change fail (RevertPolicy ${task.policy.name}, quorum.clusters): it waits for the others; a person who knows better lets it pass with "headgate revert approve"`;
  return { kind: 'failed', reason: QUORUM_NOT_REACHED, message, retryAfterSeconds: REST_SECONDS };
}

/** What keeps a write waiting for other clusters, once they have been told of the failure here. `refs`: of the origin, as they were just now. */
export async function awaited(task: Task, refs: ReadonlyMap<string, string>): Promise<FailedResult | undefined> {
  const { quorum, repository } = task.policy;
  if (!quorum || isApproved(task.revert)) return undefined;
  const { key, culprits } = task.revert.spec;
  const own = failedRef(key, quorum.cluster);
  const told = new Set([...refs.keys()].filter((ref) => ref.startsWith(failedRef(key, ''))));
  if (!told.has(own)) {
    const paused = task.paused();
    if (paused !== undefined) return asPaused(paused);
    if (!task.mayWrite()) return missing(task, told.size, quorum.clusters);
    const pushed = await pushRef(repository, own, { to: culprits[0] });
    if (pushed.kind !== 'pushed' && pushed.kind !== 'stale') return asFailed(pushed);
    told.add(own);
  }
  return told.size >= quorum.clusters ? undefined : missing(task, told.size, quorum.clusters);
}

/** Takes back what was told; what goes wrong with that holds nothing up. */
export async function takeBack(task: Task, refs: ReadonlyMap<string, string>): Promise<void> {
  const { quorum, repository } = task.policy;
  const own = quorum && failedRef(task.revert.spec.key, quorum.cluster);
  const from = own && refs.get(own);
  if (own && from && task.paused() === undefined) await pushRef(repository, own, { from });
}
