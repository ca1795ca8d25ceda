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

export async function clearHistory({ client, reverts }: GitRevertOptions, namespace: string): Promise<void> {
  for (const { metadata } of outdated(reverts.list(namespace))) {
    const precondition = metadata.uid === undefined ? {} : { uid: metadata.uid };
    await client.delete(gitReverts, { namespace, name: metadata.name }, precondition);
  }
}
