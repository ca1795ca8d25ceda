import type { Pod, ReplicaSet } from '../../api/kubernetes.ts';
import { createLoop } from './loop.ts';
import {
  condition,
  controllerOf,
  controllerReference,
  isFinished,
  isReady,
  keyOf,
  placeOf,
  same,
  selects,
  suffix,
} from './objects.ts';
import type { Controller, Surroundings } from './settings.ts';

/** The API server cuts a generated name's base to this, so that five letters more fit into a label. */
const LONGEST_GENERATED_BASE = 58;

/** Keeps as many pods as each ReplicaSet asks for and counts them in its status. */
export function runReplicaSets({ store, clock, log }: Surroundings): Controller {
  const reconcile = (key: string) => {
    const replicaSet = store.get<ReplicaSet>('ReplicaSet', ...placeOf(key));
    if (!replicaSet) return;
    const pods = activePods(replicaSet);
    if (replicaSet.metadata.deletionTimestamp === undefined) scale(replicaSet, pods);
    report(replicaSet, activePods(replicaSet));
  };
  const loop = createLoop({ name: 'replicasets', clock, log, reconcile });

  const activePods = ({ metadata }: ReplicaSet) =>
    store
      .ownedBy<Pod>('Pod', metadata.uid ?? '')
      .filter((pod) => pod.metadata.deletionTimestamp === undefined && !isFinished(pod));

  const scale = (replicaSet: ReplicaSet, pods: Pod[]) => {
    const missing = (replicaSet.spec.replicas ?? 1) - pods.length;
    for (let count = 0; count < missing; count++) createPod(replicaSet);
    if (missing >= 0) return;
    for (const { metadata } of deletionOrder(pods).slice(0, -missing)) {
      store.delete('Pod', metadata.namespace, metadata.name, { uid: metadata.uid ?? '' });
    }
  };

  const createPod = (replicaSet: ReplicaSet) => {
    const { name, namespace = '', uid } = replicaSet.metadata;
    const { metadata, spec } = replicaSet.spec.template;
    let attempt = 0;
    let podName: string;
    do podName = `${`${name}-`.slice(0, LONGEST_GENERATED_BASE)}${suffix(`${uid} ${attempt++}`)}`;
    while (store.get('Pod', namespace, podName));
    store.create('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        name: podName,
        namespace,
        generateName: `${name}-`,
        ownerReferences: [controllerReference('apps/v1', 'ReplicaSet', replicaSet)],
      },
      spec,
    });
  };

  const report = (replicaSet: ReplicaSet, pods: Pod[]) => {
    const available = availability(replicaSet, pods, clock.now());
    const { name, namespace = '', generation = 1 } = replicaSet.metadata;
    const labels = { matchLabels: replicaSet.spec.template.metadata?.labels ?? {} };
    const status = {
      replicas: pods.length,
      fullyLabeledReplicas: pods.filter((pod) => selects(labels, pod.metadata.labels)).length,
      readyReplicas: pods.filter(isReady).length,
      availableReplicas: available.count,
      observedGeneration: generation,
    };
    if (!same({ ...replicaSet.status, ...status }, replicaSet.status)) {
      store.patchStatus('ReplicaSet', { namespace, name }, status);
    }
    if (available.next !== undefined) loop.addAt(keyOf(replicaSet), available.next);
  };

  const endReplicaSets = store.watch<ReplicaSet>('ReplicaSet', (_, object) => loop.add(keyOf(object)));
  const endPods = store.watch<Pod>('Pod', (_, object) => {
    const owner = controllerOf(object);
    if (owner?.kind === 'ReplicaSet') loop.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
  });
  return {
    stop() {
      endReplicaSets();
      endPods();
      return loop.stop();
    },
  };
}

/** How many have been ready for minReadySeconds, and when the next one will have been. */
function availability({ spec }: ReplicaSet, pods: Pod[], now: number): { count: number; next?: number } {
  const wait = (spec.minReadySeconds ?? 0) * 1000;
  const times = pods.filter(isReady).map((pod) => readySince(pod) + wait);
  const later = times.filter((time) => time > now);
  const count = times.length - later.length;
  return later.length === 0 ? { count } : { count, next: Math.min(...later) };
}

function readySince(pod: Pod): number {
  return Date.parse(condition(pod, 'Ready')?.lastTransitionTime ?? '') || 0;
}

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** Those that cost least to lose come first: not ready before ready, cheap before dear, newest first. */
export function deletionOrder(pods: Pod[]): Pod[] {
  const cost = (pod: Pod) => Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
  const rank = (pod: Pod) => [
    Number(pod.spec.nodeName !== undefined),
    Number(pod.status?.phase === 'Running'),
    Number(isReady(pod)),
    cost(pod),
    isReady(pod) ? -readySince(pod) : 0,
    -(Date.parse(String(pod.metadata.creationTimestamp)) || 0),
  ];
  const compare = (a: number[], b: number[]) =>
    a.map((value, index) => value - (b[index] as number)).find((each) => each !== 0) ?? 0;
  return [...pods].sort((a, b) => compare(rank(a), rank(b)) || (a.metadata.name < b.metadata.name ? 1 : -1));
}
