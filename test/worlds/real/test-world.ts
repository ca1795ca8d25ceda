import { randomBytes } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rollout } from '../../../src/api/index.ts';
import { machineClock, machineNow } from '../../../src/clock.ts';
import { createCaches } from '../../../src/kube/caches.ts';
import type { KubeClient, KubeConnection } from '../../../src/kube/client.ts';
import { type AnyObject, httpRoutes, namespaces, revertPolicies, rollouts } from '../../../src/kube/resources.ts';
import { silentLog } from '../../../src/log.ts';
import { type ControllerProcess, startController } from '../controller.ts';
import {
  type GatewayAttitude,
  holds,
  notTrue,
  notYet,
  PROMETHEUS,
  type Requests,
  type RestartOptions,
  type TestWorld,
  throughClient,
  told,
} from '../world.ts';
import { type AuditLine, auditEnd, auditedIn } from './audit.ts';
import { connect } from './connect.ts';
import { type Load, startLoad } from './load.ts';
import { startRelay } from './relay.ts';
import { CONTROLLER } from './servers/api-server.ts';
import { type RealWorldState, readRealWorld } from './state.ts';

const LOOK_MILLISECONDS = 200;
/** Many stories share two cores: what takes longer than a story allows may still come. */
const PATIENCE = 4;

const clock = machineClock();

async function untilTrue(check: () => Promise<boolean>, seconds: number): Promise<void> {
  const end = machineNow() + seconds * 1000 * PATIENCE;
  while (!(await check())) {
    if (machineNow() > end) throw notTrue(check, seconds * PATIENCE);
    await sleep(LOOK_MILLISECONDS);
  }
}

/** A watched copy of the story's Rollouts and routes. */
async function watch(connection: KubeConnection, namespace: string) {
  // Servers are broken on purpose: a story must see at once what happens when they are back.
  const timing = { longestRetryMilliseconds: 500 };
  const caches = createCaches({ connection, log: silentLog(), clock, namespace, timing });
  const watched = caches.cache(rollouts);
  const routes = caches.cache(httpRoutes);
  await caches.start();
  const until = async (name: string, condition: (rollout: Rollout) => boolean, seconds: number): Promise<Rollout> => {
    // The copy may be behind the story's own last write, and the condition still hold of what was before.
    const now = await connection.get(rollouts, { namespace, name });
    if (now) watched.observe(now);
    const { promise, resolve, reject } = Promise.withResolvers<Rollout>();
    const look = (rollout: Rollout | undefined) => {
      if (rollout?.metadata.name === name && holds(rollout, condition)) resolve(rollout);
    };
    const giveUp = () => reject(notYet(watched.get(namespace, name), seconds * PATIENCE));
    const timer = setTimeout(giveUp, seconds * 1000 * PATIENCE);
    const end = watched.onChange((rollout, change) => change !== 'deleted' && look(rollout));
    look(watched.get(namespace, name));
    return promise.finally(() => {
      clearTimeout(timer);
      end();
    });
  };
  return { until, routes, stop: () => caches.stop() };
}

function tagOf(image: string): string {
  return image.split(':').at(-1) ?? '';
}

/** The users of every host that the story's routes name, from when the route is there. */
function createUsers(address: string) {
  const loads = new Map<string, Load>();
  return {
    seeRoute({ spec }: AnyObject) {
      for (const host of (spec as { hostnames?: string[] }).hostnames ?? []) {
        if (!loads.has(host)) loads.set(host, startLoad({ address, host, requestsPerSecond: 20 }));
      }
    },
    requests(): Requests {
      const requests: Requests = { served: {}, unserved: 0 };
      for (const load of loads.values()) {
        for (const [image, count] of Object.entries(load.byImage())) {
          const tag = tagOf(image);
          if (image === '') requests.unserved += count;
          else requests.served[tag] = (requests.served[tag] ?? 0) + count;
        }
      }
      return requests;
    },
    async stop() {
      await Promise.all([...loads.values()].map((load) => load.stop()));
    },
  };
}

/** Enough requests that no image which gets a good share of them is missed. */
const ASKED = 40;

async function answers(address: string, host: string, request: Parameters<TestWorld['answers']>[0]): Promise<string[]> {
  const load = startLoad({ address, host, ...request, requestsPerSecond: ASKED, seconds: 1 });
  await load.over;
  return Object.keys(load.byImage()).map(tagOf);
}

/** The real gateway refuses a route for a listener that it does not have, and knows nothing of another gateway's. */
async function setGateway(client: KubeClient, namespace: string, own: object, attitude: GatewayAttitude) {
  const parents: Record<GatewayAttitude, object> = {
    accepts: own,
    refuses: { ...own, sectionName: 'no-such-listener' },
    ignores: { ...own, name: 'no-such-gateway' },
  };
  const body = { spec: { parentRefs: [parents[attitude]] } };
  for (const { metadata } of await client.list(httpRoutes, { namespace }))
    await client.patch(httpRoutes, { namespace, name: metadata.name }, { type: 'merge', body });
}

async function newNamespace(connection: KubeConnection): Promise<string> {
  const name = `story-${randomBytes(4).toString('hex')}`;
  await connection.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

function answeredOf({ verb, requestURI, objectRef, responseStatus }: AuditLine) {
  return { verb, path: requestURI, resource: objectRef?.resource ?? '', code: responseStatus?.code ?? 0 };
}

/** Every story's repositories are below one folder: each controller sees the policies of all stories. */
async function newFolder({ folder }: RealWorldState, namespace: string) {
  const root = join(folder, 'repositories');
  await mkdir(join(root, namespace), { recursive: true });
  return { root: await realpath(root), own: await realpath(join(root, namespace)) };
}

/** Where a story's controller has its place, and what it is told. */
export interface ControllerPlace {
  state: RealWorldState;
  namespace: string;
  folder: { root: string; own: string };
  /** Where Prometheus is, as in `--resolve`. */
  resolve: string;
  options?: RestartOptions;
}

function startInThisProcess({ state, folder, options, ...place }: ControllerPlace): Promise<ControllerProcess> {
  const connection = connect(state.controllerKubeconfig);
  return startController({ connection, clock, repositories: folder.root, cache: folder.own, ...place, ...options });
}

/**
 * A namespace on the real servers and a controller of its own on machine time, in this process if nothing else is said;
 * routes and users go by the world's own Gateway if nothing else is said.
 */
export async function realWorld(
  startIn: (place: ControllerPlace) => Promise<ControllerProcess> = startInThisProcess,
  by?: RealWorldState['gateway'],
): Promise<TestWorld> {
  const state = readRealWorld();
  if (!state) throw new Error('there is no real world: start it with npm run test:real');
  const { address, ...gateway } = by ?? state.gateway;
  const connection = connect(state.kubeconfig);
  const namespace = await newNamespace(connection);
  const folder = await newFolder(state, namespace);
  const relay = await startRelay(new URL(state.prometheus.url));
  const users = createUsers(address);
  const watched = await watch(connection, namespace);
  watched.routes.onChange(users.seeRoute);
  const logBegin = await auditEnd(state.auditLog);
  const place = { state, namespace, folder, resolve: `${PROMETHEUS}=127.0.0.1:${relay.port}` };
  const start = (options?: RestartOptions) => startIn({ ...place, ...(options && { options }) });
  let controller = await start();
  const requests = async () => {
    const lines = await auditedIn(state.auditLog, namespace, logBegin);
    return lines.filter(({ user }) => user.username === CONTROLLER).map(answeredOf);
  };
  return {
    ...throughClient(connection, namespace),
    name: 'real',
    namespace,
    gateway,
    client: connection,
    folder: folder.own,
    longQuiet: 20,
    until: watched.until,
    untilTrue,
    pass: (seconds) => sleep(seconds * 1000),
    requests: users.requests,
    answers: (request) => answers(address, `shop.${namespace}.example`, request),
    now: machineNow,
    writes: async () => told(await requests()).writes,
    refused: async () => told(await requests()).refused,
    setGateway: (attitude) => setGateway(connection, namespace, gateway, attitude),
    setPrometheus: (is) => relay.setOpen(is === 'up'),
    async restart(options) {
      await controller.kill();
      controller = await start(options);
    },
    async stop() {
      await controller.kill();
      await Promise.all([users.stop(), watched.stop(), relay.setOpen(false)]);
      await connection.delete(revertPolicies, { name: namespace });
      await connection.delete(namespaces, { name: namespace }, { propagation: 'Background' });
      connection.close();
    },
  };
}
