import type { KubeObject, LabelSelector, Pod, ReplicaSet } from '../../api/kubernetes.ts';
import { isAbout } from '../api/eviction.ts';
import { createLoop } from './loop.ts';
import { controllerOf, isServing, keyOf, placeOf, same, splitKey } from './objects.ts';
import type { Controller, Surroundings } from './settings.ts';

export interface PodDisruptionBudget extends KubeObject {
  spec: { minAvailable?: number | string; maxUnavailable?: number | string; selector?: LabelSelector };
  status?: {
    currentHealthy: number;
    desiredHealthy: number;
    disruptionsAllowed: number;
    expectedPods: number;
    observedGeneration?: number;
  };
}

/** Counts for each budget how many of its pods are healthy, and so how many may be evicted. */
export function runDisruptions({ store, clock, log }: Surroundings): Controller {
  const reconcile = (key: string) => {
    const budget = store.get<PodDisruptionBudget>('PodDisruptionBudget', ...placeOf(key));
    if (!budget) return;
    const { namespace = '', generation = 1 } = budget.metadata;
    const pods = store.list<Pod>('Pod', namespace).filter((pod) => isAbout(budget, pod));
    const { expectedPods, desiredHealthy } = demand(budget, pods.length, scaleOf(namespace, pods));
    const currentHealthy = pods.filter(isServing).length;
    const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
    const status = { currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods, observedGeneration: generation };
    if (!same({ ...budget.status, ...status }, budget.status))
      store.patchStatus('PodDisruptionBudget', splitKey(key), status);
  };
  /** The pods that the ReplicaSets of these pods ask for. */
  const scaleOf = (namespace: string, pods: Pod[]): number => {
    const names = new Set(pods.flatMap((pod) => controllerOf(pod)?.name ?? []));
    const owners = [...names].map((name) => store.get<ReplicaSet>('ReplicaSet', namespace, name));
    return owners.reduce((sum, owner) => sum + (owner ? (owner.spec.replicas ?? 1) : 0), 0);
  };
  const loop = createLoop({ name: 'disruptions', clock, log, reconcile });
  const budgets = new Map<string, PodDisruptionBudget>();
  const wakeAll = ({ metadata: { namespace } }: KubeObject, concerns: (budget: PodDisruptionBudget) => boolean) => {
    for (const [key, budget] of budgets) if (budget.metadata.namespace === namespace && concerns(budget)) loop.add(key);
  };
  const ends = [
    store.watch<PodDisruptionBudget>('PodDisruptionBudget', (change, budget) => {
      if (change === 'deleted') budgets.delete(keyOf(budget));
      else budgets.set(keyOf(budget), budget);
      loop.add(keyOf(budget));
    }),
    store.watch<Pod>('Pod', (_, pod) => wakeAll(pod, (budget) => isAbout(budget, pod))),
    store.watch<ReplicaSet>('ReplicaSet', (_, owner) => wakeAll(owner, () => true)),
  ];
  return {
    stop() {
      for (const end of ends) end();
      return loop.stop();
    },
  };
}

/** A number, or a share of all that should be there; shares are rounded up. */
function amount(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) * total) / 100);
}

function demand({ spec: { minAvailable, maxUnavailable } }: PodDisruptionBudget, count: number, scale: number) {
  if (maxUnavailable !== undefined)
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - amount(maxUnavailable, scale)) };
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  const expectedPods = typeof minAvailable === 'number' ? count : scale;
  return { expectedPods, desiredHealthy: amount(minAvailable, scale) };
}
