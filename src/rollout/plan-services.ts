import { MANAGED_BY, POD_TEMPLATE_HASH, type ReplicaSet, type Service } from '../api/index.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, hashOf, wanted } from './facts.ts';
import { nameOf } from './machine.ts';

/** A Service moves to pods that are there: one is enough, all are asked for where the Service was not ours before. */
function canCarry(replicaSet: ReplicaSet, service: Service): boolean {
  const adopting = service.metadata.annotations?.[MANAGED_BY] === undefined;
  const least = adopting ? Math.max(1, wanted(replicaSet)) : 1;
  return available(replicaSet) >= least;
}

function switchTo(service: Service | undefined, target: ReplicaSet | undefined): Effect[] {
  const hash = target && hashOf(target);
  const from = service?.spec.selector?.[POD_TEMPLATE_HASH] ?? '';
  if (!service || !target || !hash || from === hash || !canCarry(target, service)) return [];
  return [{ kind: 'switchService', name: service.metadata.name, hash, from }];
}

/** The canary Service leads to the new pods; after an abort to the stable ones, once no router sends it anything. */
function canaryTarget({ facts, next }: PlanInput): ReplicaSet | undefined {
  const delivery = nameOf(next.delivery);
  const gaveUp = delivery === 'aborting' || delivery === 'aborted';
  if (!gaveUp) return next.hold === 'paused' && delivery !== 'settled' ? undefined : facts.newReplicaSet;
  const quiet = !facts.routed || (facts.seen.traffic?.canaryWeight ?? 0) === 0;
  return quiet ? facts.stableReplicaSet : undefined;
}

/** Selectors follow the persisted stable revision. */
export function serviceEffects(input: PlanInput): Effect[] {
  const { canary, stableReplicaSet, seen } = input.facts;
  return [
    ...switchTo(seen.services[canary.stableService ?? ''], stableReplicaSet),
    ...switchTo(seen.services[canary.canaryService ?? ''], canaryTarget(input)),
  ];
}
