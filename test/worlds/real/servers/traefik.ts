import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, asFlags, createServer, type Server } from '../server.ts';
import { GATEWAY, gatewayObjects } from './gateway.ts';

export interface TraefikOptions {
  binary: string;
  folder: string;
  /** Of someone who may read everything that routes speak of, and write their status. */
  kubeconfig: string;
}

/** What routes name as their parent to be Traefik's. */
export const TRAEFIK_GATEWAY = { namespace: GATEWAY.namespace, name: 'traefik' };
/** A listener's port is that of an entry point. */
const LISTENER = 31080;
const HEALTH = 31081;

/** Besides the namespace, which the world has. */
export const TRAEFIK_OBJECTS = gatewayObjects('traefik', 'traefik.io/gateway-controller', TRAEFIK_GATEWAY, LISTENER);

/**
 * Traefik as the data plane of its own class, for all namespaces; answers with the address where it listens. It is left at its
 * default of taking up changes at most every two seconds, of which what it writes into a route's status knows nothing.
 */
export async function startTraefik(options: TraefikOptions): Promise<{ address: string; server: Server }> {
  const { binary, folder, kubeconfig } = options;
  await mkdir(folder, { recursive: true });
  const address = `127.0.0.1:${LISTENER}`;
  const health = `127.0.0.1:${HEALTH}`;
  const server = createServer({
    name: 'traefik',
    binary,
    args: asFlags({
      'entrypoints.web.address': address,
      'entrypoints.traefik.address': health,
      ping: 'true',
      'ping.entrypoint': 'traefik',
      'api.dashboard': 'false',
      'global.checknewversion': 'false',
      'global.sendanonymoususage': 'false',
      'providers.kubernetesgateway': 'true',
      'providers.kubernetesgateway.statusaddress.ip': '127.0.0.1',
    }),
    environment: { KUBECONFIG: kubeconfig },
    folder,
    logFile: join(folder, 'traefik.log'),
    ready: () => answers(`http://${health}/ping`),
  });
  await server.start();
  return { address, server };
}
