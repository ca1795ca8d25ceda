import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Built, CannotBuild, prepareParts } from './binaries.ts';
import type { InsideOptions } from './inside.ts';
import { GIT_SERVERS } from './parts.ts';
import { namespaceFlags } from './toolbox.ts';

/** As automake's: what did not run has neither passed nor failed. */
export const SKIPPED = 77;

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url));

/** The part that keeps a world's repositories. */
function gitServer(): string {
  const { HEADGATE_GIT_SERVER: name = 'gitea' } = process.env;
  if (GIT_SERVERS.includes(name)) return name;
  throw new Error(`HEADGATE_GIT_SERVER is ${JSON.stringify(name)}: use one of ${GIT_SERVERS.join(', ')}`);
}

/** The parts, or undefined after having told what must be installed first. */
export async function partsOrAdvice(alsoOnDemand: string[] = []): Promise<Built[] | undefined> {
  try {
    const wanted = [...alsoOnDemand, gitServer()];
    const parts = await prepareParts({ alsoOnDemand: wanted, tell: (line) => console.log(line) });
    return [...parts.values()];
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    console.log(`the real world is skipped; what is missing:\n${error.missing.map((line) => `  ${line}`).join('\n')}`);
    return undefined;
  }
}

interface EnterOptions {
  options: InsideOptions;
  command: string[];
  /** A file that takes all that is told; undefined: the terminal does. */
  output?: string | undefined;
  environment?: Record<string, string>;
  detached?: boolean;
}

function enter({ options, command, output, environment = {}, detached = false }: EnterOptions): ChildProcess {
  const log = output === undefined ? undefined : openSync(output, 'w');
  const server = gitServer();
  const parts = options.parts.filter(({ name }) => name === server || !GIT_SERVERS.includes(name));
  const inside = JSON.stringify({ ...options, parts });
  const args = [...namespaceFlags(), process.execPath, INSIDE, inside, ...command];
  const stdio = log === undefined ? 'inherit' : (['ignore', log, log] as ['ignore', number, number]);
  const child = spawn('unshare', args, { stdio, detached, env: { ...process.env, ...environment } });
  if (log !== undefined) closeSync(log);
  return child;
}

export interface RunOptions extends Pick<EnterOptions, 'command' | 'output' | 'environment'> {
  withTraffic: boolean;
  kubeletFlags: string[];
}

/** Runs a command in a world of its own, which ends with it; answers with the command's exit code. */
export async function runInRealWorld({ withTraffic, kubeletFlags, ...how }: RunOptions): Promise<number> {
  const parts = await partsOrAdvice();
  if (!parts) return SKIPPED;
  const folder = await mkdtemp(join(tmpdir(), 'headgate-real-'));
  const child = enter({ ...how, options: { folder, parts, withTraffic, kubeletFlags } });
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  // After a failure, the servers' logs are what one wants to read.
  if (code === 0) await rm(folder, { recursive: true, force: true });
  else console.log(`the servers' logs are in ${folder}`);
  return code;
}

/** Starts a world that stays until its process is told to end; returns at once. */
export async function startDetached(folder: string, parts: Built[]): Promise<ChildProcess> {
  await mkdir(folder, { recursive: true });
  const options: InsideOptions = { folder, parts, withTraffic: true, kubeletFlags: [] };
  const child = enter({ options, command: [], output: `${folder}.log`, detached: true });
  child.unref();
  return child;
}
