import { describe, expect, it } from 'vitest';
import { POD_TEMPLATE_HASH, type PodTemplateSpec } from '../api/index.ts';
import { sameTemplate, templateDifference } from './template-difference.ts';

function template(container: object = {}, spec: object = {}, labels: object = { app: 'web' }): PodTemplateSpec {
  return {
    metadata: { labels: labels as Record<string, string> },
    spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...spec },
  };
}

describe('sameTemplate', () => {
  it.each<[string, PodTemplateSpec, PodTemplateSpec]>([
    ['the hash label', template(), template({}, {}, { app: 'web', [POD_TEMPLATE_HASH]: 'abc' })],
    [
      'what the API server fills in',
      template({ ports: [{ containerPort: 80 }] }),
      template(
        {
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
        {
          restartPolicy: 'Always',
          dnsPolicy: 'ClusterFirst',
          terminationGracePeriodSeconds: 30,
          schedulerName: 'default-scheduler',
          securityContext: {},
        },
      ),
    ],
    [
      'the pull policy of a latest image',
      template({ image: 'registry:5000/web' }),
      template({ image: 'registry:5000/web', imagePullPolicy: 'Always' }),
    ],
    [
      'spellings of one quantity',
      template({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: 0.1, memory: '1e3' } } }),
      template({ resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: '100m', memory: '1k' } } }),
    ],
    ['the order of fields', template({ a: 1, b: 2 }), template({ b: 2, a: 1 })],
  ])('sees no difference in %s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(true);
    expect(sameTemplate(b, a)).toBe(true);
  });

  it.each<[string, PodTemplateSpec, PodTemplateSpec]>([
    ['the image', template(), template({ image: 'web:2' })],
    ['a label', template(), template({}, {}, { app: 'web', tier: 'front' })],
    [
      'a quantity',
      template({ resources: { limits: { cpu: '1' } } }),
      template({ resources: { limits: { cpu: '2' } } }),
    ],
    ['a limit that was taken away', template({ resources: { limits: { cpu: '1' } } }), template()],
    ['a label without a value', template(), template({}, {}, { app: 'web', 'inject.example/off': '' })],
    ['a label that is called like a field', template(), template({}, {}, { app: 'web', restartPolicy: 'Always' })],
    ['the pull policy', template(), template({ imagePullPolicy: 'Always' })],
    ['the order of containers', template({ args: ['a', 'b'] }), template({ args: ['b', 'a'] })],
    [
      'a number of a probe',
      template({ livenessProbe: { periodSeconds: 10 } }),
      template({ livenessProbe: { periodSeconds: 5 } }),
    ],
    [
      'an env value that looks like a quantity',
      template({ env: [{ name: 'A', value: '1' }] }),
      template({ env: [{ name: 'A', value: '1000m' }] }),
    ],
  ])('sees a difference in %s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(false);
    expect(sameTemplate(b, a)).toBe(false);
  });
});

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

describe('knows the defaults by their place', () => {
  const ofInit = (restartPolicy?: string) =>
    template({}, { initContainers: [{ name: 'proxy', image: 'proxy:1', ...(restartPolicy && { restartPolicy }) }] });

  it.each<[string, PodTemplateSpec, PodTemplateSpec, string]>([
    ['a sidecar, which restarts', ofInit(), ofInit('Always'), 'spec.initContainers[0].restartPolicy'],
    [
      'the grace period of a probe',
      template({ livenessProbe: {} }, { terminationGracePeriodSeconds: 5 }),
      template({ livenessProbe: { terminationGracePeriodSeconds: 30 } }, { terminationGracePeriodSeconds: 5 }),
      'spec.containers[0].livenessProbe.terminationGracePeriodSeconds',
    ],
    [
      'a field that is called like something of every object',
      template(),
      template({ constructor: 'x' }),
      'spec.containers[0].constructor',
    ],
    [
      'a port of the node',
      template({ ports: [{ containerPort: 80 }] }),
      template({ ports: [{ containerPort: 80, hostPort: 80 }] }),
      'spec.containers[0].ports[0].hostPort',
    ],
    [
      'the pull policy of another tag',
      template(),
      template({ imagePullPolicy: 'Always' }),
      'spec.containers[0].imagePullPolicy',
    ],
    [
      'a node label without a value',
      template(),
      template({}, { nodeSelector: { 'node-role/edge': '' } }),
      'spec.nodeSelector.node-role/edge',
    ],
    [
      'a request that is not its limit',
      template({ resources: { limits: { cpu: '1' } } }),
      template({ resources: { limits: { cpu: '1' }, requests: { cpu: '1m' } } }),
      'spec.containers[0].resources.requests.cpu',
    ],
  ])('%s is a difference', (_, a, b, path) => {
    expect(templateDifference(a, b)).toBe(path);
    expect(templateDifference(b, a)).toBe(path);
  });

  it.each<[string, PodTemplateSpec, PodTemplateSpec]>([
    [
      'the ports of pods on the network of their node',
      template({ ports: [{ containerPort: 80 }] }, { hostNetwork: true }),
      template({ ports: [{ containerPort: 80, hostPort: 80 }] }, { hostNetwork: true }),
    ],
    [
      'the mirror of the service account',
      template({}, { serviceAccountName: 'web' }),
      template({}, { serviceAccountName: 'web', serviceAccount: 'web' }),
    ],
    [
      'requests that follow from limits',
      template({ resources: { limits: { cpu: '1', memory: '1Gi' } } }),
      template({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1Gi' } } }),
    ],
    ['a zero that is dropped', template({ tty: false }, { hostPID: false }), template()],
  ])('%s is none', (_, a, b) => {
    expect(templateDifference(a, b)).toBeUndefined();
    expect(templateDifference(b, a)).toBeUndefined();
  });
});
