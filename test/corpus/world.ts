import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Branch, branchOf, type Case } from './cases.ts';
import type { Files } from './files.ts';
import type { Machine, RunCall } from './machine.ts';

/** A case's branch as it is in the repository: each commit's id. */
export interface MadeBranch {
  name: string;
  branch: Branch;
  ids: string[];
}

/** A bare repository on disk, as git itself has it. */
export interface BareRepository {
  path: string;
  git(args: readonly string[], call?: RunCall): Promise<Buffer>;
  /** Undefined where there is no such branch. */
  head(branch: string): Promise<string | undefined>;
}

/** A real repository on disk with a branch for each case. */
export interface World {
  folder: string;
  bare: BareRepository;
  machine: Machine;
  /** The tree of a commit. */
  treeOf(commit: string): Promise<string>;
  branches: MadeBranch[];
  /** A commit of these files alone, or on top of another; answers its id. */
  write(files: Files, on?: { branch: string; parent: string }): Promise<string>;
  close(): Promise<void>;
}

const START_SECONDS = Date.parse('2026-11-20T12:00:00Z') / 1000;

function filesText(files: Files): Buffer {
  const parts = [...files].flatMap(([path, { bytes, mode }]) => [
    Buffer.from(`M ${mode} inline ${JSON.stringify(path)}\ndata ${bytes.length}\n`),
    bytes,
    Buffer.from('\n'),
  ]);
  return Buffer.concat([Buffer.from('deleteall\n'), ...parts]);
}

interface Marked {
  mark: number;
  message: string;
  parents: readonly string[];
  files: Files;
}

function commitText(name: string, { mark, message, parents, files }: Marked): Buffer {
  const by = `Ann <ann@example.com> ${START_SECONDS + mark} +0000`;
  const [from, ...merged] = parents;
  const bytes = Buffer.from(message);
  return Buffer.concat([
    Buffer.from(`commit refs/heads/${name}\nmark :${mark}\nauthor ${by}\ncommitter ${by}\ndata ${bytes.length}\n`),
    bytes,
    Buffer.from(`\n${from === undefined ? '' : `from ${from}\n`}${merged.map((each) => `merge ${each}\n`).join('')}`),
    filesText(files),
  ]);
}

const QUIET = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C', TZ: 'UTC' };

async function openBare({ run }: Machine, path: string): Promise<BareRepository> {
  await run('git', ['init', '--quiet', '--bare', '--template=', path], { env: QUIET });
  const git: BareRepository['git'] = (args, call = {}) =>
    run('git', [`--git-dir=${path}`, ...args], { ...call, env: { ...QUIET, ...call.env } });
  return {
    path,
    git,
    async head(branch) {
      // As git keeps a branch that has just moved, which is read without starting anything.
      const loose = (await readFile(join(path, 'refs/heads', branch), 'utf8').catch(() => '')).trim();
      if (/^[0-9a-f]{40}$/.test(loose)) return loose;
      const ids = await git(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]);
      return ids.toString().trim() || undefined;
    },
  };
}

/**
 * All branches by at most two imports: messages that name the commit with the change can be written only once it has an id, and
 * with them all that lies on them.
 */
export async function makeWorld(cases: readonly Case[], machine: Machine): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-corpus-'));
  const bare = await openBare(machine, join(folder, 'repo.git'));
  const marksFile = join(folder, 'marks');
  await writeFile(marksFile, '');
  const branches = cases.map((each, index) => ({ name: `case-${index}`, branch: branchOf(each), ids: [] as string[] }));
  const marks = new Map<string, number>();
  let count = 0;
  const idOf = new Map<number, string>();

  const importAll = async (isLater: boolean) => {
    const stream = branches.flatMap(({ name, branch }) => {
      const first = branch.commits.findIndex(({ message }) => typeof message === 'function');
      return branch.commits.flatMap(({ files, parents, message = 'Release' }, index) => {
        if ((first !== -1 && index >= first) !== isLater) return [];
        const mark = ++count;
        marks.set(`${name} ${index}`, mark);
        const culprit = idOf.get(marks.get(`${name} ${branch.culprit}`) ?? 0) ?? '';
        const text = typeof message === 'function' ? message(culprit) : message;
        const from = parents.map((each) => `:${marks.get(`${name} ${each}`)}`);
        return [commitText(name, { mark, message: text, parents: from, files })];
      });
    });
    if (stream.length === 0) return;
    const args = ['fast-import', '--quiet', '--force', `--import-marks=${marksFile}`, `--export-marks=${marksFile}`];
    await bare.git(args, { input: Buffer.concat(stream) });
    for (const line of (await readFile(marksFile, 'utf8')).split('\n').filter(Boolean)) {
      const [mark = '', id = ''] = line.split(' ');
      idOf.set(Number(mark.slice(1)), id);
    }
  };
  await importAll(false);
  await importAll(true);
  for (const { name, branch, ids } of branches) {
    ids.push(...branch.commits.map((_, index) => idOf.get(marks.get(`${name} ${index}`) ?? 0) ?? ''));
  }
  const commits = [...new Set(branches.flatMap(({ ids }) => ids))];
  const asked = Buffer.from(commits.map((id) => `${id}^{tree}\n`).join(''));
  const lines = (await bare.git(['cat-file', '--batch-check=%(objectname)'], { input: asked })).toString().split('\n');
  const trees = new Map(commits.map((id, index) => [id, lines[index] ?? '']));
  const treeOf = async (commit: string) => {
    const tree = trees.get(commit) ?? (await bare.git(['rev-parse', `${commit}^{tree}`])).toString().trim();
    trees.set(commit, tree);
    return tree;
  };
  const write: World['write'] = async (files, { branch, parent } = { branch: 'checks', parent: '' }) => {
    const parents = parent === '' ? [] : [parent];
    const text = commitText(branch, { mark: 1, message: 'For the checks', parents, files });
    const input = Buffer.concat([text, Buffer.from('get-mark :1\n')]);
    return (await bare.git(['fast-import', '--quiet', '--force'], { input })).toString().trim();
  };
  return { folder, bare, machine, branches, treeOf, write, close: () => rm(folder, { recursive: true, force: true }) };
}
