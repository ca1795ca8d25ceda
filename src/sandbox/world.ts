import type { Clock } from '../clock.ts';
import { type Log, silentLog } from '../log.ts';
import { type ApiServer, createApiServer } from './api/index.ts';
import type { ApiServerOptions } from './api/types.ts';
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
  auditLog?: ApiServerOptions['auditLog'];
}

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
  const api = await createApiServer({ clock, log, ...(auditLog && { auditLog }) });
  const { store } = api;
  const workloads = createWorkloads({ store, clock, log, ...(options.workloads && { settings: options.workloads }) });
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
      traffic.stop();
      workloads.stop();
      await prometheus.stop();
      await api.stop();
    },
  };
}
