import { machineNow } from '../clock.ts';
import type { Explanation } from '../rollout/index.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';
import type { Picture } from './picture.ts';

/** What a command may see and touch of the process that it runs in. */
export interface World {
  /** How people call the program: `headgate` or `kubectl headgate`. */
  program: string;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether a person is looking at standard output. */
  terminal: boolean;
  colour: boolean;
  /** Columns of the terminal; undefined where there is none. */
  readonly width: number | undefined;
  now(): number;
  /** Aborts when the user wants the program to end. */
  interrupted(): AbortSignal;
  connect(options: ClusterOptions): Promise<Cluster>;
  /** What says where a Rollout stands, and why; `now` in milliseconds since the epoch. */
  explainer(): Promise<(picture: Picture, now: number) => Explanation>;
}

/** The world of this very process. */
export function processWorld(program: string): World {
  const { stdout, stderr, env } = process;
  // A reader that has seen enough, such as `head`, is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    program,
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    terminal: stdout.isTTY === true,
    colour: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    // Windows are resized.
    get width() {
      return stdout.isTTY === true ? stdout.columns : undefined;
    },
    now: machineNow,
    interrupted,
    // Loaded only when needed: the Kubernetes client alone takes most of a second.
    connect: async (options) => (await import('./cluster.ts')).connect(options),
    explainer: async () => (await import('./explanation.ts')).explainPicture,
  };
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
