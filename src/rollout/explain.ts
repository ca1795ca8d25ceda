import { troubleOf } from '../analysis/index.ts';
import { told } from '../api/problems.ts';
import { timestamp } from '../api/times.ts';
import { blindness } from './blind.ts';
import { progressDeadline } from './derive.ts';
import { explainBlueGreen } from './explain-blue-green.ts';
import { available, type Facts, wanted } from './facts.ts';
import { type MachineState, nameOf } from './machine.ts';
import type { Observation } from './observation.ts';
import { goalCounts } from './scale.ts';
import { describeStep, pauseEnd, podsInPlace } from './steps.ts';

function waitingForPods(facts: Facts, index: number): string {
  const { canary, stable } = goalCounts(facts, index);
  const have = available(facts.newReplicaSet);
  const old = facts.routed ? '' : `, and for stable to have ${stable} (${wanted(facts.stableReplicaSet)} now)`;
  return `waits for ${canary} canary pod${canary === 1 ? '' : 's'} to be available (${have} now)${old}`;
}

function explainPause(facts: Facts): string {
  const end = pauseEnd(facts);
  return end === undefined
    ? 'pauses until someone promotes it: kubectl headgate promote'
    : `pauses until ${timestamp(end)}, then goes on by itself; promote ends the pause now`;
}

function cannotSee(run: string | undefined, trouble: string): string {
  return `AnalysisRun ${run} cannot measure (${trouble}); it asks again, the update stays where it is, and nothing is aborted for that`;
}

function explainAnalysis(facts: Facts): string {
  const name = facts.slots.Step?.name;
  const run = facts.runs.Step;
  if (!run) return `waits for AnalysisRun ${name ?? ''} to start`;
  const trouble = troubleOf(run);
  return trouble ? cannotSee(name, trouble) : `waits for the verdict of AnalysisRun ${name}`;
}

function explainStep(facts: Facts, { index }: MachineState): string {
  const step = facts.steps[index];
  const title = `step ${index + 1} of ${facts.steps.length} (${describeStep(step)})`;
  const inconclusive = facts.status.pauseConditions?.some(
    (condition) => condition.reason === 'InconclusiveAnalysisRun',
  );
  if (inconclusive) return `${title}: an analysis was inconclusive; promote to go on, abort to go back`;
  const trouble = blindness(facts);
  if (trouble) return `${title}: ${cannotSee(facts.runs.Background?.metadata.name, trouble)}`;
  if (step?.pause) return `${title}: ${explainPause(facts)}`;
  if (step?.analysis) return `${title}: ${explainAnalysis(facts)}`;
  if (!podsInPlace(facts)) return `${title}: ${waitingForPods(facts, index)}`;
  const { traffic } = facts.seen;
  return traffic && !traffic.verified
    ? `${title}: the route is not served yet${traffic.message ? `: ${traffic.message}` : ''}`
    : `${title}: is done, the next step begins`;
}

function explainSettled(facts: Facts): string {
  if (facts.stableHash !== undefined && facts.hash !== facts.stableHash)
    return 'has a new revision, whose update begins now';
  const have = available(facts.newReplicaSet);
  if (have >= facts.replicas) return 'is healthy: every pod runs the stable revision';
  const deadline = progressDeadline(facts);
  const overdue =
    deadline !== undefined && facts.now >= deadline ? ', longer than the progress deadline: look at its pods' : '';
  return `waits for ${facts.replicas} pods of the stable revision to be available (${have} now)${overdue}`;
}

function explainAborted(facts: Facts): string {
  const why = facts.memory.abort?.message || 'someone asked for it';
  return `gave revision ${facts.revision} up (${why}); traffic is on stable. Change the template, revert it in Git, or retry`;
}

/** What of the template is in no pod; begins as what follows a sentence. */
export function explainLeftOut({ leftOut }: Observation): string {
  return leftOut.length > 0 ? `; ${told(leftOut)}` : '';
}

/** One sentence for people: what the Rollout waits for and what can be done, from the machine's state. */
export function explainState(facts: Facts, state: MachineState): string {
  const held = state.hold === 'paused' ? 'is held by spec.paused; ' : '';
  const isBlueGreen = facts.strategy === 'blueGreen';
  switch (nameOf(state.delivery)) {
    case 'invalid':
      return `cannot be followed: ${told(facts.seen.problems)}`;
    case 'settled':
      return held + explainSettled(facts);
    case 'progressing':
      return held + (isBlueGreen ? explainBlueGreen(facts, state) : explainStep(facts, state));
    case 'promoting':
      if (isBlueGreen) return held + explainBlueGreen(facts, state);
      return `${held}is past its steps: ${waitingForPods(facts, facts.steps.length)} before the new revision becomes stable`;
    case 'aborting':
      if (isBlueGreen) return 'takes users back to the stable pods, as soon as these can carry them';
      return `takes traffic back to stable: ${facts.seen.traffic?.canaryWeight ?? 0} of ${facts.maxWeight} still goes to the canary`;
    case 'aborted':
      return explainAborted(facts);
  }
}
