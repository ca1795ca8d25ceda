import { type Document, isScalar, parseAllDocuments, visit } from 'yaml';
import { type Manifests, manifestsOf, withImage } from './manifests.ts';
import type { Scenario } from './options.ts';

/** Who is in a story: the app, or several of one repository; its cluster, or several that read the same branch. */
export interface Cast {
  /** The first one is the app whose release is bad. */
  apps: Manifests[];
  /** What each cluster is called; undefined where there is one. */
  clusters: (string | undefined)[];
}

/** The apps of other teams are called so; one that is called like the app itself gives way. */
const OTHER_APPS = ['cart', 'search', 'catalog'];

/** A word of a name such as `shop-stable` or `shop.example`, but not the scheme of an address. */
function wordOf(name: string): RegExp {
  return new RegExp(`(?<!\\w)${name.replace(/[^\w]/g, '\\$&')}(?!\\w|://)`, 'g');
}

interface Renaming {
  from: { name: string; namespace: string | undefined };
  to: string;
}

/** Where in the text the values stand that name the app or its namespace, and what is to stand there. */
function renamedValues(
  document: Document,
  text: string,
  { from, to }: Renaming,
): { at: number; end: number; by: string }[] {
  const word = wordOf(from.name);
  const found: { at: number; end: number; by: string }[] = [];
  visit(document, {
    Pair(_, { key, value }) {
      // Which API a document speaks is nobody's name.
      if (isScalar(key) && (key.value === 'apiVersion' || key.value === 'kind')) return visit.SKIP;
      if (!isScalar(key) || key.value !== 'namespace' || !isScalar(value) || !value.range) return undefined;
      if (value.value === from.namespace) found.push({ at: value.range[0], end: value.range[1], by: to });
      return undefined;
    },
    Scalar(role, { range, value }) {
      if (role === 'key' || typeof value !== 'string' || !range) return;
      const source = text.slice(range[0], range[1]);
      const by = source.replace(word, to);
      if (by !== source) found.push({ at: range[0], end: range[1], by });
    },
  });
  return found;
}

function renamedText(text: string, renaming: Renaming): string {
  const values = parseAllDocuments(text).flatMap((document) => renamedValues(document as Document, text, renaming));
  const byPlace = new Map(values.map((value) => [value.at, value]));
  return [...byPlace.values()]
    .sort((one, other) => other.at - one.at)
    .reduce((so, { at, end, by }) => so.slice(0, at) + by + so.slice(end), text);
}

/** The same manifests for an app of another name, with an image of its own, in a namespace of that name. */
export function renamed(manifests: Manifests, to: string): Manifests {
  const { name, namespace } = manifests.rollout.metadata;
  const renaming = { from: { name, namespace }, to };
  const files = Object.fromEntries(
    Object.entries(manifests.files).map(([path, text]) => [path, renamedText(text, renaming)]),
  );
  const app = manifestsOf(files, `the folder of ${to}`);
  if (app.image !== manifests.image) return app;
  const path = app.rolloutFile;
  const own = withImage(
    files[path] ?? '',
    app.image.replace(/[^/]+$/, (image) => `${to}-${image}`),
  );
  return manifestsOf({ ...files, [path]: own }, `the folder of ${to}`);
}

export function castOf(scenario: Scenario, manifests: Manifests): Cast {
  if (scenario === 'two-clusters') return { apps: [manifests], clusters: ['west', 'east'] };
  if (scenario !== 'monorepo') return { apps: [manifests], clusters: [undefined] };
  const others = OTHER_APPS.filter((name) => name !== manifests.rollout.metadata.name).slice(0, 2);
  return { apps: [manifests, ...others.map((name) => renamed(manifests, name))], clusters: [undefined] };
}
