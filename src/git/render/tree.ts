import type { Problem } from '../../errors.ts';
import { type Clone, isLfsPointer, SUBMODULE, SYMBOLIC_LINK, type TreeEntry } from '../clone.ts';
import { TooLong } from '../contents.ts';
import { LARGEST_FILE_BYTES, NOT_FOLLOWED } from '../manifests.ts';

const MOST_BYTES = 32 * 1024 * 1024;
/** As most file systems have it. */
const LONGEST_NAME = 255;

/** What a path of a repository is. */
export type Found =
  | { kind: 'file'; entry: TreeEntry }
  | { kind: 'folder' }
  /** It is there, and is not read. */
  | { kind: 'refused'; why: string }
  | { kind: 'nothing' };

/** One tree of a repository, listed folder by folder, as it is asked for. */
export interface RepositoryTree {
  /** All files below a folder, in the order of their paths; '' for the root. */
  list(folder: string): Promise<readonly TreeEntry[]>;
  find(path: string): Promise<Found>;
}

/** A file that can be written below a folder without leaving it, under the same name on every system. */
function isPlainName(part: string): boolean {
  if (part.length > LONGEST_NAME) return false;
  const bare = part.toLowerCase().replace(/[. ]+$/, '');
  return bare !== '' && bare !== '.git' && bare !== 'git~1' && ![...part].some((each) => each < ' ' || each === '\\');
}

export function refusalOf({ mode, path }: TreeEntry): string | undefined {
  if (mode === SYMBOLIC_LINK || mode === SUBMODULE) return NOT_FOLLOWED;
  return path.split('/').every(isPlainName) ? undefined : 'has a name that is not written to a disk';
}

/** Whether `path` is `folder` or lies below it; all lies below the root, ''. */
export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

function ancestorsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'));
}

/** The files below one folder, to be looked up by path. */
interface Listing {
  entries: readonly TreeEntry[];
  files: ReadonlyMap<string, TreeEntry>;
  folders: ReadonlySet<string>;
}

function listingOf(entries: readonly TreeEntry[]): Listing {
  const files = new Map(entries.map((entry) => [entry.path, entry]));
  return { entries, files, folders: new Set(entries.flatMap(({ path }) => ancestorsOf(path))) };
}

function findIn({ files, folders }: Listing, path: string): Found {
  if (folders.has(path)) return { kind: 'folder' };
  const entry = files.get(path);
  const why = entry && refusalOf(entry);
  if (why !== undefined) return { kind: 'refused', why };
  if (entry) return { kind: 'file', entry };
  // A symbolic link or a submodule on the way.
  const link = ancestorsOf(path).flatMap((above) => files.get(above) ?? [])[0];
  const linked = link && refusalOf(link);
  return linked === undefined
    ? { kind: 'nothing' }
    : { kind: 'refused', why: `lies behind ${link?.path}, which ${linked}` };
}

/** `files` are those below `folder`, where they are known already. */
export function openTree(
  clone: Pick<Clone, 'files'>,
  { tree, folder, files }: { tree: string; folder: string; files: readonly TreeEntry[] },
): RepositoryTree {
  const listed = new Map([[folder, listingOf(files)]]);

  const listing = async (path: string): Promise<Listing> => {
    const above = [path, ...ancestorsOf(path), ''].flatMap((each) => listed.get(each) ?? [])[0];
    const own = listed.get(path);
    if (own) return own;
    const entries = above ? above.entries.filter((entry) => isBelow(entry.path, path)) : await clone.files(tree, path);
    const found = listingOf(entries);
    listed.set(path, found);
    return found;
  };
  /** The nearest listing that may hold the path, so that not every file is listed by itself. */
  const around = async (path: string): Promise<Listing> =>
    ancestorsOf(path).flatMap((each) => listed.get(each) ?? [])[0] ?? listed.get('') ?? listing(path);

  return {
    list: async (path) => (await listing(path)).entries,
    async find(path) {
      if (path === '') return { kind: 'folder' };
      const found = findIn(await around(path), path);
      if (found.kind !== 'nothing') return found;
      for (const above of ancestorsOf(path)) {
        const there = await listing(above);
        if (there.entries.length > 0) return findIn(there, path);
      }
      return found;
    },
  };
}

/** Contents by path; what is too long or kept elsewhere is a problem. */
export async function readContents(
  clone: Pick<Clone, 'read'>,
  entries: readonly TreeEntry[],
): Promise<{ contents: Map<string, Buffer>; problems: Problem[] }> {
  const ids = entries.map(({ id }) => id);
  const found = await clone.read(ids, LARGEST_FILE_BYTES, MOST_BYTES).catch((error: unknown) => {
    if (error instanceof TooLong) return error;
    throw error;
  });
  const contents = new Map<string, Buffer>();
  if (found instanceof TooLong) return { contents, problems: tooLong(entries, found) };
  const problems: Problem[] = [];
  for (const { id, path } of entries) {
    const content = found.get(id) ?? Buffer.alloc(0);
    const message = 'is kept in Git LFS, which is not read. Commit the file itself';
    if (isLfsPointer(content)) problems.push({ path, message });
    contents.set(path, content);
  }
  return { contents, problems };
}

function tooLong(entries: readonly TreeEntry[], { ids }: TooLong): Problem[] {
  const message = `is longer than ${LARGEST_FILE_BYTES} bytes, the most that is read of a file`;
  if (ids.length > 0) return entries.filter(({ id }) => ids.includes(id)).map(({ path }) => ({ path, message }));
  const others = `and the ${entries.length - 1} other files of the app are longer than ${MOST_BYTES} bytes together, the most that is rendered`;
  return [{ path: entries[0]?.path ?? '', message: others }];
}
