import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, MAPS, type TestServer, template, testServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.stop());

const PODS = '/api/v1/namespaces/default/pods';
const pod = (name: string, nodeName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { ...template(name).spec, ...(nodeName ? { nodeName } : {}) },
});
const exists = async (path: string) => (await server.call('GET', path)).code === 200;

async function owned(name: string, owner: Record<string, unknown>, extra: object = {}) {
  const { uid } = owner.metadata as { uid: string };
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: (owner.metadata as { name: string }).name, uid, ...extra },
  ];
  await server.call('POST', MAPS, configMap(name, {}, { ownerReferences }));
}

describe('delete', () => {
  it('waits for finalizers', async () => {
    await server.call('POST', MAPS, configMap('held', {}, { finalizers: ['example.com/hold'] }));
    expect((await server.call('DELETE', `${MAPS}/held`)).body).toHaveProperty('metadata.deletionTimestamp');
    expect(await exists(`${MAPS}/held`)).toBe(true);
    await server.patch(`${MAPS}/held`, { metadata: { finalizers: null } }, 'merge');
    expect(await exists(`${MAPS}/held`)).toBe(false);
  });

  it('refuses another UID than the one meant', async () => {
    await server.call('POST', MAPS, configMap('meant'));
    const { body } = await server.call('DELETE', `${MAPS}/meant`, { preconditions: { uid: 'another' } });
    expect(body).toMatchObject({ code: 409, reason: 'Conflict' });
  });

  it('gives pods that run their grace period, others none', async () => {
    await server.call('POST', PODS, pod('running', 'node-1'));
    expect((await server.call('DELETE', `${PODS}/running`)).body).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 30 },
    });
    expect(await exists(`${PODS}/running`)).toBe(true);
    await server.call('DELETE', `${PODS}/running`, { gracePeriodSeconds: 0 });
    expect(await exists(`${PODS}/running`)).toBe(false);
    await server.call('POST', PODS, pod('unscheduled'));
    await server.call('DELETE', `${PODS}/unscheduled`);
    expect(await exists(`${PODS}/unscheduled`)).toBe(false);
  });

  it('tells who asks in the old way for cascades that there is something to wait for', async () => {
    await server.call('POST', MAPS, configMap('waiting', {}, { finalizers: ['example.com/hold'] }));
    expect((await server.call('DELETE', `${MAPS}/waiting`, { orphanDependents: false })).code).toBe(202);
    expect((await server.call('DELETE', `${MAPS}/waiting`)).code).toBe(200);
  });

  it('only lets a pod that is to go be hurried', async () => {
    await server.call('POST', PODS, pod('leaving', 'node-1'));
    const { body } = await server.call('DELETE', `${PODS}/leaving`);
    const again = await server.call('DELETE', `${PODS}/leaving`, { propagationPolicy: 'Foreground' });
    expect(again.body).toEqual(body);
    await server.call('DELETE', `${PODS}/leaving`, { gracePeriodSeconds: 0 });
    expect(await exists(`${PODS}/leaving`)).toBe(false);
  });

  it('removes dependents with their owner, and keeps those with another owner', async () => {
    const { body: first } = await server.call('POST', MAPS, configMap('first'));
    const { body: second } = await server.call('POST', MAPS, configMap('second'));
    await owned('only', first);
    await owned('both', first);
    const { uid } = second.metadata as { uid: string };
    const extra = {
      op: 'add',
      path: '/metadata/ownerReferences/-',
      value: { apiVersion: 'v1', kind: 'ConfigMap', name: 'second', uid },
    };
    await server.patch(`${MAPS}/both`, [extra], 'json');
    await server.call('DELETE', `${MAPS}/first`);
    expect(await exists(`${MAPS}/only`)).toBe(false);
    expect((await server.call('GET', `${MAPS}/both`)).body).toMatchObject({
      metadata: { ownerReferences: [{ name: 'second' }] },
    });
  });

  it('removes what is made for an owner that is gone', async () => {
    await owned('late', { metadata: { name: 'ghost', uid: 'none' } });
    expect(await exists(`${MAPS}/late`)).toBe(false);
  });

  it('orphans when asked to, and waits for dependents in the foreground', async () => {
    const { body: parent } = await server.call('POST', MAPS, configMap('parent'));
    await owned('orphaned', parent);
    await server.call('DELETE', `${MAPS}/parent`, { propagationPolicy: 'Orphan' });
    expect(await exists(`${MAPS}/parent`)).toBe(false);
    expect((await server.call('GET', `${MAPS}/orphaned`)).body).not.toHaveProperty('metadata.ownerReferences.0');
    const { body: front } = await server.call('POST', MAPS, configMap('front'));
    await owned('behind', front, { blockOwnerDeletion: true });
    await server.call('DELETE', `${MAPS}/front`, { propagationPolicy: 'Foreground' });
    expect([await exists(`${MAPS}/front`), await exists(`${MAPS}/behind`)]).toEqual([false, false]);
  });

  it('empties a namespace before it goes', async () => {
    await server.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'brief' },
    });
    await server.call('POST', MAPS.replace('default', 'brief'), configMap('inside'));
    await server.call('DELETE', '/api/v1/namespaces/brief');
    expect(await exists(`${MAPS.replace('default', 'brief')}/inside`)).toBe(false);
    expect(await exists('/api/v1/namespaces/brief')).toBe(false);
  });

  describe('evicts a pod', () => {
    const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    const eviction = (deleteOptions?: object) => ({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      ...(deleteOptions && { deleteOptions }),
    });
    const evict = (name: string, deleteOptions?: object) =>
      server.call('POST', `${PODS}/${name}/eviction`, eviction(deleteOptions));
    const budget = (name: string, spec: object) => {
      const selector = { matchLabels: { app: 'guarded' } };
      return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { selector, ...spec } };
    };
    const count = (status: object) => server.patch(`${BUDGETS}/guard/status`, { status }, 'merge');
    const run = async (name: string, ready = 'True') => {
      await server.call('POST', PODS, { ...pod(name), metadata: { name, labels: { app: 'guarded' } } });
      const conditions = [{ type: 'Ready', status: ready }];
      await server.patch(`${PODS}/${name}/status`, { status: { phase: 'Running', conditions } }, 'merge');
    };

    it('as far as its budget has room, which each eviction takes', async () => {
      for (const name of ['g1', 'g2', 'g3']) await run(name);
      await server.call('POST', BUDGETS, budget('guard', { minAvailable: 2 }));
      const early = await evict('g1');
      expect(early).toMatchObject({ code: 429, body: { details: { retryAfterSeconds: 10 } } });
      expect(JSON.stringify(early.body)).toContain('still being processed');
      await count({
        observedGeneration: 1,
        disruptionsAllowed: 1,
        currentHealthy: 3,
        desiredHealthy: 2,
        expectedPods: 3,
      });
      expect((await evict('g1', { preconditions: { uid: 'another' } })).code).toBe(409);
      await count({ disruptionsAllowed: 1 });
      expect((await evict('g1')).code).toBe(201);
      expect(await exists(`${PODS}/g1`)).toBe(false);
      const late = await evict('g2');
      expect(late).toMatchObject({ code: 429, body: { reason: 'TooManyRequests' } });
      expect(JSON.stringify(late.body)).toContain('needs 2 healthy pods and has 3 currently');
      expect(await exists(`${PODS}/g2`)).toBe(true);
    });

    it('that is not ready, where the budget is kept without it, or says so', async () => {
      await run('unready', 'False');
      await count({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 });
      expect((await evict('unready')).code).toBe(429);
      await count({ currentHealthy: 2 });
      expect((await evict('unready')).code).toBe(201);
      await run('unready', 'False');
      await count({ currentHealthy: 1 });
      await server.patch(`${BUDGETS}/guard`, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } }, 'merge');
      expect((await evict('unready')).code).toBe(201);
    });

    it('that has not begun, whatever the budget says', async () => {
      await server.call('POST', PODS, { ...pod('pending'), metadata: { name: 'pending', labels: { app: 'guarded' } } });
      expect((await evict('pending')).code).toBe(201);
    });

    it('of one budget only, and says so with the code of a success', async () => {
      const matchExpressions = [{ key: 'app', operator: 'In', values: ['guarded'] }];
      await server.call('POST', BUDGETS, budget('second', { selector: { matchExpressions } }));
      expect(await evict('g2')).toMatchObject({ code: 201, body: { status: 'Failure', code: 500 } });
      expect(await exists(`${PODS}/g2`)).toBe(true);
      for (const name of ['guard', 'second']) await server.call('DELETE', `${BUDGETS}/${name}`);
      expect((await evict('g2')).code).toBe(201);
      expect((await evict('g2')).code).toBe(404);
    });
  });
});

describe('hooks for tests', () => {
  it('answers, drops and refuses as told, and reports what was asked', async () => {
    const seen: string[] = [];
    const faulty = await testServer({
      auditLog: ({ verb, resource, code }) => seen.push(`${verb} ${resource} ${code}`),
    });
    faulty.faults = () => ({ answer: 429, retryAfter: 2 });
    expect((await faulty.call('GET', MAPS)).headers.get('retry-after')).toBe('2');
    faulty.faults = () => ({ drop: 'after' });
    await expect(faulty.call('POST', MAPS, configMap('written'))).rejects.toThrow();
    faulty.faults = undefined;
    expect((await faulty.call('GET', `${MAPS}/written`)).code).toBe(200);
    faulty.authorize = ({ user }) => user !== 'eve';
    expect((await faulty.call('GET', MAPS, undefined, { 'impersonate-user': 'eve' })).body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: expect.stringContaining('User "eve" cannot list resource "configmaps"'),
    });
    expect(seen).toEqual(['list configmaps 429', 'create configmaps 201', 'get configmaps 200', 'list configmaps 403']);
    await faulty.stop();
  });
});

describe('the door inside the process', () => {
  it('sees what HTTP writes and the other way round', async () => {
    const { store } = server;
    const changes: string[] = [];
    const end = store.watch('ConfigMap', (change, object) => {
      if (object.metadata.name === 'shared') changes.push(change);
    });
    store.create('ConfigMap', { metadata: { name: 'shared' } });
    await server.patch(`${MAPS}/shared`, { data: { a: '1' } }, 'merge');
    expect(store.get('ConfigMap', 'default', 'shared')).toMatchObject({ data: { a: '1' } });
    store.delete('ConfigMap', 'default', 'shared');
    store.delete('ConfigMap', 'default', 'shared');
    await server.call('GET', '/version');
    end();
    expect(changes).toEqual(['added', 'changed', 'deleted']);
  });
});
