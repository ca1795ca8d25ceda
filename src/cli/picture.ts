import type { KubeObject, Rollout } from '../api/index.ts';
import { isNotFound, type ListOptions, type Resource } from '../kube/client.ts';
import { analysisRuns, gitReverts, pods, replicaSets, rollouts } from '../kube/resources.ts';
import type { RolloutView } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import type { Live } from './showing.ts';

/** A Rollout and everything around it, without the words of explanation. */
export type Picture = Omit<RolloutView, 'why' | 'program'>;

/** The picture as it is now; throws in the words of the API server where there is no such Rollout. */
export async function readPicture({ client, namespace }: Cluster, name: string): Promise<Picture> {
  const rollout = await readRollout({ client, namespace }, name);
  const labelled = selectorOf(rollout);
  const list = <T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}) =>
    client.list(resource, { namespace, ...options }).catch(noneWhereUnknown<T>);
  const [ownReplicaSets, ownPods, runs, reverts] = await Promise.all([
    list(replicaSets, labelled),
    list(pods, labelled),
    list(analysisRuns),
    list(gitReverts),
  ]);
  return { rollout, replicaSets: ownReplicaSets, pods: ownPods, analysisRuns: runs, gitReverts: reverts };
}

export async function readRollout(
  { client, namespace }: Pick<Cluster, 'client' | 'namespace'>,
  name: string,
): Promise<Rollout> {
  const rollout = await client.get(rollouts, { namespace, name });
  if (rollout === undefined) throw new Error(`rollout.argoproj.io "${name}" not found in namespace "${namespace}"`);
  return rollout;
}

/** A cluster with the stock CRDs only has no GitReverts. */
function noneWhereUnknown<T>(error: unknown): T[] {
  if (isNotFound(error)) return [];
  throw error;
}

/** Narrows what is read where it can be; ownership decides in the end. */
export function selectorOf({ spec }: Rollout): { labelSelector?: string } {
  const labels = Object.entries(spec.selector?.matchLabels ?? {});
  return labels.length === 0 ? {} : { labelSelector: labels.map(([key, value]) => `${key}=${value}`).join(',') };
}

/** The picture as it keeps changing. */
export async function followPicture(cluster: Cluster, rollout: Rollout): Promise<Live<Picture>> {
  const { namespace } = cluster;
  const caches = cluster.caches(namespace);
  const labelled = selectorOf(rollout);
  const all = {
    rollouts: caches.cache(rollouts),
    replicaSets: caches.cache(replicaSets, labelled),
    pods: caches.cache(pods, labelled),
    analysisRuns: caches.cache(analysisRuns, { optional: true }),
    gitReverts: caches.cache(gitReverts, { optional: true }),
  };
  await caches.start();
  return {
    read() {
      const now = all.rollouts.get(namespace, rollout.metadata.name);
      if (now === undefined) return undefined;
      return {
        rollout: now,
        replicaSets: all.replicaSets.list(),
        pods: all.pods.list(),
        analysisRuns: all.analysisRuns.list(),
        gitReverts: all.gitReverts.list(),
      };
    },
    onChange(listener) {
      for (const cache of Object.values(all)) cache.onChange(listener);
    },
    stop: () => caches.stop(),
  };
}
