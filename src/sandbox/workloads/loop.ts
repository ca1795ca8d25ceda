import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';

/** A queue of names to look at. Each name is looked at once however often it was added meanwhile, and never twice at a time. */
export interface Loop {
  add(key: string): void;
  /** Adds at a world time, milliseconds; the earliest one wanted counts. */
  addAt(key: string, time: number): void;
  /** Nothing is begun any more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  name: string;
  clock: Clock;
  log: Log;
  /** Brings one object up to date; called again after it fails, in 100 ms of world time, then 200 ms, up to a minute. */
  reconcile(key: string): void | Promise<void>;
  /** How many names may be looked at side by side, where looking takes time; 1 unless set. */
  parallel?: number;
}

const FIRST_RETRY = 100;
const LONGEST_RETRY = 60_000;
/** How many names are looked at before others in this process get a turn. */
const BATCH = 50;

export function createLoop({ name, clock, log, reconcile, parallel = 1 }: LoopOptions): Loop {
  const queued = new Set<string>();
  const underway = new Set<string>();
  const workers = new Set<Promise<void>>();
  const timers = new Map<string, { time: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  let stopped = false;
  let release: (() => void) | undefined;

  const run = async (key: string) => {
    queued.delete(key);
    underway.add(key);
    try {
      await reconcile(key);
      failures.delete(key);
    } catch (error) {
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      log.warn({ controller: name, key, error: String(error) }, 'sandbox controller tries again');
      addAt(key, clock.now() + Math.min(FIRST_RETRY * 2 ** failed, LONGEST_RETRY));
    } finally {
      underway.delete(key);
    }
  };
  const next = () => {
    for (const key of queued) if (!underway.has(key)) return key;
    return undefined;
  };
  const work = async () => {
    await turn();
    for (let looked = 1; !stopped; looked++) {
      const key = next();
      if (key === undefined) break;
      await run(key);
      if (looked % BATCH === 0) await turn();
    }
  };
  const hire = () => {
    const worker = work().finally(() => {
      workers.delete(worker);
      // What was added after it had last looked.
      if (!stopped && next() !== undefined) return hire();
      if (workers.size > 0) return;
      release?.();
      release = undefined;
    });
    workers.add(worker);
  };
  const add = (key: string) => {
    if (stopped) return;
    queued.add(key);
    release ??= clock.busy();
    if (workers.size < parallel) hire();
  };
  const addAt = (key: string, time: number) => {
    const pending = timers.get(key);
    if (stopped || (pending && pending.time <= time && pending.time > clock.now())) return;
    pending?.cancel();
    const cancel = clock.at(time, () => {
      timers.delete(key);
      add(key);
    });
    timers.set(key, { time, cancel });
  };
  return {
    add,
    addAt,
    async stop() {
      stopped = true;
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
      queued.clear();
      await Promise.all(workers);
    },
  };
}
