import { posix } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Clone, TreeEntry } from './clone.ts';
import { doubles, type Folder, type Manifest, type ManifestSet, placeOf, readManifests } from './manifests.ts';
import { namedForReleases, releasesIn } from './releases.ts';
import { folderInput, folderName } from './render/graph.ts';
import { CHART_FILE, chartOptions, type HelmOptions, helmGraph, releaseOptions } from './render/helm-graph.ts';
import { KUSTOMIZATION_FILES } from './render/kustomization.ts';
import { kustomizeGraph } from './render/kustomize-graph.ts';
import { chartFileOf } from './render/output.ts';
import { openTree } from './render/tree.ts';
import { type Reading, renderGraph, withProblem } from './rendering.ts';
import { isEncrypted } from './sops.ts';

export { type ChartOptions, type HelmOptions, isReleaseName } from './render/helm-graph.ts';
export { type Decrypter, isStoppedRendering, type Renderer } from './render/renderer.ts';
export type { Reading } from './rendering.ts';

/** A folder at one commit or tree, whatever its manifests are written in. */
export interface App extends Folder {
  /** How a chart in the folder is rendered; undefined where that is not known. */
  helm?: HelmOptions | undefined;
}

/** In what the manifests of a folder are written. */
export type AppKind = 'plain' | 'kustomize' | 'helm';

export interface AppContents {
  kind: AppKind;
  set: ManifestSet;
  /**
   * What a commit must touch to change the set, from the root of the repository, sorted: files, and folders, which end with `/`
   * (the root is ''). Made to be the paths of a look through the history.
   */
  inputs: string[];
}

/** By the names of the files right in the folder; where several programs would do, one cannot be chosen. */
function kindOf(files: readonly TreeEntry[], folder: string): AppKind | 'several' {
  const paths = new Set(files.map(({ path }) => path));
  const isKustomize = KUSTOMIZATION_FILES.some((name) => paths.has(posix.join(folder, name)));
  const isHelm = paths.has(posix.join(folder, CHART_FILE));
  if (isKustomize && isHelm) return 'several';
  return isKustomize ? 'kustomize' : isHelm ? 'helm' : 'plain';
}

/** Sorted, without what lies in a folder that is among them. */
function sortedInputs(inputs: Iterable<string>): string[] {
  const all = [...new Set(inputs)];
  const folders = all.filter((path) => path === '' || path.endsWith('/'));
  return all.filter((path) => !folders.some((folder) => folder !== path && path.startsWith(folder))).sort();
}

async function readKustomize(clone: Clone, { tree, path }: App, files: readonly TreeEntry[], reading: Reading) {
  const graph = await kustomizeGraph(clone, openTree(clone, { tree, folder: path, files }), path);
  const own = KUSTOMIZATION_FILES.map((name) => posix.join(path, name)).find((each) => graph.files.has(each));
  const job = { tool: 'kustomize', folder: path, files: new Map() } as const;
  return { graph, set: await renderGraph(graph, job, reading, () => own ?? folderName(path)) };
}

async function readHelm(clone: Clone, app: App, files: readonly TreeEntry[], reading: Reading) {
  const { tree, path, namespace, helm } = app;
  const options = chartOptions(helm);
  const opened = openTree(clone, { tree, folder: path, files });
  const graph = await helmGraph(clone, opened, path, options?.valueFiles ?? []);
  if (options === undefined) {
    const message = 'holds a Helm chart, and nothing says by which release name and value files it is rendered';
    return { graph, set: withProblem(folderName(path), message) };
  }
  const { releaseName } = options;
  const { valueFiles } = graph;
  const job = { tool: 'helm', folder: path, files: new Map(), releaseName, namespace, valueFiles } as const;
  return { graph, set: await renderGraph(graph, job, reading, (document) => chartFileOf(document, path)) };
}

/** What a commit must touch to change what a folder holds, as `readApp` answers it, but nothing is rendered. */
export async function inputsOf(clone: Clone, { tree, path, helm }: App): Promise<string[]> {
  const files = await clone.files(tree, path);
  const kind = kindOf(files, path);
  const charts = (entries: readonly TreeEntry[]) => (releaseOptions(helm) ? namedForReleases(clone, entries) : []);
  if (kind === 'plain' || kind === 'several') return sortedInputs([path, ...(await charts(files))]);
  const opened = openTree(clone, { tree, folder: path, files });
  const graph =
    kind === 'helm'
      ? await helmGraph(clone, opened, path, chartOptions(helm)?.valueFiles ?? [])
      : await kustomizeGraph(clone, opened, path);
  const more = graph.problems.length > 0 ? [folderInput(path)] : [];
  return sortedInputs([...graph.inputs, ...(await charts([...graph.files.values()])), ...more]);
}

/**
 * All objects of a folder at one commit or tree, with everything that is wrong with them: of its plain YAML, or rendered by
 * Kustomize or Helm; and what Flux makes of its HelmReleases, where that is followed. Throws `Waiting` where a rendering was
 * stopped before it was done.
 */
export async function readApp(clone: Clone, app: App, reading: Reading): Promise<AppContents> {
  const { kind, set, inputs } = await readFolder(clone, app, reading);
  const helm = releaseOptions(app.helm);
  const made = helm && (await releasesIn(clone, { ...app, helm }, set, reading));
  const manifests = [...set.manifests, ...(made?.manifests ?? [])];
  const problems = [...set.problems, ...(made?.problems ?? []), ...doubles(manifests, app.namespace)];
  return { kind, set: { manifests, problems }, inputs: sortedInputs([...inputs, ...(made?.inputs ?? [])]) };
}

async function readFolder(clone: Clone, app: App, reading: Reading): Promise<AppContents> {
  const { tree, path } = app;
  const files = await clone.files(tree, path);
  const kind = kindOf(files, path);
  const inputs = [path];
  if (kind === 'plain') return { kind, set: await readManifests(clone, app, files, reading), inputs };
  if (kind === 'several') {
    const message = `holds ${CHART_FILE} and a kustomization, and only one of them can be rendered. Keep them in folders of their own, and point path at one`;
    return { kind: 'plain', set: withProblem(folderName(path), message), inputs };
  }
  const read = kind === 'helm' ? readHelm : readKustomize;
  const { graph, set } = await read(clone, app, files, reading);
  // What puts it right may be a file that nothing names yet.
  const more = set.problems.length > 0 ? [folderInput(path)] : [];
  return { kind, set, inputs: [...graph.inputs, ...more] };
}

/** Objects that are encrypted after all, by whatever way they came: they are never applied. */
export function stillEncrypted(manifests: readonly Manifest[]): Problem[] {
  return manifests
    .filter(({ object }) => isEncrypted(object))
    .map((manifest) => {
      const { kind, metadata } = manifest.object;
      const message = `${kind} ${metadata.name} is encrypted with SOPS, and is never applied as it is. Only files of the repository itself are decrypted, not what is packed or made of them`;
      return { path: placeOf(manifest), message };
    });
}
