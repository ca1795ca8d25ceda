import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointSlice, Pod, ReplicaSet, Service } from '../../api/kubernetes.ts';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import type { Store } from '../api/types.ts';
import type { HttpRoute } from './gateways.ts';
import { createWorkloads, type WorkloadSettings, type Workloads } from './index.ts';
import type { Job } from './jobs.ts';
import { isReady } from './objects.ts';
import { deletionOrder } from './replicasets.ts';
import { createTestingCluster, type TestingCluster } from './testing-cluster.ts';

const START = Date.parse('2026-03-01T12:00:00Z');

let clock: VirtualClock;
let cluster: TestingCluster;
let store: Store;
let workloads: Workloads;

async function begin(settings: Partial<WorkloadSettings> = {}): Promise<void> {
  clock = virtualClock(START);
  cluster = await createTestingCluster(clock);
  store = cluster.api.store;
  const { connection } = cluster;
  const delays = { startDelay: { least: 2000, most: 2000 } };
  workloads = createWorkloads({ store, connection, clock, settings: { ...delays, ...settings } });
}

async function end(): Promise<void> {
  await workloads.stop();
  await cluster.stop();
}

const seconds = (count: number) => clock.run({ until: START + count * 1000 });

function replicaSet(name: string, replicas: number, container: object = {}, spec: object = {}): ReplicaSet {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1', ...container }] } },
      ...spec,
    },
  };
}

const pods = () => store.list<Pod>('Pod', 'shop').sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
/** The server leaves counts out that are zero. */
const status = (name: string) => ({
  readyReplicas: 0,
  availableReplicas: 0,
  ...store.get<ReplicaSet>('ReplicaSet', 'shop', name)?.status,
});
const scale = (name: string, replicas: number) =>
  store.patch('ReplicaSet', { namespace: 'shop', name }, { spec: { replicas } });

beforeEach(() => begin());
afterEach(end);

describe('a Deployment', () => {
  const deployment = (image: string) => ({ ...replicaSet('web', 2, { image }), kind: 'Deployment' });
  const sets = () => store.list<ReplicaSet>('ReplicaSet', 'shop');
  const counts = () => store.get('Deployment', 'shop', 'web') as { status?: Record<string, number> } | undefined;

  it('has a ReplicaSet for its template, and counts its pods', async () => {
    store.create('Deployment', deployment('web:1'));
    await seconds(3);
    expect(sets()).toMatchObject([
      { metadata: { labels: { app: 'web' } }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } } },
    ]);
    expect(counts()?.status).toMatchObject({
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      availableReplicas: 2,
    });
    store.patch('Deployment', { namespace: 'shop', name: 'web' }, { spec: { replicas: 1 } });
    await seconds(5);
    expect(sets().map(({ spec }) => spec.replicas)).toEqual([1]);
    expect(counts()?.status).toMatchObject({ observedGeneration: 2, replicas: 1, availableReplicas: 1 });
  });

  it('replaces the pods of a former template as those of the next are there, and goes with them', async () => {
    store.create('Deployment', deployment('web:1'));
    await seconds(3);
    const containers = [{ name: 'web', image: 'web:2' }];
    store.patch('Deployment', { namespace: 'shop', name: 'web' }, { spec: { template: { spec: { containers } } } });
    await seconds(4);
    expect(sets().map(({ spec }) => spec.replicas)).toEqual([2, 2]);
    await seconds(8);
    expect(
      sets()
        .map(({ spec }) => spec.replicas)
        .sort(),
    ).toEqual([0, 2]);
    expect(pods().map(({ spec }) => spec.containers[0]?.image)).toEqual(['web:2', 'web:2']);
    store.delete('Deployment', 'shop', 'web');
    await seconds(12);
    expect(sets()).toEqual([]);
    expect(pods()).toEqual([]);
  });
});

describe('a ReplicaSet', () => {
  it('becomes pods that are ready after their start delay', async () => {
    store.create('ReplicaSet', replicaSet('web-6d9', 3));
    await seconds(1.9);
    expect(status('web-6d9')).toMatchObject({
      replicas: 3,
      readyReplicas: 0,
      availableReplicas: 0,
      observedGeneration: 1,
    });
    expect(pods().map((pod) => pod.status?.phase)).toEqual(['Pending', 'Pending', 'Pending']);

    await seconds(2);
    expect(status('web-6d9')).toMatchObject({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    const [pod] = pods();
    expect(pod?.metadata.name).toMatch(/^web-6d9-[a-z0-9]{5}$/);
    expect(pod?.metadata).toMatchObject({
      labels: { app: 'web' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6d9', controller: true }],
    });
    expect(pod?.spec.nodeName).toBe('sandbox');
    expect(new Set(pods().map((each) => each.status?.podIP)).size).toBe(3);
  });

  it('waits for initialDelaySeconds before ready and for minReadySeconds before available', async () => {
    store.create(
      'ReplicaSet',
      replicaSet(
        'web',
        1,
        { readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 5 } },
        { minReadySeconds: 10 },
      ),
    );
    await seconds(6.9);
    expect(status('web')).toMatchObject({ readyReplicas: 0 });
    await seconds(7);
    expect(status('web')).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
    await seconds(16.9);
    expect(status('web')).toMatchObject({ availableReplicas: 0 });
    await seconds(17);
    expect(status('web')).toMatchObject({ availableReplicas: 1 });
  });

  it('replaces a deleted pod at once, which is gone a second later', async () => {
    store.create('ReplicaSet', replicaSet('web', 1));
    await seconds(3);
    const [first] = pods() as [Pod];
    store.delete('Pod', 'shop', first.metadata.name);
    await seconds(3.9);
    expect(pods().length).toBe(2);
    expect(status('web')).toMatchObject({ replicas: 1, readyReplicas: 0 });
    await seconds(4);
    expect(pods().map(({ metadata }) => metadata.name)).not.toContain(first.metadata.name);
    await seconds(5);
    expect(status('web')).toMatchObject({ replicas: 1, readyReplicas: 1 });
  });

  it('gives up pods that are not ready first', async () => {
    store.create('ReplicaSet', replicaSet('web', 2));
    await seconds(3);
    const ready = pods().map(({ metadata }) => metadata.name);
    scale('web', 4);
    await seconds(3.5);
    scale('web', 2);
    await seconds(10);
    expect(pods().map(({ metadata }) => metadata.name)).toEqual(ready);
    expect(status('web')).toMatchObject({ replicas: 2, readyReplicas: 2, observedGeneration: 3 });
  });

  it('scaled to nothing leaves nothing', async () => {
    store.create('ReplicaSet', replicaSet('web', 2));
    await seconds(3);
    scale('web', 0);
    await seconds(5);
    expect(pods()).toEqual([]);
    expect(status('web')).toMatchObject({ replicas: 0, readyReplicas: 0, availableReplicas: 0 });
  });

  it('with an image that cannot be pulled never gets ready', async () => {
    store.create('ReplicaSet', replicaSet('web', 1, { image: 'web:missing' }));
    await seconds(3600);
    expect(status('web')).toMatchObject({ replicas: 1, readyReplicas: 0 });
    expect(pods()[0]?.status).toMatchObject({
      phase: 'Pending',
      containerStatuses: [{ ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } }],
    });
  });

  it('with a crashing image restarts at once, then after 10 s, 20 s, 40 s', async () => {
    await end();
    await begin({ start: (image) => (image === 'web:bad' ? 'crashes' : 'starts') });
    store.create('ReplicaSet', replicaSet('web', 1, { image: 'web:bad' }));
    const container = () => pods()[0]?.status?.containerStatuses?.[0];
    const ended = { terminated: { exitCode: 1 } };
    await seconds(3);
    expect(container()).toMatchObject({ restartCount: 0, state: ended });
    await seconds(4);
    expect(container()).toMatchObject({ restartCount: 1, state: { running: {} }, lastState: ended });
    await seconds(14.9);
    const waiting = { reason: 'CrashLoopBackOff' };
    expect(container()).toMatchObject({ restartCount: 1, state: { waiting }, lastState: ended });
    await seconds(15);
    expect(container()).toMatchObject({ restartCount: 2, state: { running: {} } });
    await seconds(35.9);
    expect(container()).toMatchObject({ restartCount: 2, state: { waiting } });
    await seconds(36);
    expect(container()).toMatchObject({ restartCount: 3, state: { running: {} } });
    expect(pods().some(isReady)).toBe(false);
  });

  it('writes nothing once it is settled', async () => {
    for (let index = 0; index < 20; index++) store.create('ReplicaSet', replicaSet(`web-${index}`, 2));
    await seconds(10);
    const versions = () =>
      [...store.list('Pod'), ...store.list('ReplicaSet')].map(({ metadata }) => metadata.resourceVersion);
    const before = versions();
    await seconds(3600);
    expect(versions()).toEqual(before);
  });
});

describe('the order of deletion', () => {
  const pod = (name: string, ready: boolean, since: string, cost = 0): Pod => ({
    metadata: {
      name,
      creationTimestamp: since,
      annotations: { 'controller.kubernetes.io/pod-deletion-cost': String(cost) },
    },
    spec: { containers: [], nodeName: 'sandbox' },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }],
    },
  });

  it('is not ready, cheap, newest', () => {
    const given = [
      pod('old', true, '2026-01-01T00:00:00Z'),
      pod('new', true, '2026-01-02T00:00:00Z'),
      pod('dear', true, '2026-01-03T00:00:00Z', 5),
      pod('broken', false, '2026-01-01T00:00:00Z'),
    ];
    expect(deletionOrder(given).map(({ metadata }) => metadata.name)).toEqual(['broken', 'new', 'old', 'dear']);
  });
});

describe('a Job', () => {
  const job = (command: string, spec: Partial<Job['spec']> = {}): Job => ({
    metadata: { name: 'check', namespace: 'shop' },
    spec: {
      template: {
        spec: {
          containers: [{ name: 'main', image: 'alpine', command: ['sh', '-c', command] }],
          restartPolicy: 'Never',
        },
      },
      ...spec,
    },
  });
  const jobStatus = () => ({ active: 0, succeeded: 0, failed: 0, ...store.get<Job>('Job', 'shop', 'check')?.status });

  it('completes when its command exits with 0', async () => {
    store.create('Job', job('sleep 30 && exit 0'));
    await seconds(31);
    expect(jobStatus()).toMatchObject({ active: 1, succeeded: 0 });
    await seconds(32);
    expect(jobStatus()).toMatchObject({
      active: 0,
      succeeded: 1,
      completionTime: '2026-03-01T12:00:32Z',
      conditions: [
        { type: 'SuccessCriteriaMet', status: 'True' },
        { type: 'Complete', status: 'True' },
      ],
    });
    await seconds(600);
    expect(pods().length).toBe(1);
  });

  const ended = (reason: string) => [
    { type: 'FailureTarget', reason },
    { type: 'Failed', reason },
  ];

  it('fails after one more try than backoffLimit allows, each later than the one before', async () => {
    store.create('Job', job('sleep 5 && exit 3', { backoffLimit: 2 }));
    const tries = new Set<number>();
    for (let second = 1; second < 60; second++) {
      await seconds(second);
      if (jobStatus().active > 0) tries.add(pods().length);
      expect([second, pods().length]).toEqual([second, second < 17 ? 1 : second < 44 ? 2 : 3]);
    }
    expect([...tries]).toEqual([1, 2, 3]);
    expect(jobStatus()).toMatchObject({ failed: 3, conditions: ended('BackoffLimitExceeded') });
    await seconds(600);
    expect(pods().length).toBe(3);
  });

  it('fails at its deadline', async () => {
    store.create('Job', job('sleep 500', { activeDeadlineSeconds: 20 }));
    await seconds(20.5);
    expect(jobStatus()).toMatchObject({ active: 0, terminating: 1, conditions: [{ type: 'FailureTarget' }] });
    await seconds(30);
    const conditions = ended('DeadlineExceeded');
    expect(jobStatus()).toMatchObject({ active: 0, terminating: 0, failed: 1, conditions });
  });
});

describe('a Service', () => {
  const service: Service = {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
  };
  const slices = () => store.list<EndpointSlice>('EndpointSlice', 'shop');

  it('lists the addresses of the pods that it selects, ready or not', async () => {
    store.create('Service', service);
    store.create('ReplicaSet', replicaSet('web', 2, { ports: [{ name: 'web', containerPort: 8080 }] }));
    await seconds(1);
    expect(slices()).toMatchObject([{ metadata: { labels: { 'kubernetes.io/service-name': 'web' } }, endpoints: [] }]);
    await seconds(3);
    expect(slices()[0]?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions?.ready])).toEqual(
      pods().map((pod) => [pod.status?.podIP, true]),
    );
    expect(slices()[0]?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
  });

  it('follows its selector', async () => {
    store.create('Service', service);
    store.create('ReplicaSet', replicaSet('web', 1));
    await seconds(3);
    store.patch('Service', { namespace: 'shop', name: 'web' }, { spec: { selector: { app: 'other' } } });
    await seconds(4);
    expect(slices()).toMatchObject([{ endpoints: [] }]);
  });
});

describe('an HTTPRoute', () => {
  const route = (backend: string): HttpRoute => ({
    metadata: { name: 'web', namespace: 'shop' },
    spec: { parentRefs: [{ name: 'gateway' }], rules: [{ backendRefs: [{ name: backend, port: 80 }] }] },
  });
  const conditions = () =>
    store
      .get<HttpRoute>('HTTPRoute', 'shop', 'web')
      ?.status?.parents?.[0]?.conditions.map((each) => [each.type, each.status, each.reason, each.observedGeneration]);

  beforeEach(() => {
    store.create<Service>('Service', { metadata: { name: 'web', namespace: 'shop' }, spec: { ports: [{ port: 80 }] } });
  });

  it('is accepted for its generation after a moment', async () => {
    store.create('HTTPRoute', route('web'));
    await seconds(0.1);
    expect(conditions()).toBeUndefined();
    await seconds(0.2);
    expect(conditions()).toEqual([
      ['Accepted', 'True', 'Accepted', 1],
      ['ResolvedRefs', 'True', 'ResolvedRefs', 1],
    ]);
    store.patch('HTTPRoute', { namespace: 'shop', name: 'web' }, { spec: { hostnames: ['shop.example'] } });
    await seconds(0.3);
    expect(conditions()?.[0]?.[3]).toBe(1);
    await seconds(1);
    expect(conditions()?.[0]?.[3]).toBe(2);
  });

  it('does not resolve a Service that is missing, until it is there', async () => {
    store.create('HTTPRoute', route('late'));
    await seconds(1);
    expect(conditions()?.[1]).toEqual(['ResolvedRefs', 'False', 'BackendNotFound', 1]);
    store.create<Service>('Service', {
      metadata: { name: 'late', namespace: 'shop' },
      spec: { ports: [{ port: 80 }] },
    });
    await seconds(2);
    expect(conditions()?.[1]).toEqual(['ResolvedRefs', 'True', 'ResolvedRefs', 1]);
  });

  it('can be refused, and can lag', async () => {
    workloads.change({ route: () => ({ kind: 'refuses', reason: 'NotAllowedByListeners', message: 'no' }) });
    store.create('HTTPRoute', route('web'));
    await seconds(1);
    expect(conditions()?.[0]).toEqual(['Accepted', 'False', 'NotAllowedByListeners', 1]);

    workloads.change({ route: () => ({ kind: 'lags', milliseconds: 60_000 }) });
    store.patch('HTTPRoute', { namespace: 'shop', name: 'web' }, { spec: { hostnames: ['shop.example'] } });
    await seconds(60);
    expect(conditions()?.[0]?.[3]).toBe(1);
    await seconds(61);
    expect(conditions()?.[0]).toEqual(['Accepted', 'True', 'Accepted', 2]);
  });
});
