import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The whole new content of a file, or null where the commit deletes it. */
export type NewContent = string | Buffer | null | { content: string | Buffer; mode: '100644' | '100755' | '120000' };

export interface NewCommit {
  /** Default: main. */
  branch?: string;
  /** `Name <address>`. */
  author: string;
  message: string;
  /** Milliseconds since the epoch. */
  time: number;
  /** By path; files that are not named stay as they are. */
  files: Record<string, NewContent>;
  /** The head must be this commit; `null`: the branch must not be there yet. Left out: whatever the head is. */
  parent?: string | null;
}

/** What a host does with a pull request. */
export interface NewMerge {
  /** A branch. */
  into: string;
  /** The commit that is merged. */
  head: string;
  /** Whether the new commit names `head` as its second parent. */
  keepsParent: boolean;
  /** `Name <address>`. */
  author: string;
  message: string;
  /** Milliseconds since the epoch. */
  time: number;
}

export interface LoggedCommit {
  id: string;
  author: string;
  /** Milliseconds since the epoch. */
  time: number;
  message: string;
}

/** A bare repository on disk, as people and programs use it: by the git program itself. */
export interface BareRepository {
  readonly path: string;
  /** Where the git program is found, as in PATH. */
  readonly searchPath: string;
  head(branch?: string): Promise<string | undefined>;
  /** Adds a commit on top of the branch; answers its id. Throws `HeadMoved` where the head is not the named parent. */
  commit(commit: NewCommit): Promise<string>;
  /** The tree of both commits merged; undefined where they conflict. */
  mergedTree(one: string, other: string): Promise<string | undefined>;
  /** Merges a commit into a branch; answers the new commit, undefined where they conflict. Throws `HeadMoved`. */
  merge(merge: NewMerge): Promise<string | undefined>;
  /** First parents, newest first. */
  log(branch?: string): Promise<LoggedCommit[]>;
  /** Undefined where the commit has no such file. */
  read(commit: string, path: string): Promise<Buffer | undefined>;
  git(args: readonly string[], options?: RunOptions): Promise<Buffer>;
}

export interface RunOptions {
  input?: string | Buffer;
  env?: Record<string, string>;
}

export class HeadMoved extends Error {
  constructor(branch: string, expected: string) {
    super(`Expected branch to point to "${expected}" but it did not: ${branch} has moved.`);
    this.name = 'HeadMoved';
  }
}

const QUIET_ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  LC_ALL: 'C',
  TZ: 'UTC',
};

function run(searchPath: string, args: readonly string[], { input, env }: RunOptions = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const environment = { PATH: searchPath, ...QUIET_ENVIRONMENT, ...env };
    const options = { env: environment, encoding: 'buffer' as const, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile('git', args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`git ${args.join(' ')}: ${stderr.toString('utf8').trim()}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

const text = (output: Buffer) => output.toString('utf8').trim();

function identity(author: string): { name: string; email: string } {
  const match = /^(?<name>.*?)\s*<(?<email>[^>]*)>$/.exec(author);
  return { name: match?.groups?.name ?? author, email: match?.groups?.email ?? 'nobody@example.com' };
}

function authorship({ author, time }: Pick<NewCommit, 'author' | 'time'>): Record<string, string> {
  const { name, email } = identity(author);
  const date = `@${Math.floor(time / 1000)} +0000`;
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
}

async function indexLine(git: BareRepository['git'], path: string, content: NewContent): Promise<string> {
  if (content === null) return `0 ${'0'.repeat(40)}\t${path}\0`;
  const file = typeof content === 'string' || Buffer.isBuffer(content) ? { content, mode: '100644' } : content;
  const id = text(await git(['hash-object', '-w', '--stdin'], { input: file.content }));
  return `${file.mode} ${id}\t${path}\0`;
}

async function writeTree(git: BareRepository['git'], parent: string | undefined, files: NewCommit['files']) {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await git(parent ? ['read-tree', parent] : ['read-tree', '--empty'], { env });
    const lines: string[] = [];
    for (const [path, content] of Object.entries(files)) lines.push(await indexLine(git, path, content));
    await git(['update-index', '-z', '--index-info'], { env, input: lines.join('') });
    return text(await git(['write-tree'], { env }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseLog(output: Buffer): LoggedCommit[] {
  const fields = output.toString('utf8').split('\0');
  const commits: LoggedCommit[] = [];
  for (let at = 0; at + 4 <= fields.length; at += 4) {
    const [id = '', author = '', time = '', message = ''] = fields.slice(at, at + 4);
    commits.push({ id: id.trim(), author, time: Number(time) * 1000, message: message.trimEnd() });
  }
  return commits;
}

/** Opens the bare repository at `path`, made first where there is none. `searchPath` says where git is, as PATH does. */
export async function openRepository(path: string, searchPath = ''): Promise<BareRepository> {
  const call = (args: readonly string[], options?: RunOptions) => run(searchPath, args, options);
  await mkdir(path, { recursive: true });
  await call(['init', '--quiet', '--bare', '--initial-branch=main', path]);
  for (const [key, value] of [
    ['uploadpack.allowFilter', 'true'],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['http.receivepack', 'true'],
    ['gc.auto', '0'],
  ]) {
    await call([`--git-dir=${path}`, 'config', key as string, value as string]);
  }
  const git: BareRepository['git'] = (args, options) => call([`--git-dir=${path}`, ...args], options);

  const head = async (branch = 'main') => {
    const found = await git(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]);
    return text(found) || undefined;
  };
  const mergedTree = (one: string, other: string) =>
    git(['merge-tree', '--write-tree', one, other]).then(text, () => undefined);
  const move = (branch: string, id: string, from: string | undefined) =>
    git(['update-ref', `refs/heads/${branch}`, id, from ?? '0'.repeat(40)]).catch(() => {
      throw new HeadMoved(branch, String(from));
    });
  return {
    path,
    searchPath,
    git,
    head,
    mergedTree,
    async merge({ into, head: other, keepsParent, message, ...by }) {
      const current = await head(into);
      const tree = current && (await mergedTree(current, other));
      if (!tree) return undefined;
      const parents = ['-p', current, ...(keepsParent ? ['-p', other] : [])];
      const id = text(await git(['commit-tree', tree, ...parents], { input: message, env: authorship(by) }));
      await move(into, id, current);
      return id;
    },
    async commit(commit) {
      const { branch = 'main', files, message, parent } = commit;
      const current = await head(branch);
      if (parent !== undefined && parent !== (current ?? null)) throw new HeadMoved(branch, String(parent));
      const tree = await writeTree(git, current, files);
      const parents = current ? ['-p', current] : [];
      const id = text(await git(['commit-tree', tree, ...parents], { input: message, env: authorship(commit) }));
      await move(branch, id, current);
      return id;
    },
    async log(branch = 'main') {
      if (!(await head(branch))) return [];
      const format = '--format=tformat:%H%x00%an <%ae>%x00%at%x00%B%x00';
      return parseLog(await git(['log', '--first-parent', format, `refs/heads/${branch}`, '--']));
    },
    async read(commit, file) {
      return git(['cat-file', 'blob', `${commit}:${file}`]).catch(() => undefined);
    },
  };
}
