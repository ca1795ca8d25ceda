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

/** Of how many Rollouts by as many culprits; one release that fails in many places counts once, and so do many of one Rollout. */
function countOf(failures: readonly KnownFailure[]): number {
  const [rollouts, culprits] = [new Set<string>(), new Set<string>()];
  for (const { rollout, culprit } of failures) {
    rollouts.add(rollout);
    culprits.add(culprit);
  }
  return Math.min(rollouts.size, culprits.size);
}

/** Since when a failure can matter to what is decided now about one that happened at `failedAt`. */
export function breakerHorizon({ withinMinutes }: BreakerSettings, now: number, failedAt: number): number {
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
  let first = 0;
  for (const [last, { at }] of sorted.entries()) {
    while ((sorted[first]?.at ?? at) <= at - within) first++;
    // Too few for it, whatever their culprits.
    if (last - first + 1 < settings.failures) continue;
    const count = countOf(sorted.slice(first, last + 1));
    if (count < settings.failures) continue;
    if (now < at + rest) breaker = { kind: 'open', until: at + rest, count };
    else if (at - within < failedAt && failedAt < at + rest) breaker = { kind: 'cooled', count };
  }
  return breaker;
}
