import { type Clock, steadyNow } from '../clock.ts';
import { messageOf, Stalled, Waiting } from '../errors.ts';
import { type Backoff, createBackoff } from '../kube/backoff.ts';
import type { Log } from '../log.ts';
import { AT_WORK_MILLISECONDS, createLine, type Rank, type Work } from './line.ts';

export interface PassResult {
  /** World time of the key's next appointment, milliseconds since the epoch; replaces any earlier one. */
  lookAgainAt?: number | undefined;
  /** What is left to be done, nothing if left out: what has begun comes before what has yet to begin. */
  work?: Work;
}

export type PassOutcome = 'done' | 'stalled' | 'waiting' | 'failed';

export interface QueueMetrics {
  /** Keys that wait for a pass. */
  depth(queue: string, keys: number): void;
  /** A key has joined those that wait. */
  added(queue: string, key: string): void;
  passed(queue: string, outcome: PassOutcome): void;
  /** Times one pass, in machine time; returns the function that ends it. */
  pass(queue: string, key: string): (failed: boolean) => void;
}

export interface QueueOptions {
  name: string;
  clock: Clock;
  log: Log;
  /** How many keys may have a pass at the same time. */
  concurrency: number;
  /** One pass for one key. `Stalled` waits for the next `add`, `Waiting` comes back as it says, anything else is retried. */
  reconcile: (key: string) => Promise<PassResult | undefined>;
  metrics?: QueueMetrics;
}

/**
 * Keys that want a pass. One pass at a time per key; adding a key that already waits changes nothing. What has begun is
 * brought to its end before more is begun, so that of many that come at once the first are done early.
 */
export interface Queue {
  /** Asks for a pass; one that is added while it has a pass gets another one after it. */
  add(key: string): void;
  /** The same, before all others that wait. */
  addFirst(key: string): void;
  /** Asks for a pass at a world time; the sooner of two appointments is kept. A pass clears the appointment. */
  addAt(key: string, time: number): void;
  /** How many keys are at work: their last pass was a moment ago, and they will want more of them soon. */
  atWork(): number;
  /** No new pass begins; resolves when those under way have ended. */
  stop(): Promise<void>;
}

const FIRST_RETRY_MILLISECONDS = 5;
const LONGEST_RETRY_MILLISECONDS = 10_000;
/**
 * Virtual time waits for a delay on machine time, so that a conflict costs a rehearsal no promise; but not for long or
 * for ever: what is waited for may itself need time to pass.
 */
const MOST_HELD_DELAYS = 5;
const LONGEST_HELD_MILLISECONDS = 5_000;
const LONGEST_DELAY_MILLISECONDS = 24 * 3_600_000;

export function createQueue(options: QueueOptions): Queue {
  const queue = new SerialQueue(options);
  return {
    add: (key) => queue.add(key),
    addFirst: (key) => queue.addFirst(key),
    addAt: (key, time) => queue.addAt(key, time),
    atWork: () => queue.atWork(),
    stop: () => queue.stop(),
  };
}

interface Entry {
  state: 'idle' | 'ready' | 'running';
  /** Added while running. */
  again: boolean;
  /** Wants to be before all others. */
  first: boolean;
  underWay: boolean;
  /** Holds virtual time from `add` until the pass ends. */
  release: (() => void) | undefined;
  appointment: { time: number; cancel: () => void } | undefined;
  /** Cancels the machine-time delay after a pass that did not get through. */
  delayed: (() => void) | undefined;
  backoff: Backoff;
  /** Passes in a row that ended in a delay. */
  delays: number;
}

class SerialQueue implements Queue {
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ready = createLine();
  readonly #passes = new Set<Promise<void>>();
  #stopped = false;
  #scheduled = false;
  #held: NodeJS.Timeout | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#stopped) return;
    const entry = this.#entry(key);
    if (entry.state === 'running') entry.again = true;
    if (entry.state !== 'idle') return;
    entry.state = 'ready';
    entry.release = this.#options.clock.busy();
    cancelDelay(entry);
    this.#ready.join(key, rankOf(entry));
    this.#options.metrics?.added(this.#options.name, key);
    this.#tellDepth();
    this.#schedule();
  }

  addFirst(key: string): void {
    if (this.#stopped) return;
    const entry = this.#entry(key);
    entry.first = true;
    if (entry.state === 'ready') this.#ready.join(key, 'first');
    else this.add(key);
  }

  addAt(key: string, time: number): void {
    if (this.#stopped || !Number.isFinite(time)) return;
    const entry = this.#entry(key);
    if (entry.appointment !== undefined && entry.appointment.time <= time) return;
    cancelAppointment(entry);
    const wake = () => {
      entry.appointment = undefined;
      this.add(key);
    };
    entry.appointment = { time, cancel: this.#options.clock.at(time, wake) };
  }

  atWork(): number {
    return this.#ready.atWork(steadyNow());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#held);
    for (const entry of this.#entries.values()) {
      cancelAppointment(entry);
      cancelDelay(entry);
      if (entry.state === 'ready') entry.release?.();
    }
    await Promise.all(this.#passes);
    this.#entries.clear();
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = newEntry();
    this.#entries.set(key, entry);
    return entry;
  }

  /** The rest of this turn of the event loop may add the same keys again: they share one pass. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#startPasses();
    });
  }

  #startPasses(): void {
    while (!this.#stopped && this.#passes.size < this.#options.concurrency) {
      const key = this.#ready.next(steadyNow());
      if (key === undefined) {
        this.#lookAgain();
        return;
      }
      this.#tellDepth();
      const pass = this.#run(key, this.#entry(key)).finally(() => {
        this.#passes.delete(pass);
        this.#schedule();
      });
      this.#passes.add(pass);
    }
  }

  /** Those in line wait for others to get on; where these do not, they leave room after a while. */
  #lookAgain(): void {
    if (this.#ready.size() === 0 || this.#held !== undefined) return;
    this.#held = setTimeout(() => {
      this.#held = undefined;
      this.#startPasses();
    }, AT_WORK_MILLISECONDS / 10);
  }

  async #run(key: string, entry: Entry): Promise<void> {
    entry.state = 'running';
    entry.first = false;
    // A pass knows all that any earlier one knew: what it asks for is all that counts.
    cancelAppointment(entry);
    const { metrics, name } = this.#options;
    const end = metrics?.pass(name, key);
    const outcome = await this.#pass(key, entry);
    end?.(outcome === 'failed');
    metrics?.passed(name, outcome);
    const { release, again } = entry;
    entry.state = 'idle';
    entry.release = undefined;
    entry.again = false;
    if (again) this.add(key);
    release?.();
    if (isForgettable(entry)) this.#entries.delete(key);
  }

  async #pass(key: string, entry: Entry): Promise<PassOutcome> {
    try {
      const result = await this.#options.reconcile(key);
      settle(entry);
      const work = result?.work ?? 'over';
      entry.underWay = work !== 'over';
      this.#ready.passed(key, work, steadyNow());
      if (result?.lookAgainAt !== undefined) this.addAt(key, result.lookAgainAt);
      return 'done';
    } catch (error) {
      return this.#afterError(key, entry, error);
    }
  }

  #afterError(key: string, entry: Entry, error: unknown): PassOutcome {
    const { name, log } = this.#options;
    if (error instanceof Stalled) {
      settle(entry);
      log.info({ queue: name, key, reason: error.reason, error: error.message }, 'stalled until something changes');
      return 'stalled';
    }
    if (error instanceof Waiting) {
      log.debug({ queue: name, key, reason: error.reason, error: error.message }, 'waiting');
      this.#delay(key, entry, Math.max(0, error.retryAfter) * 1000);
      return 'waiting';
    }
    this.#delay(key, entry, entry.backoff.next());
    log.error({ queue: name, key, error: messageOf(error), failures: entry.backoff.failures }, 'a pass failed');
    return 'failed';
  }

  #delay(key: string, entry: Entry, milliseconds: number): void {
    if (this.#stopped) return;
    entry.delays++;
    const held = entry.delays <= MOST_HELD_DELAYS && milliseconds <= LONGEST_HELD_MILLISECONDS;
    const release = held ? this.#options.clock.busy() : undefined;
    const timer = setTimeout(() => this.add(key), Math.min(milliseconds, LONGEST_DELAY_MILLISECONDS));
    entry.delayed = () => {
      clearTimeout(timer);
      release?.();
    };
  }

  #tellDepth(): void {
    this.#options.metrics?.depth(this.#options.name, this.#ready.size());
  }
}

function newEntry(): Entry {
  const backoff = createBackoff({ first: FIRST_RETRY_MILLISECONDS, longest: LONGEST_RETRY_MILLISECONDS });
  return {
    state: 'idle',
    again: false,
    first: false,
    underWay: false,
    release: undefined,
    appointment: undefined,
    delayed: undefined,
    backoff,
    delays: 0,
  };
}

function settle(entry: Entry): void {
  entry.backoff.reset();
  entry.delays = 0;
}

function cancelAppointment(entry: Entry): void {
  entry.appointment?.cancel();
  entry.appointment = undefined;
}

function cancelDelay(entry: Entry): void {
  entry.delayed?.();
  entry.delayed = undefined;
}

function rankOf({ first, underWay }: Entry): Rank {
  if (first) return 'first';
  return underWay ? 'underWay' : 'new';
}

function isForgettable({ state, appointment, delayed, underWay }: Entry): boolean {
  return state === 'idle' && appointment === undefined && delayed === undefined && !underWay;
}
