import { posix } from 'node:path';
import type { Clone } from '../clone.ts';
import { MOST_FILES, placeOf } from '../manifests.ts';
import {
  addFile,
  emptyGraph,
  FETCHED,
  folderInput,
  folderName,
  type Graph,
  isRemote,
  OUTSIDE,
  readText,
  resolveBelow,
} from './graph.ts';
import { isInline, KUSTOMIZATION_FILES, type Reference, readKustomization, readPlugins } from './kustomization.ts';
import { isBelow, type RepositoryTree, refusalOf } from './tree.ts';

const MOST_DEPTH = 20;
const MOST_FOLDERS = 100;

interface Walk extends Graph {
  /** Kustomize folders that were entered. */
  folders: Set<string>;
}

/** Who names something: the folder of the kustomization, and the folders through which it was reached. */
interface From {
  folder: string;
  above: readonly string[];
}

function refuse({ problems }: Walk, reference: Reference, message: string): undefined {
  const shown = JSON.stringify(reference.text.slice(0, 200));
  problems.push({ path: placeOf(reference), message: `${reference.field} ${shown} ${message}` });
}

/** What stands at the path that a reference names; undefined where nothing that may be read does, with the problem told. */
async function lookUp(walk: Walk, reference: Reference, folder: string, text: string) {
  const path = resolveBelow(folder, text);
  if (path === undefined) return refuse(walk, reference, OUTSIDE);
  const found = await walk.tree.find(path);
  if (found.kind === 'folder') return { ...found, path };
  walk.inputs.add(path);
  if (found.kind === 'nothing') return refuse(walk, reference, `names ${path}, which is not there`);
  if (found.kind === 'refused') return refuse(walk, reference, `names ${path}, which ${found.why}`);
  return { ...found, path };
}

/** A file that Kustomize lets a kustomization read. */
async function addNamedFile(walk: Walk, reference: Reference, folder: string, text: string) {
  const found = await lookUp(walk, reference, folder, text);
  if (found === undefined) return undefined;
  if (found.kind === 'folder') return refuse(walk, reference, 'names a folder; a file must stand here');
  if (!isBelow(found.path, folder)) {
    const message = `names a file outside of ${folder}, and Kustomize reads only those inside. Move it there, or give it a kustomization of its own and name its folder`;
    return refuse(walk, reference, message);
  }
  addFile(walk, found.entry);
  return found.entry;
}

async function addBase(walk: Walk, reference: Reference, { folder, above }: From) {
  const found = await lookUp(walk, reference, folder, reference.text);
  if (found === undefined) return;
  const { kind, path } = found;
  const chain = [...above, folder];
  const around = chain.find((each) => isBelow(each, path));
  if (kind === 'file') refuse(walk, reference, 'names a file; a folder with a kustomization must stand here');
  else if (around !== undefined) {
    refuse(walk, reference, `names a folder that ${folderName(around)} lies in: it would be read in a circle`);
  } else if (chain.length >= MOST_DEPTH) {
    refuse(walk, reference, `lies more than ${MOST_DEPTH} folders deep`);
  } else await addFolder(walk, { folder: path, above: chain });
}

/** The configurations of generators, transformers and validators, and what they read: from where they are named. */
async function addPlugins(walk: Walk, reference: Reference, from: From) {
  let { file, text } = reference;
  if (!isInline(text)) {
    if (isRemote(text)) return refuse(walk, reference, FETCHED);
    const entry = await addNamedFile(walk, reference, from.folder, text);
    const source = entry && (await readText(walk, entry));
    if (source === undefined) return;
    [file, text] = [entry?.path ?? file, source];
  }
  const { references, problems } = readPlugins(file, text);
  walk.problems.push(...problems);
  for (const each of references) await addReference(walk, each, from);
}

async function addReference(walk: Walk, reference: Reference, from: From): Promise<void> {
  const { kind } = reference;
  if (kind === 'plugin') return void (await addPlugins(walk, reference, from));
  // As in `key=path`.
  const text = kind === 'source' ? reference.text.slice(reference.text.indexOf('=') + 1) : reference.text;
  if (kind === 'patch' && isInline(text)) return;
  const path = resolveBelow(from.folder, text);
  // A file may be named like an address: Kustomize looks for files first, but for those that begin like one of the web.
  const isFile = path !== undefined && !/^https?:/i.test(text) && (await walk.tree.find(path)).kind === 'file';
  if (isRemote(text) && (kind === 'folder' || !isFile)) refuse(walk, reference, FETCHED);
  else if (kind === 'folder' || (kind === 'either' && !isFile)) await addBase(walk, reference, from);
  else await addNamedFile(walk, reference, from.folder, text);
}

/** The one kustomization of a folder. */
async function kustomizationOf({ tree, inputs, problems }: Walk, folder: string) {
  const names = KUSTOMIZATION_FILES.map((name) => posix.join(folder, name));
  const [entry, ...more] = (await tree.list(folder)).filter(({ path }) => names.includes(path));
  const why = entry && refusalOf(entry);
  if (entry && more.length === 0 && why === undefined) return entry;
  inputs.add(folderInput(folder));
  const message = `holds ${entry ? 'several' : 'none'} of ${KUSTOMIZATION_FILES.join(', ')}. It must hold exactly one`;
  problems.push(
    why === undefined ? { path: folderName(folder), message } : { path: entry?.path ?? folder, message: why },
  );
  return undefined;
}

async function addFolder(walk: Walk, from: From): Promise<void> {
  const { folders, problems } = walk;
  const { folder } = from;
  if (folders.has(folder)) return;
  if (folders.size >= MOST_FOLDERS) {
    const message = `is one folder too many: an app is read from at most ${MOST_FOLDERS} Kustomize folders`;
    problems.push({ path: folderName(folder), message });
    return;
  }
  folders.add(folder);
  const entry = await kustomizationOf(walk, folder);
  if (!entry) return;
  addFile(walk, entry);
  const source = await readText(walk, entry);
  if (source === undefined) return;
  const read = readKustomization(entry.path, source);
  problems.push(...read.problems);
  if (read.references.length > MOST_FILES) {
    problems.push({
      path: entry.path,
      message: `names ${read.references.length} files; at most ${MOST_FILES} are read`,
    });
    return;
  }
  for (const reference of read.references) await addReference(walk, reference, from);
}

/** Follows a kustomization through all that it reads, in the tree itself: nothing is checked out. */
export async function kustomizeGraph(clone: Clone, tree: RepositoryTree, folder: string): Promise<Graph> {
  const walk: Walk = { ...emptyGraph(clone, tree), folders: new Set() };
  await addFolder(walk, { folder, above: [] });
  if (walk.files.size > MOST_FILES) {
    const message = `reads ${walk.files.size} files; at most ${MOST_FILES} are rendered`;
    walk.problems.push({ path: folderName(folder), message });
  }
  return walk;
}
