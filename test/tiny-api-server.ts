import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../src/api/index.ts';

export interface TinyApiServer {
  /** A kubeconfig that leads here; its context stands in the namespace `shop`. */
  kubeconfig: string;
  /** Every write, as `PATCH /path {body}`. */
  writes: string[];
  /** Puts an object there, or in the place of the one with its name; watches see it. */
  put(plural: string, object: KubeObject): void;
  remove(plural: string, name: string): void;
  close(): Promise<void>;
}

/** As much of an API server as commands need: get, list, watch and merge patches by plural, over HTTP. Options take parts away. */
export async function tinyApiServer({
  statusSubresource = true,
  absent = [] as string[],
} = {}): Promise<TinyApiServer> {
  const objects = new Map<string, KubeObject>();
  const watches = new Set<{ plural: string; response: ServerResponse }>();
  const history: { plural: string; version: number; line: string }[] = [];
  const writes: string[] = [];
  let version = 1;

  const tell = (plural: string, type: string, object: KubeObject) => {
    const line = `${JSON.stringify({ type, object })}\n`;
    history.push({ plural, version, line });
    for (const watch of watches) if (watch.plural === plural) watch.response.write(line);
  };
  const put = (plural: string, object: KubeObject) => {
    const key = `${plural}/${object.metadata.name}`;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    tell(plural, objects.has(key) ? 'MODIFIED' : 'ADDED', stored);
    objects.set(key, stored);
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const {
      plural = '',
      name,
      subresource,
    } = /\/(?<plural>[a-z]+)(\/(?<name>[^/]+)(\/(?<subresource>\w+))?)?$/.exec(
      url.pathname.replace('/namespaces/shop', '').replace(/^\/apis?\/[^/]+(\/v1\w*)?/, ''),
    )?.groups ?? {};
    const send = (code: number, body: object) => {
      response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    const notFound = () =>
      send(404, {
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        code: 404,
        message: `${plural} "${name}" not found`,
      });
    if (absent.includes(plural)) return notFound();
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.flushHeaders();
      const watch = { plural, response };
      watches.add(watch);
      const since = Number(url.searchParams.get('resourceVersion'));
      for (const event of history) if (event.plural === plural && event.version > since) response.write(event.line);
      return void response.on('close', () => watches.delete(watch));
    }
    if (name === undefined) {
      const items = [...objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
      return send(200, { kind: 'List', metadata: { resourceVersion: String(version) }, items });
    }
    const found = objects.get(`${plural}/${name}`);
    if (request.method === 'GET') return found === undefined ? notFound() : send(200, found);
    const body = JSON.parse((await request.toArray()).join(''));
    writes.push(`${request.method} ${url.pathname.replace(/^.*\/rollouts/, 'rollouts')} ${JSON.stringify(body)}`);
    if (found === undefined || (subresource !== undefined && !statusSubresource)) return notFound();
    put(plural, merged(found, body) as KubeObject);
    return send(200, objects.get(`${plural}/${name}`) ?? {});
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'headgate-cli-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  return {
    kubeconfig,
    writes,
    put,
    remove(plural, name) {
      const found = objects.get(`${plural}/${name}`);
      objects.delete(`${plural}/${name}`);
      if (found)
        tell(plural, 'DELETED', { ...found, metadata: { ...found.metadata, resourceVersion: String(++version) } });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = { ...(typeof target === 'object' ? target : {}) } as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server } }],
    users: [{ name: 'me', user: {} }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace: 'shop' } }],
  });
}
