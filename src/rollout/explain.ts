import { told } from '../api/problems.ts';
import { badRun } from './cause.ts';
import { contestChoices, contested } from './contest-words.ts';
import { derive, look } from './derive.ts';
import { besides } from './explain-besides.ts';
import { explainBlueGreen } from './explain-blue-green.ts';
import { formerChoices, givenUpChoices, resumeChoice } from './explain-choices.ts';
import { conditionSince, instant, overdueSince } from './explain-since.ts';
import { explainPromotion, explainStep, untilDeadline } from './explain-steps.ts';
import type { Choice, Explanation, Wait } from './explanation.ts';
import { available, type Facts, factsOf } from './facts.ts';
import { hasGivenUp, isInFlight, type MachineState, nameOf, step } from './machine.ts';
import type { Observation } from './observation.ts';
import { explainRestart } from './plan-restart.ts';
import { describeStep } from './steps.ts';
import { weightNow } from './weights.ts';

/** How the next update will go. */
function nextUpdate(facts: Facts): string {
  const begins = 'the next change of the template begins an update';
  if (facts.strategy === 'blueGreen') return `${begins}: new pods beside these, then users are led to them`;
  const [first] = facts.steps;
  return first ? `${begins} with step 1 of ${facts.steps.length} (${describeStep(first)})` : `${begins} without steps`;
}

/** After a promotion the route still leads to the new pods by the canary's Service, until the stable one has them too. */
function trafficOnItsWay({ seen, maxWeight }: Facts): string | undefined {
  const weight = seen.traffic?.canaryWeight ?? 0;
  return weight > 0
    ? `the canary Service's share of the traffic (${weight} of ${maxWeight}) goes to the stable one, once that leads to the same pods`
    : undefined;
}

function explainSettled(facts: Facts, state: MachineState): Wait {
  const { stableHash, hash, replicas, newReplicaSet } = facts;
  const canDo = resumeChoice(facts, state);
  if (stableHash !== undefined && hash !== stableHash) {
    const waitsFor = 'has a new revision, whose update begins now';
    return { waitsFor, since: undefined, next: 'the controller takes it up', canDo };
  }
  const have = available(newReplicaSet);
  if (have >= replicas) {
    const next = trafficOnItsWay(facts) ?? nextUpdate(facts);
    return {
      waitsFor: 'is healthy: every pod runs the stable revision',
      since: conditionSince(facts, 'Healthy'),
      next,
      canDo,
    };
  }
  const overdue = overdueSince(facts) === undefined ? '' : ', longer than the progress deadline: look at its pods';
  return {
    waitsFor: `waits for ${replicas} pods of the stable revision to be available (${have} now)${overdue}`,
    since: conditionSince(facts, 'Healthy', 'False'),
    next: untilDeadline(facts, 'is healthy once they are'),
    canDo: [...canDo, ...formerChoices(facts)],
  };
}

/** What of the traffic a retreat has yet to take back. */
function stillThere({ seen, maxWeight }: Facts): string {
  const { canaryWeight = 0, managedRoutes = [] } = seen.traffic ?? {};
  const names = managedRoutes.map(({ name }) => name).join(' and ');
  const routes = names && `${canaryWeight > 0 ? ', and ' : ''}what matches ${names}`;
  const share = canaryWeight > 0 || !names ? `${canaryWeight} of ${maxWeight}` : '';
  return `${share}${routes} still goes to the canary`;
}

function explainAborting(facts: Facts, canDo: Choice[]): Wait {
  const { strategy, status } = facts;
  const waitsFor =
    strategy === 'blueGreen'
      ? 'takes users back to the stable pods, as soon as these can carry them'
      : `takes traffic back to stable: ${stillThere(facts)}`;
  const next = 'the update counts as aborted, and its pods go';
  return { waitsFor, since: instant(status.abortedAt), next, canDo };
}

function explainAborted(facts: Facts, canDo: Choice[]): Wait {
  const { abort } = facts.memory;
  // Another controller leaves no word of why.
  const why = abort ? ` (${abort.message || 'someone asked for it'})` : '';
  return {
    waitsFor: `gave revision ${facts.revision} up${why}; traffic is on stable`,
    hint: '. Change the template, revert it in Git, or retry',
    since: instant(facts.status.abortedAt),
    next: `nothing by itself: the template still asks for revision ${facts.revision}`,
    canDo,
  };
}

/** An abort would take traffic away now, though nothing else can move. */
function mayRetreat(facts: Facts, state: MachineState): boolean {
  const asked = { ...facts, status: { ...facts.status, abort: true } };
  return weightNow(asked, state, state) < weightNow(facts, state, state);
}

function explainInvalid(facts: Facts, state: MachineState): Wait {
  const canDo: Choice[] = [{ does: 'correct what is wrong, where it came from' }];
  return {
    waitsFor: `cannot be followed: ${told(facts.seen.problems)}`,
    since: conditionSince(facts, 'InvalidSpec'),
    next: 'once it is right, goes on from where it was; until then nothing moves but a retreat',
    canDo: mayRetreat(facts, state)
      ? [...canDo, { command: 'abort', does: 'takes traffic back to the stable revision' }]
      : canDo,
  };
}

/** What is asked for, and takes effect with the controller's next pass: told where that is yet to come. */
function news(facts: Facts, state: MachineState): Wait | undefined {
  const seen = look(facts);
  const next = step(state, seen);
  const [from, to] = [nameOf(state.delivery), nameOf(next.delivery)];
  const say = (waitsFor: string): Wait => ({
    waitsFor: `waits for the controller: ${waitsFor}`,
    since: undefined,
    next: 'the controller takes it up with its next look',
    canDo: [],
  });
  const isOpen = isInFlight(state) || hasGivenUp(state);
  if (isOpen && seen.newRevision) return say('the template or the steps are others, so an update is to begin');
  if (isOpen && facts.stableHash !== undefined && seen.stableTemplate)
    return say('the template is the stable one again, so the update is to end');
  if (isInFlight(state) && to === 'aborting')
    return say(
      badRun(facts) ? 'an analysis has ended badly, so the update is to be given up' : 'the update is to be given up',
    );
  if (hasGivenUp(state) && isInFlight(next)) return say('the update is to be tried again');
  if (isInFlight(state) && seen.promoteFull && from !== to) return say('it is to be released to everybody at once');
  return undefined;
}

const FIRST: Wait = {
  waitsFor: 'is new: its first pods are made now',
  since: undefined,
  next: 'its first revision is the stable one at once, without steps',
  canDo: [],
};

function explainDelivery(facts: Facts, state: MachineState): Wait {
  const isBlueGreen = facts.strategy === 'blueGreen';
  switch (nameOf(state.delivery)) {
    case 'invalid':
      return explainInvalid(facts, state);
    case 'settled':
      return explainSettled(facts, state);
    case 'progressing':
      return isBlueGreen ? explainBlueGreen(facts, state) : explainStep(facts, state);
    case 'promoting':
      if (facts.stableHash === undefined) return FIRST;
      return isBlueGreen ? explainBlueGreen(facts, state) : explainPromotion(facts, state);
    case 'aborting':
      return explainAborting(facts, [...givenUpChoices(facts), ...resumeChoice(facts, state)]);
    case 'aborted':
      return explainAborted(facts, [...givenUpChoices(facts), ...resumeChoice(facts, state)]);
  }
}

/** Nothing moves but a retreat, whatever else is waited for. */
function whileHeld(facts: Facts, { delivery, hold }: MachineState, wait: Wait): Wait {
  const name = nameOf(delivery);
  if (hold === 'running' || !['settled', 'progressing', 'promoting'].includes(name)) return wait;
  const { until: _, ...lasting } = wait;
  const isPaused = (facts.status.pauseConditions ?? []).length > 0;
  return {
    ...lasting,
    waitsFor: `is held by spec.paused; ${wait.waitsFor}`,
    since: isPaused ? wait.since : conditionSince(facts, 'Paused'),
    next: `once spec.paused is lifted: ${wait.next}`,
  };
}

function explainDeletion({ metadata }: Observation['rollout']): Wait | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  const { finalizers = [] } = metadata;
  const whom = finalizers.length > 0 ? `waits for who holds it (finalizers: ${finalizers.join(', ')})` : 'goes now';
  return {
    waitsFor: `is being deleted, and ${whom}`,
    since: instant(metadata.deletionTimestamp),
    next: 'its ReplicaSets and pods go with it; nothing else moves until then',
    canDo: [],
  };
}

/** Where the Rollout stands, since when, what comes next and what can be done: for any object, whoever wrote it. */
export function explanation(seen: Observation): Explanation {
  const facts = factsOf(seen);
  const state = derive(facts);
  const wait =
    explainDeletion(seen.rollout) ?? news(facts, state) ?? whileHeld(facts, state, explainDelivery(facts, state));
  const { waitsFor, hint = '', since, until, next, canDo } = wait;
  const restart = explainRestart(facts);
  const aside = [
    ...contested(facts),
    ...(restart ? [restart] : []),
    ...(seen.leftOut.length > 0 ? [told(seen.leftOut)] : []),
  ];
  return {
    waitsFor,
    ...(since !== undefined && since <= facts.now && { since }),
    ...(until !== undefined && until > facts.now && { until }),
    next,
    besides: [...aside, ...besides(facts)],
    canDo: [...contestChoices(facts), ...canDo],
    sentence: [`${waitsFor}${hint}`, ...aside].join('; '),
  };
}

/** The same in one sentence, where there is room for no more. */
export function explain(seen: Observation): string {
  return explanation(seen).sentence;
}
