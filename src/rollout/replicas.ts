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
 * `replicas - maxUnavailable` available. What is neither canary nor stable goes before anything that serves is taken down.
 */
export function rollBasic(input: BasicInput): BasicCounts {
  const { desired } = input;
  const up = scaleUp(input);
  const others = shrinkOthers(input);
  const rising = desired.canary >= input.canary.wanted;
  if (input.others.some((pods) => pods.wanted > 0)) return { ...withRoom(up, input, rising), others };
  const floor = input.replicas - input.maxUnavailable;
  // The side that grows counts only with pods that serve; the side that shrinks loses its broken pods first. Only that side
  // is taken down: pods that do not serve must not pay for those that do.
  const shrink = ({ wanted }: Pods, goal: number, spare: number) => Math.max(Math.min(goal, wanted), wanted - spare);
  if (rising) {
    const spare = Math.max(0, serving(input.canary) + input.stable.wanted - floor);
    const stable = desired.stable >= input.stable.wanted ? up.stable : shrink(input.stable, desired.stable, spare);
    return { ...withinSurge({ canary: up.canary, stable }, input), others };
  }
  const spare = Math.max(0, input.canary.wanted + serving(input.stable) - floor);
  const canary = shrink(input.canary, desired.canary, spare);
  return { ...withinSurge({ canary, stable: up.stable }, input), others };
}

/**
 * Former pods that serve may be all there is, and stay until others do: where they leave no room for those, the side that
 * shrinks makes it with pods that do not serve. Else both would wait for each other.
 */
function withRoom(up: Counts, { desired, ...input }: BasicInput, rising: boolean): Counts {
  const [grows, shrinks] = rising ? (['canary', 'stable'] as const) : (['stable', 'canary'] as const);
  const { wanted } = input[shrinks];
  const idle = wanted - Math.max(desired[shrinks], serving(input[shrinks]));
  const room = Math.min(desired[grows] - up[grows], idle);
  return room > 0 ? { ...up, [shrinks]: wanted - room } : up;
}

/**
 * Where spec.replicas fell there may be too many pods: those that do not serve go first, then those beyond a side's goal,
 * as far as enough stay available.
 */
function withinSurge(
  counts: Counts,
  { replicas, maxSurge, maxUnavailable, desired, canary, stable }: BasicInput,
): Counts {
  const left = { ...counts };
  let over = left.canary + left.stable - (replicas + maxSurge);
  const take = (side: keyof Counts, most: number) => {
    const taken = Math.max(0, Math.min(over, most, left[side]));
    left[side] -= taken;
    over -= taken;
    return taken;
  };
  take('canary', left.canary - canary.available);
  take('stable', left.stable - stable.available);
  let spare = Math.min(left.canary, canary.available) + Math.min(left.stable, stable.available);
  spare -= replicas - maxUnavailable;
  for (const side of ['stable', 'canary'] as const) spare -= take(side, Math.min(spare, left[side] - desired[side]));
  return left;
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
