import type { AbortCause, RolloutStatus } from '../api/index.ts';
import type { Facts } from './facts.ts';
import { type MachineState, nameOf, type Seen } from './machine.ts';
import { type RunType, runTypes, slotsOf } from './run-types.ts';
import { startsOver } from './runs.ts';
import { describeStep } from './steps.ts';

/** What one pass changed, for events and logs; told only once the status that holds it was written. */
export type Transition =
  /** `isNew`: its ReplicaSet is yet to be made. */
  | { kind: 'started'; revision: number; hash: string; isNew: boolean }
  | { kind: 'retried' }
  | { kind: 'stepCompleted'; index: number; total: number; step: string }
  | { kind: 'paused'; reason: string }
  | { kind: 'resumed' }
  | { kind: 'aborted'; revision: number; cause: string }
  | { kind: 'skippedSteps'; reason: string }
  | { kind: 'promoted'; revision: number; hash: string; reason: string }
  | { kind: 'runChanged'; type: RunType; name: string; phase: string; before: string }
  | { kind: 'invalid'; message: string };

interface TransitionInput {
  facts: Facts;
  seen: Seen;
  persisted: MachineState;
  next: MachineState;
  status: RolloutStatus;
  abortCause: AbortCause | undefined;
}

function promotionReason({ facts, seen }: TransitionInput): string {
  if (seen.firstInstall) return 'Initial deploy';
  if (seen.stableTemplate) return 'Fast rollback';
  if (facts.status.promoteFull) return 'Full promotion requested';
  if (facts.isWithinRollbackWindow) return 'Rollback within window';
  if (facts.strategy === 'blueGreen') return 'Completed blue-green update';
  return `Completed all ${facts.steps.length} canary steps`;
}

function runChanges(before: RolloutStatus, after: RolloutStatus): Transition[] {
  const [olds, nows] = [slotsOf(before), slotsOf(after)];
  return runTypes.flatMap((type): Transition[] => {
    const [old, now] = [olds[type], nows[type]];
    if (!now || now.status === 'Pending' || (old?.name === now.name && old.status === now.status)) return [];
    return [
      { kind: 'runChanged', type, name: now.name, phase: now.status, before: old?.name === now.name ? old.status : '' },
    ];
  });
}

function progressReason(status: RolloutStatus): string | undefined {
  return status.conditions?.find(({ type }) => type === 'Progressing')?.reason;
}

function pauseChanges(before: RolloutStatus, after: RolloutStatus): Transition[] {
  const added = (after.pauseConditions ?? []).filter(
    (condition) =>
      !before.pauseConditions?.some(
        (known) => known.reason === condition.reason && known.startTime === condition.startTime,
      ),
  );
  if (added.length > 0) return added.map(({ reason }) => ({ kind: 'paused', reason }));
  const isStopped = ['RolloutPaused', 'RolloutAborted'].includes(progressReason(after) ?? '');
  return progressReason(before) === 'RolloutPaused' && !isStopped ? [{ kind: 'resumed' }] : [];
}

const WINDOW: Transition = { kind: 'skippedSteps', reason: 'Rollback to active ReplicaSets within RollbackWindow' };

function deliveryChanges(input: TransitionInput): Transition[] {
  const { facts, seen, persisted, next, abortCause } = input;
  const [from, to] = [nameOf(persisted.delivery), nameOf(next.delivery)];
  if (to === 'aborting' && abortCause)
    return [{ kind: 'aborted', revision: facts.revision, cause: abortCause.message }];
  if (to === 'settled' && from !== 'settled') {
    const back: Transition[] =
      seen.stableTemplate && facts.strategy === 'canary'
        ? [{ kind: 'skippedSteps', reason: 'Rollback to stable ReplicaSets' }]
        : [];
    return [...back, { kind: 'promoted', revision: facts.revision, hash: facts.hash, reason: promotionReason(input) }];
  }
  if (startsOver(facts, persisted, next)) {
    if (!seen.newRevision) return [{ kind: 'retried' }];
    const isNew = facts.newReplicaSet === undefined;
    const started: Transition = { kind: 'started', revision: facts.revision, hash: facts.hash, isNew };
    return seen.withinRollbackWindow ? [WINDOW, started] : [started];
  }
  const completed =
    facts.strategy === 'canary' &&
    from === 'progressing' &&
    (to === 'progressing' || to === 'promoting') &&
    next.index === persisted.index + 1;
  if (!completed) return [];
  const step = describeStep(facts.steps[persisted.index]);
  return [{ kind: 'stepCompleted', index: persisted.index + 1, total: persisted.length, step }];
}

/** The transitions of one pass, in the order in which people should read them. */
export function transitionsOf(input: TransitionInput): Transition[] {
  const { facts, next, status } = input;
  if (nameOf(next.delivery) === 'invalid') {
    const message = status.message ?? '';
    return facts.status.message === message ? [] : [{ kind: 'invalid', message }];
  }
  return [...runChanges(facts.status, status), ...deliveryChanges(input), ...pauseChanges(facts.status, status)];
}
