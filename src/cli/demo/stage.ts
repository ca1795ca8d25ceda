import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineNow, type ScaledClock, scaledClock } from '../../clock.ts';
import { type BareRepository, type LoggedCommit, openRepository } from '../../sandbox/git/index.ts';
import { createWorld, type World } from '../../sandbox/world.ts';
import { type ControllerProcess, createControllerProcess } from './controller-process.ts';
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

/** Everything a story needs: the world in this process, the controller in another, a repository on disk. */
export interface Stage {
  folder: string;
  namespace: string;
  name: string;
  clock: ScaledClock;
  world: World;
  repository: BareRepository;
  /** Where pull requests are, in the stories that have them. */
  hosted: Hosted | undefined;
  controller: ControllerProcess;
  /** Images that answer badly. */
  badImages: Set<string>;
  /** Starts the controller, or starts it anew where it runs, at the clock's present speed. */
  startController(): Promise<void>;
  /** Called after each write of the controller on the API server; leases do not count. */
  onWrite(listener: () => void): void;
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

/** How Headgate may write to the repository. */
function policyFor(repository: { url: string; branch: string }, hosted: Hosted | undefined) {
  if (!hosted) return { repository: { host: 'git', ...repository, path: 'apps' }, mode: 'Direct' };
  const place = { host: 'github', ...repository, path: 'apps', secretRef: { name: hosted.secret } };
  return { repository: place, mode: 'PullRequest', pullRequests: { autoMerge: hosted.autoMerge } };
}

function furnish(
  { api: { store } }: World,
  namespace: string,
  { url, hosted, path }: { url: string; hosted: Hosted | undefined; path: string },
): void {
  for (const name of ['headgate', namespace]) {
    if (!store.get('Namespace', undefined, name)) store.create('Namespace', { metadata: { name } });
  }
  store.create('ServiceAccount', { metadata: { name: 'deployer', namespace } });
  const repository = { url, branch: 'main' };
  const source = { repository, path, interval: '15s', serviceAccountName: 'deployer' };
  store.create('GitSource', {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitSource',
    metadata: { name: 'deploy', namespace },
    spec: source,
  } as never);
  if (hosted) {
    const data = { token: Buffer.from(hosted.token).toString('base64') };
    const metadata = { name: hosted.secret, namespace: 'headgate' };
    store.create('Secret', { apiVersion: 'v1', kind: 'Secret', metadata, data } as never);
  }
  const policy = { namespaces: [namespace], ...policyFor(repository, hosted) };
  store.create('RevertPolicy', {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'RevertPolicy',
    metadata: { name: 'deploy' },
    spec: policy,
  } as never);
}

function controllerFlags(stage: Pick<Stage, 'folder' | 'clock' | 'world' | 'hosted'>, manifests: Manifests): string[] {
  const { start, origin, speed } = stage.clock.time();
  const addresses = new Set([PROMETHEUS_ALONE, ...manifests.prometheus]);
  return [
    ...['--kubeconfig', join(stage.folder, 'kubeconfig')],
    ...['--namespace', 'headgate', '--identity', 'demo', '--address', '127.0.0.1', '--port', '0'],
    ...['--world-time', `${start},${origin},${speed}`],
    ...(stage.hosted ? ['--allow-plain-http', '127.0.0.1', '--allow-loopback'] : []),
    ...['--local-repositories', stage.folder, '--cache-folder', join(stage.folder, '.cache')],
    ...[...addresses].flatMap((address) => ['--resolve', `${address}=127.0.0.1:${stage.world.prometheus.port}`]),
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
  const listeners: (() => void)[] = [];
  const world = await createWorld({
    clock,
    behaviour: (image) => (badImages.has(image) ? BAD : WELL),
    auditLog: ({ verb, resource, code }) => {
      if (WRITES.includes(verb) && resource !== 'leases' && code < 300) for (const listener of listeners) listener();
    },
  });
  await rm(join(folder, 'repo.git'), { recursive: true, force: true });
  const repository = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  await writeFile(join(folder, 'kubeconfig'), world.api.kubeconfig());
  const { name, namespace = name } = manifests.rollout.metadata;
  const hosted = await hostRepository(repository, scenario, clock);
  furnish(world, namespace, { url: hosted?.url ?? repository.path, hosted, path: `apps/${name}` });
  const controller = createControllerProcess(join(folder, 'controller.log'));
  return {
    folder,
    namespace,
    name,
    clock,
    world,
    repository,
    hosted,
    controller,
    badImages,
    async startController() {
      await controller.stop();
      controller.start(controllerFlags({ folder, clock, world, hosted }, manifests));
    },
    onWrite: (listener) => void listeners.push(listener),
    async end() {
      await controller.stop();
      await hosted?.close();
      await world.stop();
      await rm(join(folder, '.cache'), { recursive: true, force: true });
      if (keep === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
