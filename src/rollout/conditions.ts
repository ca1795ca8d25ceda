import { type Condition, DESIRED_REPLICAS, type RolloutStatus } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { activeReplicaSet } from './blue-green.ts';
import { available, type Facts, wanted } from './facts.ts';
import { GIT_REVERTED, gitReverted } from './git-reverted.ts';
import { hasGivenUp } from './machine.ts';
import {
  conditionOf,
  isHealthy,
  isPromoted,
  NO_MINIMUM,
  notCreated,
  progressing,
  type Statement,
  type StatementInput,
} from './progressing.ts';

/** Those times are the ReplicaSet's: what it says is passed on. */
type Said = Statement & Pick<Condition, 'lastTransitionTime'>;

function truth(value: boolean): 'True' | 'False' {
  return value ? 'True' : 'False';
}

/** Nobody is told of health before it was there once. */
function healthy(input: StatementInput): Said[] {
  const is = !input.pausedNow && isHealthy(input);
  if (!is && conditionOf(input.facts.status, 'Healthy') === undefined) return [];
  const message = is ? 'Rollout is healthy' : 'Rollout is not healthy';
  return [{ type: 'Healthy', status: truth(is), reason: 'RolloutHealthy', message }];
}

/** As many pods as the spec asks for can serve users: of all revisions in a canary, of the active one in blue-green. */
function hasMinimum({ facts, after }: StatementInput): boolean {
  if (facts.strategy === 'canary') return (after.availableReplicas ?? 0) >= facts.replicas;
  const active = activeReplicaSet(facts);
  return (
    active !== undefined &&
    wanted(active) === facts.replicas &&
    available(active) === facts.replicas &&
    active.metadata.annotations?.[DESIRED_REPLICAS] === String(facts.replicas)
  );
}

function availability(input: StatementInput): Said {
  const is = hasMinimum(input);
  const message = is ? 'Rollout has minimum availability' : NO_MINIMUM;
  return { type: 'Available', status: truth(is), reason: 'AvailableReason', message };
}

/** What keeps a ReplicaSet from making its pods: the newest one's word first. Its words stay: each attempt finds others. */
function replicaFailure({ newReplicaSet, seen, status }: Facts): Said[] {
  const found = [newReplicaSet, ...seen.replicaSets]
    .flatMap((replicaSet) => replicaSet?.status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  if (!found) return [];
  const before = conditionOf(status, 'ReplicaFailure');
  const isKnown = before?.status === found.status && before.reason === found.reason;
  const { reason = '', message = '', lastTransitionTime } = isKnown ? before : found;
  return [
    {
      type: 'ReplicaFailure',
      status: found.status === 'True' ? 'True' : 'False',
      reason,
      message,
      ...(lastTransitionTime && { lastTransitionTime }),
    },
  ];
}

/** An update that was given up leaves it as it was. */
function paused({ facts, next, pausedNow }: StatementInput): Said[] {
  if (hasGivenUp(next) || (!pausedNow && conditionOf(facts.status, 'Paused') === undefined)) return [];
  return [{ type: 'Paused', status: truth(pausedNow), reason: 'RolloutPaused', message: 'Rollout is paused' }];
}

/** In the order in which they are written where all are new. */
function statements(input: StatementInput): Said[] {
  const progress = progressing(input);
  const moves = progress && progress.status !== 'Unknown' ? [progress] : [];
  const waits = progress && progress.status === 'Unknown' ? [progress] : [];
  return [
    ...healthy(input),
    ...moves,
    availability(input),
    ...replicaFailure(input.facts),
    {
      type: 'Completed',
      status: truth(isPromoted(input)),
      reason: 'RolloutCompleted',
      message: 'RolloutCompleted',
    },
    ...waits,
    ...paused(input),
    ...gitReverted(input.facts),
  ];
}

/** The conditions with what is said now: what is new goes to the end, and its times move; all else stays as it is. */
function told(before: Condition[], { news, ...said }: Said, now: string): Condition[] {
  const known = before.find(({ type }) => type === said.type);
  const alike = known?.status === said.status && known.reason === said.reason && known.message === said.message;
  if (known && alike && !news) return before;
  const since = known?.status === said.status ? known.lastTransitionTime : undefined;
  const lastTransitionTime = since ?? said.lastTransitionTime ?? now;
  const condition = { ...said, lastTransitionTime, lastUpdateTime: said.lastTransitionTime ?? now };
  return [...before.filter((other) => other !== known), condition];
}

/** The conditions after a pass; times move only where something is new, so that nothing is written while nothing happens. */
export function conditionsOf(input: StatementInput): Condition[] {
  const { facts } = input;
  const now = timestamp(facts.now);
  const said = statements(input);
  const passing = ['ReplicaFailure', GIT_REVERTED];
  const isOver = ({ type }: Condition) =>
    type === 'InvalidSpec' || (passing.includes(type) && !said.some((one) => one.type === type));
  const kept = (facts.status.conditions ?? []).filter((condition) => !isOver(condition));
  return said.reduce((conditions, one) => told(conditions, one, now), kept);
}

/** A status that says that the API server did not take the new ReplicaSet. `now`: world time. */
export function withCreationError(status: RolloutStatus, name: string, error: string, now: number): RolloutStatus {
  const statement = notCreated(name, error);
  const { conditions = [] } = status;
  const isTold = conditionOf(status, 'Progressing')?.reason === statement.reason;
  return isTold ? status : { ...status, conditions: told(conditions, statement, timestamp(now)) };
}

/** The conditions of an object that cannot be followed: all that was known, and what is wrong. */
export function invalidConditions(facts: Facts, message: string): Condition[] {
  const now = timestamp(facts.now);
  const others = (facts.status.conditions ?? []).filter((condition) => condition.type !== 'InvalidSpec');
  const before = conditionOf(facts.status, 'InvalidSpec');
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
