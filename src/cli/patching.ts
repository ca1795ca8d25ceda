import type { JsonObject, KubeObject, Rollout } from '../api/index.ts';
import { isNotFound, type PatchOptions, type Resource } from '../kube/client.ts';
import { rollouts } from '../kube/resources.ts';
import type { Cluster } from './cluster.ts';

/** What a command changes in a Rollout. */
export interface RolloutPatch {
  status?: JsonObject;
  spec?: JsonObject;
}

/** Who the API server records as the writer. */
const FIELD_MANAGER = 'kubectl-headgate';

/** Patches an object of the cluster's namespace: a merge patch unless the options say otherwise. */
export function patchObject<T extends KubeObject>(
  { client, namespace }: Cluster,
  resource: Resource<T>,
  name: string,
  body: unknown,
  options: Partial<PatchOptions> = {},
): Promise<T> {
  const key = { namespace, name };
  return client.patch(resource, key, { type: 'merge', body, fieldManager: FIELD_MANAGER, ...options });
}

/**
 * Writes the status through its subresource, then the spec. A server on which Rollouts have no such subresource answers 404:
 * then `unified`, both in one, goes to the object itself.
 */
export async function patchRollout(
  cluster: Cluster,
  name: string,
  { status, spec }: RolloutPatch,
  unified: RolloutPatch,
): Promise<Rollout | undefined> {
  const patch = (body: RolloutPatch, options?: Partial<PatchOptions>) =>
    patchObject(cluster, rollouts, name, body, options);
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
