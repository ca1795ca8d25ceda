import { maxSurge, maxUnavailable } from '../api/index.ts';
import { available, type Facts, wanted } from './facts.ts';
import { type BasicCounts, type Counts, rollBasic, routedCanary, splitByWeight } from './replicas.ts';

/** The pods that a weight asks for, once everything has settled. `weight` is a share of `maxWeight`. */
export function goalCounts(facts: Facts, weight: number): Counts {
  const { replicas, maxWeight, canary } = facts;
  if (facts.newReplicaSet === facts.stableReplicaSet) return { canary: replicas, stable: 0 };
  if (facts.routed) {
    return { canary: routedCanary(weight, maxWeight, replicas, canary.minPodsPerReplicaSet ?? 0), stable: replicas };
  }
  return splitByWeight(weight, { replicas, maxSurge: maxSurge(facts.seen.rollout) });
}

/** The next rolling step towards a weight, without a router. */
export function nextBasicCounts(facts: Facts, weight: number): BasicCounts {
  const { replicas, newReplicaSet, stableReplicaSet, others } = facts;
  const { rollout } = facts.seen;
  const pods = (replicaSet: Facts['newReplicaSet']) => ({
    wanted: wanted(replicaSet),
    available: available(replicaSet),
  });
  const alone = newReplicaSet === stableReplicaSet;
  return rollBasic({
    replicas,
    maxSurge: maxSurge(rollout),
    maxUnavailable: maxUnavailable(rollout),
    desired: goalCounts(facts, weight),
    canary: pods(newReplicaSet),
    stable: alone ? { wanted: 0, available: 0 } : pods(stableReplicaSet),
    others: others.map(pods),
  });
}
