import { posix } from 'node:path';
import { parseDocument } from 'yaml';
import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import { messageOf } from '../../errors.ts';
import type { Clone } from '../clone.ts';
import { MOST_FILES } from '../manifests.ts';
import { plainValue, repeatedKey } from '../yaml-limits.ts';
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
import { type RepositoryTree, refusalOf } from './tree.ts';

export const CHART_FILE = 'Chart.yaml';
/** As Helm has it. */
const RELEASE_NAME = /^(?=.{1,53}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** How the one chart that a folder holds is rendered. */
export interface ChartOptions {
  releaseName: string;
  /** Relative to the chart's folder; the later ones win. They may lie outside of it, inside the repository. */
  valueFiles: readonly string[];
}

/** The folder's HelmReleases that take their charts from this GitRepository take them from the very repository. */
export interface ReleaseOptions {
  chartsOf: { namespace: string; name: string };
}

/** What Helm makes of a folder. */
export type HelmOptions = ChartOptions | ReleaseOptions;

/** Undefined where the folder itself is not said to be a chart. */
export function chartOptions(helm: HelmOptions | undefined): ChartOptions | undefined {
  return helm !== undefined && 'valueFiles' in helm ? helm : undefined;
}

/** Undefined where the folder's HelmReleases are not followed. */
export function releaseOptions(helm: HelmOptions | undefined): ReleaseOptions | undefined {
  return helm !== undefined && 'chartsOf' in helm ? helm : undefined;
}

/** Whether Helm takes it as the name of a release. */
export function isReleaseName(name: string): boolean {
  return RELEASE_NAME.test(name);
}

/** A chart's own files, its value files by their paths, and its name. */
export interface HelmGraph extends Graph {
  valueFiles: string[];
  chart: string;
}

async function fieldsIn(graph: Graph, path: string): Promise<Fields> {
  const entry = graph.files.get(path);
  const source = entry && (await readText(graph, entry));
  if (source === undefined) return {};
  try {
    const document = parseDocument(source, { uniqueKeys: false });
    const [wrong] = document.errors;
    if (wrong) throw wrong;
    if (repeatedKey(document) !== undefined) throw new Error('Map keys must be unique. Remove one of the two');
    return fieldsOf(plainValue(document));
  } catch (error) {
    graph.problems.push({ path, message: messageOf(error).split('\n')[0] ?? '' });
    return {};
  }
}

/** What a chart depends on and its `charts` folder does not hold: Helm would have to fetch it. */
async function missingDependencies(graph: Graph, folder: string, chart: Fields) {
  const declared = [
    ...listOf(chart.dependencies),
    ...listOf((await fieldsIn(graph, posix.join(folder, 'requirements.yaml'))).dependencies),
  ].map((each) => textOf(fieldsOf(each).name) ?? '');
  if (declared.length === 0) return [];
  const below = `${posix.join(folder, 'charts')}/`;
  const inside = [...graph.files.keys()]
    .filter((path) => path.startsWith(below))
    .map((path) => path.slice(below.length));
  const packed = inside.filter((path) => /^[^/]+\.tgz$/.test(path));
  const unpacked = inside.filter((path) => /^[^/]+\/Chart\.yaml$/.test(path));
  const names = await Promise.all(unpacked.map(async (path) => (await fieldsIn(graph, below + path)).name));
  return declared.filter((name) => !names.includes(name) && !packed.some((path) => path.startsWith(`${name}-`)));
}

async function addChart(graph: Graph, folder: string): Promise<string> {
  graph.inputs.add(folderInput(folder));
  const entries = await graph.tree.list(folder);
  if (entries.length > MOST_FILES) {
    const message = `holds ${entries.length} files; a chart of at most ${MOST_FILES} is rendered`;
    graph.problems.push({ path: folderName(folder), message });
    return '';
  }
  for (const entry of entries) {
    const why = refusalOf(entry);
    // A template may read any file of the chart, so none is left out.
    if (why === undefined) graph.files.set(entry.path, entry);
    else graph.problems.push({ path: entry.path, message: why });
  }
  const path = posix.join(folder, CHART_FILE);
  const chart = await fieldsIn(graph, path);
  for (const name of await missingDependencies(graph, folder, chart)) {
    const message = `depends on ${JSON.stringify(name)}, which is not in ${posix.join(folder, 'charts')}, and nothing is fetched. Run helm dependency update, and commit that folder`;
    graph.problems.push({ path, message });
  }
  return textOf(chart.name) ?? '';
}

async function addValueFile(graph: Graph, folder: string, text: string): Promise<string[]> {
  const shown = `value file ${JSON.stringify(text.slice(0, 200))}`;
  const path = isRemote(text) ? undefined : resolveBelow(folder, text);
  const refuse = (message: string): string[] => {
    graph.problems.push({ path: folderName(folder), message: `${shown} ${message}` });
    return [];
  };
  if (path === undefined) return refuse(isRemote(text) ? FETCHED : OUTSIDE);
  if (/[,"]/.test(path))
    return refuse('holds a comma or a quotation mark, which Helm reads as several files. Rename it');
  graph.inputs.add(path);
  const found = await graph.tree.find(path);
  if (found.kind === 'nothing') return refuse(`names ${path}, which is not there`);
  if (found.kind === 'folder') return refuse('names a folder; a file must stand here');
  if (found.kind === 'refused') return refuse(`names ${path}, which ${found.why}`);
  addFile(graph, found.entry);
  return [path];
}

/** Everything that a chart and its value files are. */
export async function helmGraph(
  clone: Clone,
  tree: RepositoryTree,
  folder: string,
  texts: readonly string[],
): Promise<HelmGraph> {
  const graph = emptyGraph(clone, tree);
  const chart = await addChart(graph, folder);
  const valueFiles: string[] = [];
  for (const text of texts) valueFiles.push(...(await addValueFile(graph, folder, text)));
  return { ...graph, valueFiles, chart };
}
