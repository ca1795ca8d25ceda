import { type Caches, createCaches } from '../kube/caches.ts';
import type { KubeClient } from '../kube/client.ts';
import { loadKubeConfig, namespaceOf } from '../kube/config.ts';
import { createKubeClient } from '../kube/http-client.ts';
import { silentLog } from '../log.ts';

export interface ClusterOptions {
  kubeconfig: string | undefined;
  context: string | undefined;
  namespace: string | undefined;
}

/** A cluster as one user sees it. */
export interface Cluster {
  client: KubeClient;
  /** The namespace asked for, else the one that the kubeconfig's context stands in. */
  namespace: string;
  /** Caches of one namespace, or of all. */
  caches(namespace: string | undefined): Caches;
  close(): void;
}

export async function connect({ kubeconfig, context, namespace }: ClusterOptions): Promise<Cluster> {
  const config = loadKubeConfig({ kubeconfig, context });
  const log = silentLog();
  const connection = createKubeClient({ config, log, userAgent: 'headgate-cli' });
  return {
    client: connection,
    namespace: namespace ?? namespaceOf(config),
    caches: (only) => createCaches({ connection, log, namespace: only }),
    close: () => connection.close(),
  };
}
