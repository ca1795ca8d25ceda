import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject } from '../api/kubernetes.ts';

/** What a test sees of one request. */
export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** Answers a request in the server's place; false lets the server answer. */
export type Intercept = (request: SeenRequest, response: ServerResponse) => boolean;

/** A small API server for tests: objects with versions, lists in pages, watches with a history, and faults on demand. */
export async function startTestServer({ port = 0, tls }: TestServerOptions = {}): Promise<TestServer> {
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const scheme = tls === undefined ? 'http' : 'https';
  return new TestServer(server, `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

export interface TestServerOptions {
  port?: number;
  tls?: https.ServerOptions;
}

interface Watch {
  collection: string;
  response: ServerResponse;
  frozen: boolean;
}

interface Change {
  type: string;
  collection: string;
  object: KubeObject;
  version: number;
}

export class TestServer {
  readonly url: string;
  readonly config: KubeConfig;
  readonly requests: SeenRequest[] = [];
  /** Answers in the server's place. */
  intercept: Intercept | undefined;
  readonly #server: http.Server;
  readonly #objects = new Map<string, KubeObject>();
  readonly #watches = new Set<Watch>();
  #history: Change[] = [];
  #version = 100;
  #compacted = 0;
  #uids = 0;

  constructor(server: http.Server, url: string) {
    this.#server = server;
    this.url = url;
    this.config = configFor(url);
    server.on('request', (message: IncomingMessage, response: ServerResponse) => this.#receive(message, response));
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Writes behind every client's back. */
  put(collection: string, object: KubeObject): KubeObject {
    const path = pathOf(collection, object);
    const held = this.#objects.get(path);
    const uid = object.metadata.uid ?? held?.metadata.uid ?? `uid-${++this.#uids}`;
    const type = held === undefined ? 'ADDED' : 'MODIFIED';
    const stored = this.#record(type, collection, { ...object, metadata: { ...object.metadata, uid } });
    this.#objects.set(path, stored);
    return stored;
  }

  remove(collection: string, object: KubeObject): void {
    const path = pathOf(collection, object);
    const held = this.#objects.get(path);
    if (held !== undefined && this.#objects.delete(path)) this.#record('DELETED', collection, held);
  }

  get(collection: string, name: string): KubeObject | undefined {
    return this.#objects.get(`${collection}/${name}`);
  }

  list(collection: string): KubeObject[] {
    return [...this.#objects].filter(([path]) => covers(collection, collectionOf(path))).map(([, object]) => object);
  }

  /** Forgets the history: a watch from before now is Gone. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#version;
  }

  /** Sets the version back or forth; back stands for a restored backup. */
  rewind(version: number): void {
    this.#version = version;
    this.compact();
  }

  /** Breaks all open watches. */
  drop(): void {
    for (const { response } of this.#watches) response.destroy();
  }

  /** All open watches fall silent and stay open. */
  freeze(): void {
    for (const watch of this.#watches) watch.frozen = true;
  }

  /** Writes a line into all open watches. */
  send(line: string): void {
    for (const { response } of this.#watches) response.write(`${line}\n`);
  }

  bookmark(): void {
    this.send(JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.#version) } } }));
  }

  #record(type: string, collection: string, object: KubeObject): KubeObject {
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#history.push({ type, collection, object: stored, version });
    for (const watch of this.#watches) if (covers(watch.collection, collection)) write(watch, type, stored);
    return stored;
  }

  async #receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', 'http://server');
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { method = '', headers } = message;
    const body = text === '' ? undefined : JSON.parse(text);
    const request = { method, path: url.pathname, query: url.searchParams, headers, body };
    this.requests.push(request);
    if (!this.intercept?.(request, response)) this.#serve(request, response);
  }

  #serve(request: SeenRequest, response: ServerResponse): void {
    const { method, path } = request;
    if (request.query.get('watch') === 'true') this.#watch(request, response);
    else if (method === 'POST') this.#create(path, request.body as KubeObject, response);
    else if (method === 'GET' && isCollection(path)) this.#list(request, response);
    else this.#serveOne(request, response);
  }

  #serveOne({ method, path, body }: SeenRequest, response: ServerResponse): void {
    const held = this.#objects.get(path);
    if (held === undefined) reply(response, 404, status(404, 'NotFound', 'not there'));
    else if (method === 'GET') reply(response, 200, held);
    else if (method === 'DELETE') {
      this.remove(collectionOf(path), held);
      reply(response, 200, { kind: 'Status', status: 'Success' });
    } else this.#change(method, collectionOf(path), held, body as KubeObject, response);
  }

  #create(collection: string, object: KubeObject, response: ServerResponse): void {
    const there = this.#objects.has(pathOf(collection, object));
    if (there) reply(response, 409, status(409, 'AlreadyExists', `${object.metadata.name} is already there`));
    else reply(response, 201, this.put(collection, object));
  }

  #change(method: string, collection: string, held: KubeObject, sent: KubeObject, response: ServerResponse): void {
    const expected = sent.metadata?.resourceVersion;
    if (expected !== undefined && expected !== held.metadata.resourceVersion) {
      reply(response, 409, status(409, 'Conflict', 'the object has been modified'));
      return;
    }
    const merged = { ...held, ...sent, metadata: { ...held.metadata, ...sent.metadata } };
    reply(response, 200, this.put(collection, method === 'PUT' ? sent : merged));
  }

  #list({ path, query }: SeenRequest, response: ServerResponse): void {
    const all = this.list(path);
    const from = Number(query.get('continue') ?? 0);
    const to = from + Number(query.get('limit') ?? all.length);
    const items = all.slice(from, to).map(({ apiVersion: _, kind: __, ...item }) => item);
    const rest = to < all.length ? { continue: String(to) } : {};
    reply(response, 200, { kind: 'List', metadata: { resourceVersion: String(this.#version), ...rest }, items });
  }

  #watch({ path, query }: SeenRequest, response: ServerResponse): void {
    const since = Number(query.get('resourceVersion') || this.#version);
    if (since < this.#compacted) {
      reply(response, 410, status(410, 'Expired', 'too old resource version'));
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    const watch: Watch = { collection: path, response, frozen: false };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const { type, object, collection, version } of this.#history) {
      if (version > since && covers(path, collection)) write(watch, type, object);
    }
  }
}

export function configFor(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: false }, { name: 'tester' });
  return config;
}

export function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

export function reply(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function write({ response, frozen }: Watch, type: string, object: KubeObject): void {
  if (!frozen) response.write(`${JSON.stringify({ type, object })}\n`);
}

/** Whether a list or watch of one path sees a collection: it is the same, or the same kind in all namespaces. */
function covers(path: string, collection: string): boolean {
  return path === collection || path === collection.replace(/\/namespaces\/[^/]+\//, '/');
}

function isCollection(path: string): boolean {
  const rest = path.replace(/^\/api\/[^/]+|^\/apis\/[^/]+\/[^/]+/, '').replace(/\/namespaces\/[^/]+\//, '/');
  return rest.split('/').length === 2;
}

function pathOf(collection: string, { metadata: { name } }: KubeObject): string {
  return `${collection}/${name}`;
}

function collectionOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
