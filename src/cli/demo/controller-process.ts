import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The controller as a process of its own, as in a real cluster. */
export interface ControllerProcess {
  readonly restarts: number;
  /** What it says. */
  readonly logFile: string;
  start(flags: string[]): void;
  /** SIGKILL in mid-work, and at once a new process with the same identity. */
  killAndRestart(): void;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../headgate.ts', import.meta.url));

export function createControllerProcess(logFile: string): ControllerProcess {
  let child: ChildProcess | undefined;
  let flags: string[] = [];
  let restarts = 0;
  let stopping = false;
  const log = createWriteStream(logFile, { flags: 'a' });

  const launch = () => {
    const started = spawn(process.execPath, [PROGRAM, 'controller', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    started.stderr?.pipe(log, { end: false });
    started.on('exit', () => {
      // However it ended, the next one goes on from what the API server holds.
      if (stopping || child !== started) return;
      restarts++;
      launch();
    });
    child = started;
  };
  return {
    logFile,
    get restarts() {
      return restarts;
    },
    start(given) {
      flags = given;
      stopping = false;
      launch();
    },
    killAndRestart() {
      child?.kill('SIGKILL');
    },
    async stop() {
      stopping = true;
      const running = child;
      child = undefined;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGTERM');
      const timer = setTimeout(() => running.kill('SIGKILL'), 8000);
      await ended;
      clearTimeout(timer);
    },
  };
}
