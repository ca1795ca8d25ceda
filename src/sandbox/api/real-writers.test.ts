/** Who a real API server enters as the writer of what; each was once a difference that random requests found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, MAPS, ROLLOUTS, replicaSet, rollout, SETS, type TestServer, testServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.stop());

interface Entry {
  manager: string;
  operation: string;
  subresource?: string;
  time?: string;
  fieldsV1: { 'f:spec'?: Record<string, unknown>; [field: string]: unknown };
}

const entriesOf = (body: Record<string, unknown>) =>
  (body as { metadata: { managedFields: Entry[] } }).metadata.managedFields;

/** Who owns the number of replicas. */
const ownersOf = async (path: string) => {
  const { body } = await server.call('GET', path);
  const owners = entriesOf(body).filter(({ fieldsV1 }) => fieldsV1['f:spec'] && 'f:replicas' in fieldsV1['f:spec']);
  return owners.map(({ manager, subresource = '' }) => `${manager}/${subresource}`);
};

describe('who wrote', () => {
  const scale = (path: string, replicas: number) =>
    server.patch(`${path}/scale?fieldManager=scaler`, { spec: { replicas } }, 'merge');

  it('gives the number of replicas to who scales', async () => {
    await server.call('POST', `${SETS}?fieldManager=maker`, replicaSet('scaled'));
    expect(await ownersOf(`${SETS}/scaled`)).toEqual(['maker/']);
    await scale(`${SETS}/scaled`, 3);
    expect(await ownersOf(`${SETS}/scaled`)).toEqual(['scaler/scale']);
  });

  it('forgets who owns the number once it was scaled to nothing', async () => {
    await server.call('POST', `${ROLLOUTS}?fieldManager=maker`, rollout('nobody'));
    await scale(`${ROLLOUTS}/nobody`, 0);
    expect(await ownersOf(`${ROLLOUTS}/nobody`)).toEqual([]);
    await scale(`${ROLLOUTS}/nobody`, 2);
    expect(await ownersOf(`${ROLLOUTS}/nobody`)).toEqual([]);
  });

  it('splits the entry of an update when the number is scaled to itself', async () => {
    await server.call('POST', `${SETS}?fieldManager=maker`, { ...replicaSet('same') });
    await scale(`${SETS}/same`, 1);
    const { body } = await server.call('GET', `${SETS}/same`);
    expect(entriesOf(body).map(({ manager, time }) => [manager, time !== undefined])).toEqual([
      ['maker', false],
      ['maker', true],
    ]);
    await scale(`${SETS}/same`, 1);
    expect(await ownersOf(`${SETS}/same`)).toEqual([]);
  });

  it('enters the writer of an object that is made with the entries of another', async () => {
    const managedFields = [
      { manager: 'former', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } },
    ];
    const { body } = await server.call(
      'POST',
      `${MAPS}?fieldManager=maker`,
      configMap('again', { a: '1' }, { managedFields }),
    );
    expect(entriesOf(body).map(({ manager }) => manager)).toEqual(['maker']);
  });

  it('takes the address of a Service from who no longer gives it, although it stays', async () => {
    const path = '/api/v1/namespaces/default/services';
    const spec = { clusterIP: 'None', ports: [{ port: 80 }], selector: { app: 'a' } };
    await server.call('POST', `${path}?fieldManager=maker`, { metadata: { name: 'headless' }, spec });
    const { clusterIP: _, ...rest } = spec;
    const { body } = await server.call('PUT', `${path}/headless`, { metadata: { name: 'headless' }, spec: rest });
    expect(body.spec).toMatchObject({ clusterIP: 'None' });
    expect(JSON.stringify(entriesOf(body))).not.toContain('f:clusterIP"');
  });

  it('counts it as a change when an apply says that an object has no time of birth', async () => {
    await server.call('POST', `${ROLLOUTS}?fieldManager=maker`, rollout('unborn'));
    const born = { ...rollout('unborn'), metadata: { name: 'unborn', creationTimestamp: null } };
    const timeOf = (body: Record<string, unknown>, name: string) =>
      entriesOf(body).find(({ manager }) => manager === name)?.time;
    const claim = (manager: string, object: object) =>
      server.patch(`${ROLLOUTS}/unborn?fieldManager=${manager}`, object, 'apply');
    expect(timeOf((await claim('one', rollout('unborn'))).body, 'one')).toBeUndefined();
    expect(timeOf((await claim('two', born)).body, 'two')).toBeDefined();
  });

  it('takes nulls that were applied out of the metadata by a write of its own', async () => {
    const bare = { ...rollout('nulled'), metadata: { name: 'nulled', labels: null } };
    const versionOf = (body: Record<string, unknown>) => (body.metadata as { resourceVersion: string }).resourceVersion;
    const touch = async () => versionOf((await server.patch(`${ROLLOUTS}/nulled`, [], 'json')).body);
    const made = versionOf((await server.patch(`${ROLLOUTS}/nulled?fieldManager=one`, bare, 'apply')).body);
    const settled = await touch();
    expect(settled).not.toBe(made);
    expect(await touch()).toBe(settled);
  });
});

describe('a Scale', () => {
  it('is of one object: a PUT says of which, a patch only to built-in kinds', async () => {
    await server.call('POST', SETS, replicaSet('whose'));
    await server.call('POST', ROLLOUTS, rollout('whose'));
    const scale = { metadata: { name: 'whose', uid: 'another' }, spec: { replicas: 1 } };
    for (const path of [SETS, ROLLOUTS])
      expect((await server.call('PUT', `${path}/whose/scale`, scale)).code).toBe(409);
    const { code, body } = await server.patch(`${SETS}/whose/scale`, scale, 'merge');
    expect([code, body.details]).toMatchObject([409, { kind: 'replicasets/scale' }]);
    expect((await server.patch(`${ROLLOUTS}/whose/scale`, scale, 'merge')).code).toBe(200);
  });

  it('has metadata that are judged, of built-in kinds', async () => {
    await server.call('POST', SETS, replicaSet('judged'));
    const { code, body } = await server.patch(
      `${SETS}/judged/scale`,
      { metadata: { finalizers: ['nodomain'] } },
      'merge',
    );
    expect([code, body.details]).toMatchObject([422, { kind: 'Scale', group: 'autoscaling' }]);
    expect((await server.patch(`${SETS}/judged/scale`, { apiVersion: null }, 'merge')).code).toBe(400);
  });

  it('selects by expressions, too', async () => {
    const matchExpressions = [
      { key: 'tier', operator: 'NotIn', values: ['b', 'a'] },
      { key: 'app', operator: 'Exists' },
    ];
    const set = replicaSet('selecting');
    const spec = { ...set.spec, selector: { matchLabels: { app: 'selecting' }, matchExpressions } };
    await server.call('POST', SETS, { ...set, spec });
    const { body } = await server.call('GET', `${SETS}/selecting/scale`);
    expect(body.status).toMatchObject({ selector: 'app=selecting,app,tier notin (a,b)' });
  });
});
