import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { GitRevert, KubeObject, ReplicaSet, Rollout } from '../../src/api/index.ts';
import { STATE } from '../../src/api/index.ts';
import { type VirtualClock, virtualClock } from '../../src/clock.ts';
import { createGitRevertController, createKillSwitch } from '../../src/controllers/git-revert/index.ts';
import { createGitSourceController } from '../../src/controllers/git-source/index.ts';
import { createProvenanceKeeper } from '../../src/controllers/provenance/keeper.ts';
import { createProvenanceReader } from '../../src/controllers/provenance/reader.ts';
import { createSyncRequests } from '../../src/controllers/provenance/sync-requests.ts';
import { createWorkloads } from '../../src/controllers/rollout/workloads.ts';
import type { Hint } from '../../src/git/hint.ts';
import type { GitHost } from '../../src/git/hosts/host.ts';
import type { SendRequest } from '../../src/git/hosts/http.ts';
import { createHosts } from '../../src/git/hosts/index.ts';
import { createLimiter } from '../../src/git/hosts/limiter.ts';
import { createGit, type Git } from '../../src/git/process.ts';
import { createRenderer, type RendererOptions } from '../../src/git/render/renderer.ts';
import { createRepositories } from '../../src/git/repository.ts';
import { locateRepository } from '../../src/git/url.ts';
import { createCaches } from '../../src/kube/caches.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfigText } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { configMaps, gitReverts, gitSources, replicaSets, revertPolicies, rollouts } from '../../src/kube/resources.ts';
import { createLog } from '../../src/log.ts';
import { type ApiServer, type AuditEntry, createApiServer } from '../../src/sandbox/api/index.ts';
import {
  type BareRepository,
  type GitHubWorld,
  type HostedRepository,
  type LoggedCommit,
  type NewContent,
  openRepository,
} from '../../src/sandbox/git/index.ts';
import { send } from '../conformance/git-hosts.ts';
import { restoreApp, type SavedLoop } from './saved.ts';
import { type ServedHost, serve, TOKEN } from './served.ts';

export const START = Date.parse('2026-11-20T12:00:00Z');
export const MINUTE = 60_000;
/** Of the ReplicaSets of the first release and of the one that fails. */
export const HASHES = { stable: 'aaa', canary: 'bbb' };

export interface Told {
  object: string;
  reason: string;
  message: string;
}

/** An API server, a repository on disk, and Headgate's two Git controllers: for one test, in virtual time. */
export interface Loop {
  clock: VirtualClock;
  api: ApiServer;
  bare: BareRepository;
  /** Of the repository, as policies and sources name it. */
  url: string;
  /** As policies name it: `git` where the repository is only on disk. */
  host: ServedHost | 'git';
  /** The repository as its host shows it, where it has one. */
  hosted: HostedRepository | undefined;
  told: Told[];
  audit: AuditEntry[];
  commit(files: Record<string, NewContent>, message?: string): Promise<string>;
  /** Lets time pass until all work that needs no time is done, and so long besides. */
  settle(milliseconds?: number): Promise<void>;
  /** Somebody says that branches have changed. */
  hint(hint: Hint): void;
  /** Ends the process without a word and starts another one. */
  restart(): Promise<void>;
  reverts(): GitRevert[];
  rollout(name?: string): Rollout;
  close(): Promise<void>;
}

export interface LoopOptions {
  /** Stands between the controller and its hosts. */
  wrap?: (host: GitHost) => GitHost;
  /** Answers what sync engines say, and takes what they are asked; left out: there is none. */
  tools?: Pick<KubeClient, 'get' | 'patch'>;
  /** What renders, by path; otherwise as found on the PATH. */
  programs?: RendererOptions['programs'];
  /** The repository is on a GitHub, and so; left out: it is only on disk. */
  github?: Omit<HostedRepository, 'bare'>;
  /** What that GitHub knows besides. */
  world?: Pick<GitHubWorld, 'tokens' | 'apps'>;
  /** What the policy's secret holds; left out: a token. */
  secret?: Record<string, string>;
  /** The same for another host. */
  served?: { host: ServedHost; settings: Omit<HostedRepository, 'bare'> };
  /** What the controllers' calls go through; asked anew at each start. */
  between?: Between;
  /** It begins with the repository and the app of another one. */
  from?: SavedLoop;
  /** It is another cluster over the repository, and in the time, of this one. */
  beside?: Loop;
  /** There is no GitSource controller: nothing is brought from Git to the cluster. */
  appliesNothing?: boolean;
}

/** Stands between the controllers and what they call. */
export interface Between {
  client(client: KubeClient): KubeClient;
  git(git: Git): Git;
  send(send: SendRequest): SendRequest;
}

async function startControllers(
  loop: Pick<Loop, 'clock' | 'api' | 'told'>,
  folder: string,
  { wrap, programs, tools, between, appliesNothing }: LoopOptions,
  repositoryFolder = folder,
) {
  const { clock, api, told } = loop;
  const log = createLog({ level: process.env.LOOP_LOG ?? 'silent' });
  const connection = createKubeClient({ config: loadKubeConfigText(api.kubeconfig()), log, userAgent: 'test', clock });
  const client = between?.client(connection) ?? connection;
  const caches = createCaches({ connection, log, clock });
  const ownGit = createGit({ protocols: ['file', 'http'], clock, environment: process.env });
  const git = between?.git(ownGit) ?? ownGit;
  const repositories = createRepositories({ git, cacheDir: join(folder, 'cache') });
  const locate = (url: string) =>
    locateRepository(url, { localRoots: [repositoryFolder], plainHttpHosts: ['127.0.0.1'] });
  // Virtual time stands still while a write waits for its turn, which is passed over here.
  const at: VirtualClock['at'] = (_, wake) => {
    const turn = setImmediate(wake);
    return () => clearImmediate(turn);
  };
  const limited = createLimiter({ send: between?.send(send) ?? send, clock: { now: clock.now, at } });
  const hosts = createHosts({ repositories, locate, clock, send: limited, pauseMilliseconds: 1 });
  const wrapped = new Map([...hosts].map(([name, host]) => [name, wrap?.(host) ?? host]));
  const emit = (object: KubeObject, { reason, message }: { reason: string; message: string }) => {
    told.push({ object: `${object.kind}/${object.metadata.name}`, reason, message });
  };
  const shared = {
    client,
    clock,
    log,
    rollouts: caches.cache(rollouts),
    sources: caches.cache(gitSources),
    reverts: caches.cache(gitReverts),
    repositories,
    renderer: createRenderer({ programs: programs ?? {}, environment: process.env, log, clock }),
    locate,
    emit,
  };
  const sets = caches.cache(replicaSets);
  const reader = createProvenanceReader({ client: tools ?? client });
  const provenance = createProvenanceKeeper({
    ...shared,
    replicaSets: sets,
    workloads: createWorkloads(caches),
    reader,
  });
  const source = createGitSourceController(shared);
  const revert = createGitRevertController({
    ...shared,
    replicaSets: sets,
    provenance,
    syncRequests: createSyncRequests({ client: tools ?? client, clock, log }),
    policies: caches.cache(revertPolicies),
    killSwitch: createKillSwitch({
      configMaps: caches.cache(configMaps, { namespace: 'headgate', name: 'headgate', onDemand: true }),
      namespace: 'headgate',
      pauseReverts: false,
      clock,
    }),
    hosts: wrapped,
    namespace: 'headgate',
    version: '0.0.0',
  });
  await caches.start();
  if (!appliesNothing) source.start();
  provenance.start();
  revert.start();
  return {
    hint(hint: Hint) {
      source.lookAgain(hint);
      revert.lookAgain(hint);
    },
    async stop() {
      await Promise.all([source.stop(), provenance.stop(), revert.stop()]);
      await caches.stop();
      connection.close();
    },
  };
}

/** The repository, and what serves it: one of its own, or that of the loop beside. */
async function openGit(folder: string, clock: VirtualClock, { github, served, from, beside, world }: LoopOptions) {
  if (beside)
    return { bare: beside.bare, url: beside.url, host: beside.host, hosted: beside.hosted, server: undefined };
  const path = join(folder, 'repo.git');
  if (from) await cp(from.repository, path, { recursive: true });
  const bare = await openRepository(path, process.env.PATH);
  const by = served ?? (github && { host: 'github' as const, settings: github });
  if (by) return { bare, ...(await serve(by.host, bare, by.settings, clock, world)) };
  return { bare, url: `file://${path}`, host: 'git' as const, hosted: undefined, server: undefined };
}

export async function startLoop(options: LoopOptions = {}): Promise<Loop> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-loop-'));
  const clock = options.beside?.clock ?? virtualClock(START);
  const audit: AuditEntry[] = [];
  const api = await createApiServer({ clock, auditLog: (entry) => audit.push(entry) });
  const { bare, url, host, hosted, server } = await openGit(folder, clock, options);
  const told: Told[] = [];
  for (const name of ['shop', 'headgate']) {
    if (!api.store.get('Namespace', undefined, name)) {
      api.store.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as KubeObject);
    }
  }
  const metadata = { name: 'host', namespace: 'headgate' };
  const secret = Object.entries(options.secret ?? { token: TOKEN });
  const data = Object.fromEntries(secret.map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
  api.store.create('Secret', { apiVersion: 'v1', kind: 'Secret', metadata, data } as KubeObject);
  if (options.from) restoreApp(api, options.from, url);
  const start = () => startControllers({ clock, api, told }, folder, options, dirname(bare.path));
  let running = await start();
  let minute = 0;
  return {
    clock,
    api,
    bare,
    url,
    host,
    hosted,
    told,
    audit,
    commit: (files, message = 'change') =>
      bare.commit({ author: 'Ann <ann@example.com>', time: START - 100 * MINUTE + MINUTE * minute++, message, files }),
    settle: (milliseconds = 0) => clock.run({ until: clock.now() + milliseconds }),
    hint: (hint) => running.hint(hint),
    async restart() {
      await running.stop();
      running = await start();
    },
    reverts: () => api.store.list(gitReverts),
    rollout: (name = 'web') => api.store.get(rollouts, 'shop', name) as Rollout,
    async close() {
      await running.stop();
      await server?.close();
      await api.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const PATH = 'apps/web';

export function rolloutYaml(image: string, more = '', name = 'web'): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: ${name}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy:
    canary:
      canaryService: web-canary
      stableService: web-stable
      trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: web}}}
      steps: [{setWeight: 20}, {pause: {}}]
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: ${image}
${more}`;
}

export function gitSource(loop: Loop, name = 'web'): KubeObject {
  const repository = { url: loop.url, branch: 'main' };
  const spec = { repository, path: `apps/${name}`, interval: '1m', serviceAccountName: 'deployer' };
  return {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitSource',
    metadata: { name, namespace: 'shop' },
    spec,
  } as KubeObject;
}

/** Makes a policy that lets Headgate write to the repository. */
export function allow(loop: Loop, part: object = {}, name = 'shop'): void {
  const place = { branch: 'main', path: 'apps' };
  const repository = loop.hosted
    ? { ...place, host: loop.host, url: loop.url, secretRef: { name: 'host' } }
    : { ...place, host: 'git', url: loop.bare.path };
  const spec = { namespaces: ['shop'], mode: 'Direct', repository, ...part };
  const policy = { apiVersion: 'headgate.dev/v1alpha1', kind: 'RevertPolicy', metadata: { name }, spec };
  loop.api.store.create(revertPolicies, policy as never);
}

/** The reverts on the branch, newest first. */
export async function revertCommits({ bare }: Loop): Promise<LoggedCommit[]> {
  return (await bare.log()).filter(({ message }) => message.includes('Revert-Key:'));
}

/** The ReplicaSet that the Rollout's controller would make for the template that it has now. */
export function raise(loop: Loop, hash: string, change: Partial<ReplicaSet['spec']> = {}, name = 'web'): ReplicaSet {
  const { metadata, spec } = loop.rollout(name);
  const labels = { app: 'web', 'rollouts-pod-template-hash': hash };
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith('headgate.dev/git-'));
  const template = structuredClone(spec.template ?? {});
  template.metadata = { ...template.metadata, labels };
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name,
    uid: metadata.uid ?? '',
    controller: true,
  };
  const made = loop.api.store.create(replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace: 'shop',
      labels,
      annotations: Object.fromEntries(own),
      ownerReferences: [owner],
    },
    spec: { replicas: 1, selector: { matchLabels: labels }, template, ...change },
  });
  const key = { namespace: 'shop', name: made.metadata.name };
  return loop.api.store.patchStatus(replicaSets, key, { replicas: 1, readyReplicas: 1, availableReplicas: 1 });
}

/** What the Rollout's controller writes when an analysis fails, in its order: the cause, then the status. */
export function abort(
  loop: Loop,
  { stable, canary }: { stable: string; canary: string },
  cause: object = {},
  name = 'web',
) {
  const at = new Date(loop.clock.now()).toISOString();
  const state = {
    abort: {
      kind: 'analysis',
      phase: 'Failed',
      run: 'web-run',
      step: 1,
      at,
      message: 'metric "ok" assessed Failed',
      ...cause,
    },
  };
  loop.api.store.patch(
    replicaSets,
    { namespace: 'shop', name: `${name}-${canary}` },
    { metadata: { annotations: { [STATE]: JSON.stringify(state) } } },
  );
  setStatus(loop, { abort: true, stableRS: stable, currentPodHash: canary, phase: 'Degraded' }, name);
}

/** As it fails once more after a retry: the second attempt of the template of `failedRelease`. */
export function failAgain(loop: Loop) {
  const cause = { kind: 'analysis', phase: 'Failed', run: 'web-run-2', step: 1, at: '', message: 'again' };
  const annotations = { [STATE]: JSON.stringify({ attempt: 2, abort: cause }) };
  loop.api.store.patch(replicaSets, { namespace: 'shop', name: `web-${HASHES.canary}` }, { metadata: { annotations } });
  setStatus(loop, { abort: true, phase: 'Degraded', message: 'again' });
}

export function setStatus(loop: Loop, status: object, name = 'web') {
  loop.api.store.patchStatus(rollouts, { namespace: 'shop', name }, status);
}

/** A stable release v1, and v2 that failed; answers the two commits. */
export async function failedRelease(loop: Loop): Promise<{ good: string; bad: string }> {
  const good = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const bad = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2'), 'docs/x.md': 'x' }, 'Release v2');
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  return { good, bad };
}
