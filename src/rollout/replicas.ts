import type { ReplicaProgressThreshold } from '../api/index.ts';

/** How many pods stable and canary should have. Without a router the share of pods is the share of traffic. */

export interface Counts {
  canary: number;
  stable: number;
}

export interface Limits {
  /** spec.replicas. */
  replicas: number;
  maxSurge: number;
  maxUnavailable: number;
}

interface Split extends Counts {
  error: number;
}

/**
 * The split of pods nearest to `weight` (0..100): canary rounded up or down, in as many pods as `replicas` or, where
 * surge allows it, one more. A side that is to have traffic keeps at least one pod.
 */
export function splitByWeight(weight: number, { replicas, maxSurge }: Pick<Limits, 'replicas' | 'maxSurge'>): Counts {
  if (weight <= 0) return { canary: 0, stable: replicas };
  if (weight >= 100) return { canary: replicas, stable: 0 };
  const zeroAllowed = replicas === 1 && maxSurge === 0;
  const options: Split[] = [];
  const consider = (canary: number, total: number) => {
    const stable = total - canary;
    if (stable < 0 || (!zeroAllowed && (canary === 0 || stable === 0))) return;
    options.push({ canary, stable, error: Math.abs((canary * 100) / total - weight) });
  };
  for (const total of maxSurge > 0 ? [replicas, replicas + 1] : [replicas]) {
    const exact = (replicas * weight) / 100;
    consider(Math.ceil(exact), total);
    consider(Math.floor(exact), total);
  }
  const best = options.reduce<Split | undefined>(
    (left, right) => (left && left.error <= right.error ? left : right),
    undefined,
  );
  return best
    ? { canary: best.canary, stable: best.stable }
    : { canary: replicas === 0 ? 0 : 1, stable: Math.max(0, replicas - 1) };
}

/** One ReplicaSet as the arithmetic sees it. */
export interface Pods {
  wanted: number;
  available: number;
}

function serving(pods: Pods): number {
  return Math.min(pods.wanted, pods.available);
}

export interface BasicInput extends Limits {
  desired: Counts;
  canary: Pods;
  stable: Pods;
  /** Neither canary nor stable, oldest first. */
  others: Pods[];
}

export interface BasicCounts extends Counts {
  others: number[];
}

/**
 * One rolling step without a router: never more than `replicas + maxSurge` pods wanted, never fewer than
 * `replicas - maxUnavailable` available. What is neither canary nor stable goes before anything else is taken down.
 */
export function rollBasic(input: BasicInput): BasicCounts {
  const { desired } = input;
  const up = scaleUp(input);
  const others = shrinkOthers(input);
  if (input.others.some((pods) => pods.wanted > 0)) return { ...up, others };
  const rising = desired.canary >= input.canary.wanted;
  const floor = input.replicas - input.maxUnavailable;
  // The side that grows counts only with pods that serve; the side that shrinks loses its broken pods first.
  const counted =
    (rising ? serving(input.canary) : input.canary.wanted) + (rising ? input.stable.wanted : serving(input.stable));
  const spare = Math.max(0, counted - floor);
  const shrink = (wanted: number, goal: number, most: number) => Math.max(goal, wanted - Math.max(0, most));
  const canary = rising ? up.canary : shrink(input.canary.wanted, desired.canary, spare);
  const left = spare - (input.canary.wanted - Math.min(canary, input.canary.wanted));
  const stable = desired.stable >= input.stable.wanted ? up.stable : shrink(input.stable.wanted, desired.stable, left);
  return { ...withinSurge({ canary, stable }, input), others };
}

/** Where spec.replicas fell there may be too many pods: those that do not serve go first, the canary's before stable's. */
function withinSurge(counts: Counts, { replicas, maxSurge, maxUnavailable, canary, stable }: BasicInput): Counts {
  let over = counts.canary + counts.stable - (replicas + maxSurge);
  const take = (from: number, most: number) => {
    const taken = Math.min(Math.max(0, over), Math.max(0, most), from);
    over -= taken;
    return from - taken;
  };
  const broken = { canary: take(counts.canary, counts.canary - canary.available), stable: counts.stable };
  broken.stable = take(counts.stable, counts.stable - stable.available);
  const serving = Math.min(broken.canary, canary.available) + Math.min(broken.stable, stable.available);
  let spare = serving - (replicas - maxUnavailable);
  const left = take(broken.canary, Math.min(spare, broken.canary));
  spare -= broken.canary - left;
  return { canary: left, stable: take(broken.stable, spare) };
}

function scaleUp({ replicas, maxSurge, desired, canary, stable, others }: BasicInput): Counts {
  const total = canary.wanted + stable.wanted + others.reduce((sum, pods) => sum + pods.wanted, 0);
  let room = Math.max(0, replicas + maxSurge - total);
  const grow = (wanted: number, goal: number) => {
    const added = Math.min(room, Math.max(0, goal - wanted));
    room -= added;
    return wanted + added;
  };
  const stableCount = grow(stable.wanted, desired.stable);
  return { stable: stableCount, canary: grow(canary.wanted, desired.canary) };
}

/** Takes other revisions down: pods that do not serve at once, the rest as far as enough pods stay available. */
function shrinkOthers({ replicas, maxUnavailable, canary, stable, others }: BasicInput): number[] {
  const serve = [canary, stable, ...others].reduce((sum, pods) => sum + serving(pods), 0);
  let spare = Math.max(0, serve - (replicas - maxUnavailable));
  return others.map((pods) => {
    const removed = Math.min(serving(pods), spare);
    spare -= removed;
    return serving(pods) - removed;
  });
}

/** With a router the pods of one side follow its weight, rounded up. `weight` is a share of `maxWeight`. */
export function podsForWeight(weight: number, maxWeight: number, replicas: number, minPods: number): number {
  if (weight <= 0) return 0;
  const byWeight = Math.ceil((weight * replicas) / maxWeight);
  return Math.min(replicas, Math.max(byWeight, minPods));
}

/** The largest share of `maxWeight`, rounded down, that so many of all `replicas` pods can carry. */
export function weightForPods(pods: number, maxWeight: number, replicas: number): number {
  return replicas <= 0 ? maxWeight : Math.floor((Math.min(pods, replicas) * maxWeight) / replicas);
}

/** Whether enough of the pods that are asked for are available to go on; all of them, where no threshold is set. */
export function isThresholdMet(threshold: ReplicaProgressThreshold | undefined, have: number, asked: number): boolean {
  if (threshold === undefined || threshold.value < 0 || have >= asked) return have >= asked;
  return threshold.type === 'Percent' ? have * 100 >= threshold.value * asked : have >= threshold.value;
}
