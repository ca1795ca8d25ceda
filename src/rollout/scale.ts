import { maxSurge, maxUnavailable } from '../api/index.ts';
import { available, type Facts, wanted } from './facts.ts';
import { type BasicCounts, type Counts, podsForWeight, rollBasic, splitByWeight } from './replicas.ts';
import { weightAt } from './step-weight.ts';
import type { Step } from './steps.ts';

/** What setCanaryScale asks for at a step, apart from the traffic; undefined where the pods follow the traffic. */
export function canaryScaleAt(steps: readonly Step[], index: number): Step['setCanaryScale'] {
  if (index >= steps.length) return undefined;
  const last = steps.slice(0, index + 1).findLast((step) => step.setCanaryScale !== undefined)?.setCanaryScale;
  return last?.matchTrafficWeight ? undefined : last;
}

/** With a router: the pods of one side that a weight needs. */
export function routedPods({ maxWeight, replicas, canary }: Facts, weight: number): number {
  return podsForWeight(weight, maxWeight, replicas, canary.minPodsPerReplicaSet ?? 0);
}

/** With a router: the canary's pods at a step. `weight` is what its traffic needs at least, a share of `maxWeight`. */
export function routedCanaryPods(facts: Facts, index: number, weight: number): number {
  const scale = facts.routed ? canaryScaleAt(facts.steps, index) : undefined;
  // Who scales to nothing means all of it.
  if (facts.replicas === 0) return 0;
  return scale?.replicas ?? routedPods(facts, scale?.weight ?? weight);
}

/** The pods that a step asks for, once everything has settled; past the last step, all of them. */
export function goalCounts(facts: Facts, index: number): Counts {
  const { replicas, maxWeight, canary, steps } = facts;
  const weight = weightAt(steps, index, maxWeight);
  if (!facts.routed) return basicSplit(facts, weight);
  if (facts.newReplicaSet === facts.stableReplicaSet) return { canary: replicas, stable: 0 };
  const stable = canary.dynamicStableScale ? routedPods(facts, maxWeight - weight) : replicas;
  return { canary: routedCanaryPods(facts, index, weight), stable };
}

function basicSplit({ newReplicaSet, stableReplicaSet, replicas, seen }: Facts, weight: number): Counts {
  if (newReplicaSet === stableReplicaSet) return { canary: replicas, stable: 0 };
  return splitByWeight(weight, { replicas, maxSurge: maxSurge(seen.rollout) });
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
    desired: basicSplit(facts, weight),
    canary: pods(newReplicaSet),
    stable: alone ? { wanted: 0, available: 0 } : pods(stableReplicaSet),
    others: others.map(pods),
  });
}
