import { type Git, type GitCall, GitError, type GitResult, isObjectId, mergedCall } from './process.ts';

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
  /** Seconds since the epoch. */
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
}

/** What can be read of a repository without asking its host. Every commit is named by its whole id. */
export interface Clone {
  readonly branch: string;
  /** Calls git on the clone, with the credentials it was opened with. */
  git(args: readonly string[], call?: GitCall): Promise<GitResult>;
  text(args: readonly string[], call?: GitCall): Promise<string>;
  /** Undefined where there is no such commit. */
  commit(id: string): Promise<Commit | undefined>;
  /** Along the first parents, newest first. */
  log(query: LogQuery): Promise<Commit[]>;
  /** The files of a commit or tree at or below a path, or one of them, in the order of their paths. '' for all. */
  files(tree: string, path: string | readonly string[]): Promise<TreeEntry[]>;
  /** Contents by id. Throws `TooLong` where one is longer than `maxBytes`, or all together than `maxTotalBytes`. */
  read(ids: readonly string[], maxBytes: number, maxTotalBytes?: number): Promise<Map<string, Buffer>>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
}

/** Contents that are not read, because they are too long. */
export class TooLong extends GitError {
  /** Those that are too long by themselves; none where it is all of them together. */
  readonly ids: readonly string[];

  constructor(message: string, ids: readonly string[]) {
    super(message);
    this.name = 'TooLong';
    this.ids = ids;
  }
}

const COMMIT_FORMAT = 'tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%B%x00';
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

/** The answer of `cat-file --batch`: per object a line `<id> <type> <size>`, the content and a line break. */
function parseBatch(output: Buffer): Map<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf(0x0a, at);
    const [id = '', type, size] = output.toString('utf8', at, lineEnd).split(' ');
    if (type === 'missing' || size === undefined) throw new GitError(`object ${id} is missing`);
    const start = lineEnd + 1;
    contents.set(id, output.subarray(start, start + Number(size)));
    at = start + Number(size) + 1;
  }
  return contents;
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
}

export function openClone({ git, gitDir, branch, call: carried, prefetch }: CloneOptions): Clone {
  // Paths come from outside: never patterns.
  const always = { gitDir, env: { GIT_LITERAL_PATHSPECS: '1' } };
  const merged = (call: GitCall = {}): GitCall => ({ ...mergedCall(mergedCall(always, carried()), call), gitDir });
  const run: Clone['git'] = (args, call) => git.run(args, merged(call));
  const text: Clone['text'] = (args, call) => git.text(args, merged(call));

  const sizes = async (ids: readonly string[]): Promise<number[]> => {
    const lines = (await text(['cat-file', '--batch-check=%(objectsize)'], { input: ids.join('\n') })).split('\n');
    return ids.map((id, index) => {
      const size = Number(lines[index]);
      if (Number.isNaN(size)) throw new GitError(`object ${id} is missing`);
      return size;
    });
  };
  return {
    branch,
    git: run,
    text,
    async commit(id) {
      const commit = `${checkId(id)}^{commit}`;
      const { code, stdout } = await run(['log', '-1', `--format=${COMMIT_FORMAT}`, '--end-of-options', commit]);
      return code === 0 ? parseCommits(stdout.toString('utf8'))[0] : undefined;
    },
    async log({ from, to, path, limit }) {
      const range = from === undefined ? checkId(to) : `${checkId(from)}..${checkId(to)}`;
      const args = [
        'log',
        '--first-parent',
        `--max-count=${limit}`,
        `--format=${COMMIT_FORMAT}`,
        '--end-of-options',
        range,
      ];
      const paths = typeof path === 'string' ? [path] : path;
      return parseCommits(await text(paths.includes('') ? args : [...args, '--', ...paths]));
    },
    async files(tree, path) {
      const args = ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', checkId(tree)];
      const paths = [path].flat();
      return parseTree(await text(paths.includes('') ? args : [...args, ...paths]));
    },
    async read(ids, maxBytes, maxTotalBytes = Number.POSITIVE_INFINITY) {
      const wanted = [...new Set(ids.map(checkId))];
      if (wanted.length === 0) return new Map();
      await prefetch?.(wanted);
      const lengths = await sizes(wanted);
      const tooLong = wanted.filter((_, index) => (lengths[index] ?? 0) > maxBytes);
      if (tooLong.length > 0) throw new TooLong(`object ${tooLong[0]} is longer than ${maxBytes} bytes`, tooLong);
      const total = lengths.reduce((sum, length) => sum + length, 0);
      if (total > maxTotalBytes)
        throw new TooLong(`${wanted.length} objects are longer than ${maxTotalBytes} bytes`, []);
      const maxOutputBytes = total + wanted.length * 100;
      const { stdout } = await run(['cat-file', '--batch'], { input: wanted.join('\n'), maxOutputBytes });
      return parseBatch(stdout);
    },
    async isAncestor(ancestor, descendant) {
      const args = ['merge-base', '--is-ancestor', '--end-of-options', checkId(ancestor), checkId(descendant)];
      return (await run(args)).code === 0;
    },
  };
}
