import { type Condition, maxUnavailable } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { isActive, previewService, selectedHash } from './blue-green.ts';
import { progressDeadline, waitIsOver } from './derive.ts';
import { available, type Facts } from './facts.ts';
import { isInFlight, type MachineState, nameOf } from './machine.ts';
import { observedWeight } from './weights.ts';

interface Statement {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

function nameOfNew({ newReplicaSet, seen, hash }: Facts): string {
  return newReplicaSet?.metadata.name ?? `${seen.rollout.metadata.name}-${hash}`;
}

/** Whether anything came nearer to its goal since the status was last written. */
function progressed(facts: Facts, next: MachineState, pausedNow: boolean): boolean {
  const { status, hash, newReplicaSet, memory } = facts;
  const stepped =
    facts.strategy === 'canary'
      ? (status.currentStepIndex ?? next.length) !== next.index
      : isInFlight(next) && facts.index !== next.index;
  const moved = status.currentPodHash !== hash || stepped;
  const promoted = nameOf(next.delivery) === 'settled' && status.stableRS !== hash;
  const [before, weight] = [status.canary?.weights?.canary.weight, observedWeight(facts)];
  const traffic = weight !== undefined && before !== undefined && weight !== before;
  const fewerOld = (status.replicas ?? 0) > totalPods(facts) && !pausedNow;
  return moved || promoted || traffic || fewerOld || available(newReplicaSet) > (memory.progressHighWater ?? 0);
}

export function totalPods({ seen }: Facts): number {
  return seen.replicaSets.reduce((sum, replicaSet) => sum + (replicaSet.status?.replicas ?? 0), 0);
}

export function abortMessage(facts: Facts, cause: string | undefined): string {
  return `Rollout aborted update to revision ${facts.revision}${cause ? `: ${cause}` : ''}`;
}

/** Users and the preview have the newest pods. */
function areServicesHome(facts: Facts): boolean {
  const preview = facts.blueGreen.previewService === undefined || selectedHash(previewService(facts)) === facts.hash;
  return isActive(facts) && preview;
}

/** Everything is as the spec asks: one revision, all of it available. */
export function isComplete(facts: Facts, next: MachineState): boolean {
  const { newReplicaSet, replicas } = facts;
  const updated = newReplicaSet?.status?.replicas ?? 0;
  const served = facts.strategy === 'canary' || areServicesHome(facts);
  return next.delivery === 'settled' && updated >= replicas && available(newReplicaSet) >= replicas && served;
}

function isTimedOut(facts: Facts, next: MachineState): boolean {
  const deadline = progressDeadline(facts);
  return deadline !== undefined && facts.now >= deadline && !isComplete(facts, next);
}

/** Another controller gave the update up: only its own words say why. */
function wasToldByAnother({ status, memory }: Facts): boolean {
  return status.abortedAt !== undefined && memory.abort === undefined;
}

const TIMED_OUT = 'ProgressDeadlineExceeded';

export interface StatementInput {
  facts: Facts;
  next: MachineState;
  /** Reasons for a pause that the next status holds. */
  pausedNow: boolean;
  abortCause: string | undefined;
}

/** What the Progressing condition says, and whether it speaks of news. Undefined: it stays as it is. */
function progressing({
  facts,
  next,
  pausedNow,
  abortCause,
}: StatementInput): (Statement & { news: boolean }) | undefined {
  const { status, stableHash } = facts;
  const before = status.conditions?.find((condition) => condition.type === 'Progressing');
  const say = (statement: Omit<Statement, 'type'>, news = false) => ({ type: 'Progressing', ...statement, news });
  const delivery = nameOf(next.delivery);
  if (delivery === 'aborting' || delivery === 'aborted') {
    if (before?.reason === 'RolloutAborted' && wasToldByAnother(facts)) return undefined;
    return say({ status: 'False', reason: 'RolloutAborted', message: abortMessage(facts, abortCause) });
  }
  if (status.abortedAt !== undefined && stableHash !== facts.hash && status.currentPodHash === facts.hash) {
    return say({ status: 'Unknown', reason: 'RolloutRetry', message: 'Retrying Rollout after abort' }, true);
  }
  const atRest = next.delivery === 'settled' && facts.hash === stableHash;
  if (pausedNow && !atRest) return say({ status: 'Unknown', reason: 'RolloutPaused', message: 'Rollout is paused' });
  if (before?.reason === 'RolloutPaused') {
    return say({ status: 'Unknown', reason: 'RolloutResumed', message: 'Rollout is resumed' }, true);
  }
  const name = JSON.stringify(nameOfNew(facts));
  if (isComplete(facts, next)) {
    return say({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet ${name} has successfully progressed.`,
    });
  }
  if (
    progressed(facts, next, pausedNow) ||
    waitIsOver(facts) ||
    before === undefined ||
    before.reason === 'RolloutAborted'
  ) {
    const created = facts.newReplicaSet === undefined || status.currentPodHash !== facts.hash;
    return created
      ? say({ status: 'True', reason: 'NewReplicaSetCreated', message: `Created new replica set ${name}` }, true)
      : say({ status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet ${name} is progressing.` }, true);
  }
  if (isTimedOut(facts, next)) {
    return say({ status: 'False', reason: TIMED_OUT, message: `ReplicaSet ${name} has timed out progressing.` });
  }
  return undefined;
}

function statements(input: StatementInput): (Statement & { news?: boolean })[] {
  const { facts, next, pausedNow } = input;
  const { status, seen } = facts;
  const wasPaused = status.conditions?.some((condition) => condition.type === 'Paused') === true;
  const complete = isComplete(facts, next);
  const promoted = nameOf(next.delivery) === 'settled';
  const total = seen.replicaSets.reduce((sum, replicaSet) => sum + available(replicaSet), 0);
  const minimum = total >= facts.replicas - maxUnavailable(seen.rollout);
  const progress = progressing(input);
  const truth = (value: boolean) => (value ? 'True' : 'False');
  return [
    {
      type: 'Available',
      status: truth(minimum),
      reason: 'AvailableReason',
      message: minimum ? 'Rollout has minimum availability' : 'Rollout does not have minimum availability',
    },
    {
      type: 'Healthy',
      status: truth(complete),
      reason: 'RolloutHealthy',
      message: complete ? 'Rollout is healthy' : 'Rollout is not healthy',
    },
    { type: 'Completed', status: truth(promoted), reason: 'RolloutCompleted', message: 'RolloutCompleted' },
    ...(pausedNow || wasPaused
      ? [{ type: 'Paused', status: truth(pausedNow), reason: 'RolloutPaused', message: 'Rollout is paused' } as const]
      : []),
    ...(progress ? [progress] : []),
  ];
}

/** The conditions after a pass; times move only where something is new, so that nothing is written while nothing happens. */
export function conditionsOf(input: StatementInput): Condition[] {
  const { facts } = input;
  const now = timestamp(facts.now);
  const kept = (facts.status.conditions ?? []).filter((condition) => condition.type !== 'InvalidSpec');
  const told = statements(input).map(({ news, ...statement }): Condition => {
    const before = kept.find((condition) => condition.type === statement.type);
    const alike =
      before?.status === statement.status && before.reason === statement.reason && before.message === statement.message;
    if (before && alike && !news) return before;
    const since = before?.status === statement.status ? before.lastTransitionTime : undefined;
    return { ...statement, lastTransitionTime: since ?? now, lastUpdateTime: now };
  });
  // Each keeps its place, so that what is said only now and then does not make the list a new one.
  const updated = kept.map((condition) => told.find(({ type }) => type === condition.type) ?? condition);
  return [...updated, ...told.filter(({ type }) => !kept.some((condition) => condition.type === type))];
}

/** The conditions of an object that cannot be followed: all that was known, and what is wrong. */
export function invalidConditions(facts: Facts, message: string): Condition[] {
  const now = timestamp(facts.now);
  const others = (facts.status.conditions ?? []).filter((condition) => condition.type !== 'InvalidSpec');
  const before = facts.status.conditions?.find((condition) => condition.type === 'InvalidSpec');
  if (before?.status === 'True' && before.message === message) return [...others, before];
  return [
    ...others,
    {
      type: 'InvalidSpec',
      status: 'True',
      reason: 'InvalidSpec',
      message,
      lastTransitionTime: now,
      lastUpdateTime: now,
    },
  ];
}
