import { describe, expect, it } from 'vitest';
import type { PodTemplateSpec } from '../api/kubernetes.ts';
import { templateDifference } from './template.ts';

const git: PodTemplateSpec = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'web:2',
        ports: [{ containerPort: 8080 }],
        env: [{ name: 'A', value: '1' }],
        resources: { limits: { cpu: 1, memory: '1024Mi' }, requests: { cpu: '100m' } },
        readinessProbe: { httpGet: { path: '/', port: 'http' }, initialDelaySeconds: 0 },
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'web' } }],
    hostNetwork: false,
  },
};

const cluster: PodTemplateSpec = {
  metadata: { labels: { app: 'web', 'rollouts-pod-template-hash': 'abc' }, creationTimestamp: null },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'web:2',
        imagePullPolicy: 'IfNotPresent',
        ports: [{ containerPort: 8080, protocol: 'TCP' }],
        env: [{ name: 'A', value: '1' }],
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
        readinessProbe: {
          httpGet: { path: '/', port: 'http', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'web', defaultMode: 420 } }],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  },
};

/** The template with one field set, or taken away by `undefined`. */
function changed(template: PodTemplateSpec, path: string, value: unknown): PodTemplateSpec {
  const draft = structuredClone(template);
  const keys = path.replaceAll('[', '.').replaceAll(']', '').split('.');
  const last = keys.pop() as string;
  const parent = keys.reduce<Record<string, unknown>>(
    (at, key) => {
      at[key] ??= {};
      return at[key] as Record<string, unknown>;
    },
    draft as Record<string, unknown>,
  );
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return draft;
}

it('finds a template equal to what the API server made of it', () => {
  expect(templateDifference(git, cluster)).toBeUndefined();
  expect(templateDifference(git, git)).toBeUndefined();
});

describe('finds different', () => {
  const web = 'spec.containers[0]';
  it.each([
    [`${web}.image`, 'web:3'],
    ['spec.containers', []],
    [`${web}.env[0].value`, '2'],
    [`${web}.env`, undefined],
    [`${web}.command`, ['sh']],
    [`${web}.resources.limits.memory`, '1G'],
    [`${web}.resources.requests.memory`, '2Gi'],
    [`${web}.readinessProbe.periodSeconds`, 5],
    ['spec.terminationGracePeriodSeconds', 60],
    ['spec.restartPolicy', 'Never'],
    ['spec.hostNetwork', true],
    ['spec.serviceAccountName', 'other'],
    ['metadata.labels.team', 'x'],
    ['metadata.annotations.note', 'x'],
  ])('%s in the cluster', (path, value) => {
    expect(templateDifference(git, changed(cluster, path, value))).toBe(path);
  });

  it.each([
    [`${web}.command`, ['sh']],
    ['spec.automountServiceAccountToken', false],
    ['spec.terminationGracePeriodSeconds', 0],
    [`${web}.ports[0].containerPort`, '8080'],
  ])('%s in Git', (path, value) => {
    expect(templateDifference(changed(git, path, value), cluster)).toBe(path);
  });
});

it('leaves out what the controller itself puts on the pods of one side', () => {
  const labelled = changed(cluster, 'metadata.labels.role', 'stable');
  expect(templateDifference(git, labelled)).toBe('metadata.labels.role');
  expect(templateDifference(git, labelled, { labels: ['role'] })).toBeUndefined();
});
