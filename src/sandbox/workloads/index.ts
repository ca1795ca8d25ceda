import type { Clock } from '../../clock.ts';
import type { KubeConnection } from '../../kube/client.ts';
import { type Log, silentLog } from '../../log.ts';
import type { Store } from '../api/types.ts';
import { runKubelet } from '../kubelet/kubelet.ts';
import { runDeployments } from './deployments.ts';
import { runDisruptions } from './disruptions.ts';
import { runEndpoints } from './endpoints.ts';
import { runGateways } from './gateways.ts';
import { runJobs } from './jobs.ts';
import { runReplicaSets } from './replicasets.ts';
import { DEFAULT_SETTINGS, type Surroundings, type WorkloadSettings } from './settings.ts';

export type { StartBehaviour } from '../kubelet/settings.ts';
export type { RouteBehaviour, WorkloadSettings } from './settings.ts';

export interface WorkloadsOptions {
  store: Store;
  /** The kubelet's door to the same objects. */
  connection: KubeConnection;
  clock: Clock;
  log?: Log;
  settings?: Partial<WorkloadSettings>;
}

export interface Workloads {
  /** In force from now on; routes and pods that are already settled are not looked at again. */
  change(settings: Partial<WorkloadSettings>): void;
  stop(): Promise<void>;
}

/** Everything in a cluster that turns Deployments, ReplicaSets, Jobs, Services and routes into pods, endpoints, budgets and conditions. */
export function createWorkloads(options: WorkloadsOptions): Workloads {
  const { store, connection, clock, log = silentLog(), settings } = options;
  const current: WorkloadSettings = { ...DEFAULT_SETTINGS, ...settings };
  const surroundings: Surroundings = { store, clock, log, settings: current };
  const controllers = [
    ...[runDeployments, runReplicaSets, runJobs, runEndpoints, runGateways, runDisruptions].map((run) =>
      run(surroundings),
    ),
    runKubelet({ connection, clock, log, settings: current }),
  ];
  return {
    change(changed) {
      Object.assign(current, changed);
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
