import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineNow, type ScaledClock, scaledClock } from '../../clock.ts';
import { type BareRepository, type LoggedCommit, openRepository } from '../../sandbox/git/index.ts';
import { createWorld, type World } from '../../sandbox/world.ts';
import { castOf } from './cast.ts';
import { type ControllerProcess, createControllerProcess } from './controller-process.ts';
import { furnish } from './furnish.ts';
import { type Hosted, hostRepository } from './host.ts';
import type { Manifests } from './manifests.ts';
import type { Scenario } from './options.ts';

/** How far behind the machine the world begins, in machine time: further than any story runs ahead, and no further, for ages to look right. */
const HEAD_START = 300_000;
const PROMETHEUS_ALONE = 'prometheus.monitoring.svc.cluster.local:9090';

/** A commit in a line, as in `git log --oneline`, with its author. */
export function commitLine({ id, author, message }: LoggedCommit): string {
  return `${id.slice(0, 7)}  ${message.split('\n')[0]}  (${author.replace(/ <.*/, '')})`;
}

/** A cluster with a controller of its own: the world in this process, the controller in another. */
export interface Cluster {
  /** What it is called; undefined where there is one. */
  label: string | undefined;
  kubeconfig: string;
  world: World;
  controller: ControllerProcess;
  /** Called after each write of the controller on the API server; leases do not count. */
  onWrite(listener: () => void): void;
}

/** One app in one cluster. */
export interface Scene {
  /** Which app or cluster it is, in the stories that have several. */
  label: string | undefined;
  manifests: Manifests;
  namespace: string;
  name: string;
  clock: ScaledClock;
  world: World;
  /** Images that answer badly. */
  badImages: Set<string>;
}

/** Everything a story needs: its scenes, and the repository on disk that they share. The stage itself is the first scene. */
export interface Stage extends Scene {
  folder: string;
  repository: BareRepository;
  /** Where pull requests are, in the stories that have them. */
  hosted: Hosted | undefined;
  clusters: Cluster[];
  /** Every app in every cluster. */
  scenes: Scene[];
  /** Starts the controllers, or starts them anew where they run, at the clock's present speed. */
  startControllers(): Promise<void>;
  end(): Promise<void>;
}

const WRITES = ['create', 'update', 'patch', 'delete'];
/** How a bad release's pods answer. */
export const BAD = { errorRate: 0.6, latencyMilliseconds: 900 };
const WELL = { errorRate: 0.001, latencyMilliseconds: 40 };

async function folderOf(keep: string | undefined): Promise<string> {
  if (keep === undefined) return realpath(await mkdtemp(join(tmpdir(), 'headgate-demo-')));
  await mkdir(keep, { recursive: true });
  return realpath(keep);
}

/** The first cluster's files have no suffix. */
function suffixOf(index: number, label: string | undefined): string {
  return index === 0 || label === undefined ? '' : `-${label}`;
}

async function buildCluster(
  label: string | undefined,
  index: number,
  { folder, clock, badImages }: { folder: string; clock: ScaledClock; badImages: Set<string> },
): Promise<Cluster> {
  const listeners: (() => void)[] = [];
  const world = await createWorld({
    clock,
    behaviour: (image) => (badImages.has(image) ? BAD : WELL),
    auditLog: ({ verb, resource, code }) => {
      if (WRITES.includes(verb) && resource !== 'leases' && code < 300) for (const listener of listeners) listener();
    },
  });
  const kubeconfig = join(folder, `kubeconfig${suffixOf(index, label)}`);
  await writeFile(kubeconfig, world.api.kubeconfig());
  return {
    label,
    kubeconfig,
    world,
    controller: createControllerProcess(join(folder, `controller${suffixOf(index, label)}.log`)),
    onWrite: (listener) => void listeners.push(listener),
  };
}

function controllerFlags(
  { clock, folder, hosted }: Pick<Stage, 'clock' | 'folder' | 'hosted'>,
  { kubeconfig, world, label }: Cluster,
  prometheus: string[],
): string[] {
  const { start, origin, speed } = clock.time();
  const addresses = new Set([PROMETHEUS_ALONE, ...prometheus]);
  return [
    ...['--kubeconfig', kubeconfig],
    ...['--namespace', 'headgate', '--identity', 'demo', '--address', '127.0.0.1', '--port', '0'],
    ...['--world-time', `${start},${origin},${speed}`],
    ...(hosted ? ['--allow-plain-http', '127.0.0.1', '--allow-loopback'] : []),
    ...['--local-repositories', folder, '--cache-folder', join(folder, '.cache', label ?? '')],
    ...[...addresses].flatMap((address) => ['--resolve', `${address}=127.0.0.1:${world.prometheus.port}`]),
  ];
}

/** Builds the stage; nothing is in Git and no controller runs yet. */
export async function buildStage(
  manifests: Manifests,
  { speed, keep, scenario }: { speed: number; keep: string | undefined; scenario: Scenario },
): Promise<Stage> {
  const folder = await folderOf(keep);
  const origin = machineNow();
  const clock = scaledClock({ origin, start: origin - HEAD_START * speed, speed });
  const badImages = new Set<string>();
  const cast = castOf(scenario, manifests);
  const clusters = await Promise.all(
    cast.clusters.map((label, index) => buildCluster(label, index, { folder, clock, badImages })),
  );
  await rm(join(folder, 'repo.git'), { recursive: true, force: true });
  const repository = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  const hosted = await hostRepository(repository, scenario, clock);
  const scenes = clusters.flatMap(({ label, world }) =>
    cast.apps.map((app): Scene => {
      const { name, namespace = name } = app.rollout.metadata;
      const own = { manifests: app, namespace, name, label: cast.apps.length > 1 ? name : label };
      return { ...own, clock, world, badImages };
    }),
  );
  const [first] = scenes;
  if (!first) throw new Error(`the scenario ${scenario} has no app`);
  const apps = scenes.slice(0, cast.apps.length);
  for (const { world } of clusters) furnish(world, apps, { url: hosted?.url ?? repository.path, hosted, scenario });
  const prometheus = cast.apps.flatMap((app) => app.prometheus);
  return {
    ...first,
    folder,
    repository,
    hosted,
    clusters,
    scenes,
    async startControllers() {
      await Promise.all(clusters.map(({ controller }) => controller.stop()));
      for (const cluster of clusters) {
        cluster.controller.start(controllerFlags({ clock, folder, hosted }, cluster, prometheus));
      }
    },
    async end() {
      await Promise.all(clusters.map(({ controller }) => controller.stop()));
      await hosted?.close();
      await Promise.all(clusters.map(({ world }) => world.stop()));
      await rm(join(folder, '.cache'), { recursive: true, force: true });
      if (keep === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
