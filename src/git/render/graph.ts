import { posix } from 'node:path';
import type { Problem } from '../../errors.ts';
import type { Clone, TreeEntry } from '../clone.ts';
import { decodeText, NO_TEXT } from '../manifests.ts';
import { type RepositoryTree, readContents } from './tree.ts';

/** Everything that one rendering reads of a tree, gathered while it is followed. */
export interface Graph {
  clone: Clone;
  tree: RepositoryTree;
  /** What is to be written for the rendering, by path. */
  files: Map<string, TreeEntry>;
  /**
   * What a change must touch to change the rendering: the files, what was looked for and not found, folders that are read as a
   * whole (they end with `/`; the root is '').
   */
  inputs: Set<string>;
  problems: Problem[];
}

export function emptyGraph(clone: Clone, tree: RepositoryTree): Graph {
  return { clone, tree, files: new Map(), inputs: new Set(), problems: [] };
}

/** As an input. */
export function folderInput(folder: string): string {
  return folder === '' ? '' : `${folder}/`;
}

/** For people. */
export function folderName(folder: string): string {
  return folder === '' ? '/' : folder;
}

export function addFile({ files, inputs }: Graph, entry: TreeEntry) {
  files.set(entry.path, entry);
  inputs.add(entry.path);
}

/** A file's text; undefined where it has none that can be read, with the problem told. */
export async function readText({ clone, problems }: Graph, entry: TreeEntry): Promise<string | undefined> {
  const read = await readContents(clone, [entry]);
  problems.push(...read.problems);
  if (read.problems.length > 0) return undefined;
  const source = decodeText(read.contents.get(entry.path) ?? Buffer.alloc(0));
  if (source === undefined) problems.push({ path: entry.path, message: NO_TEXT });
  return source;
}

const REMOTE = [
  /^[a-z][a-z0-9+.-]*:\/\//i,
  /^git::/i,
  /^(?:[^/]*@)?[^/@]+:/,
  /^github\.com\//i,
  /\?(?:ref|version|timeout|submodules)=/,
];

/** Whether Kustomize or Helm might fetch it rather than read it from a folder. */
export function isRemote(text: string): boolean {
  return REMOTE.some((sign) => sign.test(text));
}

/** The path from the root of what a text names, seen from a folder; undefined where it is none of the repository. */
export function resolveBelow(folder: string, text: string): string | undefined {
  if (text.startsWith('/') || text.includes('\\') || text.includes('\0')) return undefined;
  const path = posix.join(folder === '' ? '.' : folder, text).replace(/\/+$/, '');
  if (path === '..' || path.startsWith('../')) return undefined;
  return path === '.' ? '' : path;
}

export const FETCHED = 'is remote, and nothing is fetched. Commit what it names into this repository';
export const OUTSIDE = 'leads out of the repository. Name a path inside, relative to the folder that this stands in';
