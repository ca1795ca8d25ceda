import type { Fields } from '../../api/fields.ts';
import { REVISION, type Rollout, type RolloutStatus } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import { messageOf, Waiting } from '../../errors.ts';
import { isConflict, isInvalid, type KubeClient } from '../../kube/client.ts';
import type { Log } from '../../log.ts';
import {
  type Decision,
  decide,
  type Effect,
  lowersTraffic,
  nameOf,
  needsPods,
  type Observation,
  withCreationError,
} from '../../rollout/index.ts';
import type { Router } from '../../traffic/router.ts';
import { addedToInformer, type Happening, ofEffect, ofFailure, ofTransition } from '../events.ts';
import { splitKey } from '../keys.ts';
import type { Work } from '../line.ts';
import { mergeDiff } from '../merge-diff.ts';
import type { PassResult } from '../queue.ts';
import { type Applied, apply } from './apply.ts';
import { withAnswer } from './ask.ts';
import { createContests } from './contests.ts';
import { createDoubts } from './doubts.ts';
import { createLosses } from './losses.ts';
import { createNotes, mayWait } from './notes.ts';
import { type ObservedRouter, observe, observeRouters, type RolloutCaches } from './observe.ts';
import { createPatience } from './patience.ts';
import { livePods } from './pods.ts';
import { createRefusals } from './refusals.ts';
import { report } from './report.ts';
import { resolve } from './resolve.ts';
import type { PendingVerdicts } from './verdicts.ts';
import { releaseWorkloads } from './workload-writes.ts';

export interface RolloutPassOptions {
  client: KubeClient;
  caches: RolloutCaches;
  clock: Clock;
  log: Log;
  routers: readonly Router[];
  /** Where Argo CD keeps its Applications. */
  argoCdNamespace: string;
  verdicts: PendingVerdicts;
  emit(object: KubeObject, happening: Happening): void;
  observeRouterObject(object: KubeObject): void;
  /** So many Rollouts want a pass that what decides nothing may be written a moment later. */
  isCrowded(): boolean;
}

/** How long news that decides nothing may wait, milliseconds of world time. A status waits that long in a crowd only, and else a moment. */
const PATIENCE = 15_000;
const MOMENT = 1_000;

function statusPatience({ isCrowded }: RolloutPassOptions, { mayWait }: Decision, change?: Fields): number | undefined {
  if (!change || !mayWait) return undefined;
  return isCrowded() ? PATIENCE : MOMENT;
}

function tell({ emit }: RolloutPassOptions, rollout: Rollout, happenings: Happening[]): void {
  for (const happening of happenings) emit(rollout, happening);
}

function tellFailures(options: RolloutPassOptions, rollout: Rollout, { failures }: Applied): void {
  for (const { effect, error } of failures) {
    if (isConflict(error)) continue;
    options.emit(rollout, ofFailure(effect, messageOf(error)));
  }
}

/** Takes users away from what was given up. */
function retreats(effect: Effect): boolean {
  return effect.kind === 'switchService'
    ? effect.retreat === true
    : effect.kind === 'setTraffic' && lowersTraffic(effect);
}

/** What may follow from a verdict that is not written down yet, and while the workload is not known. */
function lowers(effect: Effect): boolean {
  return effect.kind === 'scaleReplicaSet' || retreats(effect);
}

/** What is decided to be written, with the word that the new ReplicaSet could not be made; a refused template is told otherwise. */
function statusWith({ status }: Decision, { failures }: Applied, now: number): RolloutStatus {
  for (const { effect, error } of failures) {
    const isTold = effect.kind === 'createReplicaSet' && !(error instanceof Waiting) && !isInvalid(error);
    if (isTold) return withCreationError(status, effect.object.metadata.name, messageOf(error), now);
  }
  return status;
}

/** What the status says is only true once the revision's memory holds it. */
function memoryWritten({ failures }: Applied): boolean {
  return failures.every(({ effect }) => effect.kind !== 'annotateReplicaSet');
}

/** Its first template is about to become stable: nothing of that is true where the API server does not take it. */
function isFirst({ status }: Rollout): boolean {
  return !status?.stableRS;
}

function logPass(log: Log, rollout: Rollout, { state, transitions }: Pick<Decision, 'state' | 'transitions'>): void {
  if (transitions.length === 0) return;
  const { namespace, name } = rollout.metadata;
  const revision = rollout.metadata.annotations?.[REVISION];
  const fields = { rollout: `${namespace}/${name}`, revision, step: state.index, state: nameOf(state.delivery) };
  for (const transition of transitions) log.info({ ...fields, transition }, 'rollout moved');
}

async function carryOut(
  options: RolloutPassOptions,
  rollout: Rollout,
  routers: ObservedRouter[],
  effects: Effect[],
): Promise<Applied> {
  const { client, caches, observeRouterObject } = options;
  const applied = await apply({ client, caches, rollout, routers, observeRouterObject }, effects);
  tell(options, rollout, applied.done.flatMap(ofEffect));
  tellFailures(options, rollout, applied);
  return applied;
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** Takes something from a revision that was given up: waits for no look at anything. */
function isUrgent({ state, effects }: Decision): boolean {
  const hasGivenUp = nameOf(state.delivery).startsWith('abort');
  return effects.some(retreats) || (hasGivenUp && effects.some(lowers));
}

/** A data plane is everybody's. */
function workLeft({ state, status }: Decision, traffic: Observation['traffic']): Work {
  const isUnderWay = ['progressing', 'promoting', 'aborting'].includes(nameOf(state.delivery));
  if (!isUnderWay && status.phase !== 'Progressing') return 'over';
  return traffic?.verified === false ? 'shared' : 'own';
}

/** Everyday life: the watch brings what changed, and the next pass decides anew. */
function changedMeanwhile(cause?: unknown): Waiting {
  return new Waiting('Conflict', 'something changed while the pass ran', 0.05, { cause });
}

/** `isRefused`: what the API server said is a problem of the object from the next pass on. `blindness`: why pods could not be seen. */
function throwFirst({ failures: [failure] }: Applied, isRefused: boolean, blindness: unknown): void {
  if (failure) throw isRefused || isConflict(failure.error) ? changedMeanwhile(failure.error) : failure.error;
  if (blindness !== undefined) throw blindness;
}

/** The status, and then the news that it holds. */
async function writeDown(
  options: RolloutPassOptions,
  rollout: Rollout,
  decision: Decision,
  { change, resourceVersion }: { change: Fields; resourceVersion: string | undefined },
): Promise<void> {
  const { client, caches, log } = options;
  const reported = await report({ client, cache: caches.rollouts, rollout, change, resourceVersion });
  if (reported === 'conflict') throw changedMeanwhile();
  if (reported !== 'written') return;
  logPass(log, rollout, decision);
  tell(options, rollout, decision.transitions.flatMap(ofTransition));
}

/**
 * What is to be done, after a closer look where one is needed: at what the API server makes of the template before pods are
 * made anew, and at the pods where a restart is due. A retreat waits for no look; without the pods all else goes on.
 */
async function decideAfterLooking(
  { client }: RolloutPassOptions,
  observed: Observation,
): Promise<{ decision: Decision; blindness?: unknown }> {
  const first = decide(observed);
  if (isUrgent(first)) return { decision: first };
  const creates = first.effects.some(({ kind }) => kind === 'createReplicaSet');
  const seen = creates ? await withAnswer(client, observed) : observed;
  const decision = seen === observed ? first : decide(seen);
  if (!needsPods(seen)) return { decision };
  try {
    return { decision: decide({ ...seen, pods: await livePods(client, seen.rollout) }) };
  } catch (blindness) {
    return { decision, blindness };
  }
}

/** Last of all: what the Rollout itself needs never waits for a workload that it has left. */
async function release({ client, caches, log }: RolloutPassOptions, key: string, rollout?: Rollout): Promise<void> {
  try {
    await releaseWorkloads({ client, workloads: caches.workloads, log }, key, rollout);
  } catch (error) {
    throw isConflict(error) ? changedMeanwhile(error) : error;
  }
}

/** One pass for one Rollout: observe, decide, apply, report. */
export function rolloutPass(options: RolloutPassOptions): (key: string) => Promise<PassResult | undefined> {
  const { caches, clock } = options;
  const doubts = createDoubts();
  const refusals = createRefusals();
  const losses = createLosses();
  const notes = createNotes();
  const contests = createContests(options);
  const memories = createPatience();
  const statuses = createPatience();
  const pass = async (key: string, rollout: Rollout): Promise<PassResult | undefined> => {
    const resolved = resolve(rollout, caches);
    // Nothing is known of its pods: the next pass comes when the workloads are listed.
    if (resolved.isPending && resolved.rollout === rollout) return undefined;
    tell(options, rollout, [...(rollout.status ? [] : [addedToInformer(rollout)]), ...losses.news(key, resolved)]);
    const routers = observeRouters(rollout, caches, options.routers);
    const observed = observe(resolved, caches, routers, clock.now());
    const { runs, pending } = options.verdicts.overlay(observed.runs);
    const problems = [...observed.problems, ...refusals.problems(rollout, observed.now)];
    const onlyRetreats = pending || resolved.isPending;
    const looked = { rollout: resolved.rollout, routers, services: observed.services };
    const { news, ...contested } = contests.see(key, looked, observed.now);
    tell(options, rollout, news);
    const { decision, blindness } = await decideAfterLooking(options, {
      ...observed,
      ...contested,
      ...notes.of(key),
      runs,
      problems,
    });
    const memory = decision.effects.find(mayWait);
    const memoryWaits = memories.until(key, observed.now, memory && PATIENCE);
    notes.keep(key, memoryWaits ? memory : undefined);
    const due = memoryWaits ? decision.effects.filter((effect) => !mayWait(effect)) : decision.effects;
    const applied = await carryOut(options, rollout, routers, onlyRetreats ? due.filter(lowers) : due);
    contests.settle(key, looked, { decision, ...applied }, observed.now);
    const change = mergeDiff(rollout.status ?? {}, statusWith(decision, applied, observed.now));
    const statusWaits = statuses.until(key, observed.now, statusPatience(options, decision, change));
    const isRefused = refusals.note(rollout, applied, observed.now);
    if (change && !onlyRetreats && !statusWaits && memoryWritten(applied) && !(isRefused && isFirst(rollout)))
      await writeDown(options, rollout, decision, { ...applied, change });
    throwFirst(applied, isRefused, blindness);
    await release(options, key, rollout);
    const doubt = doubts(key, observed.traffic, observed.now);
    if (doubt.happening) options.emit(rollout, doubt.happening);
    const times = [decision.lookAgainAt, doubt.lookAgainAt, memoryWaits, statusWaits, refusals.until(rollout)];
    return { lookAgainAt: times.reduce(earlier, undefined), work: workLeft(decision, observed.traffic) };
  };
  return async (key) => {
    const { namespace, name } = splitKey(key);
    const rollout = caches.rollouts.get(namespace, name);
    if (rollout && !rollout.metadata.deletionTimestamp) return pass(key, rollout);
    for (const known of [memories, statuses, losses, contests]) known.forget(key);
    notes.keep(key, undefined);
    await release(options, key);
    return undefined;
  };
}
