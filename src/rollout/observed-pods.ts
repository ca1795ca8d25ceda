import type { Pod } from '../api/index.ts';
import type { ObservedPod } from './observation.ts';

/** The ReplicaSet, or whatever else controls a pod; its UID. */
export function controllerOf({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
}

/** Pods as a restart looks at them; those that nobody controls are left out. */
export function observedPods(pods: Pod[]): ObservedPod[] {
  return pods.flatMap((pod): ObservedPod[] => {
    const { name, uid = '', creationTimestamp = '', deletionTimestamp } = pod.metadata;
    const owner = controllerOf(pod);
    const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
    if (owner === undefined) return [];
    return [
      {
        name,
        uid,
        owner,
        createdAt: Date.parse(creationTimestamp),
        isLeaving: deletionTimestamp !== undefined,
        readySince: ready && (Date.parse(ready.lastTransitionTime ?? '') || 0),
      },
    ];
  });
}
