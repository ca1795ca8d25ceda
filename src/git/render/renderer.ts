import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { messageOf, redact, Waiting } from '../../errors.ts';
import type { ChildResult } from '../../programs/child.ts';
import { createTurns } from '../../turns.ts';
import type { SopsFormat } from '../sops.ts';
import {
  createPrograms,
  inFolder,
  type ProgramsOptions,
  type Run,
  runProgram,
  shownError,
  type Tool,
} from './programs.ts';

export type { Tool } from './programs.ts';

const DEFAULT_TIMEOUT_MILLISECONDS = 30_000;
const RETRY_SECONDS = 60;
const TIMED_OUT = 'RenderTimedOut';
const INTERRUPTED = 'RenderInterrupted';

/** What is rendered, and from which files alone: contents by their paths from the root of the repository. */
export type Job = { folder: string; files: ReadonlyMap<string, Buffer> } & (
  | { tool: 'kustomize' }
  | { tool: 'helm'; releaseName: string; namespace: string; valueFiles: readonly string[] }
);

/** A file that SOPS has encrypted, with the age keys that may open it, one a line. */
export interface Encrypted {
  content: Buffer;
  format: SopsFormat;
  keys: string;
}

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

/** Runs SOPS as Kustomize and Helm are run, with age keys and nothing else that opens anything. */
export interface Decrypter {
  /** `failed` says what the program found wrong, without the keys. Throws `Waiting` as `render` does. */
  decrypt(file: Encrypted): Promise<Rendering>;
}

export interface RendererOptions extends ProgramsOptions {
  /** Held while a program runs, so that virtual time waits for it. */
  clock?: Clock | undefined;
  timeoutMilliseconds?: number;
}

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
  const what = tool === 'sops' ? 'decrypt' : 'render';
  return { kind: 'failed', message: `${tool} cannot ${what} it (exit code ${code}): ${said}` };
}

export function createRenderer(options: RendererOptions): Renderer & Decrypter {
  const { clock, timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS } = options;
  const { find, forget } = createPrograms(options);
  const turns = createTurns();

  /** One program at a time: what they need together is then what one needs. */
  const serially = <T>(work: () => Promise<T>): Promise<T> => {
    const idle = clock?.busy();
    return turns(work).finally(() => idle?.());
  };
  /** Does one job in a folder of its own: `files` by their paths below the root that `line` is asked for. */
  const work = async (
    tool: Tool,
    files: Job['files'],
    line: (root: string) => Pick<Run, 'args' | 'env'>,
  ): Promise<Rendering> => {
    const ready = await find(tool);
    if (typeof ready === 'string') return { kind: 'failed', message: ready };
    return inFolder(async (folder) => {
      const root = join(folder, 'repository');
      await writeFiles(root, files);
      try {
        const call = { ...line(root), folder, milliseconds: timeoutMilliseconds };
        const result = await runProgram(ready, call).catch((error: unknown) => {
          throw interrupted(`${tool} cannot be started: ${messageOf(error)}`);
        });
        const secrets = Object.values(call.env ?? {}).flatMap((value) => value.split('\n'));
        return answer(tool, { ...result, stderr: redact(result.stderr, secrets) }, root);
      } catch (error) {
        // Whatever became of the program: it is looked for anew.
        forget(tool);
        throw error;
      }
    });
  };
  const renderNow = (job: Job) => work(job.tool, job.files, (root) => ({ args: argumentsOf(job, root) }));
  const decryptNow = ({ content, format, keys }: Encrypted) => {
    const name = `file.${format}`;
    const types = [`--input-type=${format}`, `--output-type=${format}`];
    const line = (root: string) => ({ args: ['--decrypt', ...types, join(root, name)], env: { SOPS_AGE_KEY: keys } });
    return work('sops', new Map([[name, content]]), line);
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
    decrypt: (file) => serially(() => decryptNow(file)),
  };
}
