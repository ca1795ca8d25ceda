import { join } from 'node:path';
import { asFlags, createServer, type Server } from '../server.ts';
import { isReady } from './api-server.ts';

export interface ControllerManagerOptions {
  binary: string;
  folder: string;
  kubeconfig: string;
  accountsKey: string;
}

const PORT = 10257;

/** ReplicaSets, Jobs, EndpointSlices, garbage, namespaces, disruptions: all that is not about nodes and volumes. */
export async function startControllerManager(options: ControllerManagerOptions): Promise<Server> {
  const { binary, folder, kubeconfig, accountsKey } = options;
  const flags = {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'service-account-private-key-file': accountsKey,
    'leader-elect': 'false',
    controllers: '*,-nodeipam,-nodelifecycle,-attachdetach,-persistentvolume-binder,-cloud-node-lifecycle',
    'bind-address': '127.0.0.1',
    'secure-port': String(PORT),
    'cert-dir': join(folder, 'controller-manager'),
    // Its own brakes must not be what a measurement shows.
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
    'concurrent-namespace-syncs': '4',
  };
  const server = createServer({
    name: 'kube-controller-manager',
    binary,
    args: asFlags(flags),
    folder,
    logFile: join(folder, 'kube-controller-manager.log'),
    ready: () => isReady(`https://127.0.0.1:${PORT}/healthz`),
  });
  await server.start();
  return server;
}
