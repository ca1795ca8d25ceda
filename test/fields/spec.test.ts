/** Every field of a Rollout's spec outside its strategy. */
import { describe, expect, it } from 'vitest';
import { type AnalysisRun, REVISION } from '../../src/api/index.ts';
import { later, pass, settle } from '../transcripts/passes.ts';
import { createWorld, user, type World } from '../transcripts/world.ts';
import { install, matters, pods, update } from './matter.ts';

const template = {
  metadata: { labels: { app: 'web', tier: 'front' }, annotations: { team: 'shop' } },
  spec: { containers: [{ name: 'web', image: 'registry.example/web:v1' }], serviceAccountName: 'web' },
};

function firstTemplate(world: World) {
  settle(world);
  return world.replicaSets[0]?.spec.template;
}

function progress(world: World) {
  const { type, status, reason } = world.rollout.status?.conditions?.find((each) => each.type === 'Progressing') ?? {};
  return { type, status, reason };
}

/** v2 has no pod that becomes available, for so many seconds. */
function stuck(world: World, seconds: number): void {
  settle(world);
  world.podsFollow = false;
  update(world, 'v2');
  later(world, seconds);
}

function finished(phase: 'Successful' | 'Failed', count: number): AnalysisRun[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: `${phase}-${index}`, uid: `${phase}-${index}`, creationTimestamp: `2026-11-20T09:00:0${index}Z` },
    spec: { metrics: [] },
    status: { phase },
  }));
}

function succeed(world: World): void {
  for (const run of world.runs) run.status = { phase: 'Successful' };
  settle(world);
}

function keptRuns(world: World): string[] {
  world.runs = [...finished('Successful', 3), ...finished('Failed', 3)];
  settle(world);
  return world.runs.map(({ metadata }) => metadata.name);
}

describe('pods', () => {
  matters([
    {
      field: 'spec.replicas',
      given: { replicas: 3 },
      play: (world) => {
        settle(world);
        return pods(world);
      },
      told: { v1: 3 },
    },
    {
      field: 'spec.selector.matchLabels',
      given: {},
      play: (world) => {
        settle(world);
        return [world.replicaSets[0]?.spec.selector?.matchLabels?.app, world.rollout.status?.selector];
      },
      told: ['web', 'app=web'],
    },
    {
      field: 'spec.selector.matchExpressions',
      given: {
        spec: {
          selector: {
            matchLabels: { app: 'web' },
            matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }],
          },
        },
      },
      play: (world) => {
        settle(world);
        return [world.replicaSets[0]?.spec.selector?.matchExpressions, world.rollout.status?.selector];
      },
      told: [[{ key: 'tier', operator: 'NotIn', values: ['a'] }], 'app=web,tier notin (a)'],
    },
    {
      field: 'spec.template.metadata.labels.tier',
      given: { spec: { template } },
      play: (world) => firstTemplate(world)?.metadata?.labels?.tier,
      told: 'front',
    },
    {
      field: 'spec.template.metadata.annotations',
      given: { spec: { template } },
      play: (world) => firstTemplate(world)?.metadata?.annotations,
      told: { team: 'shop' },
    },
    {
      field: 'spec.template.spec',
      given: { spec: { template } },
      play: (world) => firstTemplate(world)?.spec,
      told: template.spec,
    },
    {
      field: 'spec.minReadySeconds',
      given: { spec: { minReadySeconds: 20 } },
      play: (world) => {
        settle(world);
        return world.replicaSets[0]?.spec.minReadySeconds;
      },
      told: 20,
    },
  ]);

  it('minReadySeconds that is changed later reaches the pods there are', () => {
    const world = createWorld({ spec: { minReadySeconds: 20 } });
    settle(world);
    world.rollout.spec.minReadySeconds = 5;
    settle(world);
    expect(world.replicaSets.map(({ spec }) => spec.minReadySeconds)).toEqual([5]);
    delete world.rollout.spec.minReadySeconds;
    settle(world);
    expect(world.replicaSets.map(({ spec }) => spec.minReadySeconds ?? 0)).toEqual([0]);
  });
});

describe('revisions', () => {
  matters([
    {
      field: 'spec.rollbackWindow.revisions',
      given: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] }, spec: { rollbackWindow: { revisions: 1 } } },
      play: (world) => {
        install(world);
        user.promoteFull(world);
        settle(world);
        update(world, 'v1');
        return [world.rollout.status?.phase, pods(world)];
      },
      told: ['Healthy', { v1: 4, v2: 0 }],
    },
    {
      field: 'spec.rollbackWindow.revisions',
      when: 'of blue-green',
      given: {
        blueGreen: { activeService: 'active', autoPromotionEnabled: false, scaleDownDelaySeconds: 0 },
        spec: { rollbackWindow: { revisions: 1 } },
      },
      play: (world) => {
        install(world);
        user.promote(world);
        settle(world);
        update(world, 'v1');
        return [world.rollout.status?.phase, pods(world)];
      },
      told: ['Healthy', { v1: 4, v2: 0 }],
    },
    {
      field: 'spec.revisionHistoryLimit',
      given: { spec: { revisionHistoryLimit: 1 } },
      play: (world) => {
        install(world);
        update(world, 'v3');
        update(world, 'v4');
        return pods(world);
      },
      told: { v3: 0, v4: 4 },
    },
    {
      field: 'spec.revisionHistoryLimit',
      when: 'of 0 keeps none',
      given: { spec: { revisionHistoryLimit: 0 } },
      play: (world) => pods(install(world)),
      told: { v2: 4 },
    },
    {
      field: 'spec.revisionHistoryLimit',
      when: 'takes the runs of a revision with it',
      given: {
        canary: { steps: [{ analysis: { templates: [{ templateName: 'rate' }] } }] },
        spec: { revisionHistoryLimit: 0 },
      },
      play: (world) => {
        install(world);
        succeed(world);
        update(world, 'v3');
        succeed(world);
        return [pods(world), world.runs.map(({ metadata }) => metadata.annotations?.[REVISION])];
      },
      told: [{ v3: 4 }, ['3']],
    },
    {
      field: 'spec.analysis.successfulRunHistoryLimit',
      given: { spec: { analysis: { successfulRunHistoryLimit: 1 } } },
      play: keptRuns,
      told: ['Successful-2', 'Failed-0', 'Failed-1', 'Failed-2'],
    },
    {
      field: 'spec.analysis.unsuccessfulRunHistoryLimit',
      given: { spec: { analysis: { unsuccessfulRunHistoryLimit: 0 } } },
      play: keptRuns,
      told: ['Successful-0', 'Successful-1', 'Successful-2'],
    },
  ]);
});

describe('progress', () => {
  matters([
    {
      field: 'spec.paused',
      given: { spec: { paused: true } },
      play: (world) => {
        settle(world);
        return [pods(world), world.rollout.status?.phase];
      },
      told: [{ v1: 0 }, 'Paused'],
    },
    {
      field: 'spec.progressDeadlineSeconds',
      given: { spec: { progressDeadlineSeconds: 60 } },
      play: (world) => {
        stuck(world, 60);
        return [progress(world), world.rollout.status?.phase];
      },
      told: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }, 'Degraded'],
    },
    {
      field: 'spec.progressDeadlineAbort',
      given: { spec: { progressDeadlineAbort: true } },
      play: (world) => {
        stuck(world, 600);
        return [progress(world).reason, world.rollout.status?.abort];
      },
      told: ['RolloutAborted', true],
    },
  ]);

  it('the deadline is what the next look is set to', () => {
    const world = createWorld({ spec: { progressDeadlineSeconds: 60 } });
    stuck(world, 10);
    expect(pass(world).lookAgainAt).toBe(world.now + 50_000);
  });
});
