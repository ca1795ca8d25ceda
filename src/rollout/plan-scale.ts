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
import { hasGivenUp, isInFlight, nameOf } from './machine.ts';
import { goalCounts, nextBasicCounts } from './scale.ts';
import { persistedWeight, podWeightNow, stepWeight } from './weights.ts';

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

/** Keeps the pods until `delaySeconds` after this was first decided; undefined: for good. */
function later(facts: Facts, replicaSet: ReplicaSet, delaySeconds: number | undefined): Target {
  const count = wanted(replicaSet);
  if (delaySeconds === undefined || count === 0) return { replicaSet, count };
  const deadline = deadlineOf(replicaSet) ?? facts.now + delaySeconds * 1000;
  const over = facts.now >= deadline && !isReferenced(facts, replicaSet);
  return { replicaSet, count: over ? 0 : count, deadline };
}

function routedCanaryTarget({ facts, persisted, next }: PlanInput, replicaSet: ReplicaSet): Target {
  if (hasGivenUp(next)) {
    const restored = next.delivery === 'aborted' && available(facts.stableReplicaSet) >= facts.replicas;
    return restored
      ? later(facts, replicaSet, abortScaleDownDelaySeconds(facts.seen.rollout))
      : { replicaSet, count: wanted(replicaSet), deadline: deadlineOf(replicaSet) };
  }
  const carried = facts.seen.traffic?.canaryWeight ?? persistedWeight(facts);
  const podsFor = (weight: number) => goalCounts(facts, Math.max(weight, carried)).canary;
  const most = podsFor(stepWeight(facts, next));
  const least = Math.min(most, podsFor(podWeightNow(facts, persisted, next)));
  // Pods rise only with what is persisted; those that the next state wants anyway (a retry, soon after) stay.
  return { replicaSet, count: Math.max(least, Math.min(wanted(replicaSet), most)) };
}

function routedTargets(input: PlanInput): Target[] {
  const { facts, next } = input;
  const { newReplicaSet, stableReplicaSet, replicas } = facts;
  const settled = nameOf(next.delivery) === 'settled';
  const targets: Target[] = stableReplicaSet ? [{ replicaSet: stableReplicaSet, count: replicas }] : [];
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
      count: count === 0 && isReferenced(facts, replicaSet) ? Math.min(1, wanted(replicaSet)) : count,
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
