import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository } from '../../repository.ts';
import { AUTHOR, type CommitRequest, type FileChange } from '../host.ts';

const NOWHERE = '0'.repeat(40);

async function indexLine(repository: Repository, { path, content, mode }: FileChange): Promise<string> {
  if (content === undefined) return `0 ${NOWHERE}\t${path}\0`;
  const id = (await repository.text(['hash-object', '-w', '--stdin'], { input: content })).trim();
  return `${mode} ${id}\t${path}\0`;
}

async function writeTree(repository: Repository, head: string, changes: readonly FileChange[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await repository.text(['read-tree', '--end-of-options', head], { env });
    const lines: string[] = [];
    for (const change of changes) lines.push(await indexLine(repository, change));
    await repository.text(['update-index', '-z', '--index-info'], { env, input: lines.join('') });
    return (await repository.text(['write-tree', '--missing-ok'], { env })).trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the commit to the clone; undefined where the expected head holds all of it already. */
export async function writeCommit(
  repository: Repository,
  request: CommitRequest,
  milliseconds: number,
): Promise<string | undefined> {
  const tree = await writeTree(repository, request.expectedHead, request.changes);
  const before = await repository.text(['rev-parse', '--verify', '--end-of-options', `${request.expectedHead}^{tree}`]);
  if (tree === before.trim()) return undefined;
  const date = `@${Math.floor(milliseconds / 1000)} +0000`;
  const env = {
    GIT_AUTHOR_NAME: AUTHOR.name,
    GIT_AUTHOR_EMAIL: AUTHOR.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: AUTHOR.name,
    GIT_COMMITTER_EMAIL: AUTHOR.email,
    GIT_COMMITTER_DATE: date,
  };
  const args = ['commit-tree', tree, '-p', request.expectedHead];
  return (await repository.text(args, { input: request.message, env })).trim();
}
