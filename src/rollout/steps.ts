import { type CanaryStep, pauseStepSeconds } from '../api/index.ts';
import { blindness } from './blind.ts';
import { isActive, isAtPause, isPreviewReady, isSaturated, previewDone } from './blue-green.ts';
import { isUndone } from './contest.ts';
import { available, type Facts, wanted } from './facts.ts';
import { isThresholdMet } from './replicas.ts';
import { routesServed } from './routes.ts';
import { runPhase } from './run-phase.ts';
import { goalCounts } from './scale.ts';

/** A step of an update: one of the canary's, or one that every blue-green update goes through. */
export interface Step extends CanaryStep {
  /** The new pods run beside the active ones. */
  preview?: object;
  /** Users are led to the new pods. */
  cutover?: object;
}

export type StepKind =
  | 'setWeight'
  | 'pause'
  | 'analysis'
  | 'setCanaryScale'
  | 'setHeaderRoute'
  | 'setMirrorRoute'
  | 'preview'
  | 'cutover';
/** Of a step with several keys the first that is in this list tells its kind. */
export const stepKinds: readonly StepKind[] = [
  'setWeight',
  'pause',
  'analysis',
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'preview',
  'cutover',
];

/** The kind of a step that this version drives; undefined for any other, which validation has refused already. */
export function kindOf(step: Step | undefined): StepKind | undefined {
  return step && stepKinds.find((kind) => step[kind] !== undefined);
}

function scaleInWords({ weight, replicas, matchTrafficWeight }: NonNullable<Step['setCanaryScale']>): string {
  if (weight !== undefined) return `weight: ${weight}`;
  return matchTrafficWeight ? 'matchTrafficWeight: true' : `replicas: ${replicas}`;
}

/** A step in words, as events and the CLI show it. */
export function describeStep(step: Step | undefined): string {
  if (!step) return '';
  if (step.setWeight !== undefined) return `setWeight: ${step.setWeight}`;
  if (step.pause) return step.pause.duration === undefined ? 'pause' : `pause: ${step.pause.duration}`;
  if (step.analysis)
    return `analysis: ${(step.analysis.templates ?? []).map((template) => template.templateName).join(', ')}`;
  if (step.setCanaryScale) return `setCanaryScale{${scaleInWords(step.setCanaryScale)}}`;
  if (step.setHeaderRoute) return `setHeaderRoute: ${step.setHeaderRoute.name ?? ''}`;
  if (step.setMirrorRoute) return `setMirrorRoute: ${step.setMirrorRoute.name}`;
  return Object.keys(step).join(', ');
}

/** Milliseconds since the epoch at which a timed pause ends; undefined for one that waits for a person, or began nobody knows when. */
export function pauseEnd({ steps, index, status }: Facts): number | undefined {
  const seconds = pauseStepSeconds(steps[index] ?? {});
  const began = status.pauseConditions?.find((condition) => condition.reason === 'CanaryPauseStep')?.startTime;
  const end = Date.parse(began ?? '') + (seconds ?? Number.NaN) * 1000;
  return Number.isNaN(end) ? undefined : end;
}

/** A user took the pause away: the controller had paused, and no reason for it is left in the status. */
export function released({ status }: Facts): boolean {
  return status.controllerPause === true && (status.pauseConditions ?? []).length === 0;
}

/** Whether the pods of the step under way are there: asked for and available, nothing else left of other revisions. */
export function podsInPlace(facts: Facts): boolean {
  if (facts.strategy === 'blueGreen') return facts.index === 0 ? isPreviewReady(facts) : isSaturated(facts);
  const goal = goalCounts(facts, facts.index);
  const { newReplicaSet, stableReplicaSet, canary } = facts;
  const canaryThere =
    wanted(newReplicaSet) === goal.canary &&
    isThresholdMet(canary.replicaProgressThreshold, available(newReplicaSet), goal.canary);
  if (facts.routed) return canaryThere;
  // Stable pods that do not come up must not keep a good canary from replacing them.
  const stableThere =
    wanted(stableReplicaSet) === goal.stable && (stableReplicaSet?.status?.replicas ?? 0) === goal.stable;
  return canaryThere && stableThere && facts.others.every((other) => wanted(other) === 0);
}

/** The reasons of pauses that belong to a step, and end with it. */
const STEP_PAUSES: readonly string[] = ['CanaryPauseStep', 'BlueGreenPause'];

/** The pause that a step makes; undefined where it makes none, or not yet. */
export function stepPause(facts: Facts, kind: StepKind | undefined): string | undefined {
  if (kind === 'pause') return 'CanaryPauseStep';
  return kind === 'preview' && isAtPause(facts) ? 'BlueGreenPause' : undefined;
}

/** Whether the data plane serves what the step under way asks for. */
function trafficServed(facts: Facts): boolean {
  // A Rollout scaled to nothing serves nothing: the route is left alone, and the steps go by.
  if (!facts.routed || facts.replicas === 0) return true;
  const { setWeight } = facts.steps[facts.index] ?? {};
  return routesServed(facts) && (setWeight === undefined || facts.seen.traffic?.canaryWeight === setWeight);
}

/** Whether the step under way is complete. Follows from what was observed and persisted only. */
export function stepDone(facts: Facts): boolean {
  const { status, steps, index } = facts;
  if ((status.pauseConditions ?? []).some(({ reason }) => !STEP_PAUSES.includes(reason))) return false;
  if ((blindness(facts) !== undefined || isUndone(facts)) && !released(facts)) return false;
  switch (kindOf(steps[index])) {
    case 'setWeight':
      return podsInPlace(facts) && trafficServed(facts);
    case 'setCanaryScale':
      return podsInPlace(facts);
    case 'setHeaderRoute':
    case 'setMirrorRoute':
      return trafficServed(facts);
    case 'pause': {
      const end = pauseEnd(facts);
      return released(facts) || (end !== undefined && facts.now >= end);
    }
    case 'analysis':
      return runPhase(facts.runs.Step, facts.slots.Step) === 'Successful';
    case 'preview':
      return previewDone(facts, released(facts));
    case 'cutover':
      return isActive(facts);
    default:
      return false;
  }
}
