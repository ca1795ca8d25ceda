import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ChildResult } from '../../programs/child.ts';
import { startChild } from '../../programs/starter.ts';
import { inScratchFolder } from '../scratch.ts';
import { withoutCredentials } from '../url.ts';
import { isolatedEnvironment, locateProgram, usableWrappers, type Wrapper, wrapped } from './isolation.ts';

const MiB = 1024 * 1024;
const PROBE_TIMEOUT_MILLISECONDS = 10_000;
const MOST_OUTPUT_BYTES = 16 * MiB;
const SHOWN_CHARACTERS = 300;

/** The programs that are run on what nobody has looked at. */
export type Tool = 'kustomize' | 'helm' | 'sops';

export interface ProgramsOptions {
  /** Paths of the programs; where there is none, the first on the PATH. */
  programs?: Partial<Record<Tool, string>> | undefined;
  /** The process's own environment: where programs are found. They get nothing of it. */
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
}

/** A program that was found to run, and what it runs in. */
export interface Ready {
  program: string;
  version: string;
  wrappers: readonly Wrapper[];
}

/** One run of a program in a folder as `inFolder` makes it. */
export interface Run {
  args: readonly string[];
  folder: string;
  milliseconds: number;
  /** Secrets: no line of a value appears in what the program is told to have said. */
  env?: Readonly<Record<string, string>>;
}

const VERSION_ARGUMENTS: Record<Tool, readonly string[]> = {
  kustomize: ['version'],
  helm: ['version', '--short'],
  sops: ['--version'],
};

/** A fresh folder with a home for one run, gone after it. */
export function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return inScratchFolder('render', async (folder) => {
    await mkdir(join(folder, 'home'), { mode: 0o700 });
    return work(folder);
  });
}

/** The first words of an error, with the repository's own paths. */
export function shownError(stderr: string, root: string): string {
  const lines = stderr.replaceAll(`${root}/`, '').replaceAll(root, '.').split('\n');
  const said = lines.filter((line) => line.trim() !== '' && !/^(# )?warning\b/i.test(line));
  return withoutCredentials(said.join(' ').replace(/\s+/g, ' ').trim()).slice(0, SHOWN_CHARACTERS);
}

/** Its environment is of its own, but for what the call adds. Rejects where it cannot be started. */
export function runProgram(
  { program, wrappers }: Omit<Ready, 'version'>,
  { args, folder, milliseconds, env: more = {} }: Run,
): Promise<ChildResult> {
  const line = wrapped(wrappers, program, args);
  const env = { ...isolatedEnvironment(join(folder, 'home')), ...more };
  const limits = { timeoutMilliseconds: milliseconds, maxOutputBytes: MOST_OUTPUT_BYTES };
  return startChild(line.program, { args: line.args, env, cwd: folder, ...limits });
}

function probe(tool: Tool, program: string, wrappers: readonly Wrapper[]): Promise<ChildResult> {
  return inFolder((folder) => {
    const call = { args: VERSION_ARGUMENTS[tool], folder, milliseconds: PROBE_TIMEOUT_MILLISECONDS };
    return runProgram({ program, wrappers }, call);
  });
}

/** The programs that are there, each looked for once, until it is forgotten. `find` answers in words why one is not to be used, and what to do. */
export function createPrograms({ programs = {}, environment, log }: ProgramsOptions) {
  const known = new Map<Tool, Ready>();

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
  return { find, forget: (tool: Tool) => void known.delete(tool) };
}
