import type { AbortCause, AnalysisPhase } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Facts } from './facts.ts';
import { type MachineState, nameOf, type Seen } from './machine.ts';
import { runPhase } from './run-phase.ts';
import { type RunType, runTypes } from './run-types.ts';
import { weightAt } from './step-weight.ts';

interface BadRun {
  type: RunType;
  name: string;
  phase: AnalysisPhase;
  message: string;
}

/** How the reference calls each kind of run in the reason of an abort. */
const WORDS: Record<RunType, string> = {
  Step: 'Step-based',
  Background: 'Background',
  PrePromotion: 'Blue/green pre-promotion',
  PostPromotion: 'Blue/green post-promotion',
};

/** The run of the update in flight that ended as Failed or Error: the step's own before the one in the background. */
export function badRun({ status, steps, index, slots, runs }: Facts): BadRun | undefined {
  if (status.promoteFull) return undefined;
  const bad = runTypes.flatMap((type): BadRun[] => {
    const [slot, run] = [slots[type], runs[type]];
    const phase = runPhase(run, slot);
    if (!slot || (phase !== 'Failed' && phase !== 'Error')) return [];
    if (type === 'Step' && !steps[index]?.analysis) return [];
    return [{ type, name: slot.name, phase, message: run?.status?.message ?? slot.message ?? '' }];
  });
  return bad[0];
}

/** What the canary had by the last status, in percent: the route may have been lowered already. Without a router, the step's share. */
function shareOf({ status, steps, routed, maxWeight }: Facts, index: number): number {
  const reached = status.canary?.weights?.canary.weight ?? (routed ? 0 : weightAt(steps, index, maxWeight));
  return Math.round((reached / maxWeight) * 100);
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
  const { index } = persisted;
  const step = facts.steps.length > 0 && { step: index, weight: shareOf(facts, index) };
  const at = { at: timestamp(facts.now), ...step };
  if (seen.abortRequested) return { kind: 'user', message: '', ...at };
  const run = badRun(facts);
  if (run) {
    const message = `${WORDS[run.type]} analysis phase error/failed: ${run.message}`;
    return { kind: 'analysis', run: run.name, phase: run.phase, message, ...at };
  }
  const name = JSON.stringify(facts.newReplicaSet?.metadata.name ?? '');
  return { kind: 'progressDeadline', message: `ReplicaSet ${name} has timed out progressing.`, ...at };
}
