import { expect, it } from 'vitest';
import type { KubeObject, Rollout } from '../../api/index.ts';
import { createCaches } from '../../kube/caches.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { startTestServer } from '../../kube/test-server.ts';
import { silentLog } from '../../log.ts';
import { createWorkloads, type WorkloadRecord, type Workloads } from './workloads.ts';

const DEPLOYMENTS = '/apis/apps/v1/deployments';
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
const selector = { matchLabels: { app: 'web' } };
const mark = { rollout: 'shop', uid: 'u', from: 3, to: 0, at: '2026-11-21T09:00:00Z' };

function deployment(change: object = {}, annotations: Record<string, string> = {}): KubeObject {
  const metadata = { name: 'web', namespace: 'shop', uid: 'd', generation: 4, labels: { big: 'x' }, annotations };
  const status = { observedGeneration: 4, replicas: 3, updatedReplicas: 3, conditions: [{}] };
  return { metadata, spec: { replicas: 3, selector, template, strategy: {} }, status, ...change } as KubeObject;
}

function naming(kind: string, name = 'web'): Rollout {
  return { metadata: { name: 'shop', namespace: 'shop' }, spec: { workloadRef: { kind, name } } };
}

async function started() {
  const server = await startTestServer();
  const connection = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'test' });
  const caches = createCaches({ connection, log: silentLog() });
  const workloads = createWorkloads(caches);
  await caches.start();
  const stop = async () => {
    await caches.stop();
    connection.close();
    await server.stop();
  };
  return { server, workloads, stop };
}

async function listed(workloads: Workloads, rollout: Rollout): Promise<WorkloadRecord | undefined> {
  await expect.poll(() => workloads.find(rollout), { interval: 2 }).not.toBe('unknown');
  return workloads.find(rollout) as WorkloadRecord | undefined;
}

it('watches a kind once a Rollout names one of it, and no other; tells when it is listed', async () => {
  const { server, workloads, stop } = await started();
  server.put(DEPLOYMENTS, deployment());
  const told: string[] = [];
  workloads.onChange((kind, record) => told.push(`${kind} ${record?.metadata.name ?? 'all'}`));
  expect(server.openWatches).toBe(0);
  expect(workloads.find(naming('StatefulSet'))).toBeUndefined();
  expect(workloads.find(naming('Deployment'))).toBe('unknown');
  expect(await listed(workloads, naming('Deployment'))).toMatchObject({ replicas: 3, selector, template });
  expect(workloads.find(naming('Deployment', 'other'))).toBeUndefined();
  await expect.poll(() => server.openWatches, { interval: 2 }).toBe(1);
  expect(told).toEqual(['Deployment web', 'Deployment all']);
  await stop();
});

it('keeps of a workload what is needed, and finds those that were scaled for a Rollout', async () => {
  const { server, workloads, stop } = await started();
  const annotations = { 'headgate.dev/scaled-down': JSON.stringify(mark), 'headgate.dev/git-commit': 'c', other: 'x' };
  server.put(DEPLOYMENTS, deployment({}, annotations));
  const { other: _, ...kept } = annotations;
  const record = await listed(workloads, naming('Deployment'));
  expect(record).toMatchObject({
    metadata: { name: 'web', uid: 'd', generation: 4, annotations: kept },
    isSteady: true,
  });
  expect(Object.keys(record ?? {}).sort()).toEqual(
    ['apiVersion', 'isSteady', 'kind', 'metadata', 'replicas', 'selector', 'template'].sort(),
  );
  expect(record?.metadata).not.toHaveProperty('labels');
  expect(workloads.scaledFor('shop', 'shop').map(({ kind }) => kind)).toEqual(['Deployment']);
  expect(workloads.scaledFor('other', 'shop')).toEqual([]);
  await stop();
});

it.each([
  [{ observedGeneration: 3, replicas: 3, updatedReplicas: 3 }, false],
  [{ observedGeneration: 4, replicas: 3 }, false],
  [{ observedGeneration: 4, replicas: 3, updatedReplicas: 2 }, false],
  [{ observedGeneration: 4 }, true],
  [undefined, false],
])('a Deployment with the status %j is steady: %s', async (status, isSteady) => {
  const { server, workloads, stop } = await started();
  server.put(DEPLOYMENTS, deployment({ status }));
  expect(await listed(workloads, naming('Deployment'))).toMatchObject({ isSteady });
  await stop();
});

it('takes pods from a PodTemplate, which has no size', async () => {
  const { server, workloads, stop } = await started();
  server.put('/api/v1/podtemplates', { metadata: { name: 'web', namespace: 'shop' }, template } as KubeObject);
  expect(await listed(workloads, naming('PodTemplate'))).toMatchObject({
    replicas: undefined,
    template,
    isSteady: true,
  });
  await stop();
});
