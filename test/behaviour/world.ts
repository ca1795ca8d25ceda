import { parseAllDocuments } from 'yaml';
import { evaluateTime } from '../../src/analysis/index.ts';
import type { Rollout } from '../../src/api/index.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { type VirtualClock, virtualClock } from '../../src/clock.ts';
import { type Controllers, createControllers } from '../../src/controllers/start.ts';
import type { KubeConnection } from '../../src/kube/client.ts';
import { loadKubeConfigText } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { createLog, silentLog } from '../../src/log.ts';
import { createProviders } from '../../src/metrics/index.ts';
import { createDialer, parseResolveRule } from '../../src/net/index.ts';
import { createWorld, type World, type WorldOptions } from '../../src/sandbox/world.ts';
import { routers } from '../../src/traffic/index.ts';

/** When every story begins. */
export const START = Date.UTC(2026, 0, 5, 9, 0, 0);
export const PROMETHEUS = 'prometheus.monitoring.svc.cluster.local:9090';

export interface TestWorld extends World {
  clock: VirtualClock;
  connection: KubeConnection;
  controllers: Controllers;
  /** Creates every document of a YAML text in the namespace default. */
  create(yaml: string): void;
  rollout(name: string): Rollout;
  /** Lets time pass until the Rollout is as the condition says; fails after `seconds` of world time. */
  until(name: string, condition: (rollout: Rollout) => boolean, seconds?: number): Promise<Rollout>;
  /** Lets `seconds` of world time pass. */
  pass(seconds: number): Promise<void>;
  /** Changes the image of the Rollout's first container. */
  setImage(name: string, image: string): void;
  /** The status patch of a person. */
  patchStatus(name: string, status: object): void;
  restart(): Promise<void>;
}

function createTestControllers(world: World, clock: VirtualClock) {
  const log = process.env.HEADGATE_TEST_LOG ? createLog({ level: process.env.HEADGATE_TEST_LOG }) : silentLog();
  const config = loadKubeConfigText(world.api.kubeconfig());
  const connection = createKubeClient({ config, log, userAgent: 'headgate-test', clock });
  const dialer = createDialer({ resolve: [parseResolveRule(`${PROMETHEUS}=127.0.0.1:${world.prometheus.port}`)] });
  const providers = createProviders({ dialer, moments: evaluateTime });
  const controllers = createControllers({
    connection,
    clock,
    log,
    providers,
    routers,
    outages: 'hold',
    instance: 'test',
  });
  return { connection, controllers };
}

function setImage({ api: { store } }: World, name: string, image: string): void {
  const rollout = store.get<Rollout>('Rollout', 'default', name);
  const [first, ...rest] = rollout?.spec.template?.spec?.containers ?? [];
  const containers = [{ ...first, image }, ...rest];
  store.patch('Rollout', { namespace: 'default', name }, { spec: { template: { spec: { containers } } } });
}

/** A sandbox and a controller in one process, on virtual time. */
export async function testWorld(options: Omit<WorldOptions, 'clock'> = {}): Promise<TestWorld> {
  const clock = virtualClock(START);
  const world = await createWorld({ clock, ...options });
  let process = createTestControllers(world, clock);
  await process.controllers.start();
  const { store } = world.api;
  const rollout = (name: string) => {
    const found = store.get<Rollout>('Rollout', 'default', name);
    if (!found) throw new Error(`no Rollout ${name}`);
    return found;
  };
  return {
    ...world,
    clock,
    connection: process.connection,
    controllers: process.controllers,
    create(yaml) {
      for (const document of parseAllDocuments(yaml)) {
        const object = document.toJS() as KubeObject & { kind: string };
        store.create(object.kind, { ...object, metadata: { namespace: 'default', ...object.metadata } });
      }
    },
    rollout,
    async until(name, condition, seconds = 3600) {
      await clock.run({ until: clock.now() + seconds * 1000, done: () => condition(rollout(name)) });
      const now = rollout(name);
      if (!condition(now)) throw new Error(`after ${seconds} s: ${JSON.stringify(now.status, undefined, 1)}`);
      return now;
    },
    pass: (seconds) => clock.run({ until: clock.now() + seconds * 1000 }),
    setImage: (name, image) => setImage(world, name, image),
    patchStatus: (name, status) => void store.patchStatus('Rollout', { namespace: 'default', name }, status),
    async restart() {
      await process.controllers.stop();
      process = createTestControllers(world, clock);
      await process.controllers.start();
    },
    async stop() {
      await process.controllers.stop();
      await world.stop();
    },
  };
}
