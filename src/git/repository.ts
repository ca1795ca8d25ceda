import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTurns, type Turns } from '../turns.ts';
import { type CacheSpace, ENDLESS } from './cache-space.ts';
import { type Clone, openClone } from './clone.ts';
import type { Credentials } from './credentials.ts';
import { createObjectMemory, type ObjectMemory } from './object-memory.ts';
import { type Git, GitError } from './process.ts';
import { createTransport, isPartial, type LocateHost, type ProxyFor, type PushReport } from './transport.ts';
import { checkBranch, type RepositoryLocation } from './url.ts';

/** Of all clones together. */
const MEMORY_BYTES = 16 * 1024 * 1024;

export interface RepositoriesOptions {
  git: Git;
  /** A folder of our own; what is in it may be deleted at any time. */
  cacheDir: string;
  /** Left out where git's own resolution is good enough (local repositories, the sandbox). */
  locateHost?: LocateHost | undefined;
  /** Left out where there is none. */
  proxyFor?: ProxyFor | undefined;
  /** Left out where nothing limits it. */
  space?: CacheSpace | undefined;
}

/** A clone, and the way to bring it up to date with its origin. */
export interface Repository extends Clone {
  readonly location: RepositoryLocation;
  /** Brings the branch in; answers its head. Throws `Waiting` where the repository cannot be read. */
  fetch(): Promise<string>;
  /** Brings in the commits of another branch, for now: they get no name here. Throws as `fetch` does, which comes first. */
  fetchOther(branch: string): Promise<void>;
  /**
   * What refs of the origin point to, each by its whole name, asked of the origin itself. A pattern is a whole name, with `*` for
   * any characters; there may be others in the answer that only end in the same way.
   */
  remoteRefs(patterns: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The branch that the origin's HEAD points to; undefined where it says none. */
  defaultBranch(): Promise<string | undefined>;
  /** Never throws for what the origin does. */
  push(args: readonly string[], refs: readonly string[]): Promise<PushReport>;
}

export interface Repositories {
  /** The clone for one branch. Never shallow: a revert in a shallow clone deletes every file. */
  open(location: RepositoryLocation, branch: string, credentials?: Credentials): Repository;
}

/** What is shared by all who open the same clone. */
interface Slot {
  gitDir: string;
  /** As it was brought in last. */
  head?: string;
  /** Contents that a partial clone is known to hold. */
  present: Set<string>;
  /** What the clone has answered since it was begun. */
  memory: ObjectMemory;
  /** How often it was begun: what a clone before it has held may not be there any more. */
  beginnings: number;
  inTurn: Turns;
}

function createSlot(gitDir: string, shared: ObjectMemory): Slot {
  const slot: Slot = {
    gitDir,
    present: new Set(),
    beginnings: 0,
    memory: {
      get: (key) => shared.get(`${gitDir} ${slot.beginnings} ${key}`),
      set: (key, answer) => shared.set(`${gitDir} ${slot.beginnings} ${key}`, answer),
    },
    inTurn: createTurns(),
  };
  return slot;
}

async function initialise(git: Git, slot: Slot, url: string) {
  const { gitDir } = slot;
  slot.present.clear();
  slot.beginnings += 1;
  await rm(gitDir, { recursive: true, force: true });
  await mkdir(gitDir, { recursive: true, mode: 0o700 });
  await git.text(['init', '--quiet', '--bare', '--initial-branch=headgate', '--template=', gitDir]);
  await git.text(['config', 'remote.origin.url', url], { gitDir });
}

async function isWhole(git: Git, gitDir: string): Promise<boolean> {
  const answer = await git.run(['rev-parse', '--is-shallow-repository'], { gitDir });
  return answer.code === 0 && answer.stdout.toString('utf8').trim() === 'false';
}

async function bringIn(git: Git, { gitDir }: Slot, fetchBranch: () => Promise<void>, ref: string): Promise<string> {
  await fetchBranch();
  const args = ['rev-parse', '--is-shallow-repository', `${ref}^{commit}`];
  const [shallow, head = ''] = (await git.text(args, { gitDir })).trim().split('\n');
  if (shallow !== 'false') throw new GitError('the clone is shallow: its origin holds no whole history');
  return head;
}

export function createRepositories({
  git,
  cacheDir,
  locateHost,
  proxyFor,
  space = ENDLESS,
}: RepositoriesOptions): Repositories {
  const slots = new Map<string, Slot>();
  const memory = createObjectMemory(MEMORY_BYTES);

  const slotFor = (location: RepositoryLocation, branch: string): Slot => {
    const name = createHash('sha256').update(`${location.url}\n${branch}`).digest('hex').slice(0, 32);
    const slot = slots.get(name) ?? createSlot(join(cacheDir, `${name}.git`), memory);
    slots.set(name, slot);
    return slot;
  };

  return {
    open(location, branch, credentials = {}) {
      const slot = slotFor(location, checkBranch(branch));
      const { gitDir, present, memory } = slot;
      const transport = createTransport({ git, gitDir, cacheDir, location, branch, credentials, locateHost, proxyFor });
      const ref = `refs/heads/${branch}`;
      const guarded = (work: (signal: AbortSignal) => Promise<void>) => space.guarded(gitDir, work, () => true);
      space.touch(gitDir);

      const bringInOrBegin = async (signal: AbortSignal) => {
        const fetchBranch = () => transport.fetchBranch(signal);
        try {
          return await bringIn(git, slot, fetchBranch, ref);
        } catch (error) {
          // There is no clone yet, or it is damaged: what is not the origin's doing. Begin with an empty one, once.
          if (signal.aborted || (!(error instanceof GitError) && (await isWhole(git, gitDir)))) throw error;
          await initialise(git, slot, location.url);
          return await bringIn(git, slot, fetchBranch, ref);
        }
      };
      const fetch = async () => {
        const head = await space.guarded(gitDir, bringInOrBegin, (now) => now !== slot.head);
        slot.head = head;
        return head;
      };
      const prefetch = async (ids: readonly string[]) => {
        const wanted = ids.filter((id) => !present.has(id));
        if (wanted.length > 0) await guarded((signal) => transport.fetchObjects(wanted, signal));
        for (const id of wanted) present.add(id);
      };
      const partial = isPartial(location) ? { prefetch } : {};
      const clone = openClone({ git, gitDir, branch, call: transport.call, memory, ...partial });
      return {
        ...clone,
        location,
        fetch: () => slot.inTurn(fetch),
        fetchOther: (name) => slot.inTurn(() => guarded((signal) => transport.fetchOther(checkBranch(name), signal))),
        remoteRefs: transport.remoteRefs,
        defaultBranch: transport.defaultBranch,
        push: transport.push,
      };
    },
  };
}
