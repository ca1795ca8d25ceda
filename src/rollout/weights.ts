import { canaryServices, POD_TEMPLATE_HASH } from '../api/index.ts';
import { badRun } from './cause.ts';
import { available, type Facts, hashOf, wanted } from './facts.ts';
import { type MachineState, nameOf } from './machine.ts';
import { isThresholdMet, weightForPods } from './replicas.ts';
import { canaryScaleAt } from './scale.ts';
import { weightAt } from './step-weight.ts';
import { podsInPlace } from './steps.ts';

/** The weight that a state asks of the steps, whether or not the pods are there: what the number of pods follows. */
export function stepWeight(facts: Facts, state: MachineState): number {
  switch (nameOf(state.delivery)) {
    case 'progressing':
      return weightAt(facts.steps, state.index, facts.maxWeight);
    case 'promoting':
      return facts.maxWeight;
    default:
      return 0;
  }
}

/** The weight that was last persisted: what has been reached for certain. */
export function persistedWeight({ status }: Facts): number {
  return status.canary?.weights?.canary.weight ?? 0;
}

/** The canary's share as status holds it: a whole number, and not 0 while anything reaches the canary. */
export function observedWeight({ seen }: Facts): number | undefined {
  const weight = seen.traffic?.canaryWeight;
  return weight === undefined ? undefined : Math.ceil(weight);
}

function previousWeight(facts: Facts, index: number): number {
  return index === 0 ? 0 : weightAt(facts.steps, index - 1, facts.maxWeight);
}

/**
 * While pods are awaited: the weight of the steps before, once the pods that are there carry it. Steps may have been
 * skipped, or traffic have been taken back, so that it was never reached or is no more.
 */
function reachedWeight(facts: Facts, index: number): number {
  const { newReplicaSet, maxWeight, replicas, steps } = facts;
  const before = previousWeight(facts, index);
  const isCarried = weightForPods(available(newReplicaSet), maxWeight, replicas) >= before;
  return isCarried || canaryScaleAt(steps, index) ? before : Math.min(before, currentWeight(facts));
}

function currentWeight({ seen }: Facts): number {
  return seen.traffic?.canaryWeight ?? 0;
}

/** The canary's share of traffic that a state calls for, given the pods there are. */
function trafficWeight(facts: Facts, state: MachineState): number {
  if (available(facts.newReplicaSet) === 0) return 0;
  switch (nameOf(state.delivery)) {
    case 'progressing': {
      const goal = stepWeight(facts, state);
      return podsInPlace(facts) ? goal : Math.min(goal, reachedWeight(facts, state.index));
    }
    case 'promoting':
      return isThresholdMet(facts.canary.replicaProgressThreshold, available(facts.newReplicaSet), facts.replicas)
        ? facts.maxWeight
        : currentWeight(facts);
    default:
      return 0;
  }
}

export function canarySelector({ seen }: Facts): string | undefined {
  return seen.services[canaryServices(seen.rollout).canary ?? '']?.spec.selector?.[POD_TEMPLATE_HASH];
}

/** The API server cuts a pod's generated name so that its five random letters fit into 63. */
const POD_SUFFIX = 5;
const LONGEST_POD_PREFIX = 58;

/** After a promotion both Services lead to the same pods: traffic goes back to stable once its endpoints are these pods. */
function stillMovingHome(facts: Facts): boolean {
  const { seen, newReplicaSet, hash } = facts;
  if (!newReplicaSet || canarySelector(facts) !== hash) return false;
  const prefix = `${newReplicaSet.metadata.name}-`.slice(0, LONGEST_POD_PREFIX);
  const isOwn = (pod: string) => pod.startsWith(prefix) && pod.length === prefix.length + POD_SUFFIX;
  return seen.stableEndpoints.length === 0 || !seen.stableEndpoints.every(isOwn);
}

/** The canary is to have no traffic, whatever else is wrong with the object: given up, judged bad, or no canary any more. */
export function retreats(facts: Facts): boolean {
  return facts.status.abort === true || badRun(facts) !== undefined || facts.hash === facts.stableHash;
}

/**
 * The weight to render now. It rises only as far as the persisted state and the next one both allow, and never under
 * spec.paused; it falls at once.
 */
export function weightNow(facts: Facts, persisted: MachineState, next: MachineState): number {
  const current = currentWeight(facts);
  const delivery = nameOf(next.delivery);
  if (delivery === 'invalid' && !retreats(facts)) return current;
  if (delivery === 'settled' && current > 0 && stillMovingHome(facts)) return current;
  const allowed = Math.min(trafficWeight(facts, persisted), trafficWeight(facts, next));
  const mayRise = next.hold === 'running' && canarySelector(facts) === facts.hash;
  const goal = mayRise ? allowed : Math.min(allowed, current);
  return isFailingBadly(facts) ? goal : Math.max(goal, Math.min(current, overStable(facts)));
}

/** The ReplicaSet that the canary Service leads to: after a change of the template it may be a former one. */
function canaryPods(facts: Facts) {
  const hash = canarySelector(facts);
  return facts.seen.replicaSets.find((replicaSet) => hashOf(replicaSet) === hash);
}

/** Most of the canary's own pods are gone: any stable pod is better. */
export function isFailingBadly(facts: Facts): boolean {
  const pods = canaryPods(facts);
  return available(pods) * 2 < wanted(pods) || available(pods) === 0;
}

/** What stable cannot carry yet, a share of maxWeight: only where it may have fewer pods than all the traffic needs. */
export function overStable({ canary, maxWeight, replicas, stableReplicaSet }: Facts): number {
  if (!canary.dynamicStableScale) return 0;
  return maxWeight - weightForPods(available(stableReplicaSet), maxWeight, replicas);
}

/** The same for pods: without a router their share is the share of traffic. */
export function podWeightNow(facts: Facts, persisted: MachineState, next: MachineState): number {
  // The pods of a revision that becomes stable in this pass are those that stay.
  if (nameOf(next.delivery) === 'settled') return facts.maxWeight;
  return Math.min(stepWeight(facts, persisted), stepWeight(facts, next));
}
