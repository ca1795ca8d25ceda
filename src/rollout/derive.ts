import { isCompleted } from '../analysis/index.ts';
import { progressDeadlineSeconds, type RolloutAnalysisRunStatus } from '../api/index.ts';
import { blindness } from './blind.ts';
import { isActive, isVerified } from './blue-green.ts';
import { badRun } from './cause.ts';
import { available, deadlineOf, type Facts, wanted } from './facts.ts';
import type { MachineState, Seen } from './machine.ts';
import { isThresholdMet } from './replicas.ts';
import { currentRoutes } from './routes.ts';
import { kindOf, podsInPlace, stepDone } from './steps.ts';

/** Milliseconds since the epoch of the last progress that the status knows of. */
export function lastProgress({ status, now }: Facts): number {
  const progressing = status.conditions?.find((condition) => condition.type === 'Progressing');
  const at = Date.parse(progressing?.lastUpdateTime ?? '');
  return Number.isNaN(at) ? now : at;
}

/** The status still speaks of a wait that is over: for people, for a valid spec, for a run that was skipped. None of it counts as being stuck. */
export function waitIsOver({ status, steps, index, slots }: Facts): boolean {
  const holds = (type: string, reason?: string) =>
    status.conditions?.some((one) => one.type === type && (reason ? one.reason === reason : one.status === 'True'));
  const skipped = slots.Step !== undefined && !steps[index]?.analysis;
  return skipped || holds('Progressing', 'RolloutPaused') === true || holds('InvalidSpec') === true;
}

/** What is complete has no deadline; pods that it loses begin one, with what is then told of them. */
function wasComplete({ status }: Facts): boolean {
  return status.conditions?.find(({ type }) => type === 'Progressing')?.reason === 'NewReplicaSetAvailable';
}

/** A former revision keeps its pods for a while: what waits for their end is not stuck. */
function waitsForScaleDown({ others }: Facts): boolean {
  return others.some((other) => wanted(other) > 0 && deadlineOf(other) !== undefined);
}

/** A blue-green update whose pods are all there waits for its analysis, not for progress. */
function waitsForVerdict({ slots }: Facts): boolean {
  const isUnderWay = (slot: RolloutAnalysisRunStatus | undefined) => slot !== undefined && !isCompleted(slot.status);
  return isUnderWay(slots.PrePromotion) || isUnderWay(slots.PostPromotion);
}

/** World time at which the update counts as stuck; undefined while it waits for something other than pods. */
export function progressDeadline(facts: Facts): number | undefined {
  const paused = (facts.status.pauseConditions ?? []).length > 0 || facts.seen.rollout.spec.paused === true;
  const step = facts.steps[facts.index];
  const waits = step?.pause !== undefined || step?.analysis !== undefined || waitsForVerdict(facts);
  const inFlight = facts.hash !== facts.stableHash;
  if (paused || facts.status.abort || (inFlight && (waits || podsInPlace(facts)))) return undefined;
  if (waitIsOver(facts) || wasComplete(facts) || waitsForScaleDown(facts)) return undefined;
  return lastProgress(facts) + progressDeadlineSeconds(facts.seen.rollout) * 1000;
}

function trafficRestored(facts: Facts): boolean {
  if (facts.strategy === 'blueGreen') return !isActive(facts);
  return !facts.routed || ((facts.seen.traffic?.canaryWeight ?? 0) === 0 && currentRoutes(facts).length === 0);
}

/**
 * The state that the API server's facts speak of: total over any spec and any status, whoever wrote them. What the
 * status says is the state; what the spec says is news for the machine.
 */
export function derive(facts: Facts): MachineState {
  const { status, steps, stableHash, index } = facts;
  const state = (delivery: MachineState['delivery'], at = index): MachineState => ({
    delivery,
    hold: facts.seen.rollout.spec.paused === true ? 'paused' : 'running',
    index: at,
    length: steps.length,
  });
  if (facts.seen.problems.length > 0) return state('invalid');
  if (stableHash === undefined) return state('promoting', steps.length);
  if (!status.currentPodHash || status.currentPodHash === stableHash) return state('settled', steps.length);
  if (status.abortedAt !== undefined) return state(trafficRestored(facts) ? 'aborted' : 'aborting', 0);
  const kind = kindOf(steps[index]);
  return kind ? state({ progressing: kind }) : state('promoting', steps.length);
}

function verdictBad(facts: Facts): boolean {
  return badRun(facts) !== undefined;
}

function isStuck(facts: Facts): boolean {
  const deadline = progressDeadline(facts);
  const waiting =
    facts.strategy === 'blueGreen' ? !podsInPlace(facts) : available(facts.newReplicaSet) < facts.replicas;
  return (
    facts.seen.rollout.spec.progressDeadlineAbort === true && waiting && deadline !== undefined && facts.now >= deadline
  );
}

/** The new revision can take over: every pod is available, and where there is a router, all traffic has been seen there. */
function canaryReady(facts: Facts): boolean {
  const { newReplicaSet, replicas, canary } = facts;
  const podsThere =
    newReplicaSet !== undefined && isThresholdMet(canary.replicaProgressThreshold, available(newReplicaSet), replicas);
  if (facts.strategy === 'blueGreen') return podsThere && isActive(facts) && isVerified(facts);
  if (blindness(facts) !== undefined) return false;
  if (!podsThere || !facts.routed || facts.replicas === 0 || facts.status.promoteFull) return podsThere;
  const { traffic } = facts.seen;
  return traffic?.canaryWeight === facts.maxWeight && traffic.verified;
}

/** What the machine is told: one facet per guard. */
export function look(facts: Facts): Seen {
  const { status, steps, hash, stableHash, hasOtherSteps } = facts;
  const stableTemplate = stableHash !== undefined && hash === stableHash;
  const sameRevision = status.currentPodHash === hash && !hasOtherSteps;
  return {
    invalid: facts.seen.problems.length > 0,
    firstInstall: stableHash === undefined,
    stableTemplate,
    newRevision: stableHash !== undefined && !stableTemplate && !sameRevision,
    withinRollbackWindow: facts.strategy === 'canary' && facts.isWithinRollbackWindow,
    abortRequested: status.abort === true && status.abortedAt === undefined,
    verdictBad: verdictBad(facts),
    stuck: isStuck(facts),
    retryRequested: status.abort !== true && status.abortedAt !== undefined,
    promoteFull: status.promoteFull === true,
    stepDone: stepDone(facts),
    firstStep: kindOf(steps[0]) ?? 'none',
    nextStep: kindOf(steps[facts.index + 1]) ?? 'none',
    canaryReady: canaryReady(facts),
    trafficRestored: trafficRestored(facts),
    paused: facts.seen.rollout.spec.paused === true,
  };
}
