import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineClock } from '../../src/clock.ts';
import type { Caches } from '../../src/kube/caches.ts';
import { createCaches } from '../../src/kube/caches.ts';
import type { KubeConnection } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { namespaces } from '../../src/kube/resources.ts';
import { silentLog } from '../../src/log.ts';
import { CONTROLLER } from '../../test/worlds/real/servers/api-server.ts';
import type { RealWorldState } from '../../test/worlds/real/state.ts';
import { type ControllerProcess, startController } from '../controller.ts';
import type { Program } from '../program.ts';
import { createLedger, type Ledger } from './ledger.ts';

/** A real world as a bench sees it: with all rights, and with an ear on what the controller writes. */
export interface RealStage {
  state: RealWorldState;
  client: KubeConnection;
  /** What the controller wrote, from the API server's audit log. */
  ledger: Ledger;
  createCaches(): Caches;
  createNamespace(name: string): Promise<void>;
  startController(program: Program): Promise<ControllerProcess>;
}

const RBAC = 'rbac.authorization.k8s.io';
const clusterRoleBindings = {
  group: RBAC,
  version: 'v1',
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
};
const ALMIGHTY = {
  metadata: { name: 'reference' },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: RBAC, kind: 'User', name: CONTROLLER }],
};

/** What the client's users keep open at once: as fast as the API server takes it. */
const IN_FLIGHT = 20;

/** Does something for each, some at a time, in order. */
export async function forEach<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  const worker = async () => {
    for (const one of rest) await act(one);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** Looks again and again; fails after so many seconds. */
export async function until(what: string, seconds: number, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`after ${seconds} s: not ${what}`);
    await sleep(20);
  }
}

export function createRealStage(state: RealWorldState): RealStage {
  const log = silentLog();
  const config = loadKubeConfig({ kubeconfig: state.kubeconfig });
  const client = createKubeClient({ config, log, userAgent: 'headgate-bench' });
  return {
    state,
    client,
    ledger: createLedger(state.auditLog),
    createCaches: () => createCaches({ connection: client, log, clock: machineClock() }),
    async createNamespace(name) {
      await client.create(namespaces, { metadata: { name } });
    },
    async startController(program) {
      // What the reference may do is not what deploy/ gives to ours.
      if (program.name === 'reference') await client.create(clusterRoleBindings, ALMIGHTY);
      return startController(await readFile(state.controllerKubeconfig, 'utf8'), program);
    },
  };
}
