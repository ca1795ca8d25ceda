import type { Pod, Rollout } from '../../api/index.ts';
import { isConflict, isNotFound, isTooManyRequests, type KubeClient } from '../../kube/client.ts';
import { pods } from '../../kube/resources.ts';
import {
  changesMetadata,
  controllerOf,
  type Effect,
  type MetadataPatch,
  type ObservedPod,
  observedPods,
  selectorText,
} from '../../rollout/index.ts';

/** How many pods are written side by side. */
const SIDE_BY_SIDE = 10;
/** After so many refusals in one pass the others are not asked for: the same budget is about most of them. */
const MOST_REFUSALS = 20;

/** The pods that a Rollout selects, as they are now: no cache holds pods, because at rest nobody needs them. */
export async function livePods(client: KubeClient, { metadata, spec }: Rollout): Promise<ObservedPod[]> {
  const { namespace = '' } = metadata;
  const found = await client.list(pods, { namespace, labelSelector: selectorText(spec.selector ?? {}) });
  return observedPods(found);
}

/** All of a ReplicaSet's pods that are there and differ; every one is tried, and the first failure told. */
export async function patchPods(
  client: KubeClient,
  { namespace, labelSelector, owner }: { namespace: string; labelSelector: string; owner: string },
  metadata: MetadataPatch,
): Promise<void> {
  const found = await client.list(pods, { namespace, labelSelector });
  const due = found.filter((pod) => controllerOf(pod) === owner && changesMetadata(pod.metadata, metadata));
  const errors: unknown[] = [];
  const patch = async ({ metadata: { name } }: Pod) => {
    try {
      await client.patch(pods, { namespace, name }, { type: 'merge', body: { metadata }, fieldManager: 'headgate' });
    } catch (error) {
      // Gone meanwhile: the next one is made from the new template.
      if (!isNotFound(error)) errors.push(error);
    }
  };
  for (let first = 0; first < due.length; first += SIDE_BY_SIDE)
    await Promise.all(due.slice(first, first + SIDE_BY_SIDE).map(patch));
  if (errors.length > 0) throw errors[0];
}

/** Refusals are waited out: the next look tries again. */
export async function evictPods(
  client: KubeClient,
  namespace: string,
  { pods: candidates, most }: Extract<Effect, { kind: 'evictPods' }>,
): Promise<undefined> {
  let [evicted, refused] = [0, 0];
  for (const { name, uid } of candidates) {
    if (evicted >= most || refused >= MOST_REFUSALS) return;
    try {
      await client.evict({ namespace, name }, { uid });
      evicted++;
    } catch (error) {
      if (isTooManyRequests(error)) refused++;
      // Gone meanwhile, or another pod of that name came: it is as if it had been evicted.
      else if (isNotFound(error) || isConflict(error)) evicted++;
      else throw error;
    }
  }
}
