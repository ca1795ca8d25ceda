/**
 * Time as an input. The only file that reads the machine's clock.
 *
 * Two times run side by side. World time runs promises: pauses, intervals, delays, deadlines, timestamps written to
 * objects. Machine time runs leases, timeouts, back-off and Retry-After, and is used straight from timers.
 */
export interface Clock {
  /** World time, in milliseconds since the epoch. */
  now(): number;
  /** Calls `wake` once when world time reaches `time` (milliseconds since the epoch). Returns a function that cancels. */
  at(time: number, wake: () => void): () => void;
  /** Says that work is under way, which holds virtual time. Returns the function that ends it; calling it twice is harmless. */
  busy(): () => void;
}

const LONGEST_TIMER = 2_147_483_647;

/** How world time follows machine time: world = start + (machine - origin) * speed, never ahead of the machine. */
export interface WorldTime {
  /** Machine time at which the world started, milliseconds since the epoch. */
  origin: number;
  /** World time at the origin, milliseconds since the epoch. */
  start: number;
  /** World seconds per machine second. */
  speed: number;
}

export function machineNow(): number {
  return Date.now();
}

/** Milliseconds since some moment in the past: nobody can set this clock, and it does not stand still with the process. */
export function steadyNow(): number {
  return performance.now();
}

function timerAt(delay: () => number, wake: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const wait = delay();
    if (wait <= 0) wake();
    else timer = setTimeout(arm, Math.min(Math.ceil(wait), LONGEST_TIMER));
  };
  timer = setTimeout(arm, Math.max(0, Math.min(Math.ceil(delay()), LONGEST_TIMER)));
  return () => clearTimeout(timer);
}

/** World time equal to machine time: the clock of a controller in a real cluster. */
export function machineClock(): Clock {
  return {
    now: machineNow,
    at: (time, wake) => timerAt(() => time - machineNow(), wake),
    busy: () => () => {},
  };
}

export interface ScaledClock extends Clock {
  /** How world time runs at the moment: what another process needs to run along. */
  time(): WorldTime;
  /** World time goes on from where it is, at another speed. */
  changeSpeed(speed: number): void;
}

/** World time that runs `speed` times as fast as the machine's, starting in the past; once it has caught up it stays at machine time. */
export function scaledClock(start: WorldTime): ScaledClock {
  let world = start;
  const now = () => {
    const machine = machineNow();
    return Math.min(machine, world.start + (machine - world.origin) * world.speed);
  };
  return {
    now,
    // After a change of speed a timer may come too early: it looks again and waits for the rest.
    at: (time, wake) => timerAt(() => (time - now()) / (now() < machineNow() ? world.speed : 1), wake),
    busy: () => () => {},
    time: () => world,
    changeSpeed(speed) {
      world = { origin: machineNow(), start: now(), speed };
    },
  };
}

/** A clock that stands still until nothing is busy, then jumps to the next moment anyone waits for. */
export interface VirtualClock extends Clock {
  /** Lets time pass until `until` (milliseconds since the epoch) is reached or `done` answers true. */
  run(options: { until?: number; done?: () => boolean }): Promise<void>;
}

interface Waiter {
  time: number;
  wake: () => void;
}

/**
 * Turns of the event loop without work before time may move: long enough for what one party wrote on a loopback socket
 * to reach the other party in the same process.
 */
const QUIET_TURNS = 12;

export function virtualClock(start: number): VirtualClock {
  let now = start;
  let held = 0;
  const waiters = new Set<Waiter>();

  const settled = async () => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = held > 0 ? 0 : quiet + 1) {
      await new Promise((resolve) => (held > 0 ? setTimeout(resolve, 1) : setImmediate(resolve)));
    }
  };
  const wakeDue = () => {
    for (const waiter of [...waiters].sort((a, b) => a.time - b.time)) {
      if (waiter.time <= now && waiters.delete(waiter)) waiter.wake();
    }
  };
  return {
    now: () => now,
    at(time, wake) {
      const waiter = { time, wake };
      waiters.add(waiter);
      return () => waiters.delete(waiter);
    },
    busy() {
      held++;
      let ended = false;
      return () => {
        if (!ended) held--;
        ended = true;
      };
    },
    async run({ until = Number.POSITIVE_INFINITY, done = () => false }) {
      for (;;) {
        await settled();
        if (done()) return;
        const next = Math.min(...[...waiters].map((waiter) => waiter.time));
        if (next > until || next === Number.POSITIVE_INFINITY) {
          if (until !== Number.POSITIVE_INFINITY) now = Math.max(now, until);
          return;
        }
        now = Math.max(now, next);
        wakeDue();
      }
    },
  };
}
