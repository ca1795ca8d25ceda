import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { evaluateTime } from '../../src/analysis/index.ts';
import type { Rollout } from '../../src/api/index.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { type VirtualClock, virtualClock } from '../../src/clock.ts';
import { gitControllers } from '../../src/controllers/git.ts';
import { type Controllers, createControllers, type Extension } from '../../src/controllers/start.ts';
import { createHosts } from '../../src/git/hosts/index.ts';
import { createGit } from '../../src/git/process.ts';
import { createRepositories } from '../../src/git/repository.ts';
import { locateRepository } from '../../src/git/url.ts';
import type { KubeConnection } from '../../src/kube/client.ts';
import { loadKubeConfigText } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { createLog, type Log, silentLog } from '../../src/log.ts';
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

/** The Git controllers, for repositories below a folder. */
function gitBelow(folder: string, client: KubeConnection, clock: VirtualClock, log: Log): Extension {
  const git = createGit({ protocols: ['file'], clock, environment: process.env });
  const repositories = createRepositories({ git, cacheDir: join(folder, 'cache') });
  const locate = (url: string) => locateRepository(url, { localRoots: [folder] });
  const hosts = createHosts({ repositories, locate, clock, send: () => Promise.reject(new Error('no network')) });
  return gitControllers({ client, clock, log, repositories, hosts, locate, namespace: 'headgate', version: '0.0.0' });
}

function createTestControllers(world: World, clock: VirtualClock, repositories: string | undefined) {
  const log = process.env.HEADGATE_TEST_LOG ? createLog({ level: process.env.HEADGATE_TEST_LOG }) : silentLog();
  const config = loadKubeConfigText(world.api.kubeconfig());
  const connection = createKubeClient({ config, log, userAgent: 'headgate-test', clock });
  const dialer = createDialer({ resolve: [parseResolveRule(`${PROMETHEUS}=127.0.0.1:${world.prometheus.port}`)] });
  const providers = createProviders({ dialer, moments: evaluateTime });
  const extensions = repositories ? [gitBelow(repositories, connection, clock, log)] : [];
  const options = {
    connection,
    clock,
    log,
    providers,
    routers,
    outages: 'hold' as const,
    instance: 'test',
  };
  return { connection, controllers: createControllers(options, extensions) };
}

function setImage({ api: { store } }: World, name: string, image: string): void {
  const rollout = store.get<Rollout>('Rollout', 'default', name);
  const [first, ...rest] = rollout?.spec.template?.spec?.containers ?? [];
  const containers = [{ ...first, image }, ...rest];
  store.patch('Rollout', { namespace: 'default', name }, { spec: { template: { spec: { containers } } } });
}

export interface TestWorldOptions extends Omit<WorldOptions, 'clock'> {
  /** The folder below which Git repositories lie; without it there are no Git controllers. */
  repositories?: string;
}

/** A sandbox and a controller in one process, on virtual time. */
export async function testWorld({ repositories, ...options }: TestWorldOptions = {}): Promise<TestWorld> {
  const clock = virtualClock(START);
  const world = await createWorld({ clock, ...options });
  let process = createTestControllers(world, clock, repositories);
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
      process = createTestControllers(world, clock, repositories);
      await process.controllers.start();
    },
    async stop() {
      await process.controllers.stop();
      await world.stop();
    },
  };
}
