import type { Clock } from '../../clock.ts';
import { type Log, silentLog } from '../../log.ts';
import type { Store } from '../api/types.ts';
import { runEndpoints } from './endpoints.ts';
import { runGateways } from './gateways.ts';
import { runJobs } from './jobs.ts';
import { runKubelet } from './kubelet.ts';
import { runReplicaSets } from './replicasets.ts';
import { DEFAULT_SETTINGS, type Surroundings, type WorkloadSettings } from './settings.ts';

export type { RouteBehaviour, StartBehaviour, WorkloadSettings } from './settings.ts';

export interface WorkloadsOptions {
  store: Store;
  clock: Clock;
  log?: Log;
  settings?: Partial<WorkloadSettings>;
}

export interface Workloads {
  /** In force from now on; routes and pods that are already settled are not looked at again. */
  change(settings: Partial<WorkloadSettings>): void;
  stop(): void;
}

/** Everything in a cluster that turns ReplicaSets, Jobs, Services and routes into pods, endpoints and conditions. */
export function createWorkloads({ store, clock, log = silentLog(), settings }: WorkloadsOptions): Workloads {
  const current: WorkloadSettings = { ...DEFAULT_SETTINGS, ...settings };
  const surroundings: Surroundings = { store, clock, log, settings: current };
  const controllers = [runReplicaSets, runKubelet, runJobs, runEndpoints, runGateways].map((run) => run(surroundings));
  return {
    change(changed) {
      Object.assign(current, changed);
    },
    stop() {
      for (const controller of controllers) controller.stop();
    },
  };
}
