/** Answers of a real API server that one would not guess; each was once a difference that random requests found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, MAPS, ROLLOUTS, replicaSet, rollout, SETS, type TestServer, testServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ collectsGarbage: false });
});
afterAll(() => server.stop());

const PODS = '/api/v1/namespaces/default/pods';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const ROUTES = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes';
const SERVICES = '/api/v1/namespaces/default/services';

const fieldsOf = (body: Record<string, unknown>) =>
  (body as { details: { causes: { field: string }[] } }).details.causes.map(({ field }) => field).sort();

describe('what is written', () => {
  it('makes a Lease that is put where there is none', async () => {
    const lease = { metadata: { name: 'put' }, spec: { holderIdentity: 'a' } };
    expect((await server.call('PUT', `${LEASES}/put`, lease)).code).toBe(201);
    expect((await server.call('PUT', `${MAPS}/put`, configMap('put'))).code).toBe(404);
  });

  it('says of an empty built-in field nothing, or always the same', async () => {
    const { body } = await server.call('POST', LEASES, { metadata: { name: 'empty', labels: {}, finalizers: [] } });
    expect(body.metadata).not.toHaveProperty('labels');
    expect(body.metadata).not.toHaveProperty('finalizers');
    expect(body.spec).toEqual({});
  });

  it.each([
    ['ConfigMap', 'binaryData', 422],
    ['ConfigMap', 'data', 200],
    ['Secret', 'data', 422],
  ])('answers an empty map, where an immutable %s has no %s, with %i', async (kind, field, code) => {
    const path = `/api/v1/namespaces/default/${kind.toLowerCase()}s`;
    const name = `fixed-${field.toLowerCase()}`;
    const { body: made } = await server.call('POST', path, { metadata: { name }, immutable: true });
    expect((await server.call('PUT', `${path}/${name}`, { ...made, [field]: {} })).code).toBe(code);
    const { code: patched } = await server.patch(`${path}/${name}`, { [field]: { gone: null } }, 'merge');
    expect(patched).toBe(code);
    expect((await server.patch(`${path}/${name}`, { [field]: null }, 'merge')).code).toBe(200);
    expect((await server.call('PUT', `${path}/${name}`, made)).code).toBe(200);
  });

  it('reads null in a map of texts as an empty text', async () => {
    const { body } = await server.call('POST', MAPS, configMap('nulls', { a: null as never }));
    expect(body.data).toEqual({ a: '' });
  });

  it('drops null from custom objects, unless it is applied', async () => {
    const odd = { ...rollout('nothing'), spec: { ...rollout('nothing').spec, restartAt: null } };
    expect((await server.call('POST', ROLLOUTS, odd)).code).toBe(201);
    const { code, body } = await server.patch(`${ROLLOUTS}/applied?fieldManager=one`, odd, 'apply');
    expect(code).toBe(400);
    expect(body).toMatchObject({ reason: 'BadRequest' });
    const same = { ...odd, metadata: { name: 'applied' } };
    const applied = await server.patch(`${ROLLOUTS}/applied?fieldManager=one`, same, 'apply');
    expect(fieldsOf(applied.body)).toContain('spec.restartAt');
  });

  it('reads null in a map of bytes as no bytes', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'nulls' }, data: { a: null } };
    const { body } = await server.call('POST', '/api/v1/namespaces/default/secrets', secret);
    expect(body.data).toEqual({ a: '' });
  });

  it('marks a pod before it goes', async () => {
    await server.call('POST', PODS, {
      metadata: { name: 'marked' },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    });
    const { body } = await server.call('DELETE', `${PODS}/marked`);
    expect(body.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, generation: 2 });
  });

  it('gives a headless Service without selector both families', async () => {
    const spec = { clusterIP: 'None', ports: [{ port: 80 }] };
    const { body } = await server.call('POST', SERVICES, { metadata: { name: 'free' }, spec });
    expect(body.spec).toMatchObject({ ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' });
  });
});

describe('what is refused', () => {
  it('asks no rules of an object whose shape is wrong', async () => {
    const { strategy: _, ...spec } = rollout('shape').spec;
    const broken = { ...rollout('shape'), spec: { ...spec, strategy: { blueGreen: {} } } };
    const { body } = await server.call('POST', ROLLOUTS, broken);
    expect(fieldsOf(body)).toEqual(['<nil>', 'spec.strategy.blueGreen.activeService']);
  });

  it('asks the rules of crds/ of the others', async () => {
    const both = { canary: {}, blueGreen: { activeService: 'a' } };
    const { body } = await server.call('POST', ROLLOUTS, {
      ...rollout('both'),
      spec: { ...rollout('both').spec, strategy: both },
    });
    expect(fieldsOf(body)).toEqual(['spec.strategy']);
  });

  it('lets no Scale be negative, in the words of the custom kind', async () => {
    await server.call('POST', ROLLOUTS, rollout('negative'));
    const { code, body } = await server.patch(`${ROLLOUTS}/negative/scale`, { spec: { replicas: -1 } }, 'merge');
    expect(code).toBe(422);
    expect(fieldsOf(body)).toEqual(['.spec.replicas']);
  });

  it('asks the rules even of an object that says to be of another kind, but not its shape', async () => {
    const strategy = { canary: {}, blueGreen: { activeService: 'a' } };
    const spec = { ...rollout('other').spec, replicas: 'many', strategy, unknown: 1 };
    const odd = { ...rollout('other'), kind: 'Wrong', metadata: { name: 'other', unknown: 'x' }, spec };
    const { body, headers } = await server.call('POST', ROLLOUTS, odd);
    expect(fieldsOf(body)).toEqual(['kind', 'spec.strategy']);
    expect(headers.get('warning')).toContain('metadata.unknown');
    expect(headers.get('warning')).not.toContain('spec.unknown');
  });

  it.each([
    ['spec.parentRefs', { parentRefs: [{ name: 'a' }, { name: 'a' }] }],
    ['spec.rules[0].backendRefs[0]', { rules: [{ backendRefs: [{ name: 'x' }] }] }],
    ['spec.rules[0].matches[0].path', { rules: [{ matches: [{ path: { type: 'Exact', value: 'a' } }] }] }],
    ['spec.rules[0].filters[0]', { rules: [{ filters: [{ type: 'RequestHeaderModifier' }] }] }],
    ['spec.rules[0].timeouts', { rules: [{ timeouts: { request: '1s', backendRequest: '1001ms' } }] }],
  ])('asks the rules of HTTPRoutes: %s', async (field, spec) => {
    const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'ruled' }, spec };
    const { code, body } = await server.call('POST', ROUTES, route);
    expect(code).toBe(422);
    expect(fieldsOf(body)).toEqual([field]);
  });

  it('gives no defaults to what says to be of another kind, and so breaks the rules that count on them', async () => {
    const spec = { parentRefs: [{ name: 'a' }], rules: [{ matches: [] }] };
    const metadata = { name: 'other' };
    const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Wrong', metadata, spec };
    expect(fieldsOf((await server.call('POST', ROUTES, route)).body)).toEqual(['kind', 'spec.parentRefs']);
  });

  it('calls it a wrong type when the last field of an applied map goes', async () => {
    const labelled = rollout('emptied');
    await server.patch(`${ROLLOUTS}/emptied?fieldManager=one`, labelled, 'apply');
    const { template } = labelled.spec;
    const bare = { ...labelled, spec: { ...labelled.spec, template: { ...template, metadata: {} } } };
    const { body } = await server.patch(`${ROLLOUTS}/emptied?fieldManager=one`, bare, 'apply');
    expect(fieldsOf(body)).toContain('spec.template.metadata');
  });

  it('warns even where it then refuses', async () => {
    const { code, headers } = await server.call('PUT', `${MAPS}/absent`, { ...configMap('absent'), extra: 1 });
    expect(code).toBe(404);
    expect(headers.get('warning')).toContain('unknown field');
  });

  it('finds that an applied time is none only after it has looked for conflicts', async () => {
    const lease = (name: string, renewTime: unknown) => {
      const spec = { holderIdentity: 'a', renewTime };
      return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec };
    };
    const others = lease('others', '2026-01-01T00:00:00.000000Z');
    await server.call('POST', `${LEASES}?fieldManager=zero`, others);
    const apply = (name: string, renewTime: unknown) =>
      server.patch(`${LEASES}/${name}?fieldManager=one`, lease(name, renewTime), 'apply');
    for (const [renewTime, code] of [
      [7, 409],
      ['x', 409],
      [[7], 500],
      [{ a: 7 }, 500],
    ] as const) {
      expect((await apply('others', renewTime)).code).toBe(code);
    }
    const { code, body } = await apply('own', 7);
    expect([code, body.message]).toEqual([500, expect.stringContaining('failed to convert')]);
    expect((await apply('own', [7])).body.message).toContain('.spec.renewTime: expected any scalar, got list');
  });

  it.each([
    ['2026-01-01T00:00:00Z', 400],
    ['2026-01-01T00:00:00.123Z', 400],
    ['2026-01-01T00:00:00.123456Z', 201],
    ['2026-01-01T00:00:00.1234567Z', 400],
    ['2026-01-01T02:00:00.123456+02:00', 201],
  ])('wants six digits after the seconds in a time of a Lease: %s', async (renewTime, code) => {
    const lease = { metadata: { generateName: 'micro-' }, spec: { renewTime } };
    expect((await server.call('POST', LEASES, lease)).code).toBe(code);
  });

  it('calls an undeclared field in an apply its own error', async () => {
    const { body } = await server.patch(`${MAPS}/odd?fieldManager=one`, { ...configMap('odd'), extra: 1 }, 'apply');
    expect(body).toMatchObject({ code: 500, message: expect.stringContaining('field not declared in schema') });
  });
});

describe('patches', () => {
  it('replaces by JSON patch also what is not there', async () => {
    await server.call('POST', MAPS, configMap('replaced', { a: '1' }));
    const { body } = await server.patch(`${MAPS}/replaced`, [{ op: 'replace', path: '/data/b', value: '2' }], 'json');
    expect(body.data).toEqual({ a: '1', b: '2' });
  });

  it('tests for nothing only in what is there', async () => {
    await server.call('POST', MAPS, configMap('tested', { a: '1' }));
    const test = (path: string) => server.patch(`${MAPS}/tested`, [{ op: 'test', path, value: null }], 'json');
    expect((await test('/data/b')).code).toBe(200);
    expect((await test('/metadata/labels/b')).code).toBe(422);
  });

  it('puts what a strategic patch names before what it does not', async () => {
    await server.call('POST', SETS, replicaSet('ordered'));
    const change = { spec: { template: { spec: { containers: [{ name: 'first', image: 'a:1' }] } } } };
    const { body } = await server.patch(`${SETS}/ordered`, change, 'strategic');
    const names = (body as { spec: { template: { spec: { containers: { name: string }[] } } } }).spec.template.spec
      .containers;
    expect(names.map(({ name }) => name)).toEqual(['first', 'main']);
  });

  it('lets $retainKeys name everything that the patch gives', async () => {
    await server.call('POST', MAPS, configMap('retained', { a: '1', b: '2' }));
    const keep = (data: object) =>
      server.patch(`${MAPS}/retained`, { data: { $retainKeys: ['a'], ...data } }, 'strategic');
    expect((await keep({ a: '9', b: 'x' })).code).toBe(400);
    expect((await keep({ a: '9' })).body.data).toEqual({ a: '9' });
  });

  it('takes directives for content where there is nothing to patch', async () => {
    await server.call('POST', MAPS, { ...configMap('bare'), data: undefined });
    const { body } = await server.patch(`${MAPS}/bare`, { data: { $retainKeys: ['a'], a: '9' } }, 'strategic');
    expect(fieldsOf(body)).toEqual(['patch']);
  });

  it('keeps the metadata of an object whose last applied label goes', async () => {
    const labelled = { ...rollout('last'), metadata: { name: 'last', labels: { a: 'b' } } };
    await server.patch(`${ROLLOUTS}/last?fieldManager=one`, labelled, 'apply');
    const { code, body } = await server.patch(`${ROLLOUTS}/last?fieldManager=one`, rollout('last'), 'apply');
    expect(code).toBe(200);
    expect(body.metadata).toMatchObject({ name: 'last' });
  });
});

describe('watches', () => {
  it('show what goes with its last finalizer as it was before', async () => {
    const { body } = await server.call('POST', MAPS, configMap('held', {}, { finalizers: ['example.com/hold'] }));
    await server.call('DELETE', `${MAPS}/held`);
    await server.patch(`${MAPS}/held`, { metadata: { finalizers: null } }, 'merge');
    const since = (body.metadata as { resourceVersion: string }).resourceVersion;
    const watch = await server.watchLines(`${MAPS}?watch=true&resourceVersion=${since}`);
    const [marked, gone] = await watch.next(2);
    watch.close();
    expect([marked?.type, gone?.type]).toEqual(['MODIFIED', 'DELETED']);
    expect(gone?.object.metadata).toMatchObject({ finalizers: ['example.com/hold'] });
  });
});

describe('lists', () => {
  it('go on at the version of their first page', async () => {
    for (const name of ['page-a', 'page-b', 'page-c'])
      await server.call('POST', MAPS, configMap(name, {}, { labels: { page: 'x' } }));
    const first = await server.call('GET', `${MAPS}?labelSelector=page=x&limit=1`);
    await server.call('DELETE', `${MAPS}/page-b`);
    const token = (first.body.metadata as { continue: string }).continue;
    const second = await server.call('GET', `${MAPS}?labelSelector=page=x&limit=5&continue=${token}`);
    const names = (second.body.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    expect(names).toEqual(['page-b', 'page-c']);
  });

  it('have another page as long as there is something left, whether it is selected or not', async () => {
    await server.call('POST', MAPS, configMap('zz-selected', {}, { labels: { selected: 'x' } }));
    await server.call('POST', MAPS, configMap('zzz-other'));
    const query = 'labelSelector=selected=x&limit=1';
    const { body } = await server.call('GET', `${MAPS}?${query}`);
    const token = (body.metadata as { continue: string }).continue;
    expect((await server.call('GET', `${MAPS}?${query}&continue=${token}`)).body.items).toEqual([]);
  });

  it('can be had as they were', async () => {
    const { body } = await server.call('POST', MAPS, configMap('then', {}, { labels: { before: 'x' } }));
    const version = (body.metadata as { resourceVersion: string }).resourceVersion;
    await server.call('DELETE', `${MAPS}/then`);
    const query = `labelSelector=before=x&resourceVersion=${version}&resourceVersionMatch=Exact`;
    expect((await server.call('GET', `${MAPS}?${query}`)).body.items).toHaveLength(1);
  });
});
