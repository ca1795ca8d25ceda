import type { AbortCause, RolloutStatus } from '../api/index.ts';
import type { Facts } from './facts.ts';
import { type MachineState, nameOf, type Seen } from './machine.ts';
import { startsOver } from './runs.ts';
import { describeStep } from './steps.ts';

/** What one pass changed, for events and logs; told only once the status that holds it was written. */
export type Transition =
  | { kind: 'started'; revision: number; hash: string }
  | { kind: 'retried' }
  | { kind: 'stepCompleted'; index: number; total: number; step: string }
  | { kind: 'paused'; reason: string }
  | { kind: 'resumed' }
  | { kind: 'aborted'; revision: number; cause: string }
  | { kind: 'skippedSteps'; reason: string }
  | { kind: 'promoted'; revision: number; hash: string; reason: string }
  | { kind: 'runChanged'; type: 'Step' | 'Background'; name: string; phase: string; before: string }
  | { kind: 'invalid'; message: string };

interface TransitionInput {
  facts: Facts;
  seen: Seen;
  persisted: MachineState;
  next: MachineState;
  status: RolloutStatus;
  abortCause: AbortCause | undefined;
}

function promotionReason({ facts, seen, persisted }: TransitionInput): string {
  if (seen.firstInstall) return 'Initial deploy';
  if (seen.stableTemplate && nameOf(persisted.delivery) !== 'promoting') return 'Fast rollback';
  if (facts.status.promoteFull) return 'Full promotion requested';
  return `Completed all ${facts.steps.length} canary steps`;
}

function runChanges(before: RolloutStatus, after: RolloutStatus): Transition[] {
  const of = (status: RolloutStatus) => status.canary ?? {};
  const pairs = [
    ['Step', of(before).currentStepAnalysisRunStatus, of(after).currentStepAnalysisRunStatus],
    ['Background', of(before).currentBackgroundAnalysisRunStatus, of(after).currentBackgroundAnalysisRunStatus],
  ] as const;
  return pairs.flatMap(([type, old, now]): Transition[] => {
    if (!now || now.status === 'Pending' || (old?.name === now.name && old.status === now.status)) return [];
    return [
      { kind: 'runChanged', type, name: now.name, phase: now.status, before: old?.name === now.name ? old.status : '' },
    ];
  });
}

function pauseChanges(before: RolloutStatus, after: RolloutStatus): Transition[] {
  const was = (before.pauseConditions ?? []).length > 0 || before.controllerPause === true;
  const [first] = after.pauseConditions ?? [];
  const known = before.pauseConditions?.some(
    (condition) => condition.reason === first?.reason && condition.startTime === first?.startTime,
  );
  if (first && !known) return [{ kind: 'paused', reason: first.reason }];
  return was && !first && !after.controllerPause ? [{ kind: 'resumed' }] : [];
}

function deliveryChanges(input: TransitionInput): Transition[] {
  const { facts, seen, persisted, next, abortCause } = input;
  const [from, to] = [nameOf(persisted.delivery), nameOf(next.delivery)];
  if (to === 'aborting' && abortCause)
    return [{ kind: 'aborted', revision: facts.revision, cause: abortCause.message }];
  if (to === 'settled' && from !== 'settled') {
    const back: Transition[] =
      seen.stableTemplate && from !== 'promoting'
        ? [{ kind: 'skippedSteps', reason: 'Rollback to stable ReplicaSets' }]
        : [];
    return [...back, { kind: 'promoted', revision: facts.revision, hash: facts.hash, reason: promotionReason(input) }];
  }
  if (startsOver(facts, persisted, next)) {
    return [
      seen.retryRequested && !seen.newRevision
        ? { kind: 'retried' }
        : { kind: 'started', revision: facts.revision, hash: facts.hash },
    ];
  }
  const completed =
    from === 'progressing' && (to === 'progressing' || to === 'promoting') && next.index === persisted.index + 1;
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
