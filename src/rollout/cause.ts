import type { AbortCause, AnalysisPhase, RolloutAnalysisRunStatus } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Facts } from './facts.ts';
import { type MachineState, nameOf, type Seen } from './machine.ts';
import { runPhase } from './run-phase.ts';
import type { RunType } from './runs.ts';

interface BadRun {
  type: RunType;
  name: string;
  phase: AnalysisPhase;
  message: string;
}

/** The run of the update in flight that ended as Failed or Error: the step's own before the one in the background. */
export function badRun({ status, steps, index, stepRun, backgroundRun }: Facts): BadRun | undefined {
  if (status.promoteFull) return undefined;
  const judge = (
    type: RunType,
    run: Facts['stepRun'],
    mirror: RolloutAnalysisRunStatus | undefined,
  ): BadRun | undefined => {
    const phase = runPhase(run, mirror);
    if (!mirror || (phase !== 'Failed' && phase !== 'Error')) return undefined;
    return { type, name: mirror.name, phase, message: run?.status?.message ?? mirror.message ?? '' };
  };
  const { currentStepAnalysisRunStatus: step, currentBackgroundAnalysisRunStatus: background } = status.canary ?? {};
  return (
    (steps[index]?.analysis ? judge('Step', stepRun, step) : undefined) ??
    judge('Background', backgroundRun, background)
  );
}

/** Why this pass gives the update up; undefined where it does not. The words are the reference's. */
export function abortCauseOf(
  facts: Facts,
  seen: Seen,
  persisted: MachineState,
  next: MachineState,
): AbortCause | undefined {
  const aborts = nameOf(next.delivery) === 'aborting' || nameOf(next.delivery) === 'aborted';
  if (!aborts || facts.status.abortedAt !== undefined) return undefined;
  const at = { at: timestamp(facts.now), ...(facts.steps.length > 0 ? { step: persisted.index } : {}) };
  if (seen.abortRequested) return { kind: 'user', message: '', ...at };
  const run = badRun(facts);
  if (run) {
    const where = run.type === 'Step' ? 'Step-based' : 'Background';
    const message = `${where} analysis phase error/failed: ${run.message}`;
    return { kind: 'analysis', run: run.name, phase: run.phase, message, ...at };
  }
  const name = JSON.stringify(facts.newReplicaSet?.metadata.name ?? '');
  return { kind: 'progressDeadline', message: `ReplicaSet ${name} has timed out progressing.`, ...at };
}
