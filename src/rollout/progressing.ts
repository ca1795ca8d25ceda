import type { Condition, RolloutStatus } from '../api/index.ts';
import { progressDeadline, waitIsOver } from './derive.ts';
import { available, type Facts } from './facts.ts';
import { hasGivenUp, isInFlight, type MachineState } from './machine.ts';
import { observedWeight } from './weights.ts';

/** What one condition says. */
export interface Statement {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  /** Its time moves though it says the same as before. */
  news?: boolean;
}

/** What conditions are told from. */
export interface StatementInput {
  facts: Facts;
  next: MachineState;
  /** The status that this pass comes to; its conditions are not looked at. */
  after: RolloutStatus;
  /** The next status holds a reason for a pause, or the spec asks for one. */
  pausedNow: boolean;
  abortCause: string | undefined;
}

export const NO_MINIMUM = 'Rollout does not have minimum availability';
const CREATED = 'NewReplicaSetCreated';
const CREATE_ERROR = 'ReplicaSetCreateError';
/** An update that has begun, again or at all, and whose pods have yet to be seen. */
const BEGINNING = [CREATED, 'FoundNewReplicaSet', 'RolloutRetry', 'RolloutResumed'];

export function conditionOf({ conditions = [] }: RolloutStatus, type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** The newest revision is the stable one, whether or not all of its pods are there. */
export function isPromoted({ facts: { hash }, after }: StatementInput): boolean {
  return after.stableRS === hash;
}

/** Users and the preview have the newest pods. */
function areServicesHome({ facts: { blueGreen, hash }, after }: StatementInput): boolean {
  const { activeSelector, previewSelector } = after.blueGreen ?? {};
  return activeSelector === hash && (blueGreen.previewService === undefined || previewSelector === hash);
}

/** Users have the newest pods, and exactly as many as the spec asks for; a canary has left no others behind. */
export function isHealthy(input: StatementInput): boolean {
  const { facts, after } = input;
  const { replicas, strategy, steps } = facts;
  if (after.updatedReplicas !== replicas || after.availableReplicas !== replicas) return false;
  if (strategy === 'blueGreen') return areServicesHome(input);
  const isAtEnd = (after.currentStepIndex ?? steps.length) === steps.length;
  return isPromoted(input) && isAtEnd && after.replicas === replicas;
}

/** It was healthy when the status was last written, and is not any more. */
function becameUnhealthy(input: StatementInput): boolean {
  const wasHealthy = conditionOf(input.facts.status, 'Healthy')?.status === 'True';
  return wasHealthy && !(isHealthy(input) && !input.pausedNow);
}

/** Pods of an update count as progress when they are more than there ever were; at rest, when they are more than before. */
function morePods(input: StatementInput): boolean {
  const { facts, after } = input;
  const { status, memory, newReplicaSet } = facts;
  if (!isPromoted(input)) return available(newReplicaSet) > (memory.progressHighWater ?? 0);
  const { updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const isResized = (after.updatedReplicas ?? 0) !== updatedReplicas;
  return isResized || (after.readyReplicas ?? 0) > readyReplicas || (after.availableReplicas ?? 0) > availableReplicas;
}

/** Whether anything came nearer to its goal since the status was last written. */
function progressed(input: StatementInput): boolean {
  const { facts, next, after, pausedNow } = input;
  const { status, hash } = facts;
  const stepped =
    facts.strategy === 'canary'
      ? (status.currentStepIndex ?? next.length) !== next.index
      : isInFlight(next) && facts.index !== next.index;
  const moved = status.currentPodHash !== hash || stepped;
  const promoted = isPromoted(input) && status.stableRS !== hash;
  const [before, weight] = [status.canary?.weights?.canary.weight, observedWeight(facts)];
  const traffic = weight !== undefined && before !== undefined && weight !== before;
  const fewerOld = (status.replicas ?? 0) > (after.replicas ?? 0) && !pausedNow;
  return moved || promoted || traffic || fewerOld || morePods(input);
}

/** The first pods of an update that has begun: told once, so that pods that come and go do not keep a deadline away. */
function firstPods({ facts: { status }, after }: StatementInput, reason: string): boolean {
  return BEGINNING.includes(reason) && (after.updatedReplicas ?? 0) !== (status.updatedReplicas ?? 0);
}

function isTimedOut(facts: Facts): boolean {
  const deadline = progressDeadline(facts);
  return deadline !== undefined && facts.now >= deadline;
}

type Progress = Omit<Statement, 'type'>;

function abortMessage(facts: Facts, cause: string | undefined): string {
  return `Rollout aborted update to revision ${facts.revision}${cause ? `: ${cause}` : ''}`;
}

function nameOfNew({ newReplicaSet, seen, hash }: Facts): string {
  return JSON.stringify(newReplicaSet?.metadata.name ?? `${seen.rollout.metadata.name}-${hash}`);
}

/** What a person or a pause has decided goes before all that pods do. */
function decidedByPeople(input: StatementInput): Progress | undefined {
  const { facts, next, pausedNow, abortCause } = input;
  const { status, hash } = facts;
  if (hasGivenUp(next)) return { status: 'False', reason: 'RolloutAborted', message: abortMessage(facts, abortCause) };
  const isRetried = status.abortedAt !== undefined && !isPromoted(input) && status.currentPodHash === hash;
  if (isRetried)
    return { status: 'Unknown', reason: 'RolloutRetry', message: 'Retrying Rollout after abort', news: true };
  if (!pausedNow || isPromoted(input)) return undefined;
  return { status: 'Unknown', reason: 'RolloutPaused', message: 'Rollout is paused' };
}

/** Its ReplicaSet is made, or its pods are on their way. */
function onItsWay(facts: Facts, reason: string): Progress {
  const name = nameOfNew(facts);
  const isCreation = facts.newReplicaSet === undefined || reason === CREATE_ERROR;
  return isCreation
    ? { status: 'True', reason: CREATED, message: `Created new replica set ${name}`, news: true }
    : { status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet ${name} is progressing.`, news: true };
}

/** A wait is over that no pod has ended. */
function goesOn(facts: Facts, reason: string): boolean {
  const isMade = reason === CREATE_ERROR && facts.newReplicaSet !== undefined;
  return waitIsOver(facts) || reason === 'RolloutAborted' || isMade;
}

function ofPods(input: StatementInput): Progress | undefined {
  const { facts, pausedNow } = input;
  const before = conditionOf(facts.status, 'Progressing');
  const reason = before?.reason ?? '';
  const name = nameOfNew(facts);
  if (isHealthy(input)) {
    const message = `ReplicaSet ${name} has successfully progressed.`;
    return { status: 'True', reason: 'NewReplicaSetAvailable', message };
  }
  const isNewlyUnhealthy = becameUnhealthy(input);
  // What was complete and lacks pods now is no update: its time begins anew.
  if (isNewlyUnhealthy && isPromoted(input))
    return { status: 'True', reason: 'ReplicaSetNotAvailable', message: NO_MINIMUM, news: true };
  if (isNewlyUnhealthy || progressed(input) || firstPods(input, reason)) return onItsWay(facts, reason);
  if (reason === 'RolloutPaused' && !pausedNow)
    return { status: 'Unknown', reason: 'RolloutResumed', message: 'Rollout is resumed', news: true };
  if (before === undefined && facts.newReplicaSet)
    return { status: 'True', reason: 'FoundNewReplicaSet', message: `Found new replica set ${name}` };
  if (before === undefined || goesOn(facts, reason)) return onItsWay(facts, reason);
  if (!isTimedOut(facts)) return undefined;
  const message = `ReplicaSet ${name} has timed out progressing.`;
  return { status: 'False', reason: 'ProgressDeadlineExceeded', message };
}

/** Another controller gave the update up: only its own words say why. */
function wasToldByAnother({ status, memory }: Facts): boolean {
  const { reason } = conditionOf(status, 'Progressing') ?? {};
  return status.abortedAt !== undefined && memory.abort === undefined && reason === 'RolloutAborted';
}

/** What the Progressing condition says; undefined: it stays as it is. */
export function progressing(input: StatementInput): Statement | undefined {
  if (hasGivenUp(input.next) && wasToldByAnother(input.facts)) return undefined;
  const said = decidedByPeople(input) ?? ofPods(input);
  return said && { type: 'Progressing', ...said };
}

/** What it says where the API server did not take the new ReplicaSet. */
export function notCreated(name: string, error: string): Statement {
  const message = `Failed to create new replica set ${JSON.stringify(name)}: ${error}`;
  return { type: 'Progressing', status: 'False', reason: CREATE_ERROR, message };
}
