import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, Rollout } from '../../src/api/index.ts';
import { type VirtualClock, virtualClock } from '../../src/clock.ts';
import type { KubeConnection } from '../../src/kube/client.ts';
import { loadKubeConfigText } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { silentLog } from '../../src/log.ts';
import type { AuditEntry, Fault, RequestInfo } from '../../src/sandbox/api/types.ts';
import type { RouteBehaviour } from '../../src/sandbox/workloads/index.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';
import { type ControllerProcess, startController } from './controller.ts';
import {
  type GatewayAttitude,
  holds,
  notTrue,
  notYet,
  PROMETHEUS,
  type TestWorld,
  throughClient,
  told,
} from './world.ts';

/** When every story begins. */
const START = Date.UTC(2026, 0, 5, 9, 0, 0);
const NAMESPACE = 'default';
/** The test's own requests come from this user: faults and the list of writes are about everybody else's. */
const TESTER = 'tester';
const ROUTES: Record<GatewayAttitude, RouteBehaviour> = {
  accepts: { kind: 'accepts' },
  refuses: { kind: 'refuses', reason: 'NotAllowedByListeners', message: 'no listener takes this' },
  ignores: { kind: 'ignores' },
};

/** What only a world inside of the test's own process can do. */
export interface SandboxWorld extends TestWorld, Omit<World, 'stop'> {
  clock: VirtualClock;
  /** Every request but the test's own meets this fault, or none. */
  setFaults(fault?: (request: RequestInfo) => Fault | undefined): void;
}

/** The pods of an image whose name holds `bad` fail three requests in five. */
function behaviour(image: string) {
  return { errorRate: image.includes('bad') ? 0.6 : 0, latencyMilliseconds: 20 };
}

function tagOf(image: string): string {
  return image.split(':').at(-1) ?? '';
}

/** Time that passes as fast as everybody is done with their work. */
function timeOf(clock: VirtualClock, { store }: World['api']) {
  const pass = (seconds: number) => clock.run({ until: clock.now() + seconds * 1000 });
  const nextWake = (until: number) => {
    let looks = 0;
    return clock.run({ until, done: () => looks++ > 0 });
  };
  return {
    pass,
    async until(name: string, condition: (rollout: Rollout) => boolean, seconds: number) {
      let found: Rollout | undefined;
      const end = store.watch<Rollout>('Rollout', (_, rollout) => {
        if (!found && rollout.metadata.name === name && holds(rollout, condition)) found = rollout;
      });
      await clock.run({ until: clock.now() + seconds * 1000, done: () => found !== undefined });
      end();
      if (!found) throw notYet(store.get<Rollout>('Rollout', NAMESPACE, name), seconds);
      return found;
    },
    async untilTrue(check: () => Promise<boolean>, seconds: number) {
      const end = clock.now() + seconds * 1000;
      for (await pass(0); !(await check()); await nextWake(end)) {
        if (clock.now() >= end) throw notTrue(check, seconds);
      }
    },
  };
}

async function createAuditedWorld(clock: VirtualClock) {
  const requests: AuditEntry[] = [];
  const auditLog = (entry: AuditEntry) => {
    if (entry.user !== TESTER) requests.push(entry);
  };
  return { world: await createWorld({ clock, behaviour, auditLog }), requests };
}

function connectionTo({ api }: World, clock: VirtualClock): KubeConnection {
  const config = loadKubeConfigText(api.kubeconfig());
  return createKubeClient({ config, log: silentLog(), userAgent: 'headgate-test', clock });
}

/** The sandbox and a controller in one process, on virtual time. */
export async function sandboxWorld(): Promise<SandboxWorld> {
  const clock = virtualClock(START);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'headgate-story-')));
  const { world, requests } = await createAuditedWorld(clock);
  const { api, workloads, traffic, prometheus } = world;
  const resolve = `${PROMETHEUS}=127.0.0.1:${prometheus.port}`;
  const start = (options = {}) => {
    const own = { connection: connectionTo(world, clock), clock, resolve, repositories: folder, cache: folder };
    return startController({ ...own, ...options });
  };
  let controller: ControllerProcess = await start();
  const own = connectionTo(world, clock);
  const client = own.as(TESTER);
  return {
    ...world,
    ...throughClient(client, NAMESPACE),
    ...timeOf(clock, api),
    name: 'sandbox',
    namespace: NAMESPACE,
    gateway: { namespace: 'gateways', name: 'gateway' },
    longQuiet: 1800,
    client,
    clock,
    folder,
    now: clock.now,
    writes: async () => told(requests).writes,
    refused: async () => told(requests).refused,
    requests() {
      const { revisions, unserved } = traffic.summary(NAMESPACE, 'shop');
      const byImage = Map.groupBy(revisions, ({ image }) => image);
      const sums = [...byImage].map(([image, all]) => [image, all.reduce((sum, { total }) => sum + total, 0)]);
      return { served: Object.fromEntries(sums), unserved };
    },
    async answers({ path = '/', headers = {} }) {
      return traffic.answers(NAMESPACE, 'shop', { method: 'GET', path, headers }).map(tagOf);
    },
    async setGateway(attitude) {
      workloads.change({ route: () => ROUTES[attitude] });
      // The gateway looks again when a route changes.
      const annotations = { 'test.example/gateway': attitude };
      for (const { metadata } of api.store.list<KubeObject>('HTTPRoute', NAMESPACE))
        api.store.patch('HTTPRoute', { namespace: NAMESPACE, name: metadata.name }, { metadata: { annotations } });
    },
    setPrometheus: (state) => prometheus.outage(state === 'down'),
    setFaults(fault) {
      api.faults = fault && ((request) => (request.user === TESTER ? undefined : fault(request)));
    },
    async restart(options) {
      await controller.kill();
      controller = await start(options);
    },
    async stop() {
      await controller.kill();
      own.close();
      await world.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
