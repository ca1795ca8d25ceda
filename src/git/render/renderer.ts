import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { messageOf, Waiting } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type ChildResult, runChild } from '../child.ts';
import { withoutCredentials } from '../url.ts';
import { isolatedEnvironment, locateProgram, usableWrappers, type Wrapper, wrapped } from './isolation.ts';

const MiB = 1024 * 1024;
const DEFAULT_TIMEOUT_MILLISECONDS = 30_000;
const PROBE_TIMEOUT_MILLISECONDS = 10_000;
const MOST_OUTPUT_BYTES = 16 * MiB;
const SHOWN_CHARACTERS = 300;
const RETRY_SECONDS = 60;
const TIMED_OUT = 'RenderTimedOut';
const INTERRUPTED = 'RenderInterrupted';

export type Tool = 'kustomize' | 'helm';

/** What is rendered, and from which files alone: contents by their paths from the root of the repository. */
export type Job = { folder: string; files: ReadonlyMap<string, Buffer> } & (
  | { tool: 'kustomize' }
  | { tool: 'helm'; releaseName: string; namespace: string; valueFiles: readonly string[] }
);

export type Rendering = { kind: 'rendered'; output: Buffer } | { kind: 'failed'; message: string };

/** A program that renders: there, with its version; or not to be used, and what to do. */
export type Availability = { kind: 'ready'; version: string } | { kind: 'missing'; message: string };

/** Whether a rendering was stopped before it was done: what it would have come to is not known. */
export function isStoppedRendering(error: unknown): boolean {
  return error instanceof Waiting && (error.reason === TIMED_OUT || error.reason === INTERRUPTED);
}

/**
 * Runs Kustomize and Helm on files of a repository, which nobody has looked at: in a folder of their own that is gone
 * afterwards, without network, credentials, plugins or other programs, within limits of time, memory and output, one at a time.
 */
export interface Renderer {
  availability(tool: Tool): Promise<Availability>;
  /** `failed` says what the program found wrong. Throws `Waiting` where it was stopped: it may do better another time. */
  render(job: Job): Promise<Rendering>;
}

export interface RendererOptions {
  /** Paths of the programs; where there is none, the first on the PATH. */
  programs?: Partial<Record<Tool, string>> | undefined;
  /** The process's own environment: where programs are found. They get nothing of it. */
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  /** Held while a program runs, so that virtual time waits for it. */
  clock?: Clock | undefined;
  timeoutMilliseconds?: number;
}

/** A program that was found to run, and what it runs in. */
interface Ready {
  program: string;
  version: string;
  wrappers: readonly Wrapper[];
}

const VERSION_ARGUMENTS: Record<Tool, readonly string[]> = {
  kustomize: ['version'],
  helm: ['version', '--short'],
};

/** Of a job whose files lie below `root`. */
export function argumentsOf(job: Job, root: string): string[] {
  const folder = job.folder === '' ? root : join(root, job.folder);
  if (job.tool === 'kustomize') return ['build', '--load-restrictor=LoadRestrictionsRootOnly', folder];
  return [
    ...['template', `--namespace=${job.namespace}`, '--include-crds', '--skip-tests', '--no-hooks'],
    // A schema may name addresses, which would be asked.
    '--skip-schema-validation',
    ...job.valueFiles.map((path) => `--values=${join(root, path)}`),
    ...['--', job.releaseName, folder],
  ];
}

async function writeFiles(root: string, files: Job['files']) {
  const folders = new Set([root, ...[...files.keys()].map((path) => dirname(join(root, path)))]);
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  // Never over another file: on some systems two names are one.
  for (const [path, content] of files) await writeFile(join(root, path), content, { mode: 0o600, flag: 'wx' });
}

/** A fresh folder for one run, gone after it. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'headgate-render-')));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first words of an error, with the repository's own paths. */
export function shownError(stderr: string, root: string): string {
  const lines = stderr.replaceAll(`${root}/`, '').replaceAll(root, '.').split('\n');
  const said = lines.filter((line) => line.trim() !== '' && !/^(# )?warning\b/i.test(line));
  return withoutCredentials(said.join(' ').replace(/\s+/g, ' ').trim()).slice(0, SHOWN_CHARACTERS);
}

/** The exit codes of what comes before a program, where the program itself cannot be started. */
const NOT_STARTED = [126, 127];

function interrupted(message: string): Waiting {
  return new Waiting(INTERRUPTED, message, RETRY_SECONDS);
}

function answer(tool: Tool, { code, stdout, stderr, stopped }: ChildResult, root: string): Rendering {
  if (stopped?.timedOut) throw new Waiting(TIMED_OUT, `${tool} ${stopped.why} and was stopped`, RETRY_SECONDS);
  if (stopped) return { kind: 'failed', message: `${tool} ${stopped.why} and was stopped` };
  if (code === 0) return { kind: 'rendered', output: stdout };
  const said = shownError(stderr, root);
  if (NOT_STARTED.includes(code)) throw interrupted(`${tool} cannot be started: ${said}`);
  if (code === -1) throw interrupted(`${tool} was ended by a signal, most likely for want of memory: ${said}`);
  return { kind: 'failed', message: `${tool} cannot render it (exit code ${code}): ${said}` };
}

export function createRenderer(options: RendererOptions): Renderer {
  const { programs = {}, environment, log, clock, timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS } = options;
  const known = new Map<Tool, Ready>();
  let last: Promise<unknown> = Promise.resolve();

  /** One program at a time: what they need together is then what one needs. */
  const serially = <T>(work: () => Promise<T>): Promise<T> => {
    const idle = clock?.busy();
    const mine = last.then(work, work).finally(() => idle?.());
    last = mine.catch(() => {});
    return mine;
  };
  const run = (ready: Omit<Ready, 'version'>, args: readonly string[], folder: string, milliseconds: number) => {
    const line = wrapped(ready.wrappers, ready.program, args);
    const env = isolatedEnvironment(join(folder, 'home'));
    const limits = { timeoutMilliseconds: milliseconds, maxOutputBytes: MOST_OUTPUT_BYTES };
    return runChild(line.program, { args: line.args, env, cwd: folder, ...limits });
  };
  const probe = (tool: Tool, program: string, wrappers: readonly Wrapper[]) =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'home'), { mode: 0o700 });
      return run({ program, wrappers }, VERSION_ARGUMENTS[tool], folder, PROBE_TIMEOUT_MILLISECONDS);
    });

  const find = async (tool: Tool): Promise<Ready | string> => {
    const found = known.get(tool);
    if (found) return found;
    const named = programs[tool];
    const program = await locateProgram(named ?? tool, environment);
    if (program === undefined) {
      const where = named === undefined ? 'there is none on the PATH' : `${named} is no program that can be run`;
      return `the program ${tool} is needed, and ${where}. Install it beside Headgate, and name it with --${tool} PATH or put it on the PATH`;
    }
    const first = await probe(tool, program, []).catch(messageOf);
    if (typeof first === 'string' || first.code !== 0 || first.stopped) {
      const why = typeof first === 'string' ? first : (first.stopped?.why ?? shownError(first.stderr, program));
      return `${program} does not run as ${tool}: ${why}. Name a working one with --${tool} PATH`;
    }
    const wrappers = await usableWrappers(environment, async (tried) => {
      const result = await probe(tool, program, tried).catch(() => undefined);
      return result?.code === 0;
    });
    const version = first.stdout.toString('utf8').trim().slice(0, 100);
    const ready = { program, version, wrappers };
    log.info({ program, version, without: wrappers.map(({ limits }) => limits) }, 'found what renders');
    known.set(tool, ready);
    return ready;
  };
  const renderNow = async (job: Job): Promise<Rendering> => {
    const ready = await find(job.tool);
    if (typeof ready === 'string') return { kind: 'failed', message: ready };
    return inFolder(async (folder) => {
      const root = join(folder, 'repository');
      await mkdir(join(folder, 'home'), { mode: 0o700 });
      await writeFiles(root, job.files);
      try {
        const result = await run(ready, argumentsOf(job, root), folder, timeoutMilliseconds).catch((error: unknown) => {
          throw interrupted(`${job.tool} cannot be started: ${messageOf(error)}`);
        });
        return answer(job.tool, result, root);
      } catch (error) {
        // Whatever became of the program: it is looked for anew.
        known.delete(job.tool);
        throw error;
      }
    });
  };

  return {
    availability: (tool) =>
      serially(async () => {
        const found = await find(tool);
        return typeof found === 'string'
          ? { kind: 'missing', message: found }
          : { kind: 'ready', version: found.version };
      }),
    render: (job) => serially(() => renderNow(job)),
  };
}
