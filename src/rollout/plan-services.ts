import { canaryServices, MANAGED_BY, type ReplicaSet, type Service } from '../api/index.ts';
import { activeService, isActive, isSaturated, previewService, selectedHash, unledTarget } from './blue-green.ts';
import { badRun } from './cause.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, deadlineOf, type Facts, hashOf, wanted } from './facts.ts';
import { hasGivenUp, isInFlight } from './machine.ts';
import { retreats } from './weights.ts';

type Switch = Extract<Effect, { kind: 'switchService' }>;

/** A Service moves to pods that are there: one is enough, all are asked for where the Service was not ours before. */
function canCarry(replicaSet: ReplicaSet, service: Service): boolean {
  const adopting = service.metadata.annotations?.[MANAGED_BY] === undefined;
  const least = adopting ? Math.max(1, wanted(replicaSet)) : 1;
  return available(replicaSet) >= least;
}

function switchTo(service: Service | undefined, target: ReplicaSet | undefined, retreat = false): Switch[] {
  const hash = target && hashOf(target);
  const from = selectedHash(service) ?? '';
  if (!service || !hash || from === hash) return [];
  return [{ kind: 'switchService', name: service.metadata.name, hash, from, ...(retreat && { retreat }) }];
}

function switchOnceCarried(service: Service | undefined, target: ReplicaSet | undefined): Switch[] {
  return service && target && canCarry(target, service) ? switchTo(service, target) : [];
}

/**
 * The canary Service leads to the new pods; after an abort to the stable ones, once no router sends it anything. Where the
 * stable pods may be too few for all traffic, it stays with the former canary's until their share is gone.
 */
function canaryTarget({ facts, next }: PlanInput): ReplicaSet | undefined {
  const isQuiet = !facts.routed || (facts.seen.traffic?.canaryWeight ?? 0) === 0;
  if (hasGivenUp(next)) return isQuiet ? facts.stableReplicaSet : undefined;
  if (next.delivery !== 'settled') return next.hold === 'paused' ? undefined : canaryPods(facts);
  const mustBeQuiet = facts.canary.dynamicStableScale === true || facts.canary.pingPong !== undefined;
  return mustBeQuiet && !isQuiet ? undefined : facts.newReplicaSet;
}

/**
 * The new pods, or where a former canary still has the Service and there is no router, the stable ones: the former pods
 * can only go once nothing leads to them, and may have to go before there is room for new ones.
 */
function canaryPods({ routed, newReplicaSet, stableReplicaSet, others, seen }: Facts): ReplicaSet | undefined {
  const hash = selectedHash(seen.services[canaryServices(seen.rollout).canary ?? '']);
  const isFormer = others.some((other) => hashOf(other) === hash);
  return !routed && isFormer && available(newReplicaSet) === 0 ? stableReplicaSet : newReplicaSet;
}

/** Selectors follow the persisted stable revision. */
function pairSwitches(input: PlanInput): Effect[] {
  const { stableReplicaSet, seen } = input.facts;
  const { stable, canary } = canaryServices(seen.rollout);
  return [
    ...switchOnceCarried(seen.services[stable ?? ''], stableReplicaSet),
    ...switchOnceCarried(seen.services[canary ?? ''], canaryTarget(input)),
  ];
}

/** The preview follows the newest template at once; what was given up leaves it just before its pods go. */
function previewTarget({ facts, next }: PlanInput): ReplicaSet | undefined {
  const { newReplicaSet, stableReplicaSet, now } = facts;
  if (!hasGivenUp(next)) return next.hold === 'paused' && next.delivery !== 'settled' ? undefined : newReplicaSet;
  const isGoing = newReplicaSet && (wanted(newReplicaSet) === 0 || (deadlineOf(newReplicaSet) ?? now + 1) <= now);
  return isGoing ? stableReplicaSet : undefined;
}

/** Users are led to pods that are all there, by a switch that the persisted status has let through. */
function activeTarget({ facts, persisted, next }: PlanInput): ReplicaSet | undefined {
  if (next.hold === 'paused' || !isSaturated(facts)) return undefined;
  if (next.delivery === 'settled') return facts.stableHash === facts.hash ? facts.newReplicaSet : undefined;
  const isLetThrough = isInFlight(persisted) && persisted.index > 0;
  return isInFlight(next) && next.index > 0 && isLetThrough ? facts.newReplicaSet : undefined;
}

/**
 * Users go back to the stable pods. Away from pods that were judged bad any stable pod is better; else no fewer than those
 * that carry the traffic now.
 */
export function retreatingServices(facts: Facts): Switch[] {
  const { stableReplicaSet, newReplicaSet, replicas } = facts;
  if (facts.strategy !== 'blueGreen' || !retreats(facts) || facts.hash === facts.stableHash || !isActive(facts))
    return [];
  const carried = badRun(facts) ? 1 : Math.max(1, Math.min(replicas, available(newReplicaSet)));
  return available(stableReplicaSet) >= carried ? switchTo(activeService(facts), stableReplicaSet, true) : [];
}

export function serviceEffects(input: PlanInput): Effect[] {
  const { facts } = input;
  if (facts.strategy === 'canary') return pairSwitches(input);
  const active = unledTarget(facts) ?? (hasGivenUp(input.next) ? undefined : activeTarget(input));
  return [...switchTo(previewService(facts), previewTarget(input)), ...switchTo(activeService(facts), active)];
}
