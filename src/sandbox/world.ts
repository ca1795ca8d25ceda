import type { Clock } from '../clock.ts';
import { loadKubeConfigText } from '../kube/config.ts';
import { createKubeClient } from '../kube/http-client.ts';
import { type Log, silentLog } from '../log.ts';
import { type ApiServer, createApiServer } from './api/index.ts';
import type { ApiServerOptions, AuditEntry } from './api/types.ts';
import { createSandboxPrometheus, type SandboxPrometheus } from './prometheus/index.ts';
import { type Behaviour, createTraffic, type Traffic } from './traffic/index.ts';
import { createWorkloads, type WorkloadSettings, type Workloads } from './workloads/index.ts';

export interface WorldOptions {
  clock: Clock;
  log?: Log;
  /** What an image's pods do to the requests that they get. */
  behaviour?: (image: string) => Behaviour;
  requestsPerSecond?: number;
  workloads?: Partial<WorkloadSettings>;
  /** Hears of every request that was answered but those by which the kubelet writes. */
  auditLog?: ApiServerOptions['auditLog'];
}

/** Who the kubelet is to the API server when it writes. */
const KUBELET_USER = 'system:node:sandbox';

/** A whole cluster with users, in this process, on loopback. */
export interface World {
  api: ApiServer;
  workloads: Workloads;
  traffic: Traffic;
  prometheus: SandboxPrometheus;
  stop(): Promise<void>;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const { clock, log = silentLog(), behaviour, requestsPerSecond = 20, auditLog } = options;
  const audit = auditLog && ((entry: AuditEntry) => (entry.user === KUBELET_USER ? undefined : auditLog(entry)));
  const api = await createApiServer({ clock, log, ...(audit && { auditLog: audit }) });
  const { store } = api;
  const config = loadKubeConfigText(api.kubeconfig());
  const client = createKubeClient({ config, log, userAgent: 'kubelet', clock });
  const connection = { ...client, ...client.as(KUBELET_USER) };
  const settings = options.workloads && { settings: options.workloads };
  const workloads = createWorkloads({ store, connection, clock, log, ...settings });
  const traffic = createTraffic({
    store,
    clock,
    log,
    requestsPerSecond: () => requestsPerSecond,
    ...(behaviour && { behaviour }),
  });
  const prometheus = await createSandboxPrometheus({ clock, targets: traffic.targets });
  return {
    api,
    workloads,
    traffic,
    prometheus,
    async stop() {
      await Promise.all([traffic.stop(), workloads.stop()]);
      connection.close();
      await prometheus.stop();
      await api.stop();
    },
  };
}
