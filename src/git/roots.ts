/** What in a repository is applied by itself, and made of certain files. */
import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { HelmOptions } from './app.ts';
import type { Clone } from './clone.ts';
import { resolveBelow } from './render/graph.ts';
import { CHART_FILE, chartOptions, releaseOptions } from './render/helm-graph.ts';
import { KUSTOMIZATION_FILES } from './render/kustomization.ts';
import { isBelow } from './render/tree.ts';
import { foldersAbove, kustomizationsOf, MOST_KUSTOMIZATIONS } from './render/users.ts';

const MOST_ROOTS = 30;

/** A folder that is applied by itself. */
export interface Root {
  /** '' for the root of the repository. */
  path: string;
  /** Of objects that name none. */
  namespace: string;
  /** How a chart in it is rendered, where that is known. */
  helm?: HelmOptions | undefined;
}

export interface RootsRequest {
  /** Commits or trees: what is made of the files in any of them counts. */
  trees: readonly string[];
  files: readonly string[];
  /** What is known to be applied. */
  known: readonly Root[];
  /** Of the objects of what nobody is known to apply. */
  namespace: string;
}

/** `unknown`: it cannot be told, in words for people. */
export type Roots = { kind: 'roots'; roots: Root[] } | { kind: 'unknown'; message: string };

/** Whether a chart in a folder is rendered the same for both. */
export function sameRendering({ helm: one }: Root, { helm: other }: Root): boolean {
  return isDeepStrictEqual(one, other);
}

interface Around {
  kustomizations: ReadonlySet<string>;
  charts: ReadonlySet<string>;
}

/** The folders with a kustomization or chart that one of the files lies in. */
async function around(clone: Clone, tree: string, files: readonly string[]): Promise<Around> {
  const names = [...KUSTOMIZATION_FILES, CHART_FILE];
  const paths = foldersAbove(files).flatMap((folder) => names.map((name) => posix.join(folder, name)));
  const there = (await clone.files(tree, paths)).map(({ path }) => path).filter((path) => paths.includes(path));
  const folderOf = (path: string) => (path.includes('/') ? posix.dirname(path) : '');
  const [charts, kustomizations] = [true, false].map((wanted) =>
    there.filter((path) => (posix.basename(path) === CHART_FILE) === wanted).map(folderOf),
  );
  return { charts: new Set(charts), kustomizations: new Set(kustomizations) };
}

/** Whether what is known to be applied is made of one of the files; `users`: the kustomizations that are. */
function isMadeOf(
  root: Root,
  files: readonly string[],
  { kustomizations }: Around,
  users: ReadonlySet<string>,
): boolean {
  if (users.has(root.path)) return true;
  const values = (chartOptions(root.helm)?.valueFiles ?? []).map((text) => resolveBelow(root.path, text));
  if (files.some((file) => values.includes(file))) return true;
  return !kustomizations.has(root.path) && files.some((file) => isBelow(file, root.path));
}

/** A chart that holds one of the files, and of which nothing says how it is rendered. */
function unknownChart({ charts }: Around, files: readonly string[], known: readonly Root[]): string | undefined {
  for (const file of files) {
    const above = [...charts].filter((folder) => isBelow(file, folder));
    if (above.length > 0 && !above.some((folder) => known.some(({ path }) => path === folder))) return above[0];
  }
  return undefined;
}

/** A file that HelmReleases of an app name, outside of its folder: others may name it too, and nothing lists them. */
async function unknownValues(clone: Clone, tree: string, { files, known }: RootsRequest): Promise<string | undefined> {
  for (const { path, helm } of known) {
    if (!releaseOptions(helm)) continue;
    for (const file of files.filter((each) => !isBelow(each, path))) {
      const users = await kustomizationsOf(clone, tree, [file]);
      if (users && !users.folders.has(path)) return file;
    }
  }
  return undefined;
}

async function rootsIn(clone: Clone, tree: string, request: RootsRequest): Promise<Roots> {
  const { files, known, namespace } = request;
  const found = await around(clone, tree, files);
  const chart = unknownChart(found, files, known);
  if (chart !== undefined) {
    const message = `the chart in ${chart || '/'} would change, and nothing says by which values it is rendered`;
    return { kind: 'unknown', message };
  }
  const values = await unknownValues(clone, tree, request);
  if (values !== undefined) {
    return { kind: 'unknown', message: `${values} would change, and other HelmReleases may name it too` };
  }
  const users = await kustomizationsOf(clone, tree, files);
  if (users === undefined) {
    const message = `the repository holds more than ${MOST_KUSTOMIZATIONS} kustomizations, or some that are too long to be looked through, so what else is made of the same files cannot be told`;
    return { kind: 'unknown', message };
  }
  const applied = known.filter((root) => isMadeOf(root, files, found, users.folders));
  const others = users.tops.filter((path) => !applied.some((root) => root.path === path));
  return { kind: 'roots', roots: [...applied, ...others.map((path) => ({ path, namespace }))] };
}

/**
 * All that is applied by itself and made of one of the files: what is known to be applied, and every kustomization of the
 * repository that is no part of another. Nothing is rendered; where the files lie below no kustomization, nothing is even read.
 */
export async function rootsOf(clone: Clone, request: RootsRequest): Promise<Roots> {
  const roots: Root[] = [];
  for (const tree of request.trees) {
    const found = await rootsIn(clone, tree, request);
    if (found.kind === 'unknown') return found;
    const isNew = (root: Root) =>
      !roots.some((each) => each.namespace === root.namespace && each.path === root.path && sameRendering(each, root));
    for (const root of found.roots.filter(isNew)) roots.push(root);
  }
  if (roots.length <= MOST_ROOTS) return { kind: 'roots', roots };
  const message = `${roots.length} apps are made of the same files, and at most ${MOST_ROOTS} are compared`;
  return { kind: 'unknown', message };
}
