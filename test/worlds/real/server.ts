import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineNow } from '../../../src/clock.ts';

export interface ServerOptions {
  name: string;
  binary: string;
  args: string[];
  /** Besides PATH, HOME and GOGC. */
  environment?: Record<string, string>;
  folder: string;
  logFile: string;
  /** Asked until it answers true; what it throws counts as no. */
  ready(): Promise<boolean>;
}

/** A program that runs until it is stopped, and that stories break and mend. */
export interface Server {
  readonly name: string;
  /** From the first start to ready. */
  readonly startSeconds: number;
  readonly pid: number | undefined;
  /** Resolves once it is ready. */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL for one that does not heed it. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stands still, with all its connections open. */
  pause(): void;
  resume(): void;
}

const LONGEST_START = 60_000;
/** Nearly all of them are written in Go: on few cores they are to take memory rather than time. */
const GOGC = '400';
const LONGEST_STOP = 10_000;

async function lastWords(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-10).join('\n');
}

export function createServer(options: ServerOptions): Server {
  const { name, logFile } = options;
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let startSeconds = 0;

  const launch = () => {
    const log = openSync(logFile, 'a');
    const { PATH = '', HOME = '' } = process.env;
    // Whatever becomes of this process, what it started goes with it.
    const started = spawn('setpriv', ['--pdeathsig', 'KILL', options.binary, ...options.args], {
      cwd: options.folder,
      env: { PATH, HOME, GOGC, ...options.environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    ended = new Promise((resolve) => {
      started.once('exit', () => resolve());
      started.once('error', () => resolve());
    });
    child = started;
  };
  const untilReady = async () => {
    const deadline = machineNow() + LONGEST_START;
    while (!(await options.ready().catch(() => false))) {
      if (child?.exitCode !== null || machineNow() > deadline) {
        const what = child?.exitCode === null ? 'is not ready after a minute' : `ended with code ${child?.exitCode}`;
        throw new Error(`${name} ${what}; the end of ${logFile}:\n${await lastWords(logFile)}`);
      }
      await sleep(50);
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    if (!child) return;
    const running = child;
    child = undefined;
    // One that stands still would hear SIGTERM only when it goes on.
    running.kill('SIGCONT');
    running.kill(signal);
    const timer = setTimeout(() => running.kill('SIGKILL'), LONGEST_STOP);
    await ended;
    clearTimeout(timer);
  };
  return {
    name,
    get startSeconds() {
      return startSeconds;
    },
    get pid() {
      return child?.pid;
    },
    async start() {
      const begin = machineNow();
      launch();
      await untilReady();
      startSeconds ||= (machineNow() - begin) / 1000;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

export function asFlags(flags: Record<string, string>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Whether an HTTP address answers with success. */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok;
}
