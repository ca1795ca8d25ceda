import { troubleOf, troubleSince } from '../analysis/index.ts';
import { timestamp } from '../api/times.ts';
import { blindness } from './blind.ts';
import { flightChoices, following, isInconclusive } from './explain-choices.ts';
import { deadlineInWords, instant, pauseSince, progressSince } from './explain-since.ts';
import { counted, type Wait } from './explanation.ts';
import { available, type Facts, wanted } from './facts.ts';
import type { MachineState } from './machine.ts';
import type { RunType } from './run-types.ts';
import { goalCounts } from './scale.ts';
import { describeStep, pauseEnd, podsInPlace } from './steps.ts';

/** What a kind of wait says; what can be done is the same for all of a state. */
type Told = Omit<Wait, 'canDo'>;

const UNDECIDED = 'nothing by itself: somebody has to decide';

/** An analysis has ended without a verdict. */
export function inconclusive(facts: Facts): Told {
  return {
    waitsFor: 'an analysis was inconclusive',
    hint: '; promote to go on, abort to go back',
    since: pauseSince(facts, 'InconclusiveAnalysisRun'),
    next: UNDECIDED,
  };
}

/** A run that is to judge; `stays` is what does not move meanwhile, `success` what begins with it. */
export function verdictOf(
  { runs, slots }: Pick<Facts, 'runs' | 'slots'>,
  type: RunType,
  { stays, success }: { stays: string; success: string },
): Told {
  const name = slots[type]?.name ?? '';
  const run = runs[type];
  const outcomes = `if Successful, ${success}; if Failed or Error, the update is given up; if Inconclusive, somebody has to decide`;
  if (!run) return { waitsFor: `waits for AnalysisRun ${name} to start`, since: undefined, next: outcomes };
  const trouble = troubleOf(run);
  if (trouble) return { ...cannotSee(name, trouble, stays), since: instant(troubleSince(run)) };
  return {
    waitsFor: `waits for the verdict of AnalysisRun ${name}`,
    since: instant(run.status?.startedAt),
    next: outcomes,
  };
}

function cannotSee(run: string, trouble: string, stays: string): Told {
  return {
    waitsFor: `AnalysisRun ${run} cannot measure (${trouble})`,
    hint: `; it asks again, ${stays}, and nothing is aborted for that`,
    since: undefined,
    next: 'goes on by itself once there are answers',
  };
}

/** The analysis beside the steps sees nothing. */
function blind({ runs }: Facts, trouble: string): Told {
  const run = runs.Background;
  const told = cannotSee(run?.metadata.name ?? '', trouble, 'the update stays where it is');
  return { ...told, since: instant(run && troubleSince(run)) };
}

/** `then` and, where there is one, the deadline. */
export function untilDeadline(facts: Facts, then: string): string {
  const deadline = deadlineInWords(facts);
  return deadline === undefined ? then : `${then}; ${deadline}`;
}

function waitingForPods(facts: Facts, index: number): string {
  const { canary, stable } = goalCounts(facts, index);
  const have = available(facts.newReplicaSet);
  const old = facts.routed ? '' : `, and for stable to have ${stable} (${wanted(facts.stableReplicaSet)} now)`;
  return `waits for ${counted(canary, 'canary pod')} to be available (${have} now)${old}`;
}

function pausing(facts: Facts, then: string): Told {
  const end = pauseEnd(facts);
  const since = pauseSince(facts, 'CanaryPauseStep');
  if (end === undefined)
    return {
      waitsFor: 'pauses until someone promotes it',
      hint: ': kubectl headgate promote',
      since,
      next: `${then}, once it is promoted`,
    };
  return {
    waitsFor: `pauses until ${timestamp(end)}`,
    hint: ', then goes on by itself; promote ends the pause now',
    since,
    until: end,
    next: `${then}, by itself`,
  };
}

function notServed({ seen }: Facts): string {
  const why = seen.traffic?.message;
  return `the route is not served yet${why ? `: ${why}` : ''}`;
}

/** What one step of a canary waits for. */
function stepWait(facts: Facts, index: number): Told {
  const step = facts.steps[index];
  const then = `${following(facts, index)} begins`;
  const trouble = blindness(facts);
  if (isInconclusive(facts)) return inconclusive(facts);
  if (trouble) return blind(facts, trouble);
  if (step?.pause) return pausing(facts, then);
  if (step?.analysis) return verdictOf(facts, 'Step', { stays: 'the update stays where it is', success: then });
  const since = progressSince(facts);
  const isRoute = step?.setHeaderRoute !== undefined || step?.setMirrorRoute !== undefined;
  if (!isRoute && !podsInPlace(facts)) {
    const route =
      facts.routed && step?.setWeight !== undefined
        ? `the route gives them ${step.setWeight} of ${facts.maxWeight}, then ${then}`
        : then;
    return { waitsFor: waitingForPods(facts, index), since, next: untilDeadline(facts, route) };
  }
  return facts.seen.traffic && !facts.seen.traffic.verified
    ? { waitsFor: notServed(facts), since, next: `${then}, once it is served` }
    : { waitsFor: 'is done, the next step begins', since: undefined, next: then };
}

export function explainStep(facts: Facts, state: MachineState): Wait {
  const { index } = state;
  const told = stepWait(facts, index);
  const title = `step ${index + 1} of ${facts.steps.length} (${describeStep(facts.steps[index])})`;
  return { ...told, waitsFor: `${title}: ${told.waitsFor}`, canDo: flightChoices(facts, state) };
}

/** Past the steps: pods, traffic, and eyes to see whether that is well. */
export function explainPromotion(facts: Facts, state: MachineState): Wait {
  const { seen, steps, maxWeight, routed, status } = facts;
  const trouble = blindness(facts);
  const since = progressSince(facts);
  const then = 'the new revision becomes the stable one, and the pods of the former one go';
  const pods = waitingForPods(facts, steps.length);
  const arePodsThere = available(facts.newReplicaSet) >= facts.replicas;
  if (trouble) {
    const told = blind(facts, trouble);
    return { ...told, waitsFor: `is past its steps: ${told.waitsFor}`, canDo: flightChoices(facts, state) };
  }
  if (routed && arePodsThere && !status.promoteFull) {
    const { canaryWeight = 0, verified = false } = seen.traffic ?? {};
    const waitsFor =
      canaryWeight === maxWeight && !verified
        ? notServed(facts)
        : `leads all traffic to the new pods (${canaryWeight} of ${maxWeight} now)`;
    return { waitsFor: `is past its steps: ${waitsFor}`, since, next: then, canDo: flightChoices(facts, state) };
  }
  return {
    waitsFor: `is past its steps: ${pods}`,
    hint: ' before the new revision becomes stable',
    since,
    next: untilDeadline(facts, then),
    canDo: flightChoices(facts, state),
  };
}
