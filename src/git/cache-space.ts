import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Stalled } from '../errors.ts';
import { createTurns } from '../turns.ts';

/** Of all room, what one clone may take. */
const SHARE = 1 / 3;
const LOOK_MILLISECONDS = 500;
/** It would be brought in anew each time somebody looks. */
const REFUSED_MILLISECONDS = 60 * 60_000;
const CLONE = /^[0-9a-f]{32}\.git$/;
const GONE = /\.git\.gone-\d+$/;
const MiB = 1024 * 1024;
/** As most file systems have it; what they say of a file that was just written is less than it will take. */
const BLOCK_BYTES = 4096;

/** The room for clones, so that nobody's repository fills the disk for all others. */
export interface CacheSpace {
  /** The clone is used now: others go before it. */
  touch(clone: string): void;
  /**
   * Does work by which the clone may grow, and ends it where it grows beyond its share: the clone is gone then, and this throws
   * `Stalled`, for an hour without doing anything. Where all is full, other clones go, those first that were used longest ago.
   */
  guarded<T>(clone: string, work: (signal: AbortSignal) => Promise<T>, hasGrown: (result: T) => boolean): Promise<T>;
}

export interface CacheSpaceOptions {
  /** What holds the clones. */
  folder: string;
  /** Of all clones together. */
  mostBytes: number;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** For tests: how often the size is looked at while a clone may grow. */
  lookMilliseconds?: number;
}

/** Without a limit. */
export const ENDLESS: CacheSpace = { touch: () => {}, guarded: (_, work) => work(new AbortController().signal) };

/** What its files take on the disk; 0 where it is not there. Files may come and go meanwhile. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, each) => sum + each, 0);
}

/** What stays goes when the next process starts. */
const removed = (path: string) => rm(path, { recursive: true, force: true }).catch(() => {});

/** Renamed first, so that nobody reads in half a clone. */
async function takeAway(clone: string, now: number): Promise<void> {
  const gone = `${clone}.gone-${now}`;
  const isThere = await rename(clone, gone).then(
    () => true,
    () => false,
  );
  if (isThere) await removed(gone);
}

/** What an earlier process has left, by path. */
async function clonesIn(folder: string): Promise<[string, number][]> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => GONE.test(each))) await removed(join(folder, name));
  const paths = names.filter((name) => CLONE.test(name)).map((name) => join(folder, name));
  return Promise.all(paths.map(async (path) => [path, await sizeOf(path)] as [string, number]));
}

export function createCacheSpace(options: CacheSpaceOptions): CacheSpace {
  const { folder, mostBytes, now, lookMilliseconds = LOOK_MILLISECONDS } = options;
  const mostEach = Math.floor(mostBytes * SHARE);
  /** Bytes by clone, those first that were used longest ago. */
  let sizes = new Map<string, number>();
  const growing = new Set<{ clone: string }>();
  const refusedUntil = new Map<string, number>();

  // It was used before all that this process uses.
  const found = clonesIn(folder).then((left) => {
    sizes = new Map([...left.filter(([clone]) => !sizes.has(clone)), ...sizes]);
  });

  const makeRoom = async () => {
    const total = () => [...sizes.values()].reduce((sum, each) => sum + each, 0);
    for (const clone of [...sizes.keys()]) {
      if (total() <= mostBytes) return;
      if ([...growing].some((each) => each.clone === clone)) continue;
      sizes.delete(clone);
      await takeAway(clone, now());
    }
  };

  // One look at a time: a late one must not bring back what is over.
  const inTurn = createTurns();

  /** Answers whether it is as small as it has to be. */
  const look = async (clone: string) => {
    const bytes = await sizeOf(clone);
    sizes.set(clone, bytes);
    if (bytes <= mostEach) await makeRoom();
    return bytes <= mostEach;
  };

  const tooLarge = () => {
    const most = `${Math.floor(mostEach / MiB)} MiB, a third of --cache-limit`;
    const advice = 'Use a smaller repository, or raise --cache-limit and the room of the cache folder';
    return new Stalled(
      'RepositoryTooLarge',
      `its clone takes more than ${most}; it is tried again after an hour. ${advice}`,
    );
  };

  return {
    touch(clone) {
      const bytes = sizes.get(clone);
      if (bytes === undefined || !sizes.delete(clone)) return;
      sizes.set(clone, bytes);
    },
    async guarded(clone, work, hasGrown) {
      if ((refusedUntil.get(clone) ?? 0) > now()) throw tooLarge();
      await found;
      const guard = new AbortController();
      const check = async () => {
        if (!(await inTurn(() => look(clone)))) guard.abort('has brought in more than its share of the cache');
      };
      const growth = { clone };
      growing.add(growth);
      const timer = setInterval(check, lookMilliseconds);
      try {
        const result = await work(guard.signal);
        if (hasGrown(result)) await check();
        guard.signal.throwIfAborted();
        return result;
      } catch (error) {
        if (!guard.signal.aborted) throw error;
        refusedUntil.set(clone, now() + REFUSED_MILLISECONDS);
        clearInterval(timer);
        await inTurn(async () => {
          sizes.delete(clone);
          await takeAway(clone, now());
        });
        throw tooLarge();
      } finally {
        clearInterval(timer);
        growing.delete(growth);
      }
    },
  };
}
