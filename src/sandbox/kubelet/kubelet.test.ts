import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { condition } from '../workloads/objects.ts';
import { createTestingCluster, type TestingCluster } from '../workloads/testing-cluster.ts';
import { type Kubelet, runKubelet } from './kubelet.ts';
import { createPodWrites } from './pod-writes.ts';
import { KUBELET_SETTINGS, type KubeletSettings } from './settings.ts';

const START = Date.parse('2026-03-01T12:00:00Z');

let clock: VirtualClock;
let cluster: TestingCluster;
let kubelet: Kubelet;
/** Containers that the runtime was told of, as `start web 10.96.0.1`. */
let told: string[];

function start(settings: Partial<KubeletSettings> = {}): Kubelet {
  const { connection } = cluster;
  const delays = { startDelay: { least: 2000, most: 2000 }, stopDelay: 5000 };
  const runtime: KubeletSettings['runtime'] = {
    async start({ metadata: { name } }, ip) {
      told.push(`start ${name} ${ip}`);
      return { stop: async () => void told.push(`stop ${name}`) };
    },
  };
  const all = { ...KUBELET_SETTINGS, ...delays, runtime, ...settings };
  return runKubelet({ connection, clock, log: silentLog(), settings: all });
}

const seconds = (count: number) => clock.run({ until: START + count * 1000 });
const create = (name: string, spec: object = {}) =>
  cluster.api.store.create<Pod>('Pod', {
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
  });
const pod = (name: string) => cluster.api.store.get<Pod>('Pod', 'shop', name);
const holds = (name: string, type: string) => condition(pod(name) as Pod, type)?.status;
const open = (name: string, type: string) =>
  cluster.connection.patch<Pod>(
    { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
    { namespace: 'shop', name },
    { type: 'strategic', subresource: 'status', body: { status: { conditions: [{ type, status: 'True' }] } } },
  );

beforeEach(async () => {
  told = [];
  clock = virtualClock(START);
  cluster = await createTestingCluster(clock);
  kubelet = start();
});

afterEach(async () => {
  await kubelet.stop();
  await cluster.stop();
});

describe('the kubelet', () => {
  it('keeps a Node that is Ready and binds pods to it', async () => {
    create('web');
    await seconds(1);
    const node = cluster.api.store.get<Pod>('Node', undefined, 'sandbox') as Pod;
    expect(condition(node, 'Ready')?.status).toBe('True');
    expect(pod('web')?.spec.nodeName).toBe('sandbox');
    expect(told).toEqual([]);
    await seconds(2);
    expect(told).toEqual(['start web 10.96.0.1']);
  });

  it('can bind a pod once, and only the pod that is meant', async () => {
    const { uid = '' } = create('web').metadata;
    const { bind } = createPodWrites(cluster.connection);
    const of = (given: string): Pod => ({
      metadata: { namespace: 'shop', name: 'web', uid: given },
      spec: { containers: [] },
    });
    await expect(bind(of('another'), 'other')).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    await bind(of(uid), 'other');
    await expect(bind(of(uid), 'third')).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    expect([pod('web')?.spec.nodeName, holds('web', 'PodScheduled')]).toEqual(['other', 'True']);
  });

  it('leaves pods of other nodes alone', async () => {
    create('web', { nodeName: 'other' });
    await seconds(10);
    expect(pod('web')?.status?.startTime).toBeUndefined();
  });

  it('is ready only when every readiness gate is, and keeps the conditions of others', async () => {
    create('web', { readinessGates: [{ conditionType: 'example.com/a' }, { conditionType: 'example.com/b' }] });
    await open('web', 'example.com/a');
    await seconds(3);
    expect([holds('web', 'ContainersReady'), holds('web', 'Ready')]).toEqual(['True', 'False']);
    await seconds(8);
    await open('web', 'example.com/b');
    await seconds(9);
    expect(holds('web', 'Ready')).toBe('True');
    expect(condition(pod('web') as Pod, 'Ready')).toMatchObject({ lastTransitionTime: '2026-03-01T12:00:08Z' });
    expect(condition(pod('web') as Pod, 'Ready')).not.toHaveProperty('reason');
    expect([holds('web', 'example.com/a'), holds('web', 'example.com/b')]).toEqual(['True', 'True']);
  });

  it('goes on after a restart: the same pods, addresses and times, nothing written twice', async () => {
    for (const name of ['a', 'b', 'c']) create(name);
    await seconds(5);
    const before = ['a', 'b', 'c'].map(pod);
    await kubelet.stop();
    expect(told.filter((each) => each.startsWith('stop')).length).toBe(3);
    kubelet = start();
    create('d');
    await seconds(20);
    expect(['a', 'b', 'c'].map(pod)).toEqual(before);
    const addresses = ['a', 'b', 'c', 'd'].map((name) => pod(name)?.status?.podIP);
    expect(new Set(addresses).size).toBe(4);
  });

  it('goes on after a restart with what crashes: as many restarts, at the same times', async () => {
    create('web', { containers: [{ name: 'web', image: 'web:crash' }] });
    // Up from 2, 4 and 15 s on, for a second each.
    for (const [second, restarts] of [
      [4.5, 1],
      [10, 1],
      [15.5, 2],
      [30, 2],
    ] as const) {
      await seconds(second);
      const before = pod('web');
      expect(before?.status?.containerStatuses?.[0]?.restartCount).toBe(restarts);
      await kubelet.stop();
      kubelet = start();
      await seconds(second + 0.1);
      expect(pod('web')).toEqual(before);
    }
  });

  it('is ready until the containers stop, within the shorter of its own and the grace period', async () => {
    create('slow');
    create('short', { terminationGracePeriodSeconds: 3 });
    await seconds(5);
    for (const name of ['slow', 'short']) cluster.api.store.delete('Pod', 'shop', name);
    await seconds(7.9);
    expect([holds('slow', 'Ready'), holds('short', 'Ready')]).toEqual(['True', 'True']);
    await seconds(8);
    expect(pod('short')).toBeUndefined();
    expect(told).toContain('stop short');
    await seconds(9.9);
    expect(holds('slow', 'Ready')).toBe('True');
    await seconds(10);
    expect(pod('slow')).toBeUndefined();
  });

  it('never mistakes a new pod for an old one of its name', async () => {
    create('web');
    await seconds(3);
    cluster.api.store.delete('Pod', 'shop', 'web', { force: true });
    create('web');
    await seconds(4.5);
    expect(pod('web')?.status?.phase).toBe('Pending');
    await seconds(6);
    expect(pod('web')?.status).toMatchObject({ phase: 'Running', podIP: '10.96.0.2' });
    expect(told).toEqual(['start web 10.96.0.1', 'stop web', 'start web 10.96.0.2']);
  });

  it('survives an API server that refuses for a while', async () => {
    let refused = 0;
    cluster.api.faults = ({ verb, resource }) => {
      const fails = resource === 'pods' && (verb === 'patch' || verb === 'create') && refused++ < 6;
      return fails ? { answer: 409 } : undefined;
    };
    create('web');
    await seconds(30);
    expect(refused).toBeGreaterThan(6);
    expect(holds('web', 'Ready')).toBe('True');
  });

  it('tries a failed container again where restartPolicy says so', async () => {
    const command = ['sh', '-c', 'sleep 5 && exit 2'];
    const containers = [{ name: 'main', image: 'alpine', command }];
    create('again', { restartPolicy: 'OnFailure', containers });
    create('never', { restartPolicy: 'Never', containers });
    create('broken', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'alpine:crash-early' }] });
    await seconds(18);
    expect(pod('again')?.status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 1 }] });
    for (const [name, exitCode] of Object.entries({ never: 2, broken: 1 })) {
      const containerStatuses = [{ state: { terminated: { exitCode } } }];
      expect(pod(name)?.status).toMatchObject({ phase: 'Failed', containerStatuses });
    }
  });

  it('takes init containers as done and sidecars as running', async () => {
    create('web', {
      initContainers: [
        { name: 'setup', image: 'a' },
        { name: 'proxy', image: 'b', restartPolicy: 'Always' },
      ],
    });
    await seconds(3);
    const states = [{ state: { terminated: { exitCode: 0 } } }, { state: { running: {} } }];
    expect(pod('web')?.status).toMatchObject({ initContainerStatuses: states });
    expect(holds('web', 'Ready')).toBe('True');
  });
});
