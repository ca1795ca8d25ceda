import { maxUnavailable, minReadySeconds, type ReplicaSet, type Rollout, type RolloutStatus } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Effect } from './effects.ts';
import { available, type Facts, wanted } from './facts.ts';
import type { Observation, ObservedPod } from './observation.ts';
import { retreats } from './weights.ts';

/** How long until pods are looked at again that could not be evicted, or have not gone yet; milliseconds of world time. */
const LOOK_AGAIN = 30_000;

/** Pods that are older than this are to be replaced, milliseconds since the epoch; undefined: no restart is asked for, or it is done. */
export function restartAt({ spec }: Rollout, { restartedAt }: RolloutStatus): number | undefined {
  const [asked, done] = [Date.parse(spec.restartAt ?? ''), Date.parse(restartedAt ?? '')];
  return Number.isNaN(asked) || asked === done ? undefined : asked;
}

/** Whether a restart is due, so that this Rollout's pods are to be observed. */
export function needsPods({ rollout, now, problems }: Observation): boolean {
  const at = restartAt(rollout, rollout.status ?? {});
  return problems.length === 0 && at !== undefined && now >= at;
}

/** A new template or new steps replace pods as they do, and take the place of a restart that was asked for before. */
function isReplaced({ status, hash, hasOtherSteps, strategy }: Facts): boolean {
  const isOtherTemplate = status.currentPodHash !== undefined && status.currentPodHash !== hash;
  return isOtherTemplate || (strategy === 'canary' && hasOtherSteps);
}

interface Restart {
  /** Those that are there and older than asked for. */
  old: ObservedPod[];
  /** Every pod of this Rollout's ReplicaSets. */
  pods: ObservedPod[];
}

/** Undefined where no restart is due, or nobody has looked at the pods. */
function underWay(facts: Facts): Restart | undefined {
  const { seen } = facts;
  const at = restartAt(seen.rollout, facts.status);
  if (at === undefined || !needsPods(seen) || seen.pods === undefined || isReplaced(facts)) return undefined;
  const owners = seen.replicaSets.map(({ metadata }) => metadata.uid);
  const pods = seen.pods.filter(({ owner }) => owners.includes(owner));
  return { pods, old: pods.filter(({ createdAt }) => createdAt < at) };
}

/** For status.restartedAt: the time that was asked for, once no older pod is left. */
export function restartedAt(facts: Facts): Pick<RolloutStatus, 'restartedAt'> {
  const { restartAt: asked } = facts.seen.rollout.spec;
  if (asked === undefined || restartAt(facts.seen.rollout, facts.status) === undefined) return {};
  const isOver = isReplaced(facts) || underWay(facts)?.old.length === 0;
  return isOver ? { restartedAt: asked } : {};
}

/** World time at which a restart begins or is to be looked at again, milliseconds since the epoch. */
export function nextRestartLook(facts: Facts): number | undefined {
  const { seen, now } = facts;
  const at = restartAt(seen.rollout, facts.status);
  if (at === undefined || isReplaced(facts) || seen.problems.length > 0) return undefined;
  if (now < at) return at;
  return underWay(facts)?.old.length === 0 ? undefined : now + LOOK_AGAIN;
}

function isAvailable({ isLeaving, readySince }: ObservedPod, { seen }: Facts): boolean {
  return !isLeaving && readySince !== undefined && readySince + minReadySeconds(seen.rollout) * 1000 <= seen.now;
}

function podsOf(pods: ObservedPod[], { metadata }: ReplicaSet): ObservedPod[] {
  return pods.filter(({ owner }) => owner === metadata.uid);
}

/** The pods of a ReplicaSet that serve and will stay: those beyond what is wanted are as good as gone. */
function staying(facts: Facts, pods: ObservedPod[], replicaSet: ReplicaSet): number {
  const serving = podsOf(pods, replicaSet).filter((pod) => isAvailable(pod, facts));
  return Math.min(wanted(replicaSet), serving.length);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** How many more pods may be missing now: as many as `maxUnavailable` says of all that are wanted, and one in any case. */
function room(facts: Facts, { pods }: Restart): number {
  const { replicas, seen } = facts;
  const all = Math.max(replicas, sum(seen.replicaSets.map(wanted)));
  const mayMiss = Math.max(1, Math.min(replicas, maxUnavailable(seen.rollout)));
  return sum(seen.replicaSets.map((replicaSet) => staying(facts, pods, replicaSet))) - (all - mayMiss);
}

/** Of one ReplicaSet: those first that serve nobody, then the oldest. */
function inOrder(facts: Facts, pods: ObservedPod[]): ObservedPod[] {
  const rank = (pod: ObservedPod) => Number(isAvailable(pod, facts));
  return [...pods].sort(
    (a, b) => rank(a) - rank(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : Number(a.name > b.name)),
  );
}

/** What a restart that is due has still to replace, and how many pods more may be missing now. */
export function restartProgress(facts: Facts): { old: ObservedPod[]; room: number } | undefined {
  const restart = underWay(facts);
  return restart && { old: restart.old, room: room(facts, restart) };
}

/** The stable pods come first, then the newest revision's, then others from the oldest on; pods that go anyway are left alone. */
export function restartEffects(facts: Facts): Effect[] {
  const restart = underWay(facts);
  if (!restart) return [];
  const { stableReplicaSet, newReplicaSet, others } = facts;
  const candidates = [...new Set([stableReplicaSet, newReplicaSet, ...others])]
    .filter((replicaSet) => replicaSet !== undefined && wanted(replicaSet) > 0)
    .flatMap((replicaSet) => (replicaSet ? inOrder(facts, podsOf(restart.old, replicaSet)) : []))
    .filter(({ isLeaving }) => !isLeaving);
  const most = room(facts, restart);
  if (candidates.length === 0 || most <= 0) return [];
  return [{ kind: 'evictPods', pods: candidates.map(({ name, uid }) => ({ name, uid })), most }];
}

export function shrinks(effect: Effect): boolean {
  return effect.kind === 'scaleReplicaSet' && effect.to < effect.from;
}

/**
 * What may be scaled while pods restart: a ReplicaSet's status may yet count pods that were just evicted, so nothing is
 * taken down until it does not, unless these pods were given up.
 */
export function besideRestart(facts: Facts, scaling: Effect[]): Effect[] {
  const restart = underWay(facts);
  if (!restart || retreats(facts)) return scaling;
  const { replicaSets } = facts.seen;
  const counted = sum(replicaSets.map(available));
  const there = sum(replicaSets.map((replicaSet) => staying(facts, restart.pods, replicaSet)));
  return counted > there ? scaling.filter((effect) => !shrinks(effect)) : scaling;
}

/** What a restart does to the pods now, for people; undefined where none is asked for. */
export function explainRestart(facts: Facts): string | undefined {
  const at = restartAt(facts.seen.rollout, facts.status);
  if (at === undefined || facts.seen.problems.length > 0 || isReplaced(facts)) return undefined;
  const [few, time] = [Math.max(1, maxUnavailable(facts.seen.rollout)), timestamp(at)];
  if (facts.now < at) return `restarts its pods at ${time}`;
  return `restarts its pods from before ${time}, ${few} at a time, as disruption budgets allow`;
}
