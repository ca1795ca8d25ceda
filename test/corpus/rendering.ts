import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { chartOptions } from '../../src/git/render/helm-graph.ts';
import type { Tool } from '../../src/git/render/renderer.ts';
import type { Layout } from './layouts.ts';
import { NAMESPACE } from './parts.ts';
import type { World } from './world.ts';

/**
 * What a commit renders to, asked of the programs themselves on a tree that git has written out. Shares nothing with how
 * Headgate reads an app, so that it can tell whether that is right.
 */

/** An object by its name, as text and as data. */
export interface Rendered {
  text: string;
  data: Record<string, unknown>;
}
export type Objects = ReadonlyMap<string, Rendered>;

export interface RenderRequest {
  /** A commit's or tree's id. */
  commit: string;
  /** From the root. */
  folder: string;
  /** Left out: by what lies in the folder, of which nothing says how a chart is rendered. */
  kind?: Layout['kind'] | undefined;
  helm?: Layout['helm'] | undefined;
}

/** With an index of its own, so that two trees are written out at a time. */
async function checkOut({ bare }: Pick<World, 'bare'>, commit: string, folder: string): Promise<void> {
  const index = `${folder}.index`;
  const args = [`--work-tree=${folder}`, '-c', 'core.autocrlf=false', 'checkout', '--quiet', commit, '--', '.'];
  await bare.git(args, { env: { GIT_INDEX_FILE: index } });
  await rm(index, { force: true });
}

async function kindIn(folder: string): Promise<Layout['kind']> {
  return (await readdir(folder)).includes('kustomization.yaml') ? 'kustomize' : 'plain';
}

async function textsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const own = entries.filter(({ name }) => !name.startsWith('.'));
  const texts = await Promise.all(
    own.map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return textsBelow(path);
      return /\.(ya?ml|json)$/.test(entry.name) ? readFile(path, 'utf8').then((text) => [text]) : [];
    }),
  );
  return texts.flat();
}

type Data = Record<string, unknown> & {
  kind?: string;
  items?: Data[];
  metadata?: { name?: string; namespace?: string };
};

/** As Kubernetes reads YAML: by the older version of it. */
function objectsIn(text: string): Rendered[] {
  return parseAllDocuments(text, { version: '1.1', merge: true }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const data = document.toJS() as Data | null;
    if (!data) return [];
    const all = data.kind === 'List' ? (data.items ?? []) : [data];
    return all.map((each) => ({ data: each, text: JSON.stringify(each) }));
  });
}

function nameOf({ data }: Rendered): string {
  const { apiVersion, kind, metadata } = data as Data;
  return `${apiVersion} ${kind} ${metadata?.namespace ?? ''}/${metadata?.name}`;
}

export interface Renderings {
  objects(request: RenderRequest): Promise<Objects>;
}

/** Of one repository; the same tree is rendered once. */
export function createRenderings(
  { bare, folder, machine, treeOf }: Pick<World, 'bare' | 'folder' | 'machine' | 'treeOf'>,
  programs: Partial<Record<Tool, string>>,
): Renderings {
  const known = new Map<string, Promise<Objects>>();
  const textsOf = async (root: string, path: string, kind: Layout['kind'], helm: RenderRequest['helm']) => {
    const app = join(root, path);
    if (kind === 'plain') return textsBelow(app);
    if (kind === 'releases') return [...(await textsBelow(app)), ...(await releasesBelow(app, root))];
    const isKustomize = kind === 'kustomize';
    const args = isKustomize ? ['build', app] : helmArguments(app, helm);
    return [(await machine.run(programs[kind] ?? kind, args)).toString()];
  };
  /** As Flux's documents say: values on top of the files that are named, or else of the chart's own. */
  const releasesBelow = async (app: string, root: string): Promise<string[]> => {
    const objects = (await textsBelow(app)).flatMap(objectsIn).map(({ data }) => data as Data);
    const texts: string[] = [];
    for (const { metadata, spec } of objects.filter(({ kind }) => kind === 'HelmRelease')) {
      const chart = fields(fields(fields(spec).chart).spec);
      const folder = join(root, String(chart.chart));
      const files = ((chart.valuesFiles ?? []) as string[]).map((path) => join(root, path));
      if (files.length > 0) await rm(join(folder, 'values.yaml'));
      const own = join(root, 'own-values.json');
      await writeFile(own, JSON.stringify(fields(spec).values ?? {}));
      const values = [...files, own].flatMap((path) => ['--values', path]);
      const args = ['template', String(metadata?.name), folder, '--namespace', String(metadata?.namespace), ...values];
      texts.push((await machine.run(programs.helm ?? 'helm', args)).toString());
    }
    return texts;
  };
  const render = async ({ commit, folder: path, kind, helm }: RenderRequest): Promise<Objects> => {
    const root = await mkdtemp(join(folder, 'tree-'));
    try {
      await checkOut({ bare }, commit, root);
      const texts = await textsOf(root, path, kind ?? (await kindIn(join(root, path))), helm);
      const objects = texts.flatMap(objectsIn);
      const named = new Map(objects.map((each) => [nameOf(each), each]));
      if (named.size !== objects.length) throw new Error(`an object is there twice in ${path}`);
      return named;
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };
  return {
    async objects(request) {
      const key = `${await treeOf(request.commit)} ${request.folder} ${JSON.stringify(request.helm)}`;
      const found = known.get(key) ?? render(request);
      known.set(key, found);
      return found;
    },
  };
}

function helmArguments(app: string, helm: RenderRequest['helm']): string[] {
  const { releaseName = 'web', valueFiles = [] } = chartOptions(helm) ?? {};
  const values = valueFiles.flatMap((path) => ['--values', join(app, path)]);
  return ['template', releaseName, app, '--namespace', NAMESPACE, '--include-crds', ...values];
}

const fields = (value: unknown): Data => (typeof value === 'object' && value !== null ? (value as Data) : {});

/** The Rollout, the workload that it names, and the HelmRelease that makes it, by their names among the objects. */
export function workloadsOf(objects: Objects, name: string): string[] {
  const all = [...objects];
  const rollout = all.find(([, { data }]) => data.kind === 'Rollout' && fields(data.metadata).name === name);
  const { workloadRef } = fields(rollout?.[1].data.spec);
  const { kind, name: workload } = fields(workloadRef) as { kind?: string; name?: string };
  const found = all.find(([, { data }]) => data.kind === kind && fields(data.metadata).name === workload);
  const release = all.find(([, { data }]) => data.kind === 'HelmRelease' && fields(data.metadata).name === name);
  return [rollout, workloadRef === undefined ? undefined : found, release].flatMap((entry) =>
    entry ? [entry[0]] : [],
  );
}

/** The template that the pods of a Rollout are made from, wherever it stands; undefined where there is no such Rollout. */
export function templateOf(objects: Objects, name: string): Record<string, unknown> | undefined {
  const all = [...objects.values()].map(({ data }) => data as Data);
  const rollout = all.find(({ kind, metadata }) => kind === 'Rollout' && metadata?.name === name);
  const { template, workloadRef } = fields(rollout?.spec);
  if (workloadRef === undefined) return template as Record<string, unknown> | undefined;
  const { kind, name: workload } = fields(workloadRef) as { kind?: string; name?: string };
  const found = all.find((each) => each.kind === kind && each.metadata?.name === workload);
  return fields(found?.spec).template as Record<string, unknown> | undefined;
}
