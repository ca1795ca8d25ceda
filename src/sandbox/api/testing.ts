/** What this folder's tests share: a server and a client that is only fetch. */
import { machineClock } from '../../clock.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from './index.ts';

export interface Reply {
  code: number;
  // Tests look into answers of any shape.
  body: Record<string, unknown>;
  headers: Headers;
}

const PATCHES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export interface TestServer extends ApiServer {
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  patch(path: string, body: unknown, type: keyof typeof PATCHES): Promise<Reply>;
  /** Reads a watch: `next(n)` waits for n more events. */
  watchLines(
    path: string,
  ): Promise<{ next(count: number): Promise<{ type: string; object: Record<string, unknown> }[]>; close(): void }>;
}

export async function testServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const server = await createApiServer({ clock: machineClock(), ...options });
  const call: TestServer['call'] = async (method, path, body, headers = {}) => {
    const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(server.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...init,
    });
    return { code: response.status, body: (await response.json()) as Reply['body'], headers: response.headers };
  };
  return Object.assign(server, {
    call,
    patch: (path: string, body: unknown, type: keyof typeof PATCHES) =>
      call('PATCH', path, body, { 'content-type': PATCHES[type] }),
    async watchLines(path: string) {
      const abort = new AbortController();
      const response = await fetch(server.url + path, { signal: abort.signal });
      const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      const lines: string[] = [];
      return {
        async next(count: number) {
          while (lines.length < count) {
            const { value, done } = await reader.read();
            if (done) throw new Error(`the watch ended after ${lines.length} of ${count} events`);
            const parts = (rest + value).split('\n');
            rest = parts.pop() ?? '';
            lines.push(...parts);
          }
          return lines.splice(0, count).map((line) => JSON.parse(line));
        },
        close: () => abort.abort(),
      };
    },
  });
}

export function rollout(name = 'web', replicas = 2) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name), strategy: { canary: {} } },
  };
}

export function replicaSet(name = 'web') {
  const spec = { selector: { matchLabels: { app: name } }, template: template(name) };
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name }, spec };
}

export function template(app: string) {
  return {
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'main', image: 'web:1', ports: [{ containerPort: 80 }] }] },
  };
}

export function configMap(name: string, data: Record<string, string> = {}, metadata: object = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

export const MAPS = '/api/v1/namespaces/default/configmaps';
export const SETS = '/apis/apps/v1/namespaces/default/replicasets';
export const ROLLOUTS = '/apis/argoproj.io/v1alpha1/namespaces/default/rollouts';
