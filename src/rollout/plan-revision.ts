import { isDeepStrictEqual } from 'node:util';
import {
  DESIRED_REPLICAS,
  EPHEMERAL_METADATA,
  minReadySeconds,
  PENDING_METADATA,
  POD_TEMPLATE_HASH,
  PROVENANCE,
  REVISION,
  REVISION_HISTORY,
  type ReplicaSet,
  type RevisionState,
  type Rollout,
  SCALE_DOWN_DEADLINE,
  STATE,
  TEMPLATE_HASH,
  WORKLOAD_GENERATION,
} from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { rememberedContests } from './contest.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, type Facts, memoryOf, revisionOf } from './facts.ts';
import { nameOf } from './machine.ts';
import { ownerOf } from './plan-ownership.ts';
import { workloadAnnotations } from './plan-workload.ts';
import { startsOver } from './runs.ts';
import { templateHash } from './template.ts';

/** Annotations of a Rollout that speak of the Rollout itself and never go to its ReplicaSets. */
const OWN_ANNOTATIONS: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'notified.notifications.argoproj.io',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  WORKLOAD_GENERATION,
  TEMPLATE_HASH,
];

/** What a ReplicaSet says of itself, and where its revision came from: a Rollout that says so changes nothing of it later. */
const REVISION_ANNOTATIONS: readonly string[] = [
  STATE,
  EPHEMERAL_METADATA,
  PENDING_METADATA,
  SCALE_DOWN_DEADLINE,
  ...PROVENANCE,
];

function inherited({ metadata }: Rollout): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => !OWN_ANNOTATIONS.includes(key)),
  );
}

/** Without pods yet. */
export function newReplicaSet({ seen, hash, replicas, revision }: Facts): ReplicaSet {
  const { rollout } = seen;
  const template = rollout.spec.template ?? {};
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  const memory: RevisionState = { attempt: 1 };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${rollout.metadata.name}-${hash}`,
      ...(rollout.metadata.namespace ? { namespace: rollout.metadata.namespace } : {}),
      labels,
      annotations: {
        ...inherited(rollout),
        [REVISION]: String(revision),
        [DESIRED_REPLICAS]: String(replicas),
        [STATE]: JSON.stringify(memory),
      },
      ownerReferences: [ownerOf(rollout)],
    },
    spec: {
      replicas: 0,
      ...(rollout.spec.minReadySeconds ? { minReadySeconds: rollout.spec.minReadySeconds } : {}),
      selector: {
        ...rollout.spec.selector,
        matchLabels: { ...rollout.spec.selector?.matchLabels, [POD_TEMPLATE_HASH]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The newest template has the highest revision: going back raises the old ReplicaSet's number, and with it says where it came from now. */
export function revisionEffects({ facts }: PlanInput): Effect[] {
  const { newReplicaSet: current, revision, seen } = facts;
  if (!current) return [];
  const effects: Effect[] = [];
  const own = revisionOf(current);
  if (own !== revision) {
    const { annotations = {} } = current.metadata;
    const history = [annotations[REVISION_HISTORY], own > 0 ? String(own) : undefined].filter(Boolean).join(',');
    const provenance = PROVENANCE.map((key) => [key, seen.rollout.metadata.annotations?.[key] ?? null]);
    effects.push({
      kind: 'annotateReplicaSet',
      name: current.metadata.name,
      annotations: {
        ...Object.fromEntries(provenance),
        [REVISION]: String(revision),
        ...(history ? { [REVISION_HISTORY]: history } : {}),
      },
    });
  }
  const isRaised = seen.rollout.metadata.annotations?.[REVISION] !== String(revision);
  const { template } = seen.rollout.spec;
  if (isRaised && template && seen.leftOut.length > 0) effects.push({ kind: 'setTemplate', template });
  const annotations = { ...(isRaised && { [REVISION]: String(revision) }), ...workloadAnnotations(seen) };
  if (Object.keys(annotations).length > 0) effects.push({ kind: 'annotateRollout', annotations });
  return effects;
}

/** The Rollout's annotations that its newest ReplicaSet does not carry as they are now; what the Rollout drops stays there. */
function newAnnotations({ newReplicaSet, seen }: Facts): Record<string, string> {
  const { annotations = {} } = newReplicaSet?.metadata ?? {};
  const differs = ([key, value]: [string, string]) => !REVISION_ANNOTATIONS.includes(key) && annotations[key] !== value;
  return Object.fromEntries(Object.entries(inherited(seen.rollout)).filter(differs));
}

/** The plan with them: in a write that its newest ReplicaSet has anyway, else in one of their own. */
export function withAnnotations({ newReplicaSet, ...facts }: Facts, effects: Effect[]): Effect[] {
  const annotations = newReplicaSet ? newAnnotations({ newReplicaSet, ...facts }) : {};
  if (!newReplicaSet || Object.keys(annotations).length === 0) return effects;
  const { name } = newReplicaSet.metadata;
  const carriers = effects.flatMap((effect) =>
    (effect.kind === 'annotateReplicaSet' || effect.kind === 'scaleReplicaSet') && effect.name === name ? [effect] : [],
  );
  // One that need not wait for a moment, where there is one.
  const carrier = carriers.find((effect) => effect.kind === 'scaleReplicaSet' || !effect.mayWait) ?? carriers[0];
  if (!carrier) return [...effects, { kind: 'annotateReplicaSet', name, annotations }];
  const carrying = { ...carrier, annotations: { ...annotations, ...carrier.annotations } };
  return effects.map((effect) => (effect === carrier ? carrying : effect));
}

/** Keeps the API server's word that a ReplicaSet with another hash runs the template: it need not be asked again. */
export function sameTemplateEffects({ facts: { newReplicaSet: current, seen, status } }: PlanInput): Effect[] {
  if (!current || current.metadata.name !== seen.sameTemplate) return [];
  const hash = templateHash(seen.rollout.spec.template ?? {}, status.collisionCount);
  return [{ kind: 'annotateReplicaSet', name: current.metadata.name, annotations: { [TEMPLATE_HASH]: hash } }];
}

/** What the new ReplicaSet should remember after this pass. */
export function nextMemory(input: Omit<PlanInput, 'memory' | 'slots'>): RevisionState {
  const contests = rememberedContests(input.facts);
  return { ...revisionMemory(input), ...(contests.length > 0 && { contests }) };
}

function revisionMemory({ facts, persisted, next, abortCause }: Omit<PlanInput, 'memory' | 'slots'>): RevisionState {
  const { abort, wasGivenUp, contests: _, ...memory } = facts.memory;
  if (startsOver(facts, persisted, next)) {
    const tried = abort !== undefined || (memory.progressHighWater ?? 0) > 0;
    const failedBefore = facts.strategy === 'blueGreen' && (abort !== undefined || wasGivenUp === true);
    return { ...(failedBefore && { wasGivenUp: true }), attempt: (memory.attempt ?? 1) + (tried ? 1 : 0) };
  }
  const pods = available(facts.newReplicaSet);
  const atRest = nameOf(next.delivery) === 'settled' && pods >= facts.replicas;
  const rose = !atRest && pods > (memory.progressHighWater ?? 0);
  const cause = abortCause ?? (nameOf(next.delivery).startsWith('abort') ? abort : undefined);
  const becameStable = next.delivery === 'settled';
  return {
    ...(wasGivenUp && !becameStable ? { wasGivenUp } : {}),
    ...memory,
    ...(rose ? { progressHighWater: pods, progressAt: timestamp(facts.now) } : {}),
    ...(cause ? { abort: cause } : {}),
  };
}

/** The newest pods are counted by what the spec says now, also where it said otherwise when their ReplicaSet was made. */
export function readinessEffects({ facts }: PlanInput): Effect[] {
  const { newReplicaSet: current, seen } = facts;
  const seconds = minReadySeconds(seen.rollout);
  if (!current || (current.spec.minReadySeconds ?? 0) === seconds) return [];
  return [{ kind: 'setMinReadySeconds', name: current.metadata.name, seconds }];
}

function withoutProgress({ progressHighWater: _, progressAt: __, ...lasting }: RevisionState): object {
  return lasting;
}

export function memoryEffects({ facts, memory, next }: PlanInput): Effect[] {
  const { newReplicaSet: current } = facts;
  const text = JSON.stringify(memory);
  const before = memoryOf(current);
  if (!current || text === JSON.stringify(before)) return [];
  // How far the pods came counts when they fall back: an update that is over sooner never needs it.
  const mayWait = isDeepStrictEqual(withoutProgress(memory), withoutProgress(before));
  if (mayWait && next.delivery === 'settled') return [];
  const annotations = { [STATE]: text };
  return [{ kind: 'annotateReplicaSet', name: current.metadata.name, annotations, ...(mayWait && { mayWait }) }];
}
