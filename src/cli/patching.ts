import type { JsonObject, Rollout } from '../api/index.ts';
import { isNotFound, type PatchOptions } from '../kube/client.ts';
import { rollouts } from '../kube/resources.ts';
import type { Cluster } from './cluster.ts';

/** What a command changes in a Rollout. */
export interface RolloutPatch {
  status?: JsonObject;
  spec?: JsonObject;
}

/** Who the API server records as the writer. */
const FIELD_MANAGER = 'kubectl-headgate';

/**
 * Writes the status through its subresource, then the spec. A server on which Rollouts have no such subresource answers 404:
 * then `unified`, both in one, goes to the object itself.
 */
export async function patchRollout(
  { client, namespace }: Cluster,
  name: string,
  { status, spec }: RolloutPatch,
  unified: RolloutPatch,
): Promise<Rollout | undefined> {
  const patch = (body: RolloutPatch, options: Partial<PatchOptions> = {}) =>
    client.patch(rollouts, { namespace, name }, { type: 'merge', body, fieldManager: FIELD_MANAGER, ...options });
  let patched: Rollout | undefined;
  if (status !== undefined) {
    try {
      patched = await patch({ status }, { subresource: 'status' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return patch(unified);
    }
  }
  return spec === undefined ? patched : patch({ spec });
}
