import { isFields, textOf } from '../api/fields.ts';
import type { TrafficTarget } from './router.ts';

/** The API's own limit for a backendRef's weight. */
const LARGEST_WEIGHT = 1_000_000;

/** One backendRef of a rule as it was read, and the weight that it should have. */
export interface WeightChange {
  index: number;
  read: Record<string, unknown>;
  weight: number;
}

/** What one rule says about the pair and what would lead it to the target. */
export interface RulePlan {
  pairs: number;
  holdsStable: boolean;
  holdsCanary: boolean;
  /** The canary's configured share of each pair, 0..maxWeight; a pair without any part of the rule has none. */
  shares: number[];
  /** The canary's backendRef of each pair that has a part of the rule, and that part. */
  canaries: { read: Record<string, unknown>; part: number }[];
  /** Empty where the rule is as it should be. Holds every backendRef whose weight was relied on. */
  changes: WeightChange[];
  /** The weights cannot be written as whole numbers that the API allows. */
  tooFine: boolean;
}

interface Backend {
  index: number;
  read: Record<string, unknown>;
  weight: number;
  role: 'stable' | 'canary' | 'other';
}

interface Pair {
  stable: Backend;
  canary: Backend;
  sum: number;
}

/**
 * The arithmetic of one rule. Where the pair is alone, its weights become (max - canary, canary).
 *
 * Where other backends share the rule, the pair's part of the rule and the ratio among the others must not move, so
 * only the pair's own sum is divided. That sum need not be divisible by `maxWeight`: then *all* weights of the rule are first
 * multiplied by the smallest number that makes it so, which changes no share. With max 100 and the canary at 10,
 * stable 1, canary 0, other 1 become 90, 10, 100: the other still gets one half. Once multiplied, later steps touch the pair only.
 * Nothing and everything need no multiplication, so taking the canary's traffic away is always possible.
 *
 * A rule that has the right share already is left as it is, however its weights are written.
 */
export function planRule(backendRefs: unknown[], target: TrafficTarget): RulePlan {
  const maxWeight = weightOf(target.maxWeight, 100) || 100;
  const canaryWeight = Math.min(maxWeight, weightOf(target.canaryWeight, 0));
  const backends = backendRefs.map((backendRef, index) => backendOf(backendRef, index, target));
  const pairs = pairsOf(backends);
  const alone = pairs.length === 1 && backends.length === 2;
  const live = pairs.filter((pair) => pair.sum > 0 || alone);
  const plan: RulePlan = {
    pairs: pairs.length,
    holdsStable: backends.some((backend) => backend.role === 'stable'),
    holdsCanary: backends.some((backend) => backend.role === 'canary'),
    shares: live.map((pair) => (pair.sum > 0 ? (pair.canary.weight * maxWeight) / pair.sum : 0)),
    canaries: live.map(({ canary, sum }) => ({ read: canary.read, part: sum || 1 })),
    changes: [],
    tooFine: false,
  };
  const right = live.every((pair) => pair.sum > 0 && pair.canary.weight * maxWeight === canaryWeight * pair.sum);
  if (right) return plan;
  const weights = alone
    ? new Map(live.flatMap(({ stable, canary }) => divided(stable, canary, maxWeight, maxWeight, canaryWeight)))
    : multiplied(backends, live, maxWeight, canaryWeight);
  if ([...weights.values()].some((weight) => weight > LARGEST_WEIGHT)) return { ...plan, tooFine: true };
  return {
    ...plan,
    changes: [...weights]
      .map(([{ index, read }, weight]) => ({ index, read, weight }))
      .sort((a, b) => a.index - b.index),
  };
}

function divided(stable: Backend, canary: Backend, sum: number, maxWeight: number, canaryWeight: number) {
  const share = Math.round((sum * canaryWeight) / maxWeight);
  return [
    [stable, sum - share],
    [canary, share],
  ] as [Backend, number][];
}

function multiplied(backends: Backend[], pairs: Pair[], maxWeight: number, canaryWeight: number): Map<Backend, number> {
  const factor = canaryWeight % maxWeight === 0 ? 1 : commonFactor(pairs, maxWeight);
  const weights = new Map(factor === 1 ? [] : backends.map((backend) => [backend, backend.weight * factor]));
  for (const { stable, canary, sum } of pairs) {
    for (const [backend, weight] of divided(stable, canary, sum * factor, maxWeight, canaryWeight)) {
      weights.set(backend, weight);
    }
  }
  return weights;
}

/** The smallest number that makes every pair's sum a multiple of `maxWeight`. */
function commonFactor(pairs: Pair[], maxWeight: number): number {
  return pairs.reduce((product, { sum }) => {
    const needed = maxWeight / greatestCommonDivisor(sum, maxWeight);
    return (product * needed) / greatestCommonDivisor(product, needed);
  }, 1);
}

/** Stable and canary backends of the same port belong together; one of each left over, too. */
function pairsOf(backends: Backend[]): Pair[] {
  const canaries = backends.filter((backend) => backend.role === 'canary');
  const alone: Backend[] = [];
  const pairs: Pair[] = [];
  const join = (stable: Backend, canary: Backend) => {
    canaries.splice(canaries.indexOf(canary), 1);
    pairs.push({ stable, canary, sum: stable.weight + canary.weight });
  };
  for (const stable of backends.filter((backend) => backend.role === 'stable')) {
    const canary = canaries.find((candidate) => candidate.read.port === stable.read.port);
    if (canary === undefined) alone.push(stable);
    else join(stable, canary);
  }
  const [stable, canary] = [alone[0], canaries[0]];
  if (alone.length === 1 && canaries.length === 1 && stable && canary) join(stable, canary);
  return pairs;
}

function backendOf(backendRef: unknown, index: number, target: TrafficTarget): Backend {
  const read = isFields(backendRef) ? backendRef : {};
  const weight = Math.min(LARGEST_WEIGHT, weightOf(read.weight, 1));
  return { index, read, weight, role: roleOf(read, target) };
}

function roleOf(backendRef: Record<string, unknown>, target: TrafficTarget): Backend['role'] {
  const isService =
    (textOf(backendRef.group) ?? '') === '' &&
    (textOf(backendRef.kind) ?? 'Service') === 'Service' &&
    (textOf(backendRef.namespace) ?? target.namespace) === target.namespace;
  if (!isService) return 'other';
  if (backendRef.name === target.stableService) return 'stable';
  return backendRef.name === target.canaryService ? 'canary' : 'other';
}

function weightOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, Math.round(value)) : otherwise;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
