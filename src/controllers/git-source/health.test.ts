import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/index.ts';
import { healthOf, unsettled } from './health.ts';

const object = (apiVersion: string, kind: string, rest: object = {}, metadata: object = {}) =>
  ({ apiVersion, kind, metadata: { name: 'web', generation: 2, ...metadata }, ...rest }) as KubeObject;
const condition = (type: string, status: string, more: object = {}) => ({ conditions: [{ type, status, ...more }] });
const seen = { observedGeneration: 2 };
const three = { spec: { replicas: 3 } };
const done = { ...seen, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };

describe('the health of', () => {
  it.each<[string, KubeObject, string, string?]>([
    ['a Deployment that nobody has looked at', object('apps/v1', 'Deployment', three), 'progressing', 'looked'],
    [
      'one whose last change was not seen',
      object('apps/v1', 'Deployment', { ...three, status: { ...done, observedGeneration: 1 } }),
      'progressing',
      'last change',
    ],
    [
      'one that updates',
      object('apps/v1', 'Deployment', { ...three, status: { ...done, updatedReplicas: 1 } }),
      'progressing',
      '1 of 3 pods are updated',
    ],
    [
      'one whose pods are not available',
      object('apps/v1', 'Deployment', { ...three, status: { ...done, availableReplicas: 2 } }),
      'progressing',
      '2 of 3 pods are available',
    ],
    [
      'one with former pods',
      object('apps/v1', 'Deployment', { ...three, status: { ...done, replicas: 4 } }),
      'progressing',
      '1 former',
    ],
    [
      'one that is stuck',
      object('apps/v1', 'Deployment', {
        ...three,
        status: {
          ...done,
          ...condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'too long' }),
        },
      }),
      'failed',
      'too long',
    ],
    ['one that is there', object('apps/v1', 'Deployment', { ...three, status: done }), 'healthy'],
    ['one of no pods', object('apps/v1', 'Deployment', { spec: { replicas: 0 }, status: seen }), 'healthy'],
    [
      'a StatefulSet that is not ready',
      object('apps/v1', 'StatefulSet', { ...three, status: { ...done, readyReplicas: 2 } }),
      'progressing',
      '2 of 3 pods are ready',
    ],
    [
      'one that updates',
      object('apps/v1', 'StatefulSet', { ...three, status: { ...done, currentRevision: 'a', updateRevision: 'b' } }),
      'progressing',
      'not over',
    ],
    [
      'one that updates as far as its partition',
      object('apps/v1', 'StatefulSet', {
        spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
        status: { ...done, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
      }),
      'healthy',
    ],
    [
      'one that is updated by hand',
      object('apps/v1', 'StatefulSet', {
        spec: { replicas: 3, updateStrategy: { type: 'OnDelete' } },
        status: { ...done, updatedReplicas: 0 },
      }),
      'healthy',
    ],
    [
      'a DaemonSet that updates',
      object('apps/v1', 'DaemonSet', {
        status: { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 },
      }),
      'progressing',
      '1 of 2 pods are updated',
    ],
    [
      'one that is there',
      object('apps/v1', 'DaemonSet', {
        status: { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
      }),
      'healthy',
    ],
    [
      'a ReplicaSet whose pods are refused',
      object('apps/v1', 'ReplicaSet', {
        ...three,
        status: { ...done, ...condition('ReplicaFailure', 'True', { message: 'quota' }) },
      }),
      'failed',
      'quota',
    ],
    ['a Job that runs', object('batch/v1', 'Job', { status: { active: 1 } }), 'progressing'],
    ['one that is complete', object('batch/v1', 'Job', { status: condition('Complete', 'True') }), 'healthy'],
    [
      'one that has failed',
      object('batch/v1', 'Job', { status: condition('Failed', 'True', { message: 'BackoffLimitExceeded' }) }),
      'failed',
      'BackoffLimitExceeded',
    ],
    ['one that is not to run', object('batch/v1', 'Job', { spec: { suspend: true } }), 'healthy'],
    [
      'a Pod that is not ready',
      object('v1', 'Pod', { status: { phase: 'Running', ...condition('Ready', 'False') } }),
      'progressing',
    ],
    ['one that is', object('v1', 'Pod', { status: { phase: 'Running', ...condition('Ready', 'True') } }), 'healthy'],
    ['one that is done', object('v1', 'Pod', { status: { phase: 'Succeeded' } }), 'healthy'],
    [
      'one that has failed',
      object('v1', 'Pod', { status: { phase: 'Failed', message: 'evicted' } }),
      'failed',
      'evicted',
    ],
    [
      'a claim without a volume',
      object('v1', 'PersistentVolumeClaim', { status: { phase: 'Pending' } }),
      'progressing',
    ],
    ['one that is bound', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Bound' } }), 'healthy'],
    ['a definition that is new', object('apiextensions.k8s.io/v1', 'CustomResourceDefinition'), 'progressing'],
    [
      'one whose names are taken',
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
        status: condition('NamesAccepted', 'False', { message: 'taken' }),
      }),
      'failed',
      'taken',
    ],
    [
      'one that is established',
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: condition('Established', 'True') }),
      'healthy',
    ],
    ['a Rollout that nobody has looked at', object('argoproj.io/v1alpha1', 'Rollout'), 'progressing', 'looked'],
    [
      'one whose last change was not seen',
      object('argoproj.io/v1alpha1', 'Rollout', { status: { phase: 'Healthy', observedGeneration: '1' } }),
      'progressing',
      'looked',
    ],
    [
      'one that is paused',
      object('argoproj.io/v1alpha1', 'Rollout', {
        status: { phase: 'Paused', message: 'CanaryPauseStep', observedGeneration: '2' },
      }),
      'progressing',
      'Paused: CanaryPauseStep',
    ],
    [
      'one that was aborted',
      object('argoproj.io/v1alpha1', 'Rollout', { status: { phase: 'Degraded', observedGeneration: '2' } }),
      'failed',
      'Degraded',
    ],
    [
      'one that is healthy',
      object('argoproj.io/v1alpha1', 'Rollout', { status: { phase: 'Healthy', observedGeneration: '2' } }),
      'healthy',
    ],
    [
      'anything that is not ready',
      object('example.com/v1', 'Widget', { status: condition('Ready', 'Unknown', { message: 'soon' }) }),
      'progressing',
      'soon',
    ],
    [
      'anything that is stalled',
      object('example.com/v1', 'Widget', { status: condition('Stalled', 'True', { reason: 'Broken' }) }),
      'failed',
      'Broken',
    ],
    ['anything that says nothing', object('v1', 'ConfigMap'), 'healthy'],
    [
      'anything that is being deleted',
      object('v1', 'ConfigMap', {}, { deletionTimestamp: '2026-11-20T12:00:00Z' }),
      'progressing',
      'deleted',
    ],
    [
      'a status of another shape',
      object('apps/v1', 'Deployment', { spec: 'x', status: { conditions: 'y' } }),
      'progressing',
    ],
  ])('%s', (_, given, state, words = '') => {
    const health = healthOf(given);
    expect(health.state).toBe(state);
    expect('message' in health ? health.message : '').toContain(words);
  });
});

it('only workloads may go back to what they were', () => {
  const job = object('batch/v1', 'Job');
  const deployment = object('apps/v1', 'Deployment');
  expect(unsettled([job, deployment, object('v1', 'ConfigMap')])).toEqual([deployment]);
});
