import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitRevert, KubeObject, ReplicaSet, Rollout } from '../../src/api/index.ts';
import { STATE } from '../../src/api/index.ts';
import { type VirtualClock, virtualClock } from '../../src/clock.ts';
import { createGitRevertController, createKillSwitch } from '../../src/controllers/git-revert/index.ts';
import { createGitSourceController } from '../../src/controllers/git-source/index.ts';
import { createProvenanceKeeper } from '../../src/controllers/provenance/keeper.ts';
import { createProvenanceReader } from '../../src/controllers/provenance/reader.ts';
import { createWorkloads } from '../../src/controllers/rollout/workloads.ts';
import type { Hint } from '../../src/git/hint.ts';
import type { GitHost } from '../../src/git/hosts/host.ts';
import { createHosts } from '../../src/git/hosts/index.ts';
import { createLimiter } from '../../src/git/hosts/limiter.ts';
import { createGit } from '../../src/git/process.ts';
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
  noFaults,
  openRepository,
  startGitServer,
} from '../../src/sandbox/git/index.ts';
import { send } from '../conformance/git-hosts.ts';

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
  /** The repository as GitHub shows it, where there is a GitHub. */
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
  /** Answers what sync engines say; left out: there is none. */
  tools?: Pick<KubeClient, 'get'>;
  /** What renders, by path; otherwise as found on the PATH. */
  programs?: RendererOptions['programs'];
  /** The repository is on a GitHub, and so; left out: it is only on disk. */
  github?: Omit<HostedRepository, 'bare'>;
  /** What that GitHub knows besides. */
  world?: Pick<GitHubWorld, 'tokens' | 'apps'>;
  /** What the policy's secret holds; left out: a token. */
  secret?: Record<string, string>;
}

/** Of GitHub, for the policy's secret. */
const TOKEN = 'token-that-writes';

async function startControllers(
  loop: Pick<Loop, 'clock' | 'api' | 'told'>,
  folder: string,
  { wrap, programs, tools }: LoopOptions,
) {
  const { clock, api, told } = loop;
  const log = createLog({ level: process.env.LOOP_LOG ?? 'silent' });
  const client = createKubeClient({ config: loadKubeConfigText(api.kubeconfig()), log, userAgent: 'test', clock });
  const caches = createCaches({ connection: client, log, clock });
  const git = createGit({ protocols: ['file', 'http'], clock, environment: process.env });
  const repositories = createRepositories({ git, cacheDir: join(folder, 'cache') });
  const locate = (url: string) => locateRepository(url, { localRoots: [folder], plainHttpHosts: ['127.0.0.1'] });
  // Virtual time stands still while a write waits for its turn, which is passed over here.
  const at: VirtualClock['at'] = (_, wake) => {
    const turn = setImmediate(wake);
    return () => clearImmediate(turn);
  };
  const limited = createLimiter({ send, clock: { now: clock.now, at } });
  const hosts = createHosts({ repositories, locate, clock, send: limited });
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
  source.start();
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
      client.close();
    },
  };
}

async function startGitHub(hosted: HostedRepository, clock: VirtualClock, world: LoopOptions['world']) {
  return startGitServer({
    repositories: new Map([['team/shop', hosted]]),
    tokens: new Map([[TOKEN, { login: 'headgate', write: true }]]),
    faults: noFaults(),
    now: clock.now,
    ...world,
  });
}

export async function startLoop(options: LoopOptions = {}): Promise<Loop> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-loop-'));
  const clock = virtualClock(START);
  const audit: AuditEntry[] = [];
  const api = await createApiServer({ clock, auditLog: (entry) => audit.push(entry) });
  const bare = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  const hosted = options.github && { bare, ...options.github };
  const github = hosted && (await startGitHub(hosted, clock, options.world));
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
  let running = await startControllers({ clock, api, told }, folder, options);
  let minute = 0;
  return {
    clock,
    api,
    bare,
    url: github ? `${github.url}/team/shop` : `file://${bare.path}`,
    hosted,
    told,
    audit,
    commit: (files, message = 'change') =>
      bare.commit({ author: 'Ann <ann@example.com>', time: START - 100 * MINUTE + MINUTE * minute++, message, files }),
    settle: (milliseconds = 0) => clock.run({ until: clock.now() + milliseconds }),
    hint: (hint) => running.hint(hint),
    async restart() {
      await running.stop();
      running = await startControllers({ clock, api, told }, folder, options);
    },
    reverts: () => api.store.list(gitReverts),
    rollout: (name = 'web') => api.store.get(rollouts, 'shop', name) as Rollout,
    async close() {
      await running.stop();
      await github?.close();
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
    ? { ...place, host: 'github', url: loop.url, secretRef: { name: 'host' } }
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
  return loop.api.store.create(replicaSets, {
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
