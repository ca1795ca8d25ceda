import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KubeObject } from '../api/index.ts';
import { machineClock } from '../clock.ts';
import { loadKubeConfigText } from '../kube/config.ts';
import { createKubeClient } from '../kube/http-client.ts';
import { silentLog } from '../log.ts';
import { type ApiServer, createApiServer } from '../sandbox/api/index.ts';
import { createHandingOn } from './hook-handing-on.ts';
import { createHookSecrets } from './hook-secrets.ts';

const namespace = 'headgate';
let api: ApiServer;
let client: ReturnType<typeof createKubeClient>;
let server: Server;
let received: { path: string | undefined; headers: IncomingHttpHeaders; body: string }[];
let status: number;

beforeEach(async () => {
  api = await createApiServer({ clock: machineClock() });
  client = createKubeClient({ config: loadKubeConfigText(api.kubeconfig()), log: silentLog(), userAgent: 'test' });
  api.store.create('Namespace', { metadata: { name: namespace } } as KubeObject);
  received = [];
  status = 202;
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ path: request.url, headers: request.headers, body });
    response.writeHead(status).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  client.close();
  await api.stop();
});

const headers = {
  'content-type': 'application/json',
  'x-hub-signature': 'sha256=0',
  host: 'hooks.example',
  connection: 'keep-alive',
};
const request = { headers, body: Buffer.from('{"a": "ü"}') };

function lease(holderIdentity: string) {
  const metadata = { name: 'lock', namespace };
  api.store.create('Lease', { metadata, spec: { holderIdentity } } as KubeObject);
}

function pod(name: string, podIP?: string) {
  const containers = [{ name: 'controller', image: 'headgate' }];
  api.store.create('Pod', { metadata: { name, namespace }, spec: { containers } } as KubeObject);
  if (podIP) api.store.patchStatus('Pod', { namespace, name }, { podIP });
}

function handOn() {
  const { port } = server.address() as AddressInfo;
  return createHandingOn({ client, namespace, lease: 'lock', identity: 'headgate-1', port })('/hooks/github', request);
}

it('hands the same bytes to the pod that holds the lease', async () => {
  lease('headgate-2');
  pod('headgate-1', '127.0.0.9');
  pod('headgate-2', '127.0.0.1');
  expect(await handOn()).toBe(true);
  expect(received).toMatchObject([
    {
      path: '/hooks/github',
      body: '{"a": "ü"}',
      headers: { 'x-hub-signature': 'sha256=0', 'x-headgate-handed-on': 'true', 'content-type': 'application/json' },
    },
  ]);
  expect(received[0]?.headers.host).not.toBe('hooks.example');
  status = 503;
  expect(await handOn()).toBe(false);
});

it('does not ask the API server for every hook who holds the lease', async () => {
  const asked: string[] = [];
  const counting = {
    ...client,
    get: (async (...args: Parameters<typeof client.get>) => {
      asked.push('get');
      return client.get(...args);
    }) as typeof client.get,
  };
  lease('headgate-2');
  pod('headgate-2', '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const hand = createHandingOn({ client: counting, namespace, lease: 'lock', identity: 'headgate-1', port });
  for (let index = 0; index < 20; index++) expect(await hand('/hooks/github', request)).toBe(true);
  expect([asked.length, received.length]).toEqual([1, 20]);
});

it('asks again who holds the lease where what it knew does not answer', async () => {
  lease('headgate-2');
  pod('headgate-2', '127.0.0.9');
  const { port } = server.address() as AddressInfo;
  const hand = createHandingOn({ client, namespace, lease: 'lock', identity: 'headgate-1', port });
  expect(await hand('/hooks/github', request)).toBe(false);
  api.store.patchStatus('Pod', { namespace, name: 'headgate-2' }, { podIP: '127.0.0.1' });
  await expect.poll(() => hand('/hooks/github', request), { timeout: 5_000 }).toBe(true);
});

it.each([
  ['nobody holds the lease', () => {}],
  ['we hold it ourselves', () => lease('headgate-1')],
  ['who holds it is no pod', () => lease('a-laptop')],
  [
    'its pod has no address',
    () => {
      lease('headgate-2');
      pod('headgate-2');
    },
  ],
])('hands nothing on where %s', async (_, prepare) => {
  prepare();
  expect(await handOn()).toBe(false);
  expect(received).toEqual([]);
});

it('reads what hooks must know from one Secret, and not for every hook', async () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secretOf = createHookSecrets({ client, namespace, name: 'hooks' });
  const data = { github: base64('one\n'), gitlab: base64(' ') };
  api.store.create('Secret', { metadata: { name: 'hooks', namespace }, data } as KubeObject);
  expect(await secretOf('github')).toBe('one');
  expect(await secretOf('gitlab')).toBeUndefined();
  expect(await secretOf('constructor')).toBeUndefined();
  api.store.patch('Secret', { namespace, name: 'hooks' }, { data: { github: base64('two') } });
  expect(await secretOf('github')).toBe('one');
  expect(await createHookSecrets({ client, namespace, name: 'not-there' })('github')).toBeUndefined();
});
