import type { KubeObject, Pod } from '../../api/kubernetes.ts';
import type { KubeClient, Resource } from '../../kube/client.ts';
import { pods } from '../../kube/resources.ts';
import { keyOf, splitKey } from '../workloads/objects.ts';

interface Binding extends KubeObject {
  target: { apiVersion: string; kind: string; name: string };
}

/** Posted below a pod. */
const bindings: Resource<Binding> = { group: '', version: 'v1', plural: 'pods', kind: 'Binding', namespaced: true };

/** What a kubelet and a scheduler write about pods, each for this very pod and no other of its name. */
export interface PodWrites {
  bind(pod: Pod, node: string): Promise<void>;
  patchStatus(pod: Pod, status: object): Promise<Pod>;
  remove(pod: Pod): Promise<void>;
}

export function createPodWrites(client: KubeClient): PodWrites {
  return {
    async bind({ metadata: { namespace = '', name, uid = '' } }, node) {
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      await client.create(bindings, { metadata: { namespace, name, uid }, target }, { subresource: 'binding' });
    },
    patchStatus(pod, status) {
      const body = { metadata: { uid: pod.metadata.uid }, status };
      return client.patch(pods, splitKey(keyOf(pod)), { type: 'strategic', subresource: 'status', body });
    },
    remove: (pod) => client.delete(pods, splitKey(keyOf(pod)), { uid: pod.metadata.uid ?? '', gracePeriodSeconds: 0 }),
  };
}
