import { GIT_BRANCH, GIT_COMMIT, GIT_REPOSITORY, type ReplicaSet } from '../api/index.ts';
import { look } from './derive.ts';
import type { Choice, Command } from './explanation.ts';
import { type Facts, revisionOf } from './facts.ts';
import { type MachineState, nameOf, step } from './machine.ts';
import { describeStep } from './steps.ts';
import { givenTemplate } from './template.ts';
import { sameTemplate } from './template-difference.ts';

/** What begins once the step at an index is over. */
export function following({ steps }: Pick<Facts, 'steps'>, index: number): string {
  const next = steps[index + 1];
  return next ? `step ${index + 2} of ${steps.length} (${describeStep(next)})` : 'its promotion';
}

export function isInconclusive({ status }: Facts): boolean {
  return status.pauseConditions?.some(({ reason }) => reason === 'InconclusiveAnalysisRun') === true;
}

/** A promote passes the step whose own analysis was inconclusive; any other analysis is begun anew. */
function afterInconclusive(facts: Facts, index: number): string {
  const { strategy, slots, status } = facts;
  const isOfStep = slots.Step?.status === 'Inconclusive' && status.controllerPause === true;
  return strategy === 'canary' && isOfStep
    ? `takes the step as passed: ${following(facts, index)} begins`
    : 'lets it go on; the analysis measures anew where it is still asked for';
}

function promoteDoes(facts: Facts, { delivery, hold, index }: MachineState): string | undefined {
  const lifted = hold === 'paused' ? ['lifts spec.paused'] : [];
  const isPaused = (facts.status.pauseConditions ?? []).length > 0;
  const isAtStep = facts.strategy === 'canary' && nameOf(delivery) === 'progressing';
  const does = isInconclusive(facts)
    ? [afterInconclusive(facts, index)]
    : isPaused
      ? ['ends the pause now']
      : isAtStep
        ? [`goes on to ${following(facts, index)} without waiting`]
        : [];
  const all = [...lifted, ...does];
  return all.length > 0 ? all.join(', and ') : undefined;
}

function choice(command: Command, does: string | undefined): Choice[] {
  return does === undefined ? [] : [{ command, does }];
}

/** Where nothing but spec.paused stands in the way, only that is to be lifted. */
export function resumeChoice(facts: Facts, state: MachineState): Choice[] {
  return state.hold === 'paused' ? choice('promote', promoteDoes(facts, state)) : [];
}

/** Whether leaving out analyses, pauses and steps makes a difference: the machine itself is asked. */
function canSkip(facts: Facts, state: MachineState): boolean {
  const asked = { ...facts, status: { ...facts.status, promoteFull: true } };
  return nameOf(step(state, look(asked)).delivery) !== nameOf(step(state, look(facts)).delivery);
}

/** An update in flight. */
export function flightChoices(facts: Facts, state: MachineState): Choice[] {
  const { strategy, stableReplicaSet } = facts;
  const stable = stableReplicaSet ? `revision ${revisionOf(stableReplicaSet)}` : 'the stable revision';
  const back = strategy === 'blueGreen' ? `users stay with, or go back to ${stable}` : `all traffic goes to ${stable}`;
  return [
    ...choice('promote', promoteDoes(facts, state)),
    ...(canSkip(facts, state)
      ? choice('promote --full', 'releases it to everybody, without analyses, pauses and steps')
      : []),
    ...choice('abort', `gives the update up: ${back}`),
  ];
}

/** Going back to a revision, where that would change the template. */
function undoTo(to: ReplicaSet | undefined, { stableReplicaSet, seen }: Facts): Choice[] {
  const { template } = seen.rollout.spec;
  if (!to || !template || revisionOf(to) < 1 || sameTemplate(givenTemplate(to), template)) return [];
  const does = to === stableReplicaSet ? 'takes the stable template again' : 'begins an update back to its template';
  return [{ command: `undo --to-revision ${revisionOf(to)}`, does }];
}

/** The stable revision's own pods do not come up: the one before it may. */
export function formerChoices(facts: Facts): Choice[] {
  const { newReplicaSet, others } = facts;
  const former = [...others].sort((a, b) => revisionOf(b) - revisionOf(a))[0];
  return newReplicaSet === undefined ? [] : undoTo(former, facts);
}

/** The change itself, as far as its revision tells where it came from. */
function inGit({ newReplicaSet }: Facts): Choice[] {
  const {
    [GIT_REPOSITORY]: repository,
    [GIT_BRANCH]: branch,
    [GIT_COMMIT]: commit,
  } = newReplicaSet?.metadata.annotations ?? {};
  if (!repository || !commit) return [{ does: 'change the template, or revert it where it came from' }];
  return [
    { does: `revert commit ${commit} in ${repository}${branch ? `, branch ${branch}` : ''}, or change the template` },
  ];
}

/** An update that was given up, and the template that still asks for it. */
export function givenUpChoices(facts: Facts): Choice[] {
  return [
    ...choice('retry rollout', `tries revision ${facts.revision} again, from the start`),
    ...undoTo(facts.stableReplicaSet, facts),
    ...inGit(facts),
    ...choice('promote --full', 'releases it to everybody all the same, without analyses, pauses and steps'),
  ];
}
