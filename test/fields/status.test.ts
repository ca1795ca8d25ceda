/** Every field of a Rollout's status: what is written there, and what happens when somebody else writes it. */
import { describe, expect, it } from 'vitest';
import type { BlueGreenStrategy, CanaryStrategy, Condition, RolloutStatus } from '../../src/api/index.ts';
import { templateHash } from '../../src/rollout/index.ts';
import { later, settle } from '../transcripts/passes.ts';
import { createWorld, finishRun, patchStatus, podTemplate, user, type World } from '../transcripts/world.ts';
import { install, pods } from './matter.ts';

const v1 = templateHash(podTemplate('v1'));
const v2 = templateHash(podTemplate('v2'));
const INSTALLED = '2026-11-21T09:00:00Z';
const UPDATED = '2026-11-21T09:01:00Z';
const use = { templates: [{ templateName: 'rate' }] };

const canary: CanaryStrategy = {
  canaryService: 'web-canary',
  stableService: 'web-stable',
  trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
  steps: [{ setWeight: 50 }, { analysis: use }, { pause: {} }],
  analysis: use,
};
const blueGreen: BlueGreenStrategy = {
  activeService: 'active',
  previewService: 'preview',
  previewReplicaCount: 1,
  autoPromotionEnabled: false,
  prePromotionAnalysis: use,
  postPromotionAnalysis: use,
};

function statusOf(world: World): RolloutStatus {
  return world.rollout.status ?? {};
}

function condition(world: World, type: string): Condition | undefined {
  return statusOf(world).conditions?.find((each) => each.type === type);
}

/** An update that waits in the pause after half of the pods. */
function waiting(): World {
  return install(
    createWorld({ canary: { steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }] } }),
  );
}

describe('a canary update tells', () => {
  const world = install(createWorld({ canary }));
  finishRun(world, `web-${v2}-2-1`, 'Running', 'measures');
  settle(world);

  it('everything of itself', () => {
    const { conditions, ...status } = statusOf(world);
    expect(status).toEqual({
      phase: 'Progressing',
      message: 'more replicas need to be updated',
      replicas: 6,
      updatedReplicas: 2,
      readyReplicas: 6,
      availableReplicas: 6,
      HPAReplicas: 6,
      selector: 'app=web',
      observedGeneration: '2',
      currentPodHash: v2,
      currentStepHash: expect.stringMatching(/^\w{8,10}$/),
      currentStepIndex: 1,
      stableRS: v1,
      duration: { rolloutStartedAt: UPDATED },
      blueGreen: {},
      canary: {
        currentStepAnalysisRunStatus: { name: `web-${v2}-2-1`, status: 'Running', message: 'measures' },
        currentBackgroundAnalysisRunStatus: { name: `web-${v2}-2`, status: 'Pending' },
        weights: {
          canary: { weight: 50, serviceName: 'web-canary', podTemplateHash: v2 },
          stable: { weight: 50, serviceName: 'web-stable', podTemplateHash: v1 },
          verified: true,
        },
      },
    });
  });

  it('its conditions, with the times at which they changed', () => {
    expect(condition(world, 'Progressing')).toEqual({
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: `ReplicaSet "web-${v2}" is progressing.`,
      lastTransitionTime: INSTALLED,
      lastUpdateTime: UPDATED,
    });
  });

  it('the message of its background analysis', () => {
    finishRun(world, `web-${v2}-2`, 'Running', 'measures too');
    settle(world);
    expect(statusOf(world).canary?.currentBackgroundAnalysisRunStatus?.message).toBe('measures too');
  });
});

describe('a blue-green update tells', () => {
  const world = install(createWorld({ blueGreen }));

  it('what the Services select, why it waits, and what the analyses say', () => {
    finishRun(world, `web-${v2}-2-pre`, 'Successful', 'fine');
    settle(world);
    expect(statusOf(world)).toMatchObject({
      phase: 'Paused',
      message: 'BlueGreenPause',
      controllerPause: true,
      pauseConditions: [{ reason: 'BlueGreenPause', startTime: UPDATED }],
      blueGreen: {
        previewSelector: v2,
        activeSelector: v1,
        prePromotionAnalysisRunStatus: { name: `web-${v2}-2-pre`, status: 'Successful', message: 'fine' },
      },
    });
    expect(statusOf(world).blueGreen?.scaleUpPreviewCheckPoint).toBeUndefined();
  });

  it('the pods that users reach, for autoscalers', () => {
    expect(statusOf(world)).toMatchObject({
      HPAReplicas: 4,
      selector: `app=web,rollouts-pod-template-hash=${v1}`,
      replicas: 5,
      updatedReplicas: 1,
    });
  });

  it('how it goes on', () => {
    user.promote(world);
    settle(world);
    finishRun(world, `web-${v2}-2-post`, 'Running', 'measures');
    settle(world);
    expect(statusOf(world).blueGreen).toMatchObject({
      activeSelector: v2,
      scaleUpPreviewCheckPoint: true,
      postPromotionAnalysisRunStatus: { name: `web-${v2}-2-post`, status: 'Running', message: 'measures' },
    });
  });
});

describe('what others write is followed', () => {
  it('abort, and abortedAt tells since when', () => {
    const world = waiting();
    world.now += 10_000;
    patchStatus(world, { abort: true });
    settle(world);
    expect(statusOf(world)).toMatchObject({ abort: true, abortedAt: '2026-11-21T09:01:10Z', phase: 'Degraded' });
    expect(pods(world)).toEqual({ v1: 4, v2: 0 });
  });

  it('abort taken away while there is abortedAt', () => {
    const world = waiting();
    patchStatus(world, { abort: true });
    settle(world);
    patchStatus(world, { abort: false });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    expect(statusOf(world).abortedAt).toBeUndefined();
  });

  it('pauseConditions taken away while there is controllerPause', () => {
    const world = waiting();
    expect(statusOf(world)).toMatchObject({ controllerPause: true, currentStepIndex: 1 });
    patchStatus(world, { pauseConditions: null });
    settle(world);
    expect(statusOf(world).currentStepIndex).toBe(3);
  });

  it('the startTime in pauseConditions, from which a pause counts', () => {
    const world = install(createWorld({ canary: { steps: [{ setWeight: 50 }, { pause: { duration: '60s' } }] } }));
    patchStatus(world, { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: INSTALLED }] });
    settle(world);
    expect(statusOf(world).phase).toBe('Healthy');
  });

  it('promoteFull', () => {
    const world = waiting();
    patchStatus(world, { promoteFull: true });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Healthy', stableRS: v2 });
    expect(statusOf(world).promoteFull).toBeUndefined();
  });

  it('currentStepIndex', () => {
    const world = waiting();
    patchStatus(world, { currentStepIndex: 3, pauseConditions: null, controllerPause: false });
    settle(world);
    expect(pods(world)).toEqual({ v1: 1, v2: 3 });
  });

  it('currentStepHash: other steps begin at the first', () => {
    const world = waiting();
    const before = statusOf(world).currentStepHash;
    user.steps(world, [{ pause: {} }, { setWeight: 50 }]);
    settle(world);
    expect(statusOf(world).currentStepIndex).toBe(0);
    expect(statusOf(world).currentStepHash).not.toBe(before);
  });

  it('stableRS: to which an abort goes back', () => {
    const world = waiting();
    patchStatus(world, { stableRS: null });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Healthy', stableRS: v2 });
  });

  it('currentPodHash: an update that it does not speak of begins', () => {
    const world = waiting();
    patchStatus(world, { currentPodHash: 'other', currentStepIndex: 3, pauseConditions: null });
    settle(world);
    expect(statusOf(world)).toMatchObject({ currentPodHash: v2, currentStepIndex: 1 });
  });

  it('collisionCount: it is part of every hash', () => {
    const world = createWorld({});
    patchStatus(world, { collisionCount: 3 });
    settle(world);
    expect(statusOf(world)).toMatchObject({ collisionCount: 3, currentPodHash: templateHash(podTemplate('v1'), 3) });
  });

  it('scaleUpPreviewCheckPoint: the switch was let through', () => {
    const world = install(createWorld({ blueGreen: { activeService: 'active', autoPromotionEnabled: false } }));
    patchStatus(world, { blueGreen: { ...statusOf(world).blueGreen, scaleUpPreviewCheckPoint: true } });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Healthy', stableRS: v2 });
  });

  it('observedGeneration, phase and message are written anew', () => {
    const world = waiting();
    const { phase, message, observedGeneration } = statusOf(world);
    patchStatus(world, { phase: 'Healthy', message: 'all is well', observedGeneration: '99' });
    later(world, 1);
    expect(statusOf(world)).toMatchObject({ phase, message, observedGeneration });
  });

  it.each(['restartedAt', 'alb', 'albs'])('%s is kept', (field) => {
    const kept = { restartedAt: UPDATED, alb: { ingress: 'a' }, albs: [] };
    const world = waiting();
    patchStatus(world, kept);
    user.promote(world);
    settle(world);
    expect(statusOf(world)).toHaveProperty(field, kept[field as keyof typeof kept]);
  });
});
