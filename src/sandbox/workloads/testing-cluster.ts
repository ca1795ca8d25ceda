import type { Clock } from '../../clock.ts';
import type { KubeConnection } from '../../kube/client.ts';
import { loadKubeConfigText } from '../../kube/config.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { silentLog } from '../../log.ts';
import { type ApiServer, createApiServer } from '../api/index.ts';

/** The embedded API server with a connection to it and the namespace `shop`, for the tests of what stands around it. */
export interface TestingCluster {
  api: ApiServer;
  connection: KubeConnection;
  stop(): Promise<void>;
}

export async function createTestingCluster(clock: Clock): Promise<TestingCluster> {
  const log = silentLog();
  const api = await createApiServer({ clock, log });
  const config = loadKubeConfigText(api.kubeconfig());
  const connection = createKubeClient({ config, log, userAgent: 'kubelet', clock });
  api.store.create('Namespace', { metadata: { name: 'shop' } });
  return {
    api,
    connection,
    async stop() {
      connection.close();
      await api.stop();
    },
  };
}
