import { expect, it } from 'vitest';
import type { RolloutStatus } from '../api/index.ts';
import { onlyProgress } from './progress.ts';

const weights = (weight: number) => ({
  canary: { weight, podTemplateHash: 'b' },
  stable: { weight: 100 - weight, podTemplateHash: 'a' },
  verified: true,
});
const progressing = (status: string, lastUpdateTime: string) => [
  { type: 'Progressing', status, reason: 'ReplicaSetUpdated', message: '', lastUpdateTime },
];
const reverted = (reason: string) => [
  { type: 'GitReverted', status: 'False', reason, message: '', lastUpdateTime: '2026-01-02T03:04:05Z' },
];
const status: RolloutStatus = {
  phase: 'Progressing',
  message: 'more replicas need to be updated',
  observedGeneration: '2',
  currentStepIndex: 1,
  replicas: 1,
  canary: { weights: weights(25) },
  conditions: progressing('True', '2026-01-02T03:04:05Z'),
};

it.each<[string, RolloutStatus]>([
  ['counts', { replicas: 2, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, HPAReplicas: 2 }],
  ['words', { message: 'updated replicas are still becoming available' }],
  ['weights', { canary: { weights: weights(50) } }],
  ['the time of a condition', { conditions: progressing('True', '2026-01-02T03:04:06Z') }],
])('%s are progress', (_, change) => {
  expect(onlyProgress(status, { ...status, ...change })).toBe(true);
});

it.each<[string, RolloutStatus]>([
  ['a phase', { phase: 'Paused' }],
  ['a step', { currentStepIndex: 2 }],
  ['a generation that was seen', { observedGeneration: '3' }],
  ['a reason to pause', { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2026-01-02T03:04:05Z' }] }],
  ['an abort', { abort: true }],
  ['a run', { canary: { weights: weights(25), currentStepAnalysisRunStatus: { name: 'r', status: 'Running' } } }],
  ['a condition that turns', { conditions: progressing('False', '2026-01-02T03:04:05Z') }],
])('%s is more than progress', (_, change) => {
  expect(onlyProgress(status, { ...status, ...change })).toBe(false);
});

it('what becomes of a change in Git is told at once: people wait for it', () => {
  const before = { ...status, conditions: reverted('Pending') };
  expect(onlyProgress(before, { ...before, conditions: reverted('Proposed') })).toBe(false);
});
