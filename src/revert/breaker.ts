const MINUTE = 60_000;
/** How long nothing is written after the last time that too much failed at once. */
export const COOL_DOWN_MINUTES = 30;

/** A release that failed, anywhere in the cluster. */
export interface KnownFailure {
  /** The Rollout's UID. */
  rollout: string;
  /** Equal where one commit is to blame for both. */
  culprit: string;
  /** World time, milliseconds since the epoch. */
  at: number;
}

export interface BreakerSettings {
  failures: number;
  withinMinutes: number;
}

export type Breaker =
  | { kind: 'closed' }
  /** Nothing is written until then, milliseconds since the epoch. */
  | { kind: 'open'; until: number; count: number }
  /** It is over, and the failure that is asked about was part of it. */
  | { kind: 'cooled'; count: number };

/** How many different words there are among those that are in it now. */
function createTally() {
  const counts = new Map<string, number>();
  return {
    size: () => counts.size,
    add(word: string, by: 1 | -1) {
      const count = (counts.get(word) ?? 0) + by;
      if (count > 0) counts.set(word, count);
      else counts.delete(word);
    },
  };
}

/** Of how many Rollouts by as many culprits; one release that fails in many places counts once, and so do many of one Rollout. */
function createCount() {
  const [rollouts, culprits] = [createTally(), createTally()];
  return {
    size: () => Math.min(rollouts.size(), culprits.size()),
    add({ rollout, culprit }: KnownFailure, by: 1 | -1) {
      rollouts.add(rollout, by);
      culprits.add(culprit, by);
    },
  };
}

/** Since when a failure can matter to what is decided now about one that happened at `failedAt`. */
function breakerHorizon({ withinMinutes }: BreakerSettings, now: number, failedAt: number): number {
  return Math.min(now, failedAt) - (COOL_DOWN_MINUTES + withinMinutes) * MINUTE;
}

/**
 * Whether so much failed at once that it is hardly each release by itself. Derived from the failures alone, so that whoever
 * asks later, or after a restart, is told the same.
 */
export function breakerState(
  failures: readonly KnownFailure[],
  settings: BreakerSettings,
  { now, failedAt }: { now: number; failedAt: number },
): Breaker {
  const [within, rest] = [settings.withinMinutes * MINUTE, COOL_DOWN_MINUTES * MINUTE];
  const since = breakerHorizon(settings, now, failedAt);
  const sorted = failures.filter(({ at }) => since < at && at <= now).sort((a, b) => a.at - b.at);
  let breaker: Breaker = { kind: 'closed' };
  // Those within the time that ends with the failure in hand: one pass over all of them, however many there are.
  const counted = createCount();
  let first = 0;
  for (const failure of sorted) {
    const { at } = failure;
    counted.add(failure, 1);
    for (let old = sorted[first]; old !== undefined && old.at <= at - within; old = sorted[++first])
      counted.add(old, -1);
    const count = counted.size();
    if (count < settings.failures) continue;
    if (now < at + rest) breaker = { kind: 'open', until: at + rest, count };
    else if (at - within < failedAt && failedAt < at + rest) breaker = { kind: 'cooled', count };
  }
  return breaker;
}
