import { join } from 'node:path';
import type { Clone, TreeEntry } from './clone.ts';
import { inScratchFolder } from './scratch.ts';

/** An entry of a tree to be written; without mode and id, the path is gone from it. */
export type NewEntry = TreeEntry | Pick<TreeEntry, 'path'>;

const GONE = `0 ${'0'.repeat(40)}`;

/** Puts a file into the clone, and answers its id. */
export async function writeBlob(clone: Pick<Clone, 'text'>, content: string | Buffer): Promise<string> {
  return (await clone.text(['hash-object', '-w', '--stdin'], { input: content })).trim();
}

/** A commit's tree with other entries. Only the clone is written to, by an index of its own, and contents may be missing in it. */
export async function writeTree(clone: Pick<Clone, 'text'>, commit: string, entries: readonly NewEntry[]) {
  const lines = entries.map((entry) => `${'id' in entry ? `${entry.mode} ${entry.id}` : GONE}\t${entry.path}\0`);
  return inScratchFolder('index', async (folder) => {
    const env = { GIT_INDEX_FILE: join(folder, 'index') };
    await clone.text(['read-tree', '--end-of-options', commit], { env });
    await clone.text(['update-index', '-z', '--index-info'], { env, input: lines.join('') });
    return (await clone.text(['write-tree', '--missing-ok'], { env })).trim();
  });
}
