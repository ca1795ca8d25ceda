import { parsedFields } from '../api/fields.ts';
import {
  type AnalysisRun,
  type CanaryStep,
  type CanaryStrategy,
  canarySteps,
  desiredReplicas,
  type KubeObject,
  maxTrafficWeight,
  POD_TEMPLATE_HASH,
  type PodTemplateSpec,
  REVISION,
  type ReplicaSet,
  type RevisionState,
  type RolloutStatus,
  STATE,
} from '../api/index.ts';
import type { Observation } from './observation.ts';
import { givenTemplate, stepsHash, templateHash } from './template.ts';
import { sameTemplate } from './template-difference.ts';

/** An observation sorted out: which ReplicaSet plays which part, and where the update stands. */
export interface Facts {
  seen: Observation;
  now: number;
  status: RolloutStatus;
  canary: CanaryStrategy;
  steps: CanaryStep[];
  /** spec.replicas. */
  replicas: number;
  hash: string;
  stepHash: string;
  /** The hash of the stable revision, where there is one. */
  stableHash: string | undefined;
  newReplicaSet: ReplicaSet | undefined;
  stableReplicaSet: ReplicaSet | undefined;
  /** Neither new nor stable. */
  others: ReplicaSet[];
  /** The revision number of the newest template, also where its ReplicaSet is yet to be made. */
  revision: number;
  /** What the new ReplicaSet's annotation remembers. */
  memory: RevisionState;
  routed: boolean;
  maxWeight: number;
  /** The step under way; the number of steps when all are done. */
  index: number;
  stepRun: AnalysisRun | undefined;
  backgroundRun: AnalysisRun | undefined;
}

export function hashOf(replicaSet: ReplicaSet): string {
  return replicaSet.metadata.labels?.[POD_TEMPLATE_HASH] ?? '';
}

/** The revision that an object belongs to; 0 where it says none. */
export function revisionOf(object: KubeObject | undefined): number {
  return Number(object?.metadata.annotations?.[REVISION] ?? 0) || 0;
}

export function wanted(replicaSet: ReplicaSet | undefined): number {
  return replicaSet ? (replicaSet.spec.replicas ?? 1) : 0;
}

/** Available pods; a status that the ReplicaSet's controller wrote for an older spec still counts pods that exist. */
export function available(replicaSet: ReplicaSet | undefined): number {
  return Math.min(replicaSet?.status?.availableReplicas ?? 0, replicaSet?.status?.replicas ?? 0);
}

/** What a ReplicaSet's annotation remembers; nothing where there is none or somebody wrote something else there. */
export function memoryOf(replicaSet: ReplicaSet | undefined): RevisionState {
  const text = replicaSet?.metadata.annotations?.[STATE];
  return text ? parsedFields(text) : {};
}

function oldestFirst(a: ReplicaSet, b: ReplicaSet): number {
  return (
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}

/**
 * The ReplicaSet that already runs this template: by meaning, so that no upgrade deploys anew; failing that by its hash,
 * because the API server may store another template than it was given.
 */
function findReplicaSet(
  replicaSets: ReplicaSet[],
  template: PodTemplateSpec,
  hash: string,
  current: string | undefined,
) {
  const alike = replicaSets.filter((replicaSet) => sameTemplate(givenTemplate(replicaSet), template));
  return (
    alike.find((replicaSet) => hashOf(replicaSet) === hash) ??
    alike.find((replicaSet) => hashOf(replicaSet) === current) ??
    alike.sort(oldestFirst)[0] ??
    replicaSets.find((replicaSet) => hashOf(replicaSet) === hash)
  );
}

function revisionNumber(replicaSets: ReplicaSet[], newReplicaSet: ReplicaSet | undefined): number {
  const highest = Math.max(0, ...replicaSets.filter((other) => other !== newReplicaSet).map(revisionOf));
  const own = newReplicaSet ? revisionOf(newReplicaSet) : 0;
  return own > highest ? own : highest + 1;
}

function clampIndex(index: number | undefined, steps: CanaryStep[]): number {
  if (index === undefined || !Number.isInteger(index) || index < 0) return 0;
  return Math.min(index, steps.length);
}

export function factsOf(seen: Observation): Facts {
  const { rollout, runs } = seen;
  const status = rollout.status ?? {};
  const canary = rollout.spec.strategy?.canary ?? {};
  const steps = canarySteps(rollout);
  const template = rollout.spec.template ?? {};
  const alive = seen.replicaSets.filter((replicaSet) => !replicaSet.metadata.deletionTimestamp);
  const computed = templateHash(template, status.collisionCount);
  const newReplicaSet = findReplicaSet(alive, template, computed, status.currentPodHash);
  const stableHash = status.stableRS || undefined;
  const stableReplicaSet = alive.find((replicaSet) => hashOf(replicaSet) === stableHash);
  const named = (name: string | undefined) => runs.find((run) => run.metadata.name === name);
  return {
    seen,
    now: seen.now,
    status,
    canary,
    steps,
    replicas: desiredReplicas(rollout),
    hash: newReplicaSet ? hashOf(newReplicaSet) : computed,
    stepHash: stepsHash(canary.steps),
    stableHash,
    newReplicaSet,
    stableReplicaSet,
    others: alive
      .filter((replicaSet) => replicaSet !== newReplicaSet && replicaSet !== stableReplicaSet)
      .sort(oldestFirst),
    revision: revisionNumber(alive, newReplicaSet),
    memory: memoryOf(newReplicaSet),
    routed: canary.trafficRouting !== undefined,
    maxWeight: maxTrafficWeight(rollout),
    index: clampIndex(status.currentStepIndex, steps),
    stepRun: named(status.canary?.currentStepAnalysisRunStatus?.name),
    backgroundRun: named(status.canary?.currentBackgroundAnalysisRunStatus?.name),
  };
}
