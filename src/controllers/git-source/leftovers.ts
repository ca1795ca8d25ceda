/** What the Pruned condition says where nothing is deleted. */
import type { GitSource, KubeObject } from '../../api/index.ts';
import { unsettled } from './health.ts';
import { MOST_ENTRIES, nameOfEntry, shortList } from './inventory.ts';
import type { Verdict } from './status.ts';

/** A commit, for people. */
export function short(commit: string): string {
  return commit.slice(0, 7);
}

const not = (reason: string, message: string): Verdict => ({ holds: false, reason, message });

export function unreadableVerdict(head: string): Verdict {
  const message = `nothing is deleted, because commit ${short(head)} cannot be read whole: correct what status.files names, or spec.path`;
  return not('PruneRefused', message);
}

/**
 * Of a commit that is applied: what keeps that which is `left` from being deleted, or, once the inventory is full, will keep
 * something; undefined where nothing does.
 */
export function leftoverVerdict(
  { spec }: Pick<GitSource, 'spec'>,
  { head, objects }: { head: string; objects: number },
  left: readonly string[],
  beyond: number,
): Verdict | undefined {
  const names = `${left.length} objects that are no longer in Git stay: ${shortList(left.map(nameOfEntry))}`;
  if (spec.prune !== true) {
    return left.length === 0 ? undefined : not('PruneOff', `${names}. With spec.prune they are deleted`);
  }
  if (objects === 0 && left.length > 0) {
    const what = 'Delete them by hand if that is meant, or put back what is missing';
    return not(
      'PruneRefused',
      `commit ${short(head)} leaves no object at all, so nothing is deleted. ${names}. ${what}`,
    );
  }
  if (beyond === 0) return undefined;
  const message = `${beyond} objects are applied, but beyond the ${MOST_ENTRIES} that the inventory holds: they would stay when they leave Git. Split the folder into several GitSources`;
  return not('InventoryFull', message);
}

/**
 * Stable pods read the ConfigMap that left Git with the commit that is on its way as a canary: until its update is over, and while
 * it is aborted, a workload may come back to them.
 */
export function waitingVerdict(left: readonly string[], live: readonly KubeObject[]): Verdict | undefined {
  const workloads = unsettled(live).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  if (left.length === 0 || workloads.length === 0) return undefined;
  const names = shortList(left.map(nameOfEntry));
  return not(
    'WaitingForWorkloads',
    `${names} left Git, and may be needed until this is healthy: ${shortList(workloads)}`,
  );
}
