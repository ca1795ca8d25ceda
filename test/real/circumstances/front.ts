import { readFile, writeFile } from 'node:fs/promises';
import { request as askPlainly, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as askSecurely } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';

/** `arrives`: before it is passed on. `answered`: done, and whoever asked does not know. */
export type Moment = 'arrives' | 'answered';

export interface FrontOptions {
  /** Called at each moment of every write; true: it ends here, without a word to whoever asked. */
  onWrite?: (kind: string, moment: Moment) => boolean;
}

/** Stands between one controller and a server, and knows what the controller writes. */
export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

interface Server {
  url: URL;
  /** What a request changes, by verb and kind of thing; undefined: it only reads. */
  kindOf(request: IncomingMessage): string | undefined;
  /** The path to ask for. */
  path?: (path: string) => string;
  headers?: Record<string, string>;
  agent?: Agent;
}

async function passOn(server: Server, incoming: IncomingMessage, outgoing: ServerResponse): Promise<IncomingMessage> {
  const { url, path = (same: string) => same, headers = {}, agent } = server;
  const body = await buffer(incoming);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const ask = url.protocol === 'https:' ? askSecurely : askPlainly;
  const options = { method: incoming.method, headers: { ...incoming.headers, host: url.host, ...headers }, agent };
  const asked = ask(new URL(path(incoming.url ?? '/'), url), options, resolve);
  asked.once('error', reject).end(body);
  // A watch goes on until whoever watches is gone.
  outgoing.once('close', () => asked.destroy());
  return promise;
}

async function relay(server: Server, { onWrite }: FrontOptions, incoming: IncomingMessage, outgoing: ServerResponse) {
  const kind = server.kindOf(incoming);
  if (kind && onWrite?.(kind, 'arrives')) return void outgoing.destroy();
  const answer = await passOn(server, incoming, outgoing);
  if (kind === undefined) {
    outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
    outgoing.flushHeaders();
    return void answer.on('error', () => outgoing.destroy()).pipe(outgoing);
  }
  const body = await buffer(answer);
  if (onWrite?.(kind, 'answered')) return void outgoing.destroy();
  const { 'transfer-encoding': _, ...headers } = answer.headers;
  outgoing.writeHead(answer.statusCode ?? 0, { ...headers, 'content-length': body.length }).end(body);
}

async function startFront(server: Server, options: FrontOptions): Promise<Front> {
  const front = createServer((incoming, outgoing) => {
    relay(server, options, incoming, outgoing).catch(() => outgoing.destroy());
  });
  front.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        front.close(() => closed());
        front.closeAllConnections();
        server.agent?.destroy();
      }),
  };
}

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const OBJECT = /^\/apis?(?:\/[^/]+){1,2}?(?:\/namespaces\/[^/]+)?\/([a-z]+)(?:\/[^/?]+(?:\/(status|scale))?)?(?:\?|$)/;

/** `patch rollouts/status`, or with whom it is asked for: `apply services for deployer`. */
function kindOfKubernetesWrite({ method = '', url = '', headers }: IncomingMessage): string | undefined {
  const verb = VERBS[method];
  if (!verb || url.includes('dryRun=')) return undefined;
  const [, resource = url, subresource] = OBJECT.exec(url) ?? [];
  const isApply = headers['content-type']?.includes('apply-patch') === true;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const user = String(headers['impersonate-user'] ?? '')
    .split(':')
    .at(-1);
  return `${isApply ? 'apply' : verb} ${what}${user ? ` for ${user}` : ''}`;
}

export interface ApiFrontOptions extends FrontOptions {
  /** By what name the audit log knows whoever asks here. */
  userAgent: string;
}

/** Of the API server, for a story's controller. To whoever asks here, there are no other stories' policies. */
export async function startApiFront(
  { state, folder, namespace }: ControllerPlace,
  { userAgent, ...options }: ApiFrontOptions,
): Promise<Front & { kubeconfig: string }> {
  const { clusters, users } = JSON.parse(await readFile(state.controllerKubeconfig, 'utf8'));
  const authority = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64');
  const own = `fieldSelector=${encodeURIComponent(`metadata.name=${namespace}`)}`;
  const server: Server = {
    url: new URL(clusters[0].cluster.server),
    kindOf: kindOfKubernetesWrite,
    path: (path) => (/\/revertpolicies(\?|$)/.test(path) ? `${path}${path.includes('?') ? '&' : '?'}${own}` : path),
    headers: { authorization: `Bearer ${users[0].user.token}`, 'user-agent': userAgent },
    agent: new Agent({ keepAlive: true, ca: authority }),
  };
  const front = await startFront(server, options);
  const kubeconfig = join(folder.own, `${userAgent}.kubeconfig`);
  const context = { name: 'front', context: { cluster: 'front', user: 'front' } };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'front',
    clusters: [{ name: 'front', cluster: { server: front.url } }],
    users: [{ name: 'front', user: {} }],
    contexts: [context],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return { ...front, kubeconfig };
}

/** What is written to Git: by push, or by Gitea's API. */
function kindOfGiteaWrite({ method = '', url = '' }: IncomingMessage): string | undefined {
  const path = url.split('?')[0] ?? '';
  if (method === 'POST' && path.endsWith('/git-receive-pack')) return 'push to Git';
  if (!(method in VERBS) || !path.startsWith('/api/v1/') || path.endsWith('/file-contents')) return undefined;
  // Of the path, what is the same for every repository and every commit.
  return `${VERBS[method]} ${path.split('/')[6]?.replace(/\W.*/, '')} in Gitea`;
}

export function startGiteaFront(gitea: string, options: FrontOptions): Promise<Front> {
  return startFront({ url: new URL(gitea), kindOf: kindOfGiteaWrite }, options);
}
