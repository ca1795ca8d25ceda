import {
  abortScaleDownDelaySeconds,
  DESIRED_REPLICAS,
  POD_TEMPLATE_HASH,
  type ReplicaSet,
  revisionHistoryLimit,
  SCALE_DOWN_DEADLINE,
  scaleDownDelaySeconds,
} from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, type Facts, hashOf, revisionOf, wanted } from './facts.ts';
import { nameOf } from './machine.ts';
import { goalCounts, nextBasicCounts } from './scale.ts';
import { persistedWeight, podWeightNow, stepWeight } from './weights.ts';

/** How many pods a ReplicaSet should have, and until when it is kept though nothing needs it. */
interface Target {
  replicaSet: ReplicaSet;
  count: number;
  /** Milliseconds since the epoch; undefined: no delay is running. */
  deadline?: number | undefined;
}

function deadlineOf(replicaSet: ReplicaSet): number | undefined {
  const at = Date.parse(replicaSet.metadata.annotations?.[SCALE_DOWN_DEADLINE] ?? '');
  return Number.isNaN(at) ? undefined : at;
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
  const delivery = nameOf(next.delivery);
  if (delivery === 'aborting' || delivery === 'aborted') {
    const restored = delivery === 'aborted' && available(facts.stableReplicaSet) >= facts.replicas;
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
  const { newReplicaSet, stableReplicaSet, others, replicas, seen } = facts;
  const settled = nameOf(next.delivery) === 'settled';
  const targets: Target[] = stableReplicaSet ? [{ replicaSet: stableReplicaSet, count: replicas }] : [];
  if (newReplicaSet && newReplicaSet !== stableReplicaSet) {
    targets.push(settled ? { replicaSet: newReplicaSet, count: replicas } : routedCanaryTarget(input, newReplicaSet));
  }
  const former = others.map((other): Target => {
    if (settled || deadlineOf(other) !== undefined) return later(facts, other, scaleDownDelaySeconds(seen.rollout));
    return { replicaSet: other, count: isReferenced(facts, other) ? wanted(other) : 0 };
  });
  return [...targets, ...former];
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

export function scaleEffects(input: PlanInput): Effect[] {
  const { facts, next } = input;
  const gaveUp = ['aborting', 'aborted'].includes(nameOf(next.delivery));
  if (next.hold === 'paused' && !gaveUp && !replicasChanged(facts)) return [];
  const targets = facts.routed ? routedTargets(input) : basicTargets(input);
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
