import type { ReplicaSet, Rollout } from '../api/index.ts';
import type { Effect, PlanInput } from './effects.ts';
import { type Facts, factsOf } from './facts.ts';
import { NOTHING_SEEN } from './observation.ts';
import { affinityEffects, withAffinity } from './plan-affinity.ts';
import { metadataEffects, withMetadata } from './plan-metadata.ts';
import { isNameTaken, ownershipEffects } from './plan-ownership.ts';
import { besideRestart, restartEffects, shrinks } from './plan-restart.ts';
import {
  memoryEffects,
  newReplicaSet,
  readinessEffects,
  revisionEffects,
  sameTemplateEffects,
  withAnnotations,
} from './plan-revision.ts';
import { runEffects } from './plan-runs.ts';
import { historyEffects, scaleEffects } from './plan-scale.ts';
import { retreatingServices, serviceEffects } from './plan-services.ts';
import { lowersTraffic, trafficEffects } from './plan-traffic.ts';
import { workloadEffects } from './plan-workload.ts';
import { retreats } from './weights.ts';

/** Without a router pods are the traffic: they go home even where the object cannot be followed otherwise. */
function retreatingPods(input: PlanInput): Effect[] {
  const { facts, next } = input;
  const sane = facts.stableReplicaSet !== undefined && Number.isInteger(facts.replicas) && facts.replicas >= 0;
  return facts.strategy === 'canary' && !facts.routed && sane && retreats(facts)
    ? scaleEffects({ ...input, next: { ...next, delivery: 'aborted' } })
    : [];
}

/** Its pods know their part in the update from the start. */
function equipped(facts: Facts): ReplicaSet {
  const made = newReplicaSet(facts);
  const template = withAffinity(facts, made.spec.template);
  return withMetadata(facts, { ...made, spec: { ...made.spec, template } });
}

/**
 * What the API server is asked to make of a Rollout (as `readRollout` reads it) that has no ReplicaSet yet: without pods,
 * and without an owner, which could only be a Rollout that is there.
 */
export function firstReplicaSet({ status: _, ...rollout }: Rollout): ReplicaSet {
  const { metadata, ...made } = equipped(factsOf({ ...NOTHING_SEEN, now: 0, rollout }));
  const { ownerReferences: __, ...unowned } = metadata;
  return { ...made, metadata: unowned };
}

/**
 * The ReplicaSet of a revision is made once the status speaks of the revision, with the pods that it needs by then: one
 * write, and no pods of an update that nothing tells of.
 */
function creation(input: PlanInput): Effect[] {
  const { facts } = input;
  const isSpokenOf = facts.stableHash === undefined || facts.status.currentPodHash === facts.hash;
  if (facts.newReplicaSet || !isSpokenOf || isNameTaken(facts)) return [];
  const object = equipped(facts);
  const made = { ...input, facts: { ...facts, newReplicaSet: object } };
  const { name } = object.metadata;
  const scaled = scaleEffects(made).find((effect) => effect.kind === 'scaleReplicaSet' && effect.name === name);
  if (scaled?.kind === 'scaleReplicaSet') object.spec.replicas = scaled.to;
  // A first install is told as an update too, but by blue-green.
  const begins = facts.strategy === 'canary' || facts.stableHash !== undefined ? { begins: facts.hash } : {};
  return [...revisionEffects(made), { kind: 'createReplicaSet', object, revision: facts.revision, ...begins }];
}

/** Pods are restarted while nothing else takes pods away, and never before an abort has brought the traffic home. */
function restarts({ facts, next }: PlanInput, scaling: Effect[]): Effect[] {
  return next.delivery === 'aborting' || scaling.some(shrinks) ? [] : restartEffects(facts);
}

/** New pods come from a template that knows their part; what only changes pods that are there holds up no scaling. */
function scaledInPart(input: PlanInput, scaling: Effect[]): Effect[] {
  const growing = scaling.flatMap((effect) =>
    effect.kind === 'scaleReplicaSet' && effect.to > effect.from ? [effect.name] : [],
  );
  const changes = metadataEffects(input, scaling);
  const first = changes.filter((effect) => effect.kind === 'setMetadata' && growing.includes(effect.name));
  return [...first, ...scaling, ...changes.filter((effect) => !first.includes(effect))];
}

/** All that has to be done for what was persisted and what was decided. */
export function planOf(input: PlanInput): Effect[] {
  const traffic = trafficEffects(input);
  const lowering = traffic.filter(lowersTraffic);
  const raising = traffic.filter((effect) => !lowersTraffic(effect));
  const retreating = [...lowering, ...retreatingServices(input.facts)];
  if (input.next.delivery === 'invalid') return [...retreating, ...retreatingPods(input)];
  const scaling = besideRestart(input.facts, scaleEffects(input));
  return withAnnotations(input.facts, [
    ...retreating,
    ...ownershipEffects(input),
    ...creation(input),
    ...sameTemplateEffects(input),
    ...affinityEffects(input),
    ...revisionEffects(input),
    ...readinessEffects(input),
    ...memoryEffects(input),
    ...serviceEffects(input),
    ...scaledInPart(input, scaling),
    ...runEffects(input),
    ...historyEffects(input),
    ...restarts(input, scaling),
    ...workloadEffects(input),
    ...raising,
  ]);
}
