import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'yaml';
import { silentLog } from '../../log.ts';
import { collectGarbage } from './garbage.ts';
import { type HttpContext, serve } from './http.ts';
import { createStore } from './in-process.ts';
import { kindNamed } from './kinds.ts';
import { createRegistry } from './registry.ts';
import { createStorage } from './storage.ts';
import type { ApiServer, ApiServerOptions } from './types.ts';

const WATCH_WINDOW = 1000;

/** Namespaces that exist from the start. */
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Starts the sandbox's Kubernetes API server on loopback. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, port = 0, log = silentLog(), watchWindow = WATCH_WINDOW, auditLog, authorize = () => true } = options;
  const { collectsGarbage = true } = options;
  const storage = createStorage({ clock, watchWindow });
  const registry = createRegistry({ storage, clock });
  const store = createStore({ storage, registry });
  if (collectsGarbage) collectGarbage({ storage, registry });
  for (const name of NAMESPACES) store.create(kindNamed('Namespace'), { metadata: { name } });

  const open: HttpContext['open'] = new Set();
  const hooks: HttpContext['hooks'] = { faults: undefined, authorize };
  const context: HttpContext = { storage, registry, now: clock.now, clock, log, open, hooks, auditLog };
  const server = createServer((request, response) => void serve(context, request, response));
  // A controller keeps idle connections for long; the server should not be the one that closes them.
  server.keepAliveTimeout = 300_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${address.port}`;
  return Object.assign(hooks, {
    url,
    port: address.port,
    store,
    kubeconfig: () => kubeconfig(url),
    closeWatches(resource?: string) {
      for (const watch of [...open]) if (resource === undefined || watch.resource === resource) watch.close();
    },
    compact: storage.compact,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  });
}

function kubeconfig(url: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster: { server: url } }],
    users: [{ name: 'sandbox', user: {} }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox', namespace: 'default' } }],
    'current-context': 'sandbox',
  });
}
