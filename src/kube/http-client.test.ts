import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { ApiError, type KubeConnection } from './client.ts';
import { loadKubeConfig, namespaceOf } from './config.ts';
import { createKubeClient } from './http-client.ts';
import { namespaces, pods, replicaSets, rollouts, secrets } from './resources.ts';
import { reply, type SeenRequest, startTestServer, status, type TestServer } from './test-server.ts';

const SECRETS = '/api/v1/namespaces/shop/secrets';
const key = { namespace: 'shop', name: 'a' };

let server: TestServer;
let client: KubeConnection;

beforeEach(async () => {
  server = await startTestServer();
  client = clientOf(server);
});

afterEach(async () => {
  client.close();
  await server.stop();
});

function clientOf({ config }: Pick<TestServer, 'config'>, requestTimeoutMilliseconds = 2_000): KubeConnection {
  return createKubeClient({ config, log: silentLog(), userAgent: 'headgate/test', requestTimeoutMilliseconds });
}

function last(): SeenRequest {
  const request = server.requests.at(-1);
  if (request === undefined) throw new Error('nothing was asked');
  return request;
}

/** Answers everything with the same and remembers nothing. */
function answer(code: number, body: unknown, headers: Record<string, string> = {}): void {
  server.intercept = (_, response) => {
    reply(response, code, body, headers);
    return true;
  };
}

describe('requests', () => {
  it('reads, makes, changes and deletes', async () => {
    expect(await client.get(secrets, key)).toBeUndefined();
    const made = await client.create(secrets, { metadata: { ...key }, type: 'Opaque' });
    expect(made.metadata.uid).toBeDefined();
    const updated = await client.update(secrets, { ...made, data: { x: 'eA==' } });
    expect(updated.data).toEqual({ x: 'eA==' });
    await expect(client.update(secrets, made)).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    await expect(client.create(secrets, made)).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' });
    await client.delete(secrets, key);
    await client.delete(secrets, key);
    expect(await client.get(secrets, key)).toBeUndefined();
  });

  it('asks for core, group and cluster paths, and refuses to guess a namespace', async () => {
    answer(200, {});
    await client.get(rollouts, key);
    expect(last().path).toBe('/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/a');
    await client.get(namespaces, { name: 'shop' });
    expect(last().path).toBe('/api/v1/namespaces/shop');
    await client.get(pods, { namespace: 'shop', name: '../x?y' });
    expect(last().path).toBe('/api/v1/namespaces/shop/pods/..%2Fx%3Fy');
    await expect(client.get(pods, { name: 'a' })).rejects.toThrow('Pod: metadata.namespace is missing');
    await expect(client.delete(pods, { namespace: 'shop', name: '' })).rejects.toThrow('Pod: metadata.name is missing');
  });

  it.each([
    ['merge', 'application/merge-patch+json'],
    ['json', 'application/json-patch+json'],
    ['strategic', 'application/strategic-merge-patch+json'],
  ] as const)('sends a %s patch to a subresource', async (type, contentType) => {
    answer(200, {});
    const options = { type, body: [], subresource: 'status', fieldManager: 'headgate', dryRun: true } as const;
    await client.patch(rollouts, key, options);
    expect(last().path).toBe('/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/a/status');
    expect(last().headers['content-type']).toBe(contentType);
    expect(last().query.toString()).toBe('fieldManager=headgate&dryRun=All');
  });

  it('asks what would be created', async () => {
    answer(201, {});
    await client.create(replicaSets, { metadata: key } as never, { dryRun: true });
    expect(last()).toMatchObject({ method: 'POST', path: '/apis/apps/v1/namespaces/shop/replicasets' });
    expect(last().query.toString()).toBe('dryRun=All');
  });

  it('applies with type and owner', async () => {
    answer(200, {});
    await client.apply(replicaSets, { metadata: key } as never, { fieldManager: 'headgate', force: true });
    expect(last()).toMatchObject({ method: 'PATCH', body: { apiVersion: 'apps/v1', kind: 'ReplicaSet' } });
    expect(last().headers['content-type']).toBe('application/apply-patch+yaml');
    expect(last().query.toString()).toBe('fieldManager=headgate&force=true');
  });

  it('deletes only the very object it means', async () => {
    answer(200, {});
    await client.delete(pods, key, { uid: 'u', resourceVersion: '7', propagation: 'Background' });
    expect(last().body).toMatchObject({
      kind: 'DeleteOptions',
      preconditions: { uid: 'u', resourceVersion: '7' },
      propagationPolicy: 'Background',
    });
  });

  it('evicts only the very pod it means', async () => {
    answer(201, { kind: 'Status', status: 'Success' });
    await client.evict(key, { uid: 'u' });
    expect(last()).toMatchObject({ method: 'POST', path: '/api/v1/namespaces/shop/pods/a/eviction' });
    expect(last().body).toEqual({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace: 'shop', name: 'a' },
      deleteOptions: { preconditions: { uid: 'u' } },
    });
    await client.evict(key);
    expect(last().body).not.toHaveProperty('deleteOptions');
  });

  it('hears of a refused eviction, also of one that looks like a success, and does not ask again by itself', async () => {
    const status = (code: number, reason: string) => ({
      kind: 'Status',
      status: 'Failure',
      message: 'no',
      reason,
      code,
    });
    answer(429, status(429, 'TooManyRequests'), { 'Retry-After': '10' });
    const before = server.requests.length;
    await expect(client.evict(key)).rejects.toMatchObject({ code: 429, retryAfter: 10 });
    expect(server.requests.length).toBe(before + 1);
    answer(201, status(500, ''));
    await expect(client.evict(key)).rejects.toMatchObject({ code: 500, message: 'no' });
    answer(404, status(404, 'NotFound'));
    await expect(client.evict(key)).rejects.toMatchObject({ code: 404 });
  });

  it('says who it is and whom it stands for', async () => {
    answer(200, {});
    await client.as('system:serviceaccount:shop:deployer').get(pods, key);
    expect(last().headers).toMatchObject({
      'impersonate-user': 'system:serviceaccount:shop:deployer',
      'user-agent': 'headgate/test',
    });
    await client.get(pods, key);
    expect(last().headers['impersonate-user']).toBeUndefined();
  });

  it('begins a list again when its continuation has expired', async () => {
    for (let i = 0; i < 700; i++) server.put(SECRETS, { metadata: { name: `s${i}`, namespace: 'shop' } });
    let expired = 0;
    server.intercept = ({ query }, response) => {
      if (!query.has('continue') || ++expired > 1) return false;
      reply(response, 410, status(410, 'Expired', 'the continue token is too old'));
      return true;
    };
    const all = await client.list(secrets, { labelSelector: 'a=b' });
    expect(all).toHaveLength(700);
    expect(all[0]).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
    expect(last().query.get('labelSelector')).toBe('a=b');
  });

  it('lists in one piece when continuations keep expiring', async () => {
    for (let i = 0; i < 700; i++) server.put(SECRETS, { metadata: { name: `s${i}`, namespace: 'shop' } });
    server.intercept = ({ query }, response) => {
      if (!query.has('continue')) return false;
      reply(response, 410, status(410, 'Expired', 'too old'));
      return true;
    };
    expect(await client.list(secrets)).toHaveLength(700);
  });

  it('keeps its connection', async () => {
    const sockets = new Set<unknown>();
    server.intercept = (_, response) => {
      sockets.add(response.socket);
      return false;
    };
    for (let i = 0; i < 5; i++) await client.get(pods, key);
    expect(sockets.size).toBe(1);
  });
});

describe('errors', () => {
  it('carry what the Status says', async () => {
    answer(422, { ...status(422, 'Invalid', 'spec.x: must be set'), details: { retryAfterSeconds: 3 } });
    const error = await client.create(secrets, { metadata: key }).catch((error) => error);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 422, reason: 'Invalid', message: 'spec.x: must be set', retryAfter: 3 });
    expect(error.causes).toEqual([]);
  });

  it('carry the causes as far as they can be read', async () => {
    const causes = [{ reason: 'FieldValueRequired', field: 'spec.x', message: 'Required value' }, { message: 'no' }, 5];
    answer(422, { ...status(422, 'Invalid', 'all'), details: { causes } });
    const error = await client.create(secrets, { metadata: key }).catch((error) => error);
    expect(error.causes).toEqual([
      { field: 'spec.x', message: 'Required value' },
      { field: '', message: 'no' },
      { field: '', message: '' },
    ]);
  });

  it('never quote a body that is no Status', async () => {
    answer(502, '<html>token=abc</html>');
    await expect(client.get(pods, key)).rejects.toThrow(/^the API server answered HTTP 502$/);
  });

  it('obeys 429 for a read, and leaves a write to the caller', async () => {
    let asked = 0;
    server.intercept = (_, response) => {
      if (++asked > 1) return false;
      reply(response, 429, status(429, 'TooManyRequests', 'slow down'), { 'Retry-After': '0' });
      return true;
    };
    expect(await client.get(pods, key)).toBeUndefined();
    asked = 0;
    await expect(client.create(secrets, { metadata: key })).rejects.toMatchObject({ code: 429, retryAfter: 0 });
  });

  it('do not wait for ever', async () => {
    server.intercept = () => true;
    const impatient = clientOf(server, 50);
    await expect(impatient.get(pods, key)).rejects.toThrow('did not answer within 50 ms');
    server.intercept = (_, response) => response.writeHead(200).write('{');
    await expect(impatient.get(pods, key)).rejects.toThrow('did not answer within 50 ms');
  });

  it('ask a read again when a kept connection turns out to be closed, but not a write', async () => {
    let closed = 0;
    server.intercept = (_, response) => {
      if (++closed > 1) return false;
      response.socket?.destroy();
      return true;
    };
    closed = 1;
    await client.get(pods, key);
    closed = 0;
    expect(await client.get(pods, key)).toBeUndefined();
    closed = 0;
    await expect(client.create(secrets, { metadata: key })).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('hold virtual time no longer than the request', async () => {
    let held = 0;
    let most = 0;
    const busy = () => {
      most = Math.max(most, ++held);
      return () => {
        held--;
      };
    };
    const held1 = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'x', clock: { busy } });
    await held1.get(pods, key);
    answer(500, {});
    await held1.get(pods, key).catch(() => {});
    held1.close();
    expect([most, held]).toEqual([1, 0]);
  });
});

describe('configuration', () => {
  const testdata = join(import.meta.dirname, 'testdata');
  const tls = {
    key: readFileSync(join(testdata, 'localhost.key')),
    cert: readFileSync(join(testdata, 'localhost.crt')),
  };
  let folder: string;
  let secure: TestServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headgate-kube-'));
    secure = await startTestServer({ tls });
  });

  afterEach(async () => {
    await secure.stop();
    rmSync(folder, { recursive: true });
  });

  function kubeconfig(user: object, cluster: object = { 'certificate-authority': join(testdata, 'localhost.crt') }) {
    const file = join(folder, 'config');
    const config = {
      'current-context': 'one',
      contexts: [
        { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
        { name: 'two', context: { cluster: 'c', user: 'u' } },
      ],
      clusters: [{ name: 'c', cluster: { server: `${secure.url}/prefix/`, ...cluster } }],
      users: [{ name: 'u', user }],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  it('reads a file, a context and its namespace', () => {
    const file = kubeconfig({});
    expect(namespaceOf(loadKubeConfig({ kubeconfig: file }))).toBe('shop');
    expect(namespaceOf(loadKubeConfig({ kubeconfig: file, context: 'two' }))).toBe('default');
    expect(() => loadKubeConfig({ kubeconfig: file, context: 'three' })).toThrow(
      'the kubeconfig has no context "three"; it has: one, two',
    );
    expect(() => loadKubeConfig({ kubeconfig: join(folder, 'none') })).toThrow('cannot be read');
  });

  it('speaks TLS, below a path, with a token', async () => {
    const config = loadKubeConfig({ kubeconfig: kubeconfig({ token: 'tok' }) });
    const client = clientOf({ config });
    await client.get(pods, key);
    expect(secure.requests[0]).toMatchObject({
      path: '/prefix/api/v1/namespaces/shop/pods/a',
      headers: { authorization: 'Bearer tok' },
    });
    client.close();
  });

  it('refuses a server that it cannot trust', async () => {
    const client = clientOf({ config: loadKubeConfig({ kubeconfig: kubeconfig({}, {}) }) });
    await expect(client.get(pods, key)).rejects.toThrow(/self-signed/);
    client.close();
  });

  it('asks a credential plugin, and asks it again when its token is refused', async () => {
    const script = join(folder, 'plugin.mjs');
    const counter = join(folder, 'count');
    writeFileSync(counter, '0');
    writeFileSync(
      script,
      `import fs from 'node:fs';
       const n = Number(fs.readFileSync(process.argv[2])) + 1;
       fs.writeFileSync(process.argv[2], String(n));
       console.log(JSON.stringify({ kind: 'ExecCredential', status: { token: 'token-' + n } }));`,
    );
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [script, counter] };
    const client = clientOf({ config: loadKubeConfig({ kubeconfig: kubeconfig({ exec }) }) });
    await client.get(pods, key);
    await client.get(pods, key);
    expect(secure.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
    secure.intercept = ({ headers }, response) => {
      if (headers.authorization !== 'Bearer token-1') return false;
      reply(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
      return true;
    };
    await expect(client.get(pods, key)).rejects.toMatchObject({ code: 401 });
    expect(await client.get(pods, key)).toBeUndefined();
    client.close();
  });

  it('sends no credentials over plain HTTP', async () => {
    const plain = loadKubeConfig({ kubeconfig: kubeconfig({ token: 'tok' }, { server: server.url }) });
    const client = clientOf({ config: plain });
    await client.get(pods, key);
    expect(last().headers.authorization).toBeUndefined();
    client.close();
  });
});
