import { describe, expect, it } from 'vitest';
import type { GitSource } from '../../api/index.ts';
import { circleThrough, unreadyReason } from './dependencies.ts';
import { differences } from './drift.ts';
import { stageOf } from './order.ts';

it('what others need comes first', () => {
  const kinds = [
    'v1 Namespace',
    'apiextensions.k8s.io/v1 CustomResourceDefinition',
    'v1 ServiceAccount',
    'rbac.authorization.k8s.io/v1 Role',
    'rbac.authorization.k8s.io/v1 RoleBinding',
    'v1 Secret',
    'apps/v1 Deployment',
    'argoproj.io/v1alpha1 Rollout',
    'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration',
  ];
  const stages = kinds.map((each) => {
    const [apiVersion = '', kind = ''] = each.split(' ');
    return stageOf({ apiVersion, kind, metadata: { name: 'x' } });
  });
  expect(stages).toEqual([...stages].sort((a, b) => a - b));
  expect(new Set(stages).size).toBe(kinds.length);
  const stage = (apiVersion: string, kind: string) => stageOf({ apiVersion, kind, metadata: { name: 'x' } });
  expect(stage('example.com/v1', 'Role')).toBe(stage('v1', 'Service'));
});

describe('a circle', () => {
  it.each<[string, Record<string, string[]>, string[] | undefined]>([
    ['through itself', { a: ['a'] }, ['a', 'a']],
    ['of three', { a: ['x', 'b'], b: ['c'], c: ['a'] }, ['a', 'b', 'c', 'a']],
    ['that it only leads to', { a: ['b'], b: ['c'], c: ['b'] }, undefined],
    ['that is none', { a: ['b', 'c'], b: ['d'], c: ['d'] }, undefined],
  ])('%s', (_, graph, circle) => {
    expect(circleThrough('a', (name) => graph[name] ?? [])).toEqual(circle);
  });
});

describe('a dependency', () => {
  const conditions = [
    { type: 'Ready', status: 'True' },
    { type: 'Healthy', status: 'True' },
  ];
  const status = { lastSeenCommit: 'x', lastAppliedCommit: 'x', lastAppliedGeneration: 1, conditions };
  const reason = (change: object, hasCommit = true) => {
    const source = {
      metadata: { name: 'base', generation: 1 },
      status: { ...status, ...change },
    } as unknown as GitSource;
    return unreadyReason({ name: 'base', source, hasCommit });
  };
  it.each<[string, string | undefined, string | undefined]>([
    ['that is ready', reason({}), undefined],
    ['that has not applied this commit', reason({}, false), 'GitSource base has not applied its latest commit'],
    [
      'that has seen more than it has applied',
      reason({ lastSeenCommit: 'y' }),
      'GitSource base has not applied its latest commit',
    ],
    ['whose spec is newer', reason({ lastAppliedGeneration: 0 }), 'GitSource base has not applied its latest commit'],
    ['that is not healthy', reason({ conditions: conditions.slice(0, 1) }), 'GitSource base is not healthy'],
    [
      'that is not ready',
      reason({ conditions: [{ type: 'Ready', status: 'False', reason: 'Forbidden' }] }),
      'GitSource base is not ready (Forbidden)',
    ],
    [
      'that is not there',
      unreadyReason({ name: 'base', source: undefined, hasCommit: true }),
      'GitSource base is not there',
    ],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected);
  });
});

it('differences are told by their paths, a few of them, without what the API server keeps', () => {
  const live = {
    metadata: { name: 'a', generation: 1, labels: { x: '1', 'y/z': '1' } },
    spec: { ports: [{ port: 1 }] },
    status: 1,
  };
  const applied = {
    metadata: { name: 'a', generation: 2, labels: { x: '2' } },
    spec: { ports: [{ port: 2 }] },
    status: 2,
  };
  expect(differences(live as never, applied as never)).toEqual([
    'metadata.labels.x',
    'metadata.labels."y/z"',
    'spec.ports[0].port',
  ]);
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${index}`, index]));
  expect(
    differences({ metadata: { name: 'a' }, data: many } as never, { metadata: { name: 'a' }, data: {} } as never),
  ).toHaveLength(5);
});
