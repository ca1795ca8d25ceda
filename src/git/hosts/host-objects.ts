/** Branches, folders and files, as the APIs of several hosts show them. */
import { createHash } from 'node:crypto';
import { type Fields, fieldsOf, textOf } from '../../api/fields.ts';

export interface Branch {
  head: string;
  /** Of the commit at its head. */
  message: string;
  isProtected: boolean;
  mayPush: boolean;
}

/** `canPush`: what the host says of it; what says nothing may be. */
export function branchOf({ commit, protected: isProtected }: Fields, canPush: unknown): Branch {
  const { id, message } = fieldsOf(commit);
  return {
    head: textOf(id) ?? '',
    message: textOf(message) ?? '',
    isProtected: isProtected === true,
    mayPush: canPush !== false,
  };
}

/** The mode of a folder. */
export const TREE = '040000';

export interface Entry {
  mode: string;
  id: string;
}

type Folder<E> = Map<string, E>;

/**
 * Finds files of a commit, reading each folder on their ways once. `readFolder`: what lies in a folder that is there, by name;
 * the root has the path '' and no entry.
 */
export function openTree<E extends Pick<Entry, 'mode'> = Entry>(
  readFolder: (path: string, entry: E | undefined) => Promise<Folder<E>>,
) {
  const folders = new Map<string, Promise<Folder<E>>>();
  const read = async (path: string): Promise<Folder<E>> => {
    if (path === '') return readFolder(path, undefined);
    const entry = await find(path);
    return entry?.mode === TREE ? readFolder(path, entry) : new Map();
  };
  const find = async (path: string): Promise<E | undefined> => {
    const slash = path.lastIndexOf('/');
    const folder = path.slice(0, Math.max(slash, 0));
    const entries = folders.get(folder) ?? read(folder);
    folders.set(folder, entries);
    return (await entries).get(path.slice(slash + 1));
  };
  return find;
}

/** The id that Git gives to a file with this content. */
export function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
