import type { Effect, PlanInput } from './effects.ts';
import { memoryEffects, newReplicaSetEffects, revisionEffects } from './plan-revision.ts';
import { runEffects } from './plan-runs.ts';
import { historyEffects, scaleEffects } from './plan-scale.ts';
import { serviceEffects } from './plan-services.ts';
import { retreats, weightNow } from './weights.ts';

function trafficEffects({ facts, persisted, next }: PlanInput): Effect[] {
  const from = facts.seen.traffic?.canaryWeight;
  if (!facts.routed || from === undefined) return [];
  const weight = weightNow(facts, persisted, next);
  return weight === from ? [] : [{ kind: 'setTraffic', weight, from }];
}

/** Without a router pods are the traffic: they go home even where the object cannot be followed otherwise. */
function retreatingPods(input: PlanInput): Effect[] {
  const { facts, next } = input;
  const sane = facts.stableReplicaSet !== undefined && Number.isInteger(facts.replicas) && facts.replicas >= 0;
  return !facts.routed && sane && retreats(facts)
    ? scaleEffects({ ...input, next: { ...next, delivery: 'aborted' } })
    : [];
}

/** All that has to be done for what was persisted and what was decided. */
export function planOf(input: PlanInput): Effect[] {
  const traffic = trafficEffects(input);
  const lowering = traffic.filter((effect) => effect.kind === 'setTraffic' && effect.weight < effect.from);
  const raising = traffic.filter((effect) => !lowering.includes(effect));
  if (input.next.delivery === 'invalid') return [...lowering, ...retreatingPods(input)];
  return [
    ...lowering,
    ...newReplicaSetEffects(input),
    ...revisionEffects(input),
    ...memoryEffects(input),
    ...serviceEffects(input),
    ...scaleEffects(input),
    ...runEffects(input),
    ...historyEffects(input),
    ...raising,
  ];
}
