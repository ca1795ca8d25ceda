import { createContentReader, type ReadContents } from './contents.ts';
import type { ObjectMemory } from './object-memory.ts';
import { type Git, type GitCall, GitError, type GitResult, isObjectId, mergedCall, textOf } from './process.ts';

const NUL = '\0';
/** Modes of a tree's entries that are no files of the app. */
export const SYMBOLIC_LINK = '120000';
export const SUBMODULE = '160000';
const LFS_POINTER = Buffer.from('version https://git-lfs.github.com/spec/');

/** Whether a file only says where Git LFS keeps its content. */
export function isLfsPointer(content: Buffer | undefined): boolean {
  return content?.subarray(0, LFS_POINTER.length).equals(LFS_POINTER) === true;
}

export interface Commit {
  /** 40 hex digits. */
  id: string;
  parents: string[];
  authorName: string;
  authorEmail: string;
  /** When it was committed, which may be later than when it was written; seconds since the epoch. */
  time: number;
  /** The whole message. */
  message: string;
}

export interface TreeEntry {
  /** `100644`, `100755`, `120000` (symbolic link), `160000` (submodule). */
  mode: string;
  /** The blob's id. */
  id: string;
  /** From the repository's root. */
  path: string;
}

export interface LogQuery {
  /** Excluded, with all that it can be reached from. */
  from?: string;
  to: string;
  /** Only commits that changed something at or below it, or one of them; '' for all. */
  path: string | readonly string[];
  limit: number;
  /** Also what merges have brought in: all commits between, and not the branch's own line alone. */
  alsoMerged?: true;
  /** Only commits whose message holds one of these texts. */
  saying?: readonly string[];
}

/** What can be read of a repository without asking its host. Every commit is named by its whole id. */
export interface Clone {
  readonly branch: string;
  /** Calls git on the clone, with the credentials it was opened with. */
  git(args: readonly string[], call?: GitCall): Promise<GitResult>;
  text(args: readonly string[], call?: GitCall): Promise<string>;
  /** The answer to a call that hangs on nothing but objects, each named by its whole id. Git is asked once. */
  textOfObjects(args: readonly string[]): Promise<string>;
  /** Undefined where there is no such commit. */
  commit(id: string): Promise<Commit | undefined>;
  /** Newest first; along the first parents, unless it is asked for what was merged too. */
  log(query: LogQuery): Promise<Commit[]>;
  /** The files of a commit or tree at or below a path, or one of them, in the order of their paths. '' for all. */
  files(tree: string, path: string | readonly string[]): Promise<TreeEntry[]>;
  read: ReadContents;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
}

const COMMIT_FORMAT = 'tformat:%H%x00%P%x00%an%x00%ae%x00%ct%x00%B%x00';
const COMMIT_FIELDS = 6;

function parseCommits(text: string): Commit[] {
  const fields = text.split(NUL);
  const commits: Commit[] = [];
  for (let at = 0; at + COMMIT_FIELDS <= fields.length; at += COMMIT_FIELDS) {
    const [id = '', parents = '', authorName = '', authorEmail = '', time = '', message = ''] = fields.slice(at);
    commits.push({
      id: id.trim(),
      parents: parents.split(' ').filter(Boolean),
      authorName,
      authorEmail,
      time: Number(time),
      message: message.trimEnd(),
    });
  }
  return commits;
}

function parseTree(text: string): TreeEntry[] {
  const entries = text.split(NUL).filter(Boolean);
  return entries.map((entry) => {
    const tab = entry.indexOf('\t');
    const [mode = '', , id = ''] = entry.slice(0, tab).split(' ');
    return { mode, id, path: entry.slice(tab + 1) };
  });
}

function checkId(id: string): string {
  if (!isObjectId(id)) throw new GitError(`${JSON.stringify(id.slice(0, 80))} is not the whole id of a commit`);
  return id;
}

export interface CloneOptions {
  git: Git;
  gitDir: string;
  branch: string;
  /** What every call carries: configuration with credentials, and the secrets to keep out of errors. */
  call(): GitCall;
  /** Brings in contents that a partial clone does not hold yet. */
  prefetch?: (ids: readonly string[]) => Promise<void>;
  /** Left out: git is asked each time. */
  memory?: ObjectMemory;
}

const NO_MEMORY: ObjectMemory = { get: () => undefined, set: () => {} };

export function openClone({ git, gitDir, branch, call: carried, prefetch, memory = NO_MEMORY }: CloneOptions): Clone {
  // Paths come from outside: never patterns.
  const always = { gitDir, env: { GIT_LITERAL_PATHSPECS: '1' } };
  const merged = (call: GitCall = {}): GitCall => ({ ...mergedCall(mergedCall(always, carried()), call), gitDir });
  const run: Clone['git'] = (args, call) => git.run(args, merged(call));
  const text: Clone['text'] = (args, call) => git.text(args, merged(call));

  /** Only what went well is remembered: what is not there may come. */
  const askOfObjects = async (args: readonly string[]): Promise<GitResult> => {
    const key = args.join(NUL);
    const known = memory.get(key);
    if (known) return { code: 0, stdout: known, stderr: '' };
    const result = await run(args);
    if (result.code === 0) memory.set(key, result.stdout);
    return result;
  };
  const textOfObjects: Clone['textOfObjects'] = async (args) => textOf(args, await askOfObjects(args));

  const read = createContentReader({ git: run, prefetch, memory });

  return {
    branch,
    git: run,
    text,
    textOfObjects,
    async commit(id) {
      const commit = `${checkId(id)}^{commit}`;
      const args = ['log', '-1', `--format=${COMMIT_FORMAT}`, '--end-of-options', commit];
      const { code, stdout } = await askOfObjects(args);
      return code === 0 ? parseCommits(stdout.toString('utf8'))[0] : undefined;
    },
    async log({ from, to, path, limit, alsoMerged, saying = [] }) {
      const range = from === undefined ? checkId(to) : `${checkId(from)}..${checkId(to)}`;
      const args = [
        'log',
        // All of them: a merge must not hide what one of its sides says.
        alsoMerged ? '--full-history' : '--first-parent',
        ...(saying.length > 0 ? ['--fixed-strings', ...saying.map((text) => `--grep=${text}`)] : []),
        `--max-count=${limit}`,
        `--format=${COMMIT_FORMAT}`,
        '--end-of-options',
        range,
      ];
      const paths = typeof path === 'string' ? [path] : path;
      return parseCommits(await textOfObjects(paths.includes('') ? args : [...args, '--', ...paths]));
    },
    async files(tree, path) {
      const args = ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', checkId(tree)];
      const paths = [path].flat();
      return parseTree(await textOfObjects(paths.includes('') ? args : [...args, ...paths]));
    },
    read: (ids, ...limits) => read(ids.map(checkId), ...limits),
    async isAncestor(ancestor, descendant) {
      const args = ['merge-base', '--is-ancestor', '--end-of-options', checkId(ancestor), checkId(descendant)];
      return (await askOfObjects(args)).code === 0;
    },
  };
}
