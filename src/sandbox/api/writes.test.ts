import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  configMap,
  MAPS,
  ROLLOUTS,
  replicaSet,
  rollout,
  SETS,
  type TestServer,
  template,
  testServer,
} from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.stop());

describe('create', () => {
  it('completes the metadata and refuses the same name twice', async () => {
    const first = await server.call('POST', ROLLOUTS, rollout('once'));
    expect(first.code).toBe(201);
    expect(first.body).toMatchObject({ metadata: { generation: 1, namespace: 'default', name: 'once' } });
    const again = await server.call('POST', ROLLOUTS, rollout('once'));
    expect(again.body).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'rollouts.argoproj.io "once" already exists',
    });
  });

  it('makes names from generateName', async () => {
    const { body } = await server.call('POST', MAPS, { ...configMap(''), metadata: { generateName: 'run-' } });
    expect((body.metadata as { name: string }).name).toMatch(/^run-[a-z0-9]{5}$/);
  });

  it('refuses a namespace that is not there', async () => {
    const { body } = await server.call('POST', MAPS.replace('default', 'nowhere'), configMap('a'));
    expect(body).toMatchObject({ code: 404, message: 'namespaces "nowhere" not found' });
  });

  it('says which field is wrong', async () => {
    const bad = rollout('bad');
    const { code, body } = await server.call('POST', ROLLOUTS, { ...bad, spec: { ...bad.spec, replicas: 'many' } });
    expect(code).toBe(422);
    expect((body as { details: object }).details).toMatchObject({
      kind: 'Rollout',
      causes: expect.arrayContaining([
        expect.objectContaining({ field: 'spec.replicas', reason: 'FieldValueTypeInvalid' }),
      ]),
    });
  });

  it('refuses a ReplicaSet whose selector does not match its template', async () => {
    const bad = replicaSet('odd');
    bad.spec.selector.matchLabels.app = 'other';
    const { body } = await server.call('POST', SETS, bad);
    expect(body).toMatchObject({
      code: 422,
      reason: 'Invalid',
      details: { causes: [{ field: 'spec.template.metadata.labels' }] },
    });
  });

  it('refuses, warns of or ignores unknown fields', async () => {
    const odd = { ...configMap('unknown'), extra: 1 };
    const strict = await server.call('POST', `${MAPS}?fieldValidation=Strict`, odd);
    expect(strict.body).toMatchObject({ code: 400, message: expect.stringContaining('unknown field "extra"') });
    const warned = await server.call('POST', `${MAPS}?dryRun=All`, odd);
    expect(warned.headers.get('warning')).toBe('299 - "unknown field \\"extra\\""');
    const ignored = await server.call('POST', `${MAPS}?fieldValidation=Ignore`, odd);
    expect(ignored.body).not.toHaveProperty('extra');
  });

  it('stores a PodTemplate as it does the template of a ReplicaSet, and counts its changes', async () => {
    const path = '/api/v1/namespaces/default/podtemplates';
    const object = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'web' }, template: template('web') };
    const made = await server.call('POST', path, object);
    const spec = { restartPolicy: 'Always', containers: [{ imagePullPolicy: 'IfNotPresent' }] };
    expect(made.body).toMatchObject({ metadata: { generation: 1 }, template: { spec } });
    const labelled = await server.patch(`${path}/web`, { metadata: { labels: { a: 'b' } } }, 'merge');
    expect(labelled.body).toMatchObject({ metadata: { generation: 1 } });
    const changed = await server.patch(
      `${path}/web`,
      { template: { metadata: { labels: { app: 'other' } } } },
      'merge',
    );
    expect(changed.body).toMatchObject({ metadata: { generation: 2 } });
    const bad = { ...object, metadata: { name: 'bad' }, template: { spec: { containers: [] } } };
    const { body } = await server.call('POST', path, bad);
    expect(body).toMatchObject({ code: 422, details: { causes: [{ field: 'template.spec.containers' }] } });
  });

  it('stores nothing in a dry run', async () => {
    expect((await server.call('POST', `${MAPS}?dryRun=All`, configMap('dry'))).code).toBe(201);
    expect((await server.call('GET', `${MAPS}/dry`)).code).toBe(404);
  });

  it('fills in what the API server fills into a pod template', async () => {
    const { body } = await server.call('POST', SETS, replicaSet('defaults'));
    expect(body).toMatchObject({
      spec: {
        replicas: 1,
        template: {
          spec: {
            restartPolicy: 'Always',
            dnsPolicy: 'ClusterFirst',
            securityContext: {},
            containers: [{ imagePullPolicy: 'IfNotPresent', ports: [{ protocol: 'TCP' }], resources: {} }],
          },
        },
      },
      status: { replicas: 0 },
    });
  });
});

describe('update', () => {
  it('refuses a stale version', async () => {
    const { body } = await server.call('POST', MAPS, configMap('stale', { a: '1' }));
    await server.patch(`${MAPS}/stale`, { data: { a: '2' } }, 'merge');
    const late = await server.call('PUT', `${MAPS}/stale`, { ...(body as object), data: { a: '3' } });
    expect(late.body).toMatchObject({ code: 409, reason: 'Conflict' });
  });

  it('keeps the version of a write that changes nothing', async () => {
    const { body } = await server.call('POST', MAPS, configMap('same', { a: '1' }));
    const again = await server.call('PUT', `${MAPS}/same`, body);
    expect(again.body).toEqual(body);
  });

  it('keeps status and spec apart, and counts only changes of spec', async () => {
    await server.call('POST', ROLLOUTS, { ...rollout('apart'), status: { replicas: 9 } });
    const status = await server.patch(
      `${ROLLOUTS}/apart/status`,
      { spec: { replicas: 7 }, status: { replicas: 3 } },
      'merge',
    );
    expect(status.body).toMatchObject({ metadata: { generation: 1 }, spec: { replicas: 2 }, status: { replicas: 3 } });
    const main = await server.patch(`${ROLLOUTS}/apart`, { spec: { replicas: 7 }, status: { replicas: 4 } }, 'merge');
    expect(main.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 7 }, status: { replicas: 3 } });
  });

  it('never changes a selector', async () => {
    await server.call('POST', SETS, replicaSet('fixed'));
    const patch = {
      spec: { selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } } } },
    };
    const { body } = await server.patch(`${SETS}/fixed`, patch, 'merge');
    expect(body).toMatchObject({ code: 422, details: { causes: [{ field: 'spec.selector' }] } });
  });

  it('scales through the subresource', async () => {
    await server.call('POST', ROLLOUTS, rollout('scaled'));
    const { body } = await server.patch(`${ROLLOUTS}/scaled/scale`, { spec: { replicas: 5 } }, 'merge');
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } });
    expect((await server.call('GET', `${ROLLOUTS}/scaled`)).body).toMatchObject({ spec: { replicas: 5 } });
  });
});

describe('patch', () => {
  it('answers 422 to a JSON patch whose test fails, and changes nothing', async () => {
    await server.call('POST', MAPS, configMap('tested', { a: '1' }));
    const operations = [
      { op: 'replace', path: '/data/a', value: '2' },
      { op: 'test', path: '/data/a', value: '9' },
    ];
    const { code } = await server.patch(`${MAPS}/tested`, operations, 'json');
    expect(code).toBe(422);
    expect((await server.call('GET', `${MAPS}/tested`)).body).toMatchObject({ data: { a: '1' } });
  });

  it('merges containers by name in a strategic merge patch', async () => {
    await server.call('POST', SETS, replicaSet('merged'));
    const containers = [
      { name: 'side', image: 'side:1' },
      { name: 'main', env: [{ name: 'A', value: '1' }] },
    ];
    const { body } = await server.patch(
      `${SETS}/merged`,
      { spec: { template: { spec: { containers } } } },
      'strategic',
    );
    expect(body).toMatchObject({
      spec: {
        template: { spec: { containers: [{ name: 'side' }, { name: 'main', image: 'web:1', env: [{ name: 'A' }] }] } },
      },
    });
    const removal = { spec: { template: { spec: { containers: [{ name: 'side', $patch: 'delete' }] } } } };
    const after = await server.patch(`${SETS}/merged`, removal, 'strategic');
    expect(
      (after.body as { spec: { template: { spec: { containers: unknown[] } } } }).spec.template.spec.containers,
    ).toHaveLength(1);
  });

  it('knows no strategic merge patch of custom kinds', async () => {
    await server.call('POST', ROLLOUTS, rollout('custom'));
    const { body } = await server.patch(`${ROLLOUTS}/custom`, {}, 'strategic');
    expect(body).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
  });
});

describe('server-side apply', () => {
  const apply = (name: string, data: Record<string, string>, manager: string, force = false) =>
    server.patch(`${MAPS}/${name}?fieldManager=${manager}&force=${force}`, configMap(name, data), 'apply');

  it('creates, removes what is no longer applied, and keeps what others own', async () => {
    expect((await apply('owned', { a: '1', b: '1' }, 'one')).code).toBe(201);
    expect((await apply('owned', { c: '1' }, 'two')).code).toBe(200);
    expect((await apply('owned', { b: '2' }, 'one')).body).toMatchObject({ data: { b: '2', c: '1' } });
    expect((await server.call('GET', `${MAPS}/owned`)).body).not.toHaveProperty('data.a');
  });

  it('refuses to take a field from another, unless forced', async () => {
    await apply('fought', { a: '1' }, 'one');
    const refused = await apply('fought', { a: '2' }, 'two');
    expect(refused.body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.a' }] },
    });
    expect((await apply('fought', { a: '2' }, 'two', true)).body).toMatchObject({ data: { a: '2' } });
    expect((await apply('fought', {}, 'one')).body).toMatchObject({ data: { a: '2' } });
  });

  it('changes nothing the second time', async () => {
    const first = await apply('again', { a: '1' }, 'one');
    expect((await apply('again', { a: '1' }, 'one')).body).toEqual(first.body);
  });

  it('does not lose what the server added inside of what is applied', async () => {
    const path = `${SETS}/kept?fieldManager=one`;
    await server.patch(path, replicaSet('kept'), 'apply');
    await server.patch(`${SETS}/kept/scale`, { spec: { replicas: 4 } }, 'merge');
    const again = await server.patch(path, replicaSet('kept'), 'apply');
    expect(again.body).toMatchObject({ spec: { replicas: 4, template: { spec: { restartPolicy: 'Always' } } } });
  });
});
