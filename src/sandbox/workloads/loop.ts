import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';

/** A queue of names to look at. Each name is looked at once however often it was added meanwhile. */
export interface Loop {
  add(key: string): void;
  /** Adds at a world time, milliseconds; the earliest one wanted counts. */
  addAt(key: string, time: number): void;
  stop(): void;
}

export interface LoopOptions {
  name: string;
  clock: Clock;
  log: Log;
  /** Brings one object up to date; called again after it throws, in 100 ms of world time, then 200 ms, up to a minute. */
  reconcile(key: string): void;
}

const FIRST_RETRY = 100;
const LONGEST_RETRY = 60_000;
/** How many names are looked at before others in this process get a turn. */
const BATCH = 50;

export function createLoop({ name, clock, log, reconcile }: LoopOptions): Loop {
  const queued = new Set<string>();
  const timers = new Map<string, { time: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  let stopped = false;
  let release: (() => void) | undefined;

  const run = (key: string) => {
    queued.delete(key);
    try {
      reconcile(key);
      failures.delete(key);
    } catch (error) {
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      log.warn({ controller: name, key, error: String(error) }, 'sandbox controller tries again');
      addAt(key, clock.now() + Math.min(FIRST_RETRY * 2 ** failed, LONGEST_RETRY));
    }
  };
  const drain = () => {
    for (const key of [...queued].slice(0, BATCH)) if (!stopped) run(key);
    if (!stopped && queued.size > 0) {
      setImmediate(drain);
      return;
    }
    release?.();
    release = undefined;
  };
  const add = (key: string) => {
    if (stopped) return;
    queued.add(key);
    if (release) return;
    release = clock.busy();
    setImmediate(drain);
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
    stop() {
      stopped = true;
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
      queued.clear();
    },
  };
}
