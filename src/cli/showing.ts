import type { Drawing } from '../view/index.ts';
import { clusterFlags, type Flags, type Invocation, numericFlag, type Verb } from './verb.ts';
import { watching } from './watching.ts';

/** Home, and everything below cleared; what was printed before stays to be scrolled back to. */
const CLEAR = '\u001b[H\u001b[2J';

export const showFlags: Flags = {
  watch: { type: 'boolean', short: 'w', description: 'show it again whenever something changes' },
  'timeout-seconds': { type: 'string', value: 'N', description: 'with --watch: end after so many seconds' },
  color: { type: 'boolean', default: true, description: 'no colours' },
  width: { type: 'string', value: 'COLUMNS', description: "columns to fit; else the terminal's" },
  ...clusterFlags,
};

/** How to draw at this moment. */
export function drawingOf(verb: Verb, invocation: Invocation): () => Drawing {
  const { world } = invocation;
  const asked = numericFlag(verb, invocation, 'width');
  const colour = world.colour && invocation.isSet('color');
  return () => {
    const width = asked ?? world.width;
    return { now: world.now(), colour, ...(width === undefined ? {} : { width }) };
  };
}

/** Something made of several objects, as it keeps changing. */
export interface Live<T> {
  /** Undefined once it is gone. */
  read(): T | undefined;
  onChange(listener: () => void): void;
  stop(): Promise<void>;
}

export interface Shown<T> {
  show: (picture: T) => string;
  /** What it is, as in `rollout.argoproj.io "cart"`. */
  what: string;
  /** When to end, if not when interrupted. */
  seconds: number | undefined;
}

/** Shows it again whenever something changes, until interrupted; throws once it is gone. */
export async function showChanges<T>(
  { world }: Invocation,
  live: Live<T>,
  { show, what, seconds }: Shown<T>,
): Promise<number> {
  const draw = () => {
    const picture = live.read();
    if (picture === undefined) throw new Error(`${what} was deleted`);
    world.stdout(world.terminal ? CLEAR + show(picture) : `${show(picture)}\n`);
    return undefined;
  };
  const signals = [world.interrupted(), ...(seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)])];
  try {
    const { onChange } = live;
    return (await watching({ draw, onChange, ticking: world.terminal, signal: AbortSignal.any(signals) })) ?? 0;
  } finally {
    await live.stop();
  }
}
