/** What holds where a field is not set. Nobody else knows a default. */
import type { Metric } from './analysis-template.ts';
import type { CanaryStrategy } from './canary.ts';
import type { CanaryStep } from './canary-steps.ts';
import { durationSeconds, pauseSeconds, resolveAmount } from './durations.ts';
import type { GitSource } from './git-source.ts';
import type { RevertMode, RevertPolicy } from './revert-policy.ts';
import type { Rollout } from './rollout.ts';

const AMOUNT = '25';
const SCALE_DOWN_DELAY_SECONDS = 30;

/** The number of pods that should be. */
export function desiredReplicas(rollout: Rollout): number {
  return rollout.spec.replicas ?? 1;
}

function limits(rollout: Rollout): { maxSurge?: number | string; maxUnavailable?: number | string } {
  return rollout.spec.strategy?.canary ?? {};
}

/** How many pods may be added during a canary update; a percentage is rounded up. */
export function maxSurge(rollout: Rollout): number {
  return resolveAmount(limits(rollout).maxSurge ?? AMOUNT, desiredReplicas(rollout), 'up');
}

/** How many pods may be missing during a canary update; a percentage is rounded down, and 1 where nothing could move otherwise. */
export function maxUnavailable(rollout: Rollout): number {
  const value = limits(rollout).maxUnavailable ?? rollout.spec.strategy?.blueGreen?.maxUnavailable ?? AMOUNT;
  const unavailable = resolveAmount(value, desiredReplicas(rollout), 'down');
  return unavailable === 0 && maxSurge(rollout) === 0 ? 1 : unavailable;
}

export function minReadySeconds(rollout: Rollout): number {
  return rollout.spec.minReadySeconds ?? 0;
}

export function revisionHistoryLimit(rollout: Rollout): number {
  return rollout.spec.revisionHistoryLimit ?? 10;
}

export function progressDeadlineSeconds(rollout: Rollout): number {
  return rollout.spec.progressDeadlineSeconds ?? 600;
}

export function successfulRunHistoryLimit(rollout: Rollout): number {
  return rollout.spec.analysis?.successfulRunHistoryLimit ?? 5;
}

export function unsuccessfulRunHistoryLimit(rollout: Rollout): number {
  return rollout.spec.analysis?.unsuccessfulRunHistoryLimit ?? 5;
}

export function canarySteps(rollout: Rollout): CanaryStep[] {
  return rollout.spec.strategy?.canary?.steps ?? [];
}

/** The weight that means all traffic. */
export function maxTrafficWeight(rollout: Rollout): number {
  return rollout.spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
}

function canaryDelay(canary: CanaryStrategy, set: number | undefined): number {
  if (canary.trafficRouting === undefined) return 0;
  return set ?? (canary.dynamicStableScale === true ? 0 : SCALE_DOWN_DELAY_SECONDS);
}

/** How long the former pods stay after a promotion, in seconds; 0 for a canary without traffic routing. */
export function scaleDownDelaySeconds(rollout: Rollout): number {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (canary !== undefined) return canaryDelay(canary, canary.scaleDownDelaySeconds);
  return blueGreen?.scaleDownDelaySeconds ?? SCALE_DOWN_DELAY_SECONDS;
}

/** The Services of the two sides of a canary. Where two take turns, the status tells which of them is stable; at first none is. */
export function canaryServices({ spec, status }: Rollout): { stable: string | undefined; canary: string | undefined } {
  const { pingPong, stableService, canaryService } = spec.strategy?.canary ?? {};
  if (pingPong === undefined) return { stable: stableService, canary: canaryService };
  const { pingService, pongService } = pingPong;
  return status?.canary?.stablePingPong === 'ping'
    ? { stable: pingService, canary: pongService }
    : { stable: pongService, canary: pingService };
}

/** How many former revisions may wait at once before their pods go. */
export function scaleDownDelayRevisionLimit({ spec: { strategy } }: Rollout): number {
  return (strategy?.canary ?? strategy?.blueGreen)?.scaleDownDelayRevisionLimit ?? Number.POSITIVE_INFINITY;
}

/** How long the new pods stay after an abort, in seconds; 0 for a canary without traffic routing, undefined: for good. */
export function abortScaleDownDelaySeconds(rollout: Rollout): number | undefined {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (canary !== undefined && canary.trafficRouting === undefined) return 0;
  const set = (canary ?? blueGreen)?.abortScaleDownDelaySeconds;
  if (set === 0) return undefined;
  return canary === undefined ? (set ?? SCALE_DOWN_DELAY_SECONDS) : canaryDelay(canary, set);
}

/** How long a pause step lasts, in seconds; undefined: until someone promotes. */
export function pauseStepSeconds(step: CanaryStep): number | undefined {
  const duration = step.pause?.duration;
  return duration === undefined ? undefined : pauseSeconds(duration);
}

export const DEFAULT_MEASUREMENT_RETENTION = 10;

/** How many measurements the metric makes; undefined: without end. */
export function effectiveCount(metric: Metric): number | undefined {
  const count = Number(metric.count ?? 0);
  if (count !== 0) return count;
  return metric.interval === undefined || metric.interval === '' ? 1 : undefined;
}

export function revertMode(policy: Pick<RevertPolicy, 'spec'>): RevertMode {
  return policy.spec.mode ?? 'PullRequest';
}

/** How many commits and pull requests a policy allows in 24 hours. */
export function revertBudget(policy: Pick<RevertPolicy, 'spec'>): { directPerDay: number; pullRequestsPerDay: number } {
  return { directPerDay: 4, pullRequestsPerDay: 10, ...policy.spec.budget };
}

/** What happens to objects of a source that differ from Git. */
export function gitSourceDrift({ spec }: Pick<GitSource, 'spec'>): 'heal' | 'report' {
  return spec.drift ?? 'heal';
}

/** How many Rollouts must fail within how many minutes until their failures are hardly each by itself. */
export function revertBreaker(policy: Pick<RevertPolicy, 'spec'>): { failures: number; withinMinutes: number } {
  return { failures: 5, withinMinutes: 10, ...policy.spec.breaker };
}

/** How long between two looks at the repository, in seconds. */
export function gitSourceInterval(source: GitSource): number {
  return durationSeconds(source.spec.interval ?? '1m') ?? 60;
}
