import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, type Program } from './program.ts';

/** What a process has used, as /proc tells it. */
export interface Usage {
  rssMiB: number;
  peakRssMiB: number;
  cpuSeconds: number;
}

/** The controller in a process of its own, as in a cluster. */
export interface ControllerProcess {
  /** The sum of all samples of a metric whose labels hold this text. */
  metric(name: string, labels: string): Promise<number>;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Clock ticks per second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;
const LONGEST_START_SECONDS = 60;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('no free port on loopback');
  return address.port;
}

function mebibytes(status: string, field: string): number {
  const [, kibibytes = '0'] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
  return Number(kibibytes) / 1024;
}

export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The second field is the program's name and may hold spaces: count from behind its bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS;
  return { rssMiB: mebibytes(status, 'VmRSS'), peakRssMiB: mebibytes(status, 'VmHWM'), cpuSeconds };
}

function sumOf(text: string, name: string, labels: string): number {
  const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Starts a controller as the user of a kubeconfig (its text) and waits until its caches are synced. */
export async function startController(
  kubeconfigText: string,
  program: Program,
  flags: string[] = [],
): Promise<ControllerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
  await writeFile(join(folder, 'kubeconfig'), kubeconfigText, { mode: 0o600 });
  const [port, health] = [await freePort(), await freePort()];
  const [command = '', ...args] = commandOf(program, folder, [port, health]);
  const child = spawn(command, [...args, ...flags], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const isReady =
    program.name === 'reference' ? `http://127.0.0.1:${health}/healthz` : `http://127.0.0.1:${port}/readyz`;
  const deadline = performance.now() + LONGEST_START_SECONDS * 1000;
  while (!(await fetch(isReady).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error(`the controller ended with exit code ${child.exitCode}`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the controller was not ready within ${LONGEST_START_SECONDS} s`);
    }
    await sleep(20);
  }
  return {
    metric: async (name, labels) => sumOf(await (await ask('/metrics')).text(), name, labels),
    usage: () => usageOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
