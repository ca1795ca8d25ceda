import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod, Service } from '../../api/kubernetes.ts';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import type { Store } from '../api/types.ts';
import { evaluate } from '../prometheus/evaluate.ts';
import { parse } from '../prometheus/parser.ts';
import { scrapedSamples } from '../prometheus/scrapes.ts';
import type { HttpRoute } from '../workloads/gateways.ts';
import { createWorkloads, type Workloads } from '../workloads/index.ts';
import { createTestingCluster, type TestingCluster } from '../workloads/testing-cluster.ts';
import { createTraffic, type Traffic } from './index.ts';
import type { App } from './split.ts';

const START = Date.parse('2026-03-01T12:00:00Z');
const HASH = 'rollouts-pod-template-hash';

let clock: VirtualClock;
let cluster: TestingCluster;
let store: Store;
let workloads: Workloads;
let traffic: Traffic;

const seconds = (count: number) => clock.run({ until: START + count * 1000 });

beforeEach(async () => {
  clock = virtualClock(START);
  cluster = await createTestingCluster(clock);
  store = cluster.api.store;
  workloads = createWorkloads({
    store,
    connection: cluster.connection,
    clock,
    settings: { startDelay: { least: 0, most: 0 }, stopDelay: 1000, routeDelay: 0 },
  });
  traffic = createTraffic({
    store,
    clock,
    requestsPerSecond: () => 100,
    behaviour: (image) => ({ errorRate: image.endsWith(':bad') ? 0.25 : 0, latencyMilliseconds: 50 }),
  });
});

afterEach(async () => {
  await Promise.all([traffic.stop(), workloads.stop()]);
  await cluster.stop();
});

function rollout(canary: object = {}): App {
  const labels = { app: 'webapp' };
  return {
    metadata: { name: 'webapp', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels } }, strategy: { canary } },
  };
}

function replicaSet(hash: string, image: string, replicas: number) {
  const labels = { app: 'webapp', [HASH]: hash };
  store.create('ReplicaSet', {
    metadata: { name: `webapp-${hash}`, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'webapp', image }] } },
    },
  } as never);
}

const scale = (hash: string, replicas: number) =>
  store.patch('ReplicaSet', { namespace: 'default', name: `webapp-${hash}` }, { spec: { replicas } });

function service(name: string, hash?: string): void {
  const selector = { app: 'webapp', ...(hash && { [HASH]: hash }) };
  store.create<Service>('Service', {
    metadata: { name, namespace: 'default' },
    spec: { selector, ports: [{ port: 80 }] },
  });
}

const rules = (stable: number, canary: number) => ({
  parentRefs: [{ name: 'gateway' }],
  rules: [
    {
      backendRefs: [
        { name: 'stable', port: 80, weight: stable },
        { name: 'canary', port: 80, weight: canary },
      ],
    },
  ],
});

const setWeights = (stable: number, canary: number) =>
  store.patch('HTTPRoute', { namespace: 'default', name: 'webapp' }, { spec: rules(stable, canary) });

const counts = () =>
  Object.fromEntries(
    traffic.summary('default', 'webapp').revisions.map((each) => [each.hash, [each.total, each.failed]]),
  );

function ask(query: string): Record<string, number> {
  const samples = scrapedSamples(traffic.targets, 5000, clock.now);
  const value = evaluate(parse(query), { store: samples, time: clock.now(), start: clock.now(), end: clock.now() });
  if (value.type !== 'vector') throw new Error(value.type);
  return Object.fromEntries(value.samples.map((each) => [Object.values(each.labels).join(' '), each.value]));
}

const SUCCESS_RATE =
  'sum(rate(http_requests_total{job="webapp",status=~"2.."}[1m])) / sum(rate(http_requests_total{job="webapp"}[1m]))';

describe('without a Service', () => {
  it('every pod of the selector gets the same share', async () => {
    store.create('Rollout', rollout());
    replicaSet('good', 'myapp:v1', 4);
    await seconds(100);
    expect(counts()).toEqual({ good: [10_000, 0] });

    scale('good', 3);
    replicaSet('bad', 'myapp:bad', 1);
    await seconds(200);
    expect(counts()).toEqual({ good: [17_500, 0], bad: [2500, 625] });
    expect(ask('sum by (pod) (rate(http_requests_total{rollouts_pod_template_hash="good"}[1m]))')).toEqual(
      Object.fromEntries(
        store
          .list<Pod>('Pod', 'default')
          .filter(({ metadata }) => metadata.labels?.[HASH] === 'good')
          .map(({ metadata }) => [metadata.name, expect.closeTo(25, 1)]),
      ),
    );
  });

  it("shows in the success rate that a team's template asks for", async () => {
    store.create('Rollout', rollout());
    replicaSet('good', 'myapp:v1', 5);
    await seconds(100);
    expect(ask(SUCCESS_RATE)).toEqual({ '': 1 });
    scale('good', 4);
    replicaSet('bad', 'myapp:bad', 1);
    await seconds(200);
    expect(ask(SUCCESS_RATE)).toEqual({ '': expect.closeTo(0.95, 2) });
    scale('good', 1);
    scale('bad', 3);
    await seconds(300);
    expect(ask(SUCCESS_RATE)).toEqual({ '': expect.closeTo(1 - 0.25 * 0.75, 2) });
  });

  it('requests that find no pod are lost', async () => {
    store.create('Rollout', rollout());
    await seconds(10);
    replicaSet('good', 'myapp:v1', 1);
    await seconds(20);
    expect(traffic.summary('default', 'webapp')).toMatchObject({ unserved: 1000, revisions: [{ total: 1000 }] });
  });

  it('a pod that is on its way out gets nothing more', async () => {
    store.create('Rollout', rollout());
    replicaSet('good', 'myapp:v1', 2);
    replicaSet('bad', 'myapp:bad', 2);
    await seconds(10);
    scale('bad', 0);
    await seconds(20);
    expect(counts()).toEqual({ good: [1500, 0], bad: [500, 124] });
    expect(traffic.lastRequestAt('bad')).toBe(START + 10_000);
    expect(traffic.lastRequestAt('good')).toBe(START + 20_000);
    expect(traffic.lastRequestAt('none')).toBeUndefined();
  });
});

describe('with a route', () => {
  beforeEach(async () => {
    store.create('Rollout', rollout({ stableService: 'stable', canaryService: 'canary' }));
    replicaSet('good', 'myapp:v1', 2);
    replicaSet('bad', 'myapp:bad', 1);
    service('stable', 'good');
    service('canary', 'bad');
    store.create<HttpRoute>('HTTPRoute', { metadata: { name: 'webapp', namespace: 'default' }, spec: rules(100, 0) });
    await seconds(0);
  });

  it('the weights decide, however many pods there are', async () => {
    await seconds(10);
    expect(counts()).toEqual({ good: [1000, 0], bad: [0, 0] });
    setWeights(80, 20);
    await seconds(110);
    expect(counts()).toEqual({ good: [9000, 0], bad: [2000, 500] });
    setWeights(100, 0);
    await seconds(120);
    expect(counts()).toEqual({ good: [10_000, 0], bad: [2000, 500] });
    expect(traffic.lastRequestAt('bad')).toBe(START + 110_000);
  });

  it('the weights count only once the gateway has accepted them', async () => {
    workloads.change({ route: () => ({ kind: 'refuses', reason: 'Invalid', message: 'no' }) });
    setWeights(0, 100);
    await seconds(10);
    expect(counts()).toEqual({ good: [1000, 0], bad: [0, 0] });
  });

  it('a Service that selects another revision takes its requests there', async () => {
    store.patch(
      'Service',
      { namespace: 'default', name: 'stable' },
      { spec: { selector: { app: 'webapp', [HASH]: 'bad' } } },
    );
    await seconds(10);
    expect(counts()).toEqual({ good: [0, 0], bad: [1000, 250] });
  });

  it('requests to a backend without pods are lost', async () => {
    setWeights(50, 50);
    scale('bad', 0);
    await seconds(10);
    expect(counts()).toEqual({ good: [500, 0], bad: [0, 0] });
    expect(traffic.summary('default', 'webapp').unserved).toBe(500);
  });

  it('a rule by header answers requests with the header only, and the more specific path comes first', async () => {
    const has = (value: string, more = {}) => [{ path: { type: 'PathPrefix', value }, ...more }];
    const to = (name: string) => [{ name, port: 80 }];
    const headers = [{ type: 'RegularExpression', name: 'X-Tester', value: 'y.*' }];
    store.patch(
      'HTTPRoute',
      { namespace: 'default', name: 'webapp' },
      {
        spec: {
          rules: [
            { matches: has('/'), backendRefs: to('stable') },
            { matches: has('/', { headers }), backendRefs: to('canary') },
            { matches: has('/old'), backendRefs: to('stable') },
          ],
        },
      },
    );
    await seconds(10);
    expect(counts()).toEqual({ good: [1000, 0], bad: [0, 0] });
    const ask = (path: string, headers = {}) => traffic.answers('default', 'webapp', { method: 'GET', path, headers });
    expect([ask('/'), ask('/', { 'x-tester': 'yes' }), ask('/', { 'x-tester': 'no' })]).toEqual([
      ['myapp:v1'],
      ['myapp:bad'],
      ['myapp:v1'],
    ]);
    expect(ask('/old/page', { 'x-tester': 'yes' })).toEqual(['myapp:v1']);
  });

  it('a mirror sends copies, whose answers no user gets', async () => {
    const filters = [
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'canary', port: 80 }, percent: 20 } },
    ];
    const mirrored = [{ filters, backendRefs: [{ name: 'stable', port: 80 }] }];
    store.patch('HTTPRoute', { namespace: 'default', name: 'webapp' }, { spec: { rules: mirrored } });
    await seconds(10);
    expect(counts()).toEqual({ good: [1000, 0], bad: [0, 0] });
    const { unserved, revisions } = traffic.summary('default', 'webapp');
    expect(unserved).toBe(0);
    expect(revisions.map(({ hash, mirrored }) => [hash, mirrored])).toEqual([
      ['bad', 200],
      ['good', 0],
    ]);
    expect(ask('sum by (version) (http_requests_total)')).toMatchObject({ bad: 200 });
  });

  it('series carry the Service, the revision and the version', async () => {
    setWeights(90, 10);
    await seconds(60);
    expect(ask('sum by (service, version) (increase(http_requests_total[30s]))')).toEqual({
      'stable v1': expect.closeTo(2700, 0),
      'canary bad': expect.closeTo(300, 0),
    });
    expect(ask('sum by (rollouts_pod_template_hash, status) (http_requests_total{service="canary"})')).toEqual({
      'bad 200': 450,
      'bad 500': 150,
    });
    expect(ask('histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[30s])))')).toEqual({
      '': expect.closeTo(0.05, 3),
    });
    expect(ask('sum(up)')).toEqual({ '': 3 });
    expect(ask('sum(kube_pod_container_status_restarts_total)')).toEqual({ '': 0 });
  });
});

it('a general Service spreads over all revisions, whatever the Services of the strategy say', async () => {
  store.create('Rollout', rollout({ stableService: 'stable', canaryService: 'canary' }));
  replicaSet('good', 'myapp:v1', 3);
  replicaSet('bad', 'myapp:bad', 1);
  service('stable', 'good');
  service('canary', 'bad');
  service('webapp');
  await seconds(100);
  expect(counts()).toEqual({ good: [7500, 0], bad: [2500, 625] });
});

it('series of a pod that is gone go stale at the next scrape', async () => {
  store.create('Rollout', rollout());
  replicaSet('good', 'myapp:v1', 1);
  replicaSet('bad', 'myapp:bad', 1);
  await seconds(20);
  expect(ask('count(http_requests_total)')).toEqual({ '': 4 });
  scale('bad', 0);
  await seconds(24);
  expect(ask('count(http_requests_total)')).toEqual({ '': 4 });
  await seconds(25);
  expect(ask('count(http_requests_total)')).toEqual({ '': 2 });
  expect(ask('count(up)')).toEqual({ '': 1 });
});

it('nothing is waited for while nothing changes', async () => {
  store.create('Rollout', rollout());
  replicaSet('good', 'myapp:v1', 1);
  await seconds(5);
  let waits = 0;
  const at = clock.at;
  clock.at = (...wait) => {
    waits++;
    return at(...wait);
  };
  await seconds(86_400);
  expect(waits).toBe(0);
  expect(counts()).toEqual({ good: [8_640_000, 0] });
});
