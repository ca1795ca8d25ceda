import type { Fields } from '../../api/fields.ts';
import type { Rollout } from '../../api/index.ts';
import type { Cache } from '../../kube/cache.ts';
import { isConflict, isNotFound, type KubeClient } from '../../kube/client.ts';
import { rollouts } from '../../kube/resources.ts';

export type Reported = 'written' | 'gone' | 'conflict';

export interface ReportInput {
  client: KubeClient;
  cache: Cache<Rollout>;
  rollout: Rollout;
  /** Of the status, as a merge patch. */
  change: Fields;
  /** The version that the change speaks of. */
  resourceVersion: string | undefined;
}

/**
 * Writes the status once, with the resourceVersion that was observed: what a user wrote meanwhile is a conflict, so no
 * intent is lost. After a conflict the next observation decides anew.
 */
export async function report({ client, cache, rollout, change, resourceVersion }: ReportInput): Promise<Reported> {
  const { namespace = '', name } = rollout.metadata;
  const body = { metadata: { resourceVersion }, status: change };
  try {
    const written = await client.patch(
      rollouts,
      { namespace, name },
      { type: 'merge', body, subresource: 'status', fieldManager: 'headgate' },
    );
    cache.observe(written);
    return 'written';
  } catch (error) {
    if (isConflict(error)) return 'conflict';
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}
