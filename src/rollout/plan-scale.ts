import {
  abortScaleDownDelaySeconds,
  DESIRED_REPLICAS,
  POD_TEMPLATE_HASH,
  type ReplicaSet,
  revisionHistoryLimit,
  SCALE_DOWN_DEADLINE,
  scaleDownDelayRevisionLimit,
  scaleDownDelaySeconds,
} from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { isActive, isFastTracked, previewCount } from './blue-green.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, deadlineOf, type Facts, hashOf, revisionOf, wanted } from './facts.ts';
import { hasGivenUp, isInFlight, type MachineState, nameOf } from './machine.ts';
import { nextBasicCounts, routedCanaryPods, routedPods } from './scale.ts';
import { persistedWeight, podWeightNow, stepWeight, weightNow } from './weights.ts';

/** How many pods a ReplicaSet should have, and until when it is kept though nothing needs it. */
interface Target {
  replicaSet: ReplicaSet;
  count: number;
  /** Milliseconds since the epoch; undefined: no delay is running. */
  deadline?: number | undefined;
}

function isReferenced({ seen }: Facts, replicaSet: ReplicaSet): boolean {
  return Object.values(seen.services).some(
    (service) => service.spec.selector?.[POD_TEMPLATE_HASH] === hashOf(replicaSet),
  );
}

/** Some Service leads to pods that are available. */
function serves(facts: Facts, replicaSet: ReplicaSet): boolean {
  return available(replicaSet) > 0 && isReferenced(facts, replicaSet);
}

/** Keeps the pods until `delaySeconds` after this was first decided; undefined: for good. */
function later(facts: Facts, replicaSet: ReplicaSet, delaySeconds: number | undefined): Target {
  const count = wanted(replicaSet);
  if (delaySeconds === undefined || count === 0) return { replicaSet, count };
  const deadline = deadlineOf(replicaSet) ?? facts.now + delaySeconds * 1000;
  const over = facts.now >= deadline && !isReferenced(facts, replicaSet);
  return { replicaSet, count: over ? 0 : count, deadline };
}

/** The canary has no traffic any more, as far as the router's data plane is known to serve it. */
function isTrafficHome({ seen }: Facts): boolean {
  return seen.traffic?.canaryWeight === 0 && seen.traffic.verified;
}

function routedCanaryTarget({ facts, persisted, next }: PlanInput, replicaSet: ReplicaSet): Target {
  const { seen, canary } = facts;
  const carried = seen.traffic?.canaryWeight ?? persistedWeight(facts);
  if (hasGivenUp(next)) {
    const restored =
      next.delivery === 'aborted' && isTrafficHome(facts) && available(facts.stableReplicaSet) >= facts.replicas;
    if (restored) return later(facts, replicaSet, abortScaleDownDelaySeconds(seen.rollout));
    const follows = canary.dynamicStableScale === true && canary.abortScaleDownDelaySeconds === undefined;
    const count = follows ? Math.min(wanted(replicaSet), Math.max(1, routedPods(facts, carried))) : wanted(replicaSet);
    return { replicaSet, count, deadline: deadlineOf(replicaSet) };
  }
  const podsIn = (state: MachineState) =>
    routedCanaryPods(
      facts,
      isInFlight(state) ? state.index : facts.steps.length,
      Math.max(stepWeight(facts, state), carried),
    );
  const most = podsIn(next);
  const least = Math.min(most, podsIn(persisted));
  // Pods rise only with what is persisted; those that the next state wants anyway (a retry, soon after) stay.
  return { replicaSet, count: Math.max(least, Math.min(wanted(replicaSet), most)) };
}

/**
 * Stable keeps all pods; where its scale is dynamic, those for the share that it has, or is to have soon. It shrinks only
 * after the traffic is known to have gone, and never to nothing while a Service leads to it.
 */
function routedStableCount({ facts, persisted, next }: PlanInput, replicaSet: ReplicaSet): number {
  const { canary, replicas, maxWeight, seen } = facts;
  const isReplaced = next.delivery === 'settled' && facts.hash !== facts.stableHash;
  if (canary.dynamicStableScale && isReplaced) return wanted(replicaSet);
  if (!canary.dynamicStableScale || !isInFlight(next)) return replicas;
  const steps = Math.min(stepWeight(facts, persisted), stepWeight(facts, next));
  const gone = Math.min(steps, seen.traffic?.canaryWeight ?? 0, weightNow(facts, persisted, next));
  const needed = Math.max(routedPods(facts, maxWeight - gone), isReferenced(facts, replicaSet) ? 1 : 0);
  return seen.traffic?.verified ? Math.min(needed, replicas) : Math.max(needed, Math.min(wanted(replicaSet), replicas));
}

function routedTargets(input: PlanInput): Target[] {
  const { facts, next } = input;
  const { newReplicaSet, stableReplicaSet, replicas } = facts;
  const settled = nameOf(next.delivery) === 'settled';
  const targets: Target[] = stableReplicaSet
    ? [{ replicaSet: stableReplicaSet, count: routedStableCount(input, stableReplicaSet) }]
    : [];
  if (newReplicaSet && newReplicaSet !== stableReplicaSet) {
    targets.push(settled ? { replicaSet: newReplicaSet, count: replicas } : routedCanaryTarget(input, newReplicaSet));
  }
  return [...targets, ...formerTargets(facts, settled)];
}

/**
 * Former revisions wait for their delay, the newest ones as long as the limit allows; others go at once. None goes while
 * a Service leads to it.
 */
function formerTargets(facts: Facts, everyoneWaits: boolean): Target[] {
  const { others, seen } = facts;
  const limit = scaleDownDelayRevisionLimit(seen.rollout);
  let waiting = 0;
  return [...others]
    .sort((a, b) => revisionOf(b) - revisionOf(a))
    .map((other): Target => {
      const waits = wanted(other) > 0 && (everyoneWaits || deadlineOf(other) !== undefined);
      if (waits && ++waiting <= limit) return later(facts, other, scaleDownDelaySeconds(seen.rollout));
      return { replicaSet: other, count: isReferenced(facts, other) ? wanted(other) : 0 };
    });
}

/** The new pods of a blue-green update: as many as the persisted state has let through. */
function blueGreenTarget({ facts, persisted, next }: PlanInput, replicaSet: ReplicaSet): Target {
  const { replicas, stableReplicaSet, seen } = facts;
  const deadline = deadlineOf(replicaSet);
  if (hasGivenUp(next)) {
    const restored = !isActive(facts) && available(stableReplicaSet) >= replicas;
    return restored
      ? later(facts, replicaSet, abortScaleDownDelaySeconds(seen.rollout))
      : { replicaSet, count: wanted(replicaSet), deadline };
  }
  if (next.delivery === 'settled' || (persisted.index > 0 && isInFlight(persisted))) {
    return { replicaSet, count: replicas };
  }
  // What is left of its delay shows that these pods served users not long ago: it is needed until the switch.
  const kept = isFastTracked(facts) ? { deadline } : {};
  return { replicaSet, count: isInFlight(persisted) ? previewCount(facts) : wanted(replicaSet), ...kept };
}

function blueGreenTargets(input: PlanInput): Target[] {
  const { newReplicaSet, stableReplicaSet, replicas, others, status } = input.facts;
  const isUnsure = status.pauseConditions?.some(({ reason }) => reason === 'InconclusiveAnalysisRun') === true;
  const keep = (replicaSet: ReplicaSet) => ({
    replicaSet,
    count: wanted(replicaSet),
    deadline: deadlineOf(replicaSet),
  });
  return [
    ...(stableReplicaSet ? [{ replicaSet: stableReplicaSet, count: replicas }] : []),
    ...(newReplicaSet && newReplicaSet !== stableReplicaSet ? [blueGreenTarget(input, newReplicaSet)] : []),
    ...(isUnsure ? others.map(keep) : formerTargets(input.facts, true)),
  ];
}

function basicTargets({ facts, persisted, next }: PlanInput): Target[] {
  const { newReplicaSet, stableReplicaSet, others } = facts;
  const counts = nextBasicCounts(facts, podWeightNow(facts, persisted, next));
  const targets: Target[] = others.map((replicaSet, index) => {
    const count = counts.others[index] ?? 0;
    return {
      replicaSet,
      // A Service that leads to pods of which none serves loses nothing; the new ones may need their room.
      count: count === 0 && serves(facts, replicaSet) ? Math.min(1, wanted(replicaSet)) : count,
    };
  });
  if (newReplicaSet) targets.push({ replicaSet: newReplicaSet, count: counts.canary });
  if (stableReplicaSet && stableReplicaSet !== newReplicaSet)
    targets.push({ replicaSet: stableReplicaSet, count: counts.stable });
  return targets;
}

/** spec.replicas is not what the ReplicaSets were last scaled for: a scaling, which also a paused Rollout follows. */
function replicasChanged({ newReplicaSet, stableReplicaSet, replicas }: Facts): boolean {
  return [newReplicaSet, stableReplicaSet].some(
    (replicaSet) => wanted(replicaSet) > 0 && replicaSet?.metadata.annotations?.[DESIRED_REPLICAS] !== String(replicas),
  );
}

function annotationsOf({ replicaSet, deadline }: Target, replicas: number): Record<string, string | null> {
  const { annotations = {} } = replicaSet.metadata;
  const want: Record<string, string | null> = {
    [DESIRED_REPLICAS]: String(replicas),
    [SCALE_DOWN_DEADLINE]: deadline === undefined ? null : timestamp(deadline),
  };
  return Object.fromEntries(Object.entries(want).filter(([key, value]) => (annotations[key] ?? null) !== value));
}

function targetsOf(input: PlanInput): Target[] {
  if (input.facts.strategy === 'blueGreen') return blueGreenTargets(input);
  return input.facts.routed ? routedTargets(input) : basicTargets(input);
}

export function scaleEffects(input: PlanInput): Effect[] {
  const { facts, next } = input;
  if (next.hold === 'paused' && !hasGivenUp(next) && !replicasChanged(facts)) return [];
  const targets = targetsOf(input);
  return targets.flatMap((target): Effect[] => {
    const { replicaSet, count } = target;
    const annotations = annotationsOf(target, facts.replicas);
    const from = wanted(replicaSet);
    if (from === count && (Object.keys(annotations).length === 0 || (count === 0 && target.deadline === undefined)))
      return [];
    const { name } = replicaSet.metadata;
    return [{ kind: 'scaleReplicaSet', name, revision: revisionOf(replicaSet), from, to: count, annotations }];
  });
}

/** The moment at which a running delay ends, milliseconds since the epoch; undefined where none runs. */
export function nextDeadline({ others, newReplicaSet, now }: Facts): number | undefined {
  const pending = [newReplicaSet, ...others]
    .filter((replicaSet) => wanted(replicaSet) > 0)
    .flatMap((replicaSet) => (replicaSet ? [deadlineOf(replicaSet)] : []))
    .filter((deadline): deadline is number => deadline !== undefined && deadline > now);
  return pending.length > 0 ? Math.min(...pending) : undefined;
}

/** Former revisions beyond the limit go, oldest first, once nothing of them runs. */
export function historyEffects({ facts, next }: PlanInput): Effect[] {
  if (nameOf(next.delivery) === 'invalid') return [];
  const idle = facts.others
    .filter((replicaSet) => wanted(replicaSet) === 0 && (replicaSet.status?.replicas ?? 0) === 0)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const excess = Math.max(0, facts.others.length - revisionHistoryLimit(facts.seen.rollout));
  return idle
    .slice(0, excess)
    .map(({ metadata }) => ({ kind: 'deleteReplicaSet', name: metadata.name, uid: metadata.uid ?? '' }));
}
