import type { GitRevert } from '../../api/index.ts';
import { gitReverts } from '../../kube/resources.ts';
import { derive, isFinal, isSkipped } from '../../revert/index.ts';
import type { GitRevertOptions } from './options.ts';

export const MOST_KEPT = 100;

/** The records of one namespace that are not kept any more: the oldest of those that have ended. */
export function outdated(reverts: readonly GitRevert[]): GitRevert[] {
  const ended = reverts
    .filter(({ status }) => isFinal(derive(status)))
    .sort((a, b) => (b.status?.finishedAt ?? '').localeCompare(a.status?.finishedAt ?? ''));
  return ended.slice(MOST_KEPT);
}

/** The failure still stands, or may come again where a person decided about it: without its record it would be taken up anew. */
function isNeeded({ rollouts }: GitRevertOptions, revert: GitRevert): boolean {
  const { spec } = revert;
  const { abort, currentPodHash } = rollouts.get(spec.rollout.namespace, spec.rollout.name)?.status ?? {};
  return currentPodHash === spec.templates.canary && (abort === true || isSkipped(revert));
}

export async function clearHistory(options: GitRevertOptions, namespace: string): Promise<void> {
  const { client, reverts } = options;
  const past = reverts.list(namespace).filter((revert) => !isNeeded(options, revert));
  for (const { metadata } of outdated(past)) {
    const precondition = metadata.uid === undefined ? {} : { uid: metadata.uid };
    await client.delete(gitReverts, { namespace, name: metadata.name }, precondition);
  }
}
