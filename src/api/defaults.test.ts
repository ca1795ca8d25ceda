import { describe, expect, it } from 'vitest';
import type { BlueGreenStrategy } from './blue-green.ts';
import type { CanaryStrategy } from './canary.ts';
import * as defaults from './defaults.ts';
import type { Rollout } from './rollout.ts';

function canary(strategy: CanaryStrategy, spec: Partial<Rollout['spec']> = {}): Rollout {
  return { metadata: { name: 'shop' }, spec: { ...spec, strategy: { canary: strategy } } };
}

function blueGreen(strategy: Partial<BlueGreenStrategy>): Rollout {
  return { metadata: { name: 'shop' }, spec: { strategy: { blueGreen: { activeService: 'shop', ...strategy } } } };
}

const routed: CanaryStrategy = { trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': {} } } };

describe('what holds where nothing is set', () => {
  const empty = canary({});

  it.each([
    [defaults.desiredReplicas, 1],
    [defaults.minReadySeconds, 0],
    [defaults.revisionHistoryLimit, 10],
    [defaults.progressDeadlineSeconds, 600],
    [defaults.successfulRunHistoryLimit, 5],
    [defaults.unsuccessfulRunHistoryLimit, 5],
    [defaults.maxTrafficWeight, 100],
    [defaults.maxSurge, 1],
    [defaults.maxUnavailable, 0],
    [defaults.scaleDownDelaySeconds, 0],
    [defaults.abortScaleDownDelaySeconds, 0],
  ])('%o', (effective, value) => {
    expect(effective(empty)).toBe(value);
  });
});

describe('surge and unavailable', () => {
  it.each([
    [{}, 10, 3, 2],
    [{}, 1, 1, 0],
    [{ maxSurge: '25%', maxUnavailable: '25%' }, 4, 1, 1],
    [{ maxSurge: 0 }, 10, 0, 2],
    [{ maxSurge: 0, maxUnavailable: '5%' }, 10, 0, 1],
    [{ maxSurge: 0, maxUnavailable: 0 }, 10, 0, 1],
    [{ maxSurge: 2, maxUnavailable: 0 }, 10, 2, 0],
    [{}, 0, 0, 1],
  ])('%j of %d pods: %d more, %d missing', (strategy, replicas, surge, unavailable) => {
    const rollout = canary(strategy, { replicas });
    expect(defaults.maxSurge(rollout)).toBe(surge);
    expect(defaults.maxUnavailable(rollout)).toBe(unavailable);
  });
});

describe('delays before pods go', () => {
  it.each([
    ['routed', canary(routed), 30, 30],
    ['routed, set', canary({ ...routed, scaleDownDelaySeconds: 5, abortScaleDownDelaySeconds: 7 }), 5, 7],
    ['routed, kept after an abort', canary({ ...routed, abortScaleDownDelaySeconds: 0 }), 30, undefined],
    ['dynamic', canary({ ...routed, dynamicStableScale: true }), 0, 0],
    ['not routed, although set', canary({ scaleDownDelaySeconds: 5, abortScaleDownDelaySeconds: 0 }), 0, 0],
    ['blue-green', blueGreen({}), 30, 30],
    ['blue-green, set', blueGreen({ scaleDownDelaySeconds: 0, abortScaleDownDelaySeconds: 0 }), 0, undefined],
  ])('%s', (_name, rollout, promoted, aborted) => {
    expect(defaults.scaleDownDelaySeconds(rollout)).toBe(promoted);
    expect(defaults.abortScaleDownDelaySeconds(rollout)).toBe(aborted);
  });
});

describe('steps, metrics and policies', () => {
  it('knows how long a pause lasts', () => {
    expect(defaults.pauseStepSeconds({ pause: {} })).toBeUndefined();
    expect(defaults.pauseStepSeconds({ pause: { duration: '1h' } })).toBe(3600);
    expect(defaults.pauseStepSeconds({ pause: { duration: 0 } })).toBe(0);
  });

  it.each([
    [{}, 1],
    [{ interval: '10s' }, undefined],
    [{ interval: '10s', count: 3 }, 3],
    [{ count: '3' }, 3],
    [{ count: 0 }, 1],
  ])('a metric with %j makes %s measurements', (fields, count) => {
    expect(defaults.effectiveCount({ name: 'errors', provider: {}, ...fields })).toBe(count);
  });

  it('knows what a policy allows', () => {
    const repository = { host: 'git', url: '/srv/repo.git', branch: 'main' } as const;
    const policy = { metadata: { name: 'p' }, spec: { namespaces: ['shop'], repository, budget: { directPerDay: 1 } } };
    expect(defaults.revertMode(policy)).toBe('PullRequest');
    expect(defaults.revertBudget(policy)).toEqual({ directPerDay: 1, pullRequestsPerDay: 10 });
    expect(defaults.revertBreaker(policy)).toEqual({ failures: 5, withinMinutes: 10 });
  });

  it('knows how often a source is looked at', () => {
    const spec = { repository: { url: '/srv/repo.git', branch: 'main' }, serviceAccountName: 'deployer' };
    expect(defaults.gitSourceInterval({ metadata: { name: 's' }, spec })).toBe(60);
    expect(defaults.gitSourceInterval({ metadata: { name: 's' }, spec: { ...spec, interval: '5s' } })).toBe(5);
  });
});
