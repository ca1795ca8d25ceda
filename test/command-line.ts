import { run } from '../src/cli/run.ts';
import type { World } from '../src/cli/world.ts';
import { because } from './rollout-pictures.ts';

/** One command as it runs: what it has printed so far, and its end. */
export interface Running {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code. */
  ended: Promise<number>;
  interrupt(): void;
  /** Resolves once standard output holds the text. */
  printed(text: string): Promise<void>;
}

/** Runs a command line in this process, in a world without a terminal. */
export function start(args: string[], world: Partial<World> = {}): Running {
  let [out, err] = ['', ''];
  const interruption = new AbortController();
  const waiting = new Set<() => void>();
  const ended = run(args, {
    program: 'headgate',
    stdout: (text) => {
      out += text;
      for (const look of waiting) look();
    },
    stderr: (text) => {
      err += text;
    },
    terminal: false,
    colour: false,
    width: undefined,
    now: () => 0,
    interrupted: () => interruption.signal,
    connect: async (options) => (await import('../src/cli/cluster.ts')).connect(options),
    explainer: async () => () => because(''),
    ...world,
  });
  return {
    get stdout() {
      return out;
    },
    get stderr() {
      return err;
    },
    ended,
    interrupt: () => interruption.abort(),
    printed: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (out.includes(text)) resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Runs a command line to its end. */
export async function runToEnd(args: string[], world: Partial<World> = {}) {
  const running = start(args, world);
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}
