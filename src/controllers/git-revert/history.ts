import type { GitRevert } from '../../api/index.ts';
import { gitReverts } from '../../kube/resources.ts';
import { derive, isFinal } from '../../revert/index.ts';
import type { GitRevertOptions } from './options.ts';

export const MOST_KEPT = 100;

/** The records of one namespace that are not kept any more: the oldest of those that have ended. */
export function outdated(reverts: readonly GitRevert[]): GitRevert[] {
  const ended = reverts
    .filter(({ status }) => isFinal(derive(status)))
    .sort((a, b) => (b.status?.finishedAt ?? '').localeCompare(a.status?.finishedAt ?? ''));
  return ended.slice(MOST_KEPT);
}

/** The failure still stands: without its record it would be taken up anew. */
function isNeeded({ rollouts }: GitRevertOptions, { spec }: GitRevert): boolean {
  const { abort, currentPodHash } = rollouts.get(spec.rollout.namespace, spec.rollout.name)?.status ?? {};
  return abort === true && currentPodHash === spec.templates.canary;
}

export async function clearHistory(options: GitRevertOptions, namespace: string): Promise<void> {
  const { client, reverts } = options;
  const past = reverts.list(namespace).filter((revert) => !isNeeded(options, revert));
  for (const { metadata } of outdated(past)) {
    const precondition = metadata.uid === undefined ? {} : { uid: metadata.uid };
    await client.delete(gitReverts, { namespace, name: metadata.name }, precondition);
  }
}
