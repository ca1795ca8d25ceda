import { describe, expect, it } from 'vitest';
import type { Condition, Rollout, RolloutStatus } from '../api/index.ts';
import { phaseOf } from './phase.ts';

function rollout(spec: Partial<Rollout['spec']> = {}): Rollout {
  return { metadata: { name: 'web' }, spec: { replicas: 4, strategy: { canary: {} }, ...spec } };
}

const routed = { strategy: { canary: { trafficRouting: { nginx: {} } } } };
const healthy: RolloutStatus = {
  replicas: 4,
  updatedReplicas: 4,
  availableReplicas: 4,
  stableRS: 'abc',
  currentPodHash: 'abc',
};
const progressing = (reason: string, message: string): Condition => ({
  type: 'Progressing',
  status: 'False',
  reason,
  message,
});
const invalid: Condition = {
  type: 'InvalidSpec',
  status: 'True',
  reason: 'InvalidSpec',
  message: 'steps[0]: two kinds',
};
const pauseConditions = [{ reason: 'CanaryPauseStep', startTime: '2026-11-21T09:00:00Z' }];

describe("phaseOf: the reference's texts, the first that matches", () => {
  it.each<[string, string, Partial<Rollout['spec']>, RolloutStatus]>([
    ['Healthy', '', {}, healthy],
    ['Degraded', 'InvalidSpec: steps[0]: two kinds', {}, { ...healthy, conditions: [invalid] }],
    [
      'Degraded',
      'InvalidSpec: steps[0]: two kinds',
      { paused: true },
      { ...healthy, conditions: [progressing('RolloutAborted', 'x'), invalid] },
    ],
    [
      'Degraded',
      'RolloutAborted: Rollout aborted update to revision 2',
      { paused: true },
      { ...healthy, conditions: [progressing('RolloutAborted', 'Rollout aborted update to revision 2')] },
    ],
    [
      'Degraded',
      'ProgressDeadlineExceeded: ReplicaSet "web-abc" has timed out progressing.',
      {},
      {
        ...healthy,
        conditions: [progressing('ProgressDeadlineExceeded', 'ReplicaSet "web-abc" has timed out progressing.')],
      },
    ],
    ['Paused', 'manually paused', { paused: true }, { ...healthy, pauseConditions }],
    ['Paused', 'CanaryPauseStep', {}, { ...healthy, pauseConditions }],
    ['Progressing', 'rollout is restarting', { restartAt: '2026-11-21T09:00:00Z' }, healthy],
    [
      'Progressing',
      'rollout is restarting',
      { restartAt: '2026-11-21T09:00:00Z' },
      { ...healthy, availableReplicas: 3, restartedAt: '2026-11-20T09:00:00Z' },
    ],
    ['Healthy', '', { restartAt: '2026-11-21T09:00:00Z' }, { ...healthy, restartedAt: '2026-11-21T10:00:00+01:00' }],
    ['Paused', 'CanaryPauseStep', { restartAt: '2026-11-21T09:00:00Z' }, { ...healthy, pauseConditions }],
    ['Progressing', 'more replicas need to be updated', {}, { ...healthy, updatedReplicas: 3, availableReplicas: 3 }],
    ['Progressing', 'more replicas need to be updated', {}, {}],
    ['Progressing', 'updated replicas are still becoming available', {}, { ...healthy, availableReplicas: 3 }],
    ['Progressing', 'old replicas are pending termination', {}, { ...healthy, replicas: 5 }],
    ['Healthy', '', routed, { ...healthy, replicas: 8 }],
    ['Progressing', 'waiting for all steps to complete', {}, { ...healthy, stableRS: 'old' }],
    ['Progressing', 'waiting for all steps to complete', routed, { ...healthy, replicas: 8, stableRS: 'old' }],
  ])('%s %s', (phase, message, spec, status) => {
    expect(phaseOf(rollout(spec), status)).toEqual({ phase, message });
  });
});
