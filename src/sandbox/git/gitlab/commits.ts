import { HeadMoved, type NewContent } from '../repository.ts';
import type { HostedRepository } from '../world.ts';

/** One of the changes that a commit by GitLab's API consists of. */
interface Action {
  action: 'create' | 'update' | 'delete' | 'chmod';
  file_path: string;
  content?: string;
  encoding?: 'text' | 'base64';
  last_commit_id?: string;
  execute_filemode?: boolean;
}

export interface CommitBody {
  branch?: string;
  commit_message?: string;
  actions?: Action[];
  start_sha?: string;
  author_name?: string;
  author_email?: string;
}

/** What GitLab says, with 400, to what it could not commit. */
export class CommitRefused extends Error {}

type Mode = '100644' | '100755' | '120000';
interface File {
  mode: Mode;
  content: Buffer;
}

/** The last commit that changed the path, as seen from `ref`; undefined where none did. */
export async function lastChange({ bare }: HostedRepository, ref: string, path: string): Promise<string | undefined> {
  const found = await bare.git(['log', '-1', '--format=%H', ref, '--', `:(literal)${path}`]).catch(() => '');
  return found.toString().trim() || undefined;
}

async function modesOf({ bare }: HostedRepository, commit: string): Promise<Map<string, Mode>> {
  const listed = (await bare.git(['ls-tree', '-r', '-z', commit])).toString('utf8').split('\0').filter(Boolean);
  return new Map(listed.map((line) => [line.slice(line.indexOf('\t') + 1), line.slice(0, 6) as Mode]));
}

/** As GitLab does: a file is taken to have changed only where both the branch and the named commit know it. */
async function checkUnchanged(hosted: HostedRepository, start: string, { action, file_path, last_commit_id }: Action) {
  if (action === 'create' || !last_commit_id) return;
  const now = await lastChange(hosted, start, file_path);
  const known = await lastChange(hosted, last_commit_id, file_path);
  if (now && known && now !== known) {
    throw new CommitRefused(`The file has changed since you started editing it: ${file_path}`);
  }
}

function applied(there: File | undefined, { action, content = '', encoding, execute_filemode }: Action): File | null {
  if (action === 'create' && there) throw new CommitRefused('A file with this name already exists');
  if (action !== 'create' && !there) throw new CommitRefused("A file with this name doesn't exist");
  const bytes = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
  const now = there ?? { mode: '100644', content: bytes };
  switch (action) {
    case 'delete':
      return null;
    case 'chmod':
      return { ...now, mode: execute_filemode ? '100755' : '100644' };
    default:
      return { ...now, content: bytes };
  }
}

async function changed(hosted: HostedRepository, head: string, actions: readonly Action[]) {
  const modes = await modesOf(hosted, head);
  const files = new Map<string, File | null>();
  for (const each of actions) {
    const path = each.file_path;
    const mode = modes.get(path);
    const before = mode && { mode, content: (await hosted.bare.read(head, path)) ?? Buffer.alloc(0) };
    files.set(path, applied((files.has(path) ? files.get(path) : before) ?? undefined, each));
  }
  return Object.fromEntries(files) as Record<string, NewContent>;
}

/** The commit on which the new one is to lie. */
async function startOf({ bare }: HostedRepository, { branch, start_sha }: CommitBody): Promise<string> {
  const head = await bare.head(branch);
  if (!start_sha) {
    if (head) return head;
    throw new CommitRefused('You can only create or edit files when you are on a branch');
  }
  if (head) {
    const words = `A branch called '${branch}' already exists. Switch to that branch in order to make changes`;
    throw new CommitRefused(words);
  }
  const isKnown = await bare.git(['cat-file', '-e', `${start_sha}^{commit}`]).then(
    () => true,
    () => false,
  );
  if (isKnown) return start_sha;
  throw new CommitRefused(`Cannot find start_sha '${start_sha}'`);
}

/** Makes one commit of all actions, in their order; answers its id. Throws `CommitRefused`. */
export async function commitActions(hosted: HostedRepository, body: CommitBody, time: number): Promise<string> {
  const { branch = '', actions = [], commit_message: message = '', start_sha } = body;
  const start = await startOf(hosted, body);
  // For a new branch, GitLab looks at the default one.
  for (const each of actions) await checkUnchanged(hosted, start_sha ? 'HEAD' : start, each);
  const files = await changed(hosted, start, actions);
  const moved = `Could not update refs/heads/${branch}. Please refresh and try again.`;
  const author = `${body.author_name ?? 'GitLab'} <${body.author_email ?? 'noreply@example.com'}>`;
  const place = start_sha ? { start } : { parent: start };
  return hosted.bare.commit({ branch, ...place, author, message, time, files }).catch((error) => {
    throw error instanceof HeadMoved ? new CommitRefused(moved) : error;
  });
}
