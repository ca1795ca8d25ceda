import {
  canaryServices,
  type LabelSelector,
  type PauseCondition,
  type ReplicaSet,
  type RolloutStatus,
  type TrafficWeights,
} from '../api/index.ts';
import { told } from '../api/problems.ts';
import { timestamp } from '../api/times.ts';
import { activeReplicaSet, activeService, previewService, selectedHash } from './blue-green.ts';
import { conditionsOf, invalidConditions } from './conditions.ts';
import { durationOf } from './duration.ts';
import { available, type Facts } from './facts.ts';
import { isInFlight, type MachineState, nameOf } from './machine.ts';
import { phaseOf } from './phase.ts';
import { isNameTaken } from './plan-ownership.ts';
import { restartedAt } from './plan-restart.ts';
import { type RunSlots, slotFields } from './run-types.ts';
import { newlyInconclusive, startsOver } from './runs.ts';
import { selectorText } from './selector.ts';
import { released, stepPause } from './steps.ts';
import { observedWeight } from './weights.ts';

/** What was decided in this pass, as far as status must tell of it. */
export interface StatusInput {
  facts: Facts;
  persisted: MachineState;
  next: MachineState;
  /** The reason in the abort's message; undefined where a person asked. */
  abortCause: string | undefined;
  /** The runs that the status names. */
  slots: RunSlots;
}

function samePause({ persisted, next, facts }: StatusInput): boolean {
  return persisted.index === next.index && !startsOver(facts, persisted, next);
}

/** The reasons for a pause that hold after this pass, and whether the controller has paused at all. */
function pauses(input: StatusInput): { conditions: PauseCondition[]; controllerPause: boolean } {
  const { facts, next, slots } = input;
  if (!isInFlight(next)) return { conditions: [], controllerPause: false };
  const before = samePause(input) ? (facts.status.pauseConditions ?? []) : [];
  const add = (reason: string): PauseCondition =>
    before.find((condition) => condition.reason === reason) ?? { reason, startTime: timestamp(facts.now) };
  const pause = typeof next.delivery === 'object' ? stepPause(facts, next.delivery.progressing) : undefined;
  const wasReleased = samePause(input) && released(facts);
  const inconclusive =
    newlyInconclusive(facts, slots) || before.some((condition) => condition.reason === 'InconclusiveAnalysisRun');
  const conditions = [
    ...(pause && !wasReleased ? [add(pause)] : []),
    ...(inconclusive ? [add('InconclusiveAnalysisRun')] : []),
  ];
  // Where spec.paused keeps a released step from completing, the release stays on record.
  return { conditions, controllerPause: conditions.length > 0 || (pause !== undefined && wasReleased) };
}

function weights(facts: Facts): TrafficWeights | undefined {
  const weight = observedWeight(facts);
  if (!facts.routed || weight === undefined) return facts.routed ? facts.status.canary?.weights : undefined;
  const names = canaryServices(facts.seen.rollout);
  const stable = facts.stableHash ?? facts.hash;
  return {
    canary: {
      weight,
      ...(names.canary ? { serviceName: names.canary } : {}),
      podTemplateHash: facts.hash,
    },
    stable: {
      weight: facts.maxWeight - weight,
      ...(names.stable ? { serviceName: names.stable } : {}),
      podTemplateHash: stable,
    },
    verified: facts.seen.traffic?.verified === true,
  };
}

/** The pods that users can reach, as far as Services decide that: what an autoscaler should count. */
function serving(facts: Facts): { replicaSets: ReplicaSet[]; selector: LabelSelector | undefined } {
  const { replicaSets, rollout } = facts.seen;
  const active = facts.strategy === 'blueGreen' ? activeReplicaSet(facts) : undefined;
  return active
    ? { replicaSets: [active], selector: active.spec.selector ?? {} }
    : { replicaSets, selector: rollout.spec.selector };
}

function observedGeneration({ seen }: Facts): Pick<RolloutStatus, 'observedGeneration'> {
  return { observedGeneration: String(seen.rollout.metadata.generation ?? 0) };
}

function totalPods({ seen }: Facts): number {
  return seen.replicaSets.reduce((sum, replicaSet) => sum + (replicaSet.status?.replicas ?? 0), 0);
}

function counts(facts: Facts): Partial<RolloutStatus> {
  const { replicaSets, selector } = serving(facts);
  const sum = (of: (replicaSet: ReplicaSet) => number) => replicaSets.reduce((total, one) => total + of(one), 0);
  return {
    replicas: totalPods(facts),
    updatedReplicas: facts.newReplicaSet?.status?.replicas ?? 0,
    readyReplicas: sum((replicaSet) => replicaSet.status?.readyReplicas ?? 0),
    availableReplicas: sum(available),
    HPAReplicas: sum((replicaSet) => replicaSet.status?.replicas ?? 0),
    ...(selector && { selector: selectorText(selector) }),
    ...observedGeneration(facts),
  };
}

/** What the Services of a blue-green Rollout select. */
function selectors(facts: Facts): NonNullable<RolloutStatus['blueGreen']> {
  if (facts.strategy !== 'blueGreen') return {};
  const [previewSelector, activeSelector] = [previewService(facts), activeService(facts)].map(selectedHash);
  return { ...(previewSelector && { previewSelector }), ...(activeSelector && { activeSelector }) };
}

/** Which of two Services that take turns is the stable one: the other of them after every promotion. */
function turn({ canary, status, hash, stableHash }: Facts, next: MachineState): NonNullable<RolloutStatus['canary']> {
  const now = status.canary?.stablePingPong;
  if (canary.pingPong === undefined) return {};
  const isPromoted = next.delivery === 'settled' && stableHash !== hash;
  if (!isPromoted) return now === undefined ? {} : { stablePingPong: now };
  return { stablePingPong: now === 'ping' ? 'pong' : 'ping' };
}

function abortFields({ facts, next }: StatusInput): Partial<RolloutStatus> {
  const delivery = nameOf(next.delivery);
  if (delivery !== 'aborting' && delivery !== 'aborted') return {};
  return { abort: true, abortedAt: facts.status.abortedAt ?? timestamp(facts.now) };
}

/** What is told of an object that cannot be followed besides that: nothing of one that never could be. */
function standing(facts: Facts): Partial<RolloutStatus> {
  if (facts.status.currentPodHash === undefined) return observedGeneration(facts);
  const split = weights(facts);
  const canary = { ...facts.status.canary, ...(split ? { weights: split } : {}) };
  return { ...counts(facts), canary, blueGreen: { ...facts.status.blueGreen, ...selectors(facts) } };
}

function invalidStatus(facts: Facts): RolloutStatus {
  const { problems, rollout } = facts.seen;
  const message = `The Rollout "${rollout.metadata.name}" is invalid: ${told(problems)}`;
  const status = { ...facts.status, ...standing(facts), conditions: invalidConditions(facts, message) };
  return { ...status, ...phaseOf(rollout, status) };
}

/** Keeps what this version does not drive but another writer may have put there. */
function carriedOver({ restartedAt, alb, albs }: RolloutStatus): RolloutStatus {
  const fields = { restartedAt, alb, albs };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Each collision makes another hash; the count is part of every hash from then on. */
function collisions(facts: Facts): Partial<RolloutStatus> {
  const { collisionCount } = facts.status;
  if (isNameTaken(facts)) return { collisionCount: (collisionCount ?? 0) + 1 };
  return collisionCount === undefined ? {} : { collisionCount };
}

/** The whole status after this pass: what was observed, and the state that was decided. */
export function statusOf(input: StatusInput): RolloutStatus {
  const { facts, next, slots } = input;
  if (nameOf(next.delivery) === 'invalid') return invalidStatus(facts);
  const { conditions: pauseConditions, controllerPause } = pauses(input);
  const promoted = nameOf(next.delivery) === 'settled';
  const stableRS = promoted ? facts.hash : facts.stableHash;
  const split = weights(facts);
  const runs = slotFields(slots);
  const duration = durationOf(facts, input.persisted, next, { pauseConditions });
  const letThrough = facts.strategy === 'blueGreen' && isInFlight(next) && next.index > 0;
  const sameUpdate = facts.status.currentPodHash === facts.hash && !facts.hasOtherSteps;
  const fullPromotion = facts.status.promoteFull && nameOf(next.delivery) === 'promoting' && sameUpdate;
  const pausedNow = pauseConditions.length > 0 || next.hold === 'paused';
  const { workload } = facts.seen;
  const after: RolloutStatus = {
    ...carriedOver(facts.status),
    ...restartedAt(facts),
    ...counts(facts),
    ...abortFields(input),
    ...(workload && { workloadObservedGeneration: String(workload.generation) }),
    currentPodHash: facts.hash,
    ...(facts.stepHash ? { currentStepHash: facts.stepHash } : {}),
    ...(facts.strategy === 'canary' && facts.steps.length > 0 ? { currentStepIndex: next.index } : {}),
    ...(stableRS ? { stableRS } : {}),
    ...(fullPromotion ? { promoteFull: true } : {}),
    ...(pauseConditions.length > 0 ? { pauseConditions } : {}),
    ...(controllerPause ? { controllerPause } : {}),
    ...(duration ? { duration } : {}),
    ...collisions(facts),
    blueGreen: { ...selectors(facts), ...(letThrough && { scaleUpPreviewCheckPoint: true }), ...runs.blueGreen },
    canary: { ...runs.canary, ...(split ? { weights: split } : {}), ...turn(facts, next) },
  };
  const conditions = conditionsOf({ facts, next, after, pausedNow, abortCause: input.abortCause });
  const status = { ...after, conditions };
  const { phase, message } = phaseOf(facts.seen.rollout, status);
  return { ...status, phase, ...(message ? { message } : {}) };
}
