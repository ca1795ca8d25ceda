import { parsedFields } from '../api/fields.ts';
import {
  type BlueGreenStrategy,
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
  SCALE_DOWN_DEADLINE,
  STATE,
  selects,
  TEMPLATE_HASH,
} from '../api/index.ts';
import { blueGreenIndex, blueGreenSteps } from './blue-green.ts';
import type { Observation } from './observation.ts';
import { type NamedRuns, type RunSlots, slotsOf } from './run-types.ts';
import type { Step } from './steps.ts';
import { givenTemplate, stepsHash, templateHash } from './template.ts';
import { sameTemplate } from './template-difference.ts';

/** An observation sorted out: which ReplicaSet plays which part, and where the update stands. */
export interface Facts {
  seen: Observation;
  now: number;
  status: RolloutStatus;
  strategy: 'canary' | 'blueGreen';
  /** Empty for a blue-green Rollout. */
  canary: CanaryStrategy;
  /** Without Services for a canary. */
  blueGreen: BlueGreenStrategy;
  steps: readonly Step[];
  /** spec.replicas. */
  replicas: number;
  hash: string;
  stepHash: string;
  /** The steps are not those that the status speaks of. */
  hasOtherSteps: boolean;
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
  /** The runs that the status names. */
  slots: RunSlots;
  runs: NamedRuns;
  /** The template is that of a former revision, not further back than spec.rollbackWindow allows. */
  isWithinRollbackWindow: boolean;
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

/** With what a pass before this one has noted and not written down yet. */
function rememberedBy(replicaSet: ReplicaSet | undefined, { note }: Observation): RevisionState {
  return note && note.replicaSet === replicaSet?.metadata.name ? parsedFields(note.text) : memoryOf(replicaSet);
}

/** Until when a ReplicaSet is kept though nothing needs it, milliseconds since the epoch; undefined: no delay is running. */
export function deadlineOf(replicaSet: ReplicaSet): number | undefined {
  const at = Date.parse(replicaSet.metadata.annotations?.[SCALE_DOWN_DEADLINE] ?? '');
  return Number.isNaN(at) ? undefined : at;
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
    replicaSets.find((replicaSet) => hashOf(replicaSet) === hash) ??
    replicaSets.find(({ metadata }) => metadata.annotations?.[TEMPLATE_HASH] === hash)
  );
}

function revisionNumber(replicaSets: ReplicaSet[], newReplicaSet: ReplicaSet | undefined): number {
  const highest = Math.max(0, ...replicaSets.filter((other) => other !== newReplicaSet).map(revisionOf));
  const own = newReplicaSet ? revisionOf(newReplicaSet) : 0;
  return own > highest ? own : highest + 1;
}

function clampIndex(index: number | undefined, steps: readonly Step[]): number {
  if (index === undefined || !Number.isInteger(index) || index < 0) return 0;
  return Math.min(index, steps.length);
}

function bornAt({ metadata }: ReplicaSet): string {
  return metadata.creationTimestamp ?? '';
}

/** Going back to a ReplicaSet that is older than the stable one, with fewer than so many made between the two. */
function isWithinWindow(
  window: number,
  all: ReplicaSet[],
  to: ReplicaSet | undefined,
  stable: ReplicaSet | undefined,
): boolean {
  if (!to || !stable || bornAt(to) >= bornAt(stable)) return false;
  return all.filter((other) => bornAt(to) < bornAt(other) && bornAt(other) < bornAt(stable)).length < window;
}

/** The part of the facts that the strategy decides. */
function strategyFacts({ rollout }: Observation, status: RolloutStatus) {
  const { canary = {}, blueGreen } = rollout.spec.strategy ?? {};
  if (blueGreen) {
    const index = blueGreenIndex({ status });
    return { strategy: 'blueGreen', canary: {}, blueGreen, steps: blueGreenSteps, stepHash: '', index } as const;
  }
  const steps = canarySteps(rollout);
  const index = clampIndex(status.currentStepIndex, steps);
  const stepHash = stepsHash(canary.steps);
  return { strategy: 'canary', canary, blueGreen: { activeService: '' }, steps, stepHash, index } as const;
}

/**
 * Whether the status speaks of other steps. One that was written for this very spec speaks of these, whichever library has
 * hashed them, or none has; but nobody has taken up the steps of a spec that was invalid. Blue-green has no steps to
 * follow: an update in which the strategy becomes that goes on, and one that was given up stays given up.
 */
function hasOtherSteps({ rollout }: Observation, status: RolloutStatus, stepHash: string): boolean {
  if (rollout.spec.strategy?.blueGreen || (status.currentStepHash ?? '') === stepHash) return false;
  const wasInvalid = status.conditions?.some((one) => one.type === 'InvalidSpec' && one.status === 'True') === true;
  return wasInvalid || status.observedGeneration !== String(rollout.metadata.generation ?? 0);
}

function namedRuns(slots: RunSlots, { runs }: Observation): NamedRuns {
  const named = Object.entries(slots).map(([type, { name }]) => [
    type,
    runs.find(({ metadata }) => metadata.name === name),
  ]);
  return Object.fromEntries(named.filter(([, run]) => run !== undefined));
}

export function factsOf(seen: Observation): Facts {
  const { rollout } = seen;
  const status = rollout.status ?? {};
  const slots = slotsOf(status);
  const template = rollout.spec.template ?? {};
  const { selector } = rollout.spec;
  const alive = seen.replicaSets.filter(
    ({ metadata }) => !metadata.deletionTimestamp && (!selector || selects(selector, metadata.labels ?? {})),
  );
  const computed = templateHash(template, status.collisionCount);
  const newReplicaSet =
    findReplicaSet(alive, template, computed, status.currentPodHash) ??
    alive.find(({ metadata }) => metadata.name === seen.sameTemplate);
  const stableHash = status.stableRS || undefined;
  const stableReplicaSet = alive.find((replicaSet) => hashOf(replicaSet) === stableHash);
  const routed = rollout.spec.strategy?.canary?.trafficRouting !== undefined;
  const ofStrategy = strategyFacts(seen, status);
  return {
    ...ofStrategy,
    hasOtherSteps: hasOtherSteps(seen, status, ofStrategy.stepHash),
    seen,
    now: seen.now,
    status,
    replicas: desiredReplicas(rollout),
    hash: newReplicaSet ? hashOf(newReplicaSet) : computed,
    stableHash,
    newReplicaSet,
    stableReplicaSet,
    others: alive
      .filter((replicaSet) => replicaSet !== newReplicaSet && replicaSet !== stableReplicaSet)
      .sort(oldestFirst),
    revision: revisionNumber(alive, newReplicaSet),
    memory: rememberedBy(newReplicaSet, seen),
    routed,
    maxWeight: maxTrafficWeight(rollout),
    slots,
    runs: namedRuns(slots, seen),
    isWithinRollbackWindow: isWithinWindow(
      rollout.spec.rollbackWindow?.revisions ?? 0,
      alive,
      newReplicaSet,
      stableReplicaSet,
    ),
  };
}
