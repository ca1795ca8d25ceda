import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from '../../programs/starter.ts';

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
  /** A new branch begins at this commit, in one step with its first commit. Throws `HeadMoved` where the branch is there. */
  start?: string;
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

/** Of any call of git in the sandbox. */
export const LIMITS = { timeoutMilliseconds: 120_000, maxOutputBytes: 256 * 1024 * 1024 } as const;

async function run(searchPath: string, args: readonly string[], { input, env }: RunOptions = {}): Promise<Buffer> {
  const environment = { PATH: searchPath, ...QUIET_ENVIRONMENT, ...env };
  const call = { args, input, ...LIMITS, env: environment, cwd: process.cwd() };
  const { code, stdout, stderr, stopped } = await startChild('git', call);
  if (code === 0) return stdout;
  throw new Error(`git ${args.join(' ')}: ${stopped?.why ?? stderr.trim()}`);
}

const text = (output: Buffer) => output.toString('utf8').trim();

function identity(author: string): { name: string; email: string } {
  const match = /^(?<name>.*?)\s*<(?<email>[^>]*)>$/.exec(author);
  return { name: match?.groups?.name ?? author, email: match?.groups?.email ?? 'nobody@example.com' };
}

/** What git takes from its environment of who made a commit, and when. */
export function authorship({ author, time }: Pick<NewCommit, 'author' | 'time'>): Record<string, string> {
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

/** As fast-import reads a path: bytes as they are, but for what would end it. */
const quoted = (path: string) => `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

const data = (content: string | Buffer) => {
  const bytes = Buffer.from(content);
  return [Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')];
};

function fileCommand(path: string, content: NewContent): Buffer[] {
  if (content === null) return [Buffer.from(`D ${quoted(path)}\n`)];
  const file = typeof content === 'string' || Buffer.isBuffer(content) ? { content, mode: '100644' } : content;
  return [Buffer.from(`M ${file.mode} inline ${quoted(path)}\n`), ...data(file.content)];
}

/** One commit for fast-import, which makes all of it in one process and moves the branch forward only. */
function commitStream({ author, time, message, files }: NewCommit, branch: string, parent: string | undefined): Buffer {
  const { name, email } = identity(author);
  const by = `${name} <${email}> ${Math.floor(time / 1000)} +0000`;
  const head = `feature done\ncommit refs/heads/${branch}\nmark :1\nauthor ${by}\ncommitter ${by}\n`;
  return Buffer.concat([
    Buffer.from(head),
    ...data(message),
    Buffer.from(parent ? `from ${parent}\n` : ''),
    ...Object.entries(files).flatMap(([path, content]) => fileCommand(path, content)),
    Buffer.from('\nget-mark :1\ndone\n'),
  ]);
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

/** What serves clones as a host does. Nothing here must outlive a crash of the machine, so nothing waits for the disk. */
const SERVED = `[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[http]
\treceivepack = true
[fastimport]
	unpackLimit = 1
[gc]
\tauto = 0
[core]
\tfsync = none
`;

async function initialise(path: string, git: (args: readonly string[]) => Promise<Buffer>) {
  // Where whoever runs the server puts its rules.
  await mkdir(join(path, 'hooks'), { recursive: true });
  await git(['init', '--quiet', '--bare', '--initial-branch=main', '--template=', path]);
  await appendFile(join(path, 'config'), SERVED);
}

const OBJECT_ID = /^[0-9a-f]{40}$/;

/** Opens the bare repository at `path`, made first where there is none. `searchPath` says where git is, as PATH does. */
export async function openRepository(path: string, searchPath = ''): Promise<BareRepository> {
  const call = (args: readonly string[], options?: RunOptions) => run(searchPath, args, options);
  if (!existsSync(join(path, 'HEAD'))) await initialise(path, call);
  const git: BareRepository['git'] = (args, options) => call([`--git-dir=${path}`, ...args], options);

  const head = async (branch = 'main') => {
    const ref = `refs/heads/${branch}`;
    const loose = (await readFile(join(path, ref), 'utf8').catch(() => '')).trim();
    if (OBJECT_ID.test(loose)) return loose;
    return text(await git(['for-each-ref', '--format=%(objectname)', ref])) || undefined;
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
      const { branch = 'main', start } = commit;
      const parent = start === undefined ? commit.parent : null;
      const current = await head(branch);
      if (parent !== undefined && parent !== (current ?? null)) throw new HeadMoved(branch, String(parent));
      return git(['fast-import', '--quiet', '--done'], { input: commitStream(commit, branch, current ?? start) }).then(
        text,
        (error: Error) => {
          throw /Not updating|cannot lock ref/.test(error.message) ? new HeadMoved(branch, String(current)) : error;
        },
      );
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
