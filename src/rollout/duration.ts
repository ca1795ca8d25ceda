import { pauseStepSeconds, type RolloutStatus } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { autoPromotionAt } from './blue-green.ts';
import type { Facts } from './facts.ts';
import { hasGivenUp, type MachineState } from './machine.ts';
import { startsOver } from './runs.ts';

type Duration = NonNullable<RolloutStatus['duration']>;

/** Whether the next status waits for a person, and would for ever. */
function waitsForPerson(facts: Facts, next: MachineState, status: Pick<RolloutStatus, 'pauseConditions'>): boolean {
  if (next.hold === 'paused') return true;
  return (status.pauseConditions ?? []).some(({ reason }) => {
    if (reason === 'CanaryPauseStep') return pauseStepSeconds(facts.steps[next.index] ?? {}) === undefined;
    const seconds = facts.blueGreen.autoPromotionSeconds ?? 0;
    const endsByItself = seconds > 0 && facts.blueGreen.autoPromotionEnabled !== false;
    return !(reason === 'BlueGreenPause' && (endsByItself || autoPromotionAt(facts) !== undefined));
  });
}

function secondsBetween(begin: string, end: number): number {
  const seconds = Math.round((end - Date.parse(begin)) / 1000);
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}

/** A pause that waits for a person begins, goes on, or is added to the sum. */
function pauses({ manualPauseStartedAt, totalManualPauseDurationSeconds }: Duration, isPaused: boolean, now: number) {
  const sum = totalManualPauseDurationSeconds === undefined ? {} : { totalManualPauseDurationSeconds };
  if (isPaused) return { ...sum, manualPauseStartedAt: manualPauseStartedAt ?? timestamp(now) };
  if (manualPauseStartedAt === undefined) return sum;
  const total = (totalManualPauseDurationSeconds ?? 0) + secondsBetween(manualPauseStartedAt, now);
  return { totalManualPauseDurationSeconds: total };
}

function bornBefore({ newReplicaSet, stableReplicaSet }: Facts): boolean {
  const [own, stable] = [newReplicaSet, stableReplicaSet].map((one) => one?.metadata.creationTimestamp ?? '');
  return (own ?? '') < (stable ?? '');
}

/** How the update ended with this pass; undefined where it did not. */
function completion(facts: Facts, next: MachineState): Duration['completionStatus'] {
  if (hasGivenUp(next)) return 'Aborted';
  if (next.delivery !== 'settled') return undefined;
  if (facts.hash === facts.stableHash || facts.isWithinRollbackWindow) return 'FastRolledBack';
  if (facts.status.promoteFull) return 'FastPromoted';
  return bornBefore(facts) ? 'RolledBack' : 'Promoted';
}

/** How long the update takes, and how it ended; what was said of one that is over stays until the next. */
export function durationOf(
  facts: Facts,
  persisted: MachineState,
  next: MachineState,
  status: Pick<RolloutStatus, 'pauseConditions'>,
): Duration | undefined {
  const before = facts.status.duration;
  const now = timestamp(facts.now);
  const isPaused = waitsForPerson(facts, next, status);
  if (startsOver(facts, persisted, next)) return { rolloutStartedAt: now, ...pauses({}, isPaused, facts.now) };
  if (before?.rolloutStartedAt === undefined || before.finishedAt !== undefined) return before;
  const { rolloutStartedAt } = before;
  const ended = completion(facts, next);
  const paused = pauses(before, isPaused && ended === undefined, facts.now);
  return { rolloutStartedAt, ...paused, ...(ended && { finishedAt: now, completionStatus: ended }) };
}
