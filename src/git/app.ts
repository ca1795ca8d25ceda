import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Clone, TreeEntry } from './clone.ts';
import {
  doubles,
  type Folder,
  type Manifest,
  type ManifestSet,
  type ParsedFiles,
  placeOf,
  type ReadingFiles,
  readManifests,
} from './manifests.ts';
import { folderInput, folderName, type Graph } from './render/graph.ts';
import { CHART_FILE, type HelmOptions, helmGraph } from './render/helm-graph.ts';
import { KUSTOMIZATION_FILES } from './render/kustomization.ts';
import { kustomizeGraph } from './render/kustomize-graph.ts';
import { parseRendered, templateOf } from './render/output.ts';
import type { Job, Renderer } from './render/renderer.ts';
import { openTree, readContents } from './render/tree.ts';
import { isEncrypted, openFiles } from './sops.ts';

export type { HelmOptions } from './render/helm-graph.ts';
export { type Decrypter, isStoppedRendering, type Renderer } from './render/renderer.ts';

/** A folder at one commit or tree, whatever its manifests are written in. */
export interface App extends Folder {
  /** How a chart in the folder is rendered; undefined where that is not known. */
  helm?: HelmOptions | undefined;
}

/** What makes manifests of folders, and what it has made of them already. */
export interface Reading extends ReadingFiles {
  renderer: Renderer;
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

/** Of one memory; the oldest go first. */
const MOST_RENDERINGS = 64;

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

function withProblem(path: string, message: string): ManifestSet {
  return { manifests: [], problems: [{ path, message }] };
}

/** What a job's result hangs on: the program and the contents of all files, by their ids. */
function keyOf(version: string, { files: _, ...job }: Job, files: Graph['files']): string {
  const entries = [...files.values()].map(({ mode, id, path }) => `${mode} ${id} ${path}`).sort();
  const digest = createHash('sha256')
    .update(JSON.stringify([job, entries]))
    .digest('hex');
  return `${job.tool} ${version} ${digest}`;
}

function remember(parsed: ParsedFiles, key: string, set: ManifestSet) {
  parsed.set(key, set);
  const renderings = [...parsed.keys()].filter((each) => /^(kustomize|helm) /.test(each));
  for (const old of renderings.slice(0, -MOST_RENDERINGS)) parsed.delete(old);
}

/** `bare`: the job, but for the files' contents. */
async function renderGraph(
  graph: Graph,
  bare: Job,
  { renderer, parsed, open }: Reading,
  fileOf: (document: string) => string,
): Promise<ManifestSet> {
  if (graph.problems.length > 0) return { manifests: [], problems: graph.problems };
  const available = await renderer.availability(bare.tool);
  const name = folderName(bare.folder);
  if (available.kind === 'missing') return withProblem(name, `is not rendered: ${available.message}`);
  const key = keyOf(available.version, bare, graph.files);
  const known = parsed.get(key);
  if (known) return known;
  const { contents, problems } = await readContents(graph.clone, [...graph.files.values()]);
  if (problems.length > 0) return { manifests: [], problems };
  const opened = await openFiles(contents, open);
  if (opened.problems.length > 0) return { manifests: [], problems: opened.problems };
  const rendering = await renderer.render({ ...bare, files: opened.contents });
  const set =
    rendering.kind === 'failed' ? withProblem(name, rendering.message) : await parseRendered(rendering.output, fileOf);
  remember(parsed, key, set);
  return set;
}

async function readKustomize(clone: Clone, { tree, path }: App, files: readonly TreeEntry[], reading: Reading) {
  const graph = await kustomizeGraph(clone, openTree(clone, { tree, folder: path, files }), path);
  const own = KUSTOMIZATION_FILES.map((name) => posix.join(path, name)).find((each) => graph.files.has(each));
  const job = { tool: 'kustomize', folder: path, files: new Map() } as const;
  return { graph, set: await renderGraph(graph, job, reading, () => own ?? folderName(path)) };
}

async function readHelm(clone: Clone, app: App, files: readonly TreeEntry[], reading: Reading) {
  const { tree, path, namespace, helm } = app;
  const graph = await helmGraph(clone, openTree(clone, { tree, folder: path, files }), path, helm?.valueFiles ?? []);
  if (helm === undefined) {
    const message = 'holds a Helm chart, and nothing says by which release name and value files it is rendered';
    return { graph, set: withProblem(folderName(path), message) };
  }
  const { releaseName } = helm;
  const job = { tool: 'helm', folder: path, files: new Map(), releaseName, namespace, valueFiles: graph.valueFiles };
  const fileOf = (document: string) => templateOf(document, path) ?? posix.join(path, CHART_FILE);
  return { graph, set: await renderGraph(graph, job as Job, reading, fileOf) };
}

/** What a commit must touch to change what a folder holds, as `readApp` answers it, but nothing is rendered. */
export async function inputsOf(clone: Clone, { tree, path, helm }: App): Promise<string[]> {
  const files = await clone.files(tree, path);
  const kind = kindOf(files, path);
  if (kind === 'plain' || kind === 'several') return [path];
  const opened = openTree(clone, { tree, folder: path, files });
  const graph =
    kind === 'helm'
      ? await helmGraph(clone, opened, path, helm?.valueFiles ?? [])
      : await kustomizeGraph(clone, opened, path);
  return sortedInputs([...graph.inputs, ...(graph.problems.length > 0 ? [folderInput(path)] : [])]);
}

/**
 * All objects of a folder at one commit or tree, with everything that is wrong with them: of its plain YAML, or rendered by
 * Kustomize or Helm. Throws `Waiting` where a rendering was stopped before it was done.
 */
export async function readApp(clone: Clone, app: App, reading: Reading): Promise<AppContents> {
  const { tree, path, namespace } = app;
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
  return {
    kind,
    set: { ...set, problems: [...set.problems, ...doubles(set.manifests, namespace)] },
    inputs: sortedInputs([...graph.inputs, ...more]),
  };
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
