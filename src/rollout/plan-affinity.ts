import type { PodTemplateSpec } from '../api/index.ts';
import type { Effect, PlanInput } from './effects.ts';
import { type Facts, revisionOf } from './facts.ts';
import { sameInjection, withInjected } from './injected-affinity.ts';

/** The newest revision's pods run beside those of another. */
function isBesideStable({ stableHash, hash }: Facts): boolean {
  return stableHash !== undefined && stableHash !== hash;
}

/** The affinity of the newest revision's pods: the template's own, and away from the stable ones while there are others. */
function wantedAffinity(facts: Facts): unknown {
  const { seen, canary, blueGreen, stableHash = '' } = facts;
  const { metadata, spec } = seen.rollout;
  const own = spec.template?.spec?.affinity;
  const { antiAffinity } = facts.strategy === 'canary' ? canary : blueGreen;
  if (!antiAffinity || !isBesideStable(facts)) return own;
  return withInjected(own, antiAffinity, { hash: stableHash, namespace: metadata.namespace });
}

/** The pod template of a ReplicaSet that is made now. */
export function withAffinity(facts: Facts, template: PodTemplateSpec): PodTemplateSpec {
  const affinity = wantedAffinity(facts);
  if (affinity === undefined || template.spec === undefined) return template;
  return { ...template, spec: { ...template.spec, affinity } };
}

/**
 * Pods of a former revision that comes back keep away from those that are stable now. What is stable itself keeps what its
 * pods were made with, until its revision is raised.
 */
export function affinityEffects({ facts }: PlanInput): Effect[] {
  const { newReplicaSet: current, revision } = facts;
  const isDue = isBesideStable(facts) || (current !== undefined && revisionOf(current) !== revision);
  const wanted = wantedAffinity(facts);
  if (!current || !isDue || sameInjection(current.spec.template.spec?.affinity, wanted)) return [];
  return [{ kind: 'setAffinity', name: current.metadata.name, affinity: (wanted as object | undefined) ?? null }];
}
