import { type Rollout, SCALED_DOWN, type ScaledDown } from '../../api/index.ts';
import { isNotFound, type KubeClient } from '../../kube/client.ts';
import { deployments, replicaSets, rollouts } from '../../kube/resources.ts';
import type { Log } from '../../log.ts';
import { released, type ScalableKind, scaledDownOf } from '../../rollout/index.ts';
import { splitKey } from '../keys.ts';
import type { Workloads } from './workloads.ts';

interface Writing {
  client: KubeClient;
  workloads: Workloads;
}

interface WorkloadKey {
  kind: ScalableKind;
  namespace: string;
  name: string;
}

/** Writes a workload's size, and why it has it; a conflict where the workload is not any more as it was observed. */
export async function patchWorkload(
  { client, workloads }: Writing,
  { kind, namespace, name }: WorkloadKey,
  resourceVersion: string,
  { replicas, mark }: { replicas?: number; mark: ScaledDown | null },
): Promise<void> {
  const annotations = { [SCALED_DOWN]: mark && JSON.stringify(mark) };
  const body = {
    metadata: { resourceVersion, annotations },
    ...(replicas === undefined ? {} : { spec: { replicas } }),
  };
  const patch = { type: 'merge', body, fieldManager: 'headgate' } as const;
  const key = { namespace, name };
  const isDeployment = kind === 'Deployment';
  const written = isDeployment ? client.patch(deployments, key, patch) : client.patch(replicaSets, key, patch);
  workloads.observe(kind, await written);
}

/** Asked of the API server itself: a cache that lacks a Rollout for whatever reason must not bring twice the pods. */
async function isGone(client: KubeClient, namespace: string, { rollout, uid }: ScaledDown): Promise<boolean> {
  const found = await client.list(rollouts, { namespace, fieldSelector: `metadata.name=${rollout}` });
  return !found.some(({ metadata }) => metadata.uid === uid && metadata.deletionTimestamp === undefined);
}

/** Lets go of what was scaled for a Rollout that does not answer for it any more; `key` is the Rollout's. */
export async function releaseWorkloads(
  { client, workloads, log }: Writing & { log: Log },
  key: string,
  rollout: Rollout | undefined,
): Promise<void> {
  const place = splitKey(key);
  for (const { kind, record } of workloads.scaledFor(place.namespace, place.name)) {
    const { metadata, replicas } = record;
    const { name, namespace = '', resourceVersion = '' } = metadata;
    const mark = scaledDownOf(metadata);
    if (mark === undefined || kind === 'PodTemplate' || metadata.deletionTimestamp !== undefined) continue;
    const release = released({ kind, name, replicas, mark }, rollout);
    if (release === undefined) continue;
    if (release.replicas !== undefined && !(await isGone(client, namespace, mark))) continue;
    try {
      await patchWorkload({ client, workloads }, { kind, namespace, name }, resourceVersion, {
        ...release,
        mark: null,
      });
      log.info({ rollout: key, workload: `${kind}/${name}`, ...release }, 'let go of a workload that was scaled down');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
