import { authorOf, type CommitRequest, type FileChange } from './hosts/host.ts';
import type { Repository } from './repository.ts';
import { type NewEntry, writeBlob, writeTree } from './write-tree.ts';

/** Of each file in its turn: the clone is written to by one process at a time. */
async function entriesOf(repository: Repository, changes: readonly FileChange[]): Promise<NewEntry[]> {
  const entries: NewEntry[] = [];
  for (const { path, content, mode } of changes) {
    entries.push(content === undefined ? { path } : { path, mode, id: await writeBlob(repository, content) });
  }
  return entries;
}

/** Writes the commit to the clone; undefined where the expected head holds all of it already. */
export async function writeCommit(
  repository: Repository,
  request: CommitRequest,
  milliseconds: number,
): Promise<string | undefined> {
  const entries = await entriesOf(repository, request.changes);
  const tree = await writeTree(repository, request.expectedHead, entries);
  const before = await repository.text(['rev-parse', '--verify', '--end-of-options', `${request.expectedHead}^{tree}`]);
  if (tree === before.trim()) return undefined;
  const date = `@${Math.floor(milliseconds / 1000)} +0000`;
  const author = authorOf(request);
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: date,
  };
  const args = ['commit-tree', tree, '-p', request.expectedHead];
  return (await repository.text(args, { input: request.message, env })).trim();
}
