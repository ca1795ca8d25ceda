/**
 * Headgate's Git controllers over objects in memory, with every outward call put down: what git was called with, what was sent to
 * hosts, whose Secrets were read as whom, what was written, told and logged. git itself is not run: it answers as for a
 * repository in which every commit is there and holds nothing.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitRevert, GitSource, KubeObject, ReplicaSet, RevertPolicy, Rollout } from '../../src/api/index.ts';
import { virtualClock } from '../../src/clock.ts';
import { defaultBranchBy } from '../../src/controllers/git-revert/access.ts';
import { createGitRevertController } from '../../src/controllers/git-revert/index.ts';
import { createGitSourceController } from '../../src/controllers/git-source/index.ts';
import { mergeDiff } from '../../src/controllers/merge-diff.ts';
import { createProvenanceKeeper } from '../../src/controllers/provenance/keeper.ts';
import { createProvenanceReader } from '../../src/controllers/provenance/reader.ts';
import { createSyncRequests } from '../../src/controllers/provenance/sync-requests.ts';
import { createHosts } from '../../src/git/hosts/index.ts';
import type { Git, GitCall } from '../../src/git/process.ts';
import { createRepositories } from '../../src/git/repository.ts';
import { locateRepository } from '../../src/git/url.ts';
import type { Cache } from '../../src/kube/cache.ts';
import { ApiError, type KubeClient, type ObjectKey, type Resource } from '../../src/kube/client.ts';
import { createLog } from '../../src/log.ts';

export const START = Date.parse('2026-11-20T12:00:00Z');
export const HEAD = 'f'.repeat(40);
const NOBODY = 'headgate';

/** One call of git, with all that it carries. */
export interface GitUse {
  /** The repository that the clone was made from. */
  origin: string;
  args: readonly string[];
  /** Configuration and environment as text: credentials are in it. */
  carried: string;
  config: Readonly<Record<string, string>>;
}

export interface Recorded {
  git: GitUse[];
  sent: { url: string; headers: Record<string, string>; body: string }[];
  /** `user`: whom Headgate impersonated; its own name where nobody. */
  secrets: { user: string; namespace: string; name: string }[];
  /** All objects that were created or patched, as sent. */
  written: { user: string; text: string; object: unknown }[];
  told: string[];
  logged: string[];
}

export interface TenancyWorld {
  recorded: Recorded;
  /** Puts an object there, or another in its place, as whoever may write it would. */
  put(object: KubeObject): void;
  get(kind: string, namespace: string, name: string): KubeObject | undefined;
  /** Lets all work be done, and so much time pass. */
  settle(milliseconds: number): Promise<void>;
  /** Forgets what was put down so far. */
  forget(): void;
  close(): Promise<void>;
}

const keyOf = ({ namespace = '', name }: Partial<ObjectKey>) => `${namespace}/${name}`;

/** All objects of one kind. */
function createShelf() {
  const objects = new Map<string, KubeObject>();
  const listeners = new Set<(object: KubeObject, change: 'added' | 'changed' | 'deleted') => void>();
  let version = 1;
  const put = (object: KubeObject) => {
    const key = keyOf(object.metadata);
    const before = objects.get(key);
    const { uid = before?.metadata.uid ?? `uid-${key}`, generation = 1 } = object.metadata;
    const metadata = { ...object.metadata, uid, generation, resourceVersion: String(version++) };
    const stored = { ...object, metadata };
    objects.set(key, stored);
    for (const listener of listeners) listener(stored, before ? 'changed' : 'added');
    return stored;
  };
  const cache: Cache<KubeObject> = {
    get: (namespace, name) => objects.get(keyOf({ ...(namespace !== undefined && { namespace }), name })),
    list: (namespace) =>
      [...objects.values()].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    ownedBy: (uid) =>
      [...objects.values()].filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    observe: () => {},
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    synced: Promise.resolve(),
  };
  const remove = (key: ObjectKey) => {
    const gone = objects.get(keyOf(key));
    objects.delete(keyOf(key));
    if (gone) for (const listener of listeners) listener(gone, 'deleted');
  };
  return { cache, put, remove };
}

type Shelf = ReturnType<typeof createShelf>;

function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/** As the API server would: a service account may do anything in its own namespace, and nothing elsewhere. */
function clientOver(shelfOf: (kind: string) => Shelf, recorded: Recorded, user = NOBODY): KubeClient {
  const allow = (kind: string, { namespace = '' }: Partial<ObjectKey>) => {
    const [, own] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? [];
    if (user !== NOBODY && own !== namespace) throw new ApiError(403, 'Forbidden', `${user} may not touch ${kind}`);
  };
  const note = (object: unknown) => void recorded.written.push({ user, text: JSON.stringify(object), object });
  const known = ({ kind }: Resource, key: ObjectKey) => shelfOf(kind).cache.get(key.namespace, key.name);
  const client = {
    async get(resource: Resource, key: ObjectKey) {
      if (resource.kind === 'Secret') recorded.secrets.push({ user, namespace: key.namespace ?? '', name: key.name });
      allow(resource.kind, key);
      return known(resource, key);
    },
    list: async (resource: Resource, { namespace }: { namespace?: string } = {}) =>
      shelfOf(resource.kind).cache.list(namespace),
    async create(resource: Resource, object: KubeObject) {
      note(object);
      allow(resource.kind, object.metadata);
      return shelfOf(resource.kind).put(object);
    },
    async apply(resource: Resource, object: KubeObject) {
      note(object);
      allow(resource.kind, object.metadata);
      return shelfOf(resource.kind).put(object);
    },
    async patch(resource: Resource, key: ObjectKey, { body }: { body: object }) {
      note({ ...key, ...body });
      allow(resource.kind, key);
      const before = known(resource, key);
      if (!before) throw new ApiError(404, 'NotFound', 'it is not there');
      const after = merged(before, {
        ...body,
        metadata: merged({}, (body as KubeObject).metadata ?? {}),
      }) as KubeObject;
      const stored = { ...after, metadata: { ...before.metadata, ...after.metadata } };
      // What changes nothing is no change.
      return mergeDiff(before, stored) ? shelfOf(resource.kind).put(stored) : before;
    },
    async delete(resource: Resource, key: ObjectKey) {
      note({ deleted: key });
      allow(resource.kind, key);
      shelfOf(resource.kind).remove(key);
    },
    as: (other: string) => clientOver(shelfOf, recorded, other),
  };
  return client as unknown as KubeClient;
}

/** Every commit is there, and no folder holds anything. */
function answerOf(args: readonly string[]): string {
  const [command, ...rest] = args;
  if (command === 'rev-parse') return rest.length > 1 ? `false\n${HEAD}\n` : 'false\n';
  if (command === 'log' && rest[0] === '-1') {
    const id = (rest.at(-1) ?? '').slice(0, 40);
    return `${id}\0${'e'.repeat(40)}\0Ann\0ann@example.com\x000\0a change\0\n`;
  }
  return '';
}

function recordingGit(recorded: Recorded): Git {
  const origins = new Map<string, string>();
  const run = async (args: readonly string[], call: GitCall = {}) => {
    const { gitDir = '', config = {}, env = {} } = call;
    if (args[0] === 'config' && args[1] === 'remote.origin.url') origins.set(gitDir, args[2] ?? '');
    // A clone is made once a fetch finds none.
    const isFetch = args[0] === 'fetch' || args[0] === 'ls-remote' || args[0] === 'push';
    const isThere = origins.has(gitDir) || !isFetch;
    const carried = JSON.stringify([config, env]);
    recorded.git.push({ origin: origins.get(gitDir) ?? '', args, carried, config });
    return { code: isThere ? 0 : 128, stdout: Buffer.from(isThere ? answerOf(args) : ''), stderr: '' };
  };
  return { run, text: async (args, call) => (await run(args, call)).stdout.toString('utf8') };
}

function nothing(): Recorded {
  return { git: [], sent: [], secrets: [], written: [], told: [], logged: [] };
}

export async function startTenancyWorld(objects: readonly KubeObject[]): Promise<TenancyWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-tenancy-'));
  const clock = virtualClock(START);
  const recorded = nothing();
  const shelves = new Map<string, Shelf>();
  const shelfOf = (kind: string): Shelf => {
    const shelf = shelves.get(kind) ?? createShelf();
    shelves.set(kind, shelf);
    return shelf;
  };
  const cacheOf = <T extends KubeObject>(kind: string) => shelfOf(kind).cache as Cache<T>;
  for (const object of objects) shelfOf(object.kind ?? '').put(object);

  const client = clientOver(shelfOf, recorded);
  const destination = { write: (line: string) => void recorded.logged.push(line) };
  const log = createLog({ level: 'trace', destination });
  const repositories = createRepositories({ git: recordingGit(recorded), cacheDir: join(folder, 'cache') });
  const locate = (url: string) => locateRepository(url, { localRoots: [] });
  const send = async ({
    url,
    headers,
    body = '',
  }: {
    url: string;
    headers: Record<string, string>;
    body?: unknown;
  }) => {
    recorded.sent.push({ url, headers, body: String(body) });
    // As for a token that may write to everything.
    return { status: 200, headers: {}, body: JSON.stringify({ permissions: { push: true }, object: { sha: HEAD } }) };
  };
  const emit = (object: KubeObject, { reason, message }: { reason: string; message: string }) =>
    void recorded.told.push(
      `${object.kind} ${object.metadata.namespace}/${object.metadata.name} ${reason}: ${message}`,
    );
  const refuses = async () => ({ kind: 'missing' as const, message: 'nothing renders here' });
  const failing = async () => ({ kind: 'failed' as const, message: 'nothing renders here' });
  const shared = {
    client,
    clock,
    log,
    rollouts: cacheOf<Rollout>('Rollout'),
    replicaSets: cacheOf<ReplicaSet>('ReplicaSet'),
    sources: cacheOf<GitSource>('GitSource'),
    reverts: cacheOf<GitRevert>('GitRevert'),
    policies: cacheOf<RevertPolicy>('RevertPolicy'),
    repositories,
    renderer: { availability: refuses, render: failing, decrypt: failing },
    hosts: createHosts({ repositories, locate, clock, send }),
    locate,
    emit,
    namespace: 'headgate',
    version: '0.0.0',
  };
  const reader = createProvenanceReader({ client, defaultBranch: defaultBranchBy(shared) });
  const workloads = { find: () => undefined };
  const provenance = createProvenanceKeeper({ ...shared, workloads, reader });
  const syncRequests = createSyncRequests(shared);
  const killSwitch = { start() {}, settlesAt: () => undefined, paused: () => undefined, onChange: () => () => {} };
  const members = [
    provenance,
    createGitSourceController(shared),
    createGitRevertController({ ...shared, provenance, syncRequests, killSwitch }),
  ];
  for (const member of members) member.start();
  return {
    recorded,
    put: (object) => void shelfOf(object.kind ?? '').put(object),
    get: (kind, namespace, name) => shelfOf(kind).cache.get(namespace, name),
    settle: (milliseconds) => clock.run({ until: clock.now() + milliseconds }),
    forget: () => void Object.assign(recorded, nothing()),
    async close() {
      await Promise.all(members.map((member) => member.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
