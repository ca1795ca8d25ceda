/** Which kustomizations of a repository are made of a file: found by their texts, without rendering any. */
import { posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clone, TreeEntry } from '../clone.ts';
import { decodeText } from '../manifests.ts';
import { resolveBelow } from './graph.ts';
import { isInline, KUSTOMIZATION_FILES, type Reference, readKustomization } from './kustomization.ts';
import { isBelow, readContents } from './tree.ts';

/** Of one repository. */
export const MOST_KUSTOMIZATIONS = 2_000;
const PARSED_AT_ONCE = 50;

/** What one kustomization names, as far as that can be told; the paths are from the root of the repository. */
interface Named {
  /** Files and folders. */
  paths: ReadonlySet<string>;
  /** It may read any file below its folder: it cannot be parsed, or hands files on to generators or transformers. */
  isVague: boolean;
}

/** A folder's kustomization. */
interface Kustomization {
  folder: string;
  file: string;
  text: string;
}

export interface Users {
  /** The folders whose kustomizations are made of one of the files, and are no part of another. */
  tops: string[];
  /** All of them, those that are a part of another too. */
  folders: ReadonlySet<string>;
}

function pathsOf(folder: string, { kind, text }: Reference): string[] {
  const named = kind === 'source' ? text.slice(text.indexOf('=') + 1) : text;
  if (kind === 'patch' && isInline(named)) return [];
  const path = resolveBelow(folder, named);
  return path === undefined ? [] : [path];
}

function namedBy({ folder, file, text }: Kustomization): Named {
  const { references, problems } = readKustomization(file, text);
  const paths = new Set(references.flatMap((reference) => pathsOf(folder, reference)));
  return { paths, isVague: problems.length > 0 || references.some(({ kind }) => kind === 'plugin') };
}

/** Kustomize lets a kustomization read files below its own folder alone; whatever else it is made of are kustomizations. */
function reads(each: Kustomization, files: readonly string[]): boolean {
  const inside = files.filter((file) => isBelow(file, each.folder));
  if (inside.length === 0) return false;
  if (inside.includes(each.file)) return true;
  const { paths, isVague } = namedBy(each);
  return isVague || inside.some((file) => paths.has(file));
}

/** A component changes others, and is nothing by itself. */
function isComponent({ text }: Kustomization): boolean {
  return /^kind:\s*["']?Component\b/m.test(text);
}

/** Whether a text can name the folder: whoever names it writes its last segment, but for what only a parser reads. */
function maySpell({ text }: Kustomization, folder: string): boolean {
  return text.includes(posix.basename(folder)) || text.includes('\\');
}

async function readAll(clone: Clone, entries: readonly TreeEntry[]): Promise<Kustomization[] | undefined> {
  const { contents, problems } = await readContents(clone, entries);
  if (problems.length > 0) return undefined;
  return entries.map(({ path }) => {
    const folder = posix.dirname(path);
    const text = decodeText(contents.get(path) ?? Buffer.alloc(0)) ?? '\\';
    return { folder: folder === '.' ? '' : folder, file: path, text };
  });
}

/** The kustomizations that lead to those folders, step by step, each with whether another one names it. */
async function climb(all: readonly Kustomization[], direct: readonly Kustomization[]) {
  const found = new Set(direct);
  const isNamed = new Set<Kustomization>();
  const known = new Map<Kustomization, Named>();
  let parsed = 0;
  const names = async (each: Kustomization, folder: string): Promise<boolean> => {
    if (!maySpell(each, folder)) return false;
    const named = known.get(each) ?? namedBy(each);
    if (!known.has(each)) parsed += 1;
    known.set(each, named);
    if (parsed % PARSED_AT_ONCE === 0) await setImmediate();
    return named.paths.has(folder);
  };
  // A set is gone through to its end while it grows.
  for (const part of found) {
    for (const each of all) {
      if (each.folder === part.folder || !(await names(each, part.folder))) continue;
      isNamed.add(part);
      found.add(each);
    }
  }
  return { found, isNamed };
}

/** Undefined where the repository holds more than is looked through. */
export async function kustomizationsOf(
  clone: Clone,
  tree: string,
  files: readonly string[],
): Promise<Users | undefined> {
  const above = KUSTOMIZATION_FILES.flatMap((name) => foldersAbove(files).map((folder) => posix.join(folder, name)));
  const near = (await clone.files(tree, above)).filter(({ path }) => above.includes(path));
  const direct = (await readAll(clone, near))?.filter((each) => reads(each, files));
  if (direct === undefined) return undefined;
  if (direct.length === 0) return { tops: [], folders: new Set() };
  const entries = (await clone.files(tree, '')).filter(({ path }) => isKustomization(path));
  if (entries.length > MOST_KUSTOMIZATIONS) return undefined;
  const all = await readAll(clone, entries);
  if (all === undefined) return undefined;
  const own = new Set(direct.map(({ file }) => file));
  const { found, isNamed } = await climb(
    all,
    all.filter(({ file }) => own.has(file)),
  );
  const tops = [...found].filter((each) => !isNamed.has(each) && !isComponent(each));
  return {
    tops: [...new Set(tops.map(({ folder }) => folder))],
    folders: new Set([...found].map(({ folder }) => folder)),
  };
}

function isKustomization(path: string): boolean {
  return KUSTOMIZATION_FILES.includes(posix.basename(path));
}

/** Every folder that one of the files lies in, the root too. */
export function foldersAbove(files: readonly string[]): string[] {
  const folders = new Set(['']);
  for (const file of files) {
    const parts = file.split('/');
    for (let count = 1; count < parts.length; count++) folders.add(parts.slice(0, count).join('/'));
  }
  return [...folders];
}
