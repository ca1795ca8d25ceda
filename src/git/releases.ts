import { posix } from 'node:path';
import type { KubeObject } from '../api/kubernetes.ts';
import type { Clone, TreeEntry } from './clone.ts';
import { isManifestFile, type Manifest, type ManifestSet, parseManifests, placeOf } from './manifests.ts';
import { isHelmRelease, namedBy, type Release, readRelease } from './render/flux-release.ts';
import { folderInput } from './render/graph.ts';
import { type HelmGraph, helmGraph, type ReleaseOptions } from './render/helm-graph.ts';
import { chartFileOf } from './render/output.ts';
import type { Job } from './render/renderer.ts';
import { openTree, readContents } from './render/tree.ts';
import { type Reading, renderGraph } from './rendering.ts';

/** Each is rendered by itself, as long as it is not known what comes of it. */
const MOST_RELEASES = 50;
/** Where no repository has anything. */
const VALUES_FOLDER = '.headgate-values';
const OWN_VALUES = 'values.yaml';

/** A folder whose HelmReleases are followed. */
interface ReleaseFolder {
  tree: string;
  /** Of what names none. */
  namespace: string;
  helm: ReleaseOptions;
}

/** What Flux makes of HelmReleases, what that hangs on besides, and what keeps some of it from being told. */
export interface Released extends ManifestSet {
  inputs: string[];
}

async function graphOf(clone: Clone, tree: string, release: Release): Promise<HelmGraph> {
  const { folder, valueFiles, mayMiss } = release;
  const files = await clone.files(tree, folder);
  const opened = openTree(clone, { tree, folder, files });
  const isThere = await Promise.all(valueFiles.map(async (path) => (await opened.find(path)).kind !== 'nothing'));
  const there = mayMiss ? valueFiles.filter((_, index) => isThere[index]) : valueFiles;
  const graph = await helmGraph(
    clone,
    opened,
    folder,
    there.map((path) => posix.relative(folder, path)),
  );
  // What is left out now may be there at another commit.
  for (const path of valueFiles) graph.inputs.add(path);
  return graph;
}

/** As `helm template` is to be run for it. */
function jobOf({ folder, releaseName, namespace, valueFiles, values }: Release, graph: HelmGraph): Job {
  const own = posix.join(folder, OWN_VALUES);
  // Files that a release names take the place of the chart's own one.
  const withoutOwn = valueFiles.length > 0 && graph.files.has(own) && !valueFiles.includes(own);
  const besides = values.map((text, index) => [posix.join(VALUES_FOLDER, `${index}.yaml`), Buffer.from(text)] as const);
  const files = new Map([...(withoutOwn ? [[own, Buffer.from('{}\n')] as const] : []), ...besides]);
  const all = [...graph.valueFiles, ...besides.map(([path]) => path)];
  return { tool: 'helm', folder, files, releaseName, namespace, valueFiles: all };
}

/** Helm puts what names no namespace into that of the release. */
function placed({ object, ...place }: Manifest, namespace: string): Manifest {
  const metadata = { ...object.metadata, namespace: object.metadata.namespace ?? namespace };
  return { object: { ...object, metadata } as KubeObject, ...place };
}

async function makes(clone: Clone, tree: string, release: Release, reading: Reading): Promise<Released> {
  const graph = await graphOf(clone, tree, release);
  const { folder, namespace } = release;
  const set = await renderGraph(graph, jobOf(release, graph), reading, (document) => chartFileOf(document, folder));
  const more = set.problems.length > 0 ? [folderInput(folder)] : [];
  const manifests = set.manifests.map((manifest) => placed(manifest, namespace));
  return { manifests, problems: set.problems, inputs: [...graph.inputs, ...more] };
}

/** What comes of the HelmReleases of a folder whose charts lie in the same repository. The others stay what they are: objects. */
export async function releasesIn(
  clone: Clone,
  { tree, namespace, helm }: ReleaseFolder,
  set: ManifestSet,
  reading: Reading,
): Promise<Released> {
  const all: Released = { manifests: [], problems: [], inputs: [] };
  const releases = set.manifests.filter(({ object }) => isHelmRelease(object));
  let count = 0;
  for (const manifest of releases) {
    const read = readRelease(manifest, set, namespace, helm);
    if (read.kind === 'elsewhere') continue;
    const refuse = (message: string) => all.problems.push({ path: placeOf(manifest), message });
    const named = `HelmRelease ${manifest.object.metadata.name}`;
    if (read.kind === 'refused') refuse(`${named} ${read.message}`);
    else if (++count > MOST_RELEASES)
      refuse(`is one of more than ${MOST_RELEASES} HelmReleases, the most that are rendered`);
    else {
      const { manifests, problems, inputs } = await makes(clone, tree, read, reading);
      all.manifests.push(...manifests.map((each) => ({ ...each, madeBy: manifest.object })));
      all.problems.push(...problems);
      all.inputs.push(...inputs);
    }
  }
  return all;
}

/** What files name for HelmReleases, before anything is rendered: all that may be a chart or values of one. */
export async function namedForReleases(clone: Clone, files: readonly TreeEntry[]): Promise<string[]> {
  const { contents } = await readContents(
    clone,
    files.filter(({ path }) => isManifestFile(path)),
  );
  const sets = [...contents].map(([path, content]) => parseManifests(path, content));
  const objects = sets.flatMap(({ manifests }) => manifests.map(({ object }) => object)).filter(isHelmRelease);
  return objects.flatMap(namedBy);
}
