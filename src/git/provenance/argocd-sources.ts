/** Which of an Application's sources an object came from. Where that is not certain, it is not said. */
import { posix } from 'node:path';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../api/fields.ts';
import type { ChartOptions } from '../render/helm-graph.ts';
import { canonicalRepository } from '../url.ts';
import type { Sync } from './argocd-sync.ts';
import { notYet, shown, unknown } from './lookup.ts';
import { safePath } from './places.ts';

/** The source that counts, as it was applied. */
export interface Chosen {
  /** repoURL, path and targetRevision. */
  source: Fields;
  /** Where it stands in the Application, as in `spec.sources[1]`. */
  field: string;
  revision: string;
  /** What the sync was told to take instead; '' for nothing. */
  asked: string;
  /** Files of the same repository with Helm values, from its root; undefined for one that is nowhere in it. */
  values: (string | undefined)[];
  /** Fields of the Application that shape what the source makes. */
  overrides: string[];
}

const SHAPING = [
  ...['helm.parameters', 'helm.values', 'helm.valuesObject'],
  ...['kustomize.images', 'kustomize.patches', 'kustomize.components'],
  ...['kustomize.commonLabels', 'kustomize.commonAnnotations'],
  ...['plugin.env', 'plugin.parameters', 'directory.jsonnet.extVars', 'directory.jsonnet.tlas'],
];

function isThere(value: unknown): boolean {
  if (isFields(value)) return Object.keys(value).length > 0;
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '';
}

function at(source: Fields, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => fieldsOf(value)[key], source);
}

function valueFiles({ helm }: Fields): string[] {
  const { valueFiles: files, fileParameters } = fieldsOf(helm);
  return [...listOf(files), ...listOf(fileParameters).map((each) => fieldsOf(each).path)].flatMap(
    (each) => textOf(each) ?? [],
  );
}

const isRemote = (file: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(file);

function shapingFields(source: Fields, field: string): string[] {
  const set = SHAPING.filter((path) => isThere(at(source, path))).map((path) => `${field}.${path}`);
  return valueFiles(source).some(isRemote) ? [...set, `${field}.helm.valueFiles`] : set;
}

/** Values taken from another source (`$name/...`) are of the same place only where that is the same commit. */
function valuesFrom({ sources, revisions }: Sync, index: number, field: string): (string | undefined)[] {
  const own = sources[index] ?? {};
  const folder = textOf(own.path) ?? '';
  return valueFiles(own)
    .filter((file) => !isRemote(file))
    .map((file) => {
      const [, name, path = ''] = /^\$([^/]+)\/(.*)$/.exec(file) ?? [];
      if (name === undefined) return safePath(folder, file);
      const from = sources.findIndex(({ ref }) => ref === name);
      const other = sources[from];
      const isSame =
        canonicalRepository(textOf(other?.repoURL) ?? '') === canonicalRepository(textOf(own.repoURL) ?? '') &&
        revisions[from] === revisions[index];
      if (isSame && (other?.targetRevision ?? '') === (own.targetRevision ?? '')) return safePath('', path);
      const where = `takes Helm values from ${shown(file)}, which is of another repository, branch or commit`;
      throw unknown(`${field} ${where}: which of the two an object came from cannot be told`);
    });
}

function pickFromSpec(sync: Sync, field: (index: number) => string): Chosen {
  const { sources, revisions, asked } = sync;
  const isOnlyValues = ({ ref, path, chart }: Fields) => isThere(ref) && !isThere(path) && !isThere(chart);
  const making = [...sources.keys()].filter((index) => !isOnlyValues(sources[index] ?? {}));
  const [index, ...others] = making;
  if (index === undefined) throw unknown('the Application names no source that makes objects');
  if (others.length > 0) {
    const names = making.map(field).join(', ');
    throw unknown(`the Application has several sources that make objects (${names}): which made it cannot be told`);
  }
  const source = sources[index] ?? {};
  if (isThere(source.chart)) {
    const chart = `${shown(source.chart)} at version ${shown(revisions[index])}`;
    throw unknown(`${field(index)} is the Helm chart ${chart}, which has no commit`);
  }
  return {
    source,
    field: field(index),
    revision: revisions[index] ?? '',
    asked: asked[index] ?? '',
    values: valuesFrom(sync, index, field(index)),
    overrides: shapingFields(source, field(index)),
  };
}

/**
 * What a hydrator writes is never edited: what counts is what it was made from. Only the commit that the hydrator itself says
 * it made the synced one from will do.
 */
function pickFromHydrator(application: Fields, { revisions }: Sync, hydrator: Fields): Chosen {
  const field = 'spec.sourceHydrator.drySource';
  const { lastSuccessfulOperation, currentOperation } = fieldsOf(fieldsOf(application.status).sourceHydrator);
  const [synced = ''] = revisions;
  const current = fieldsOf(currentOperation);
  const operations = [fieldsOf(lastSuccessfulOperation), ...(current.phase === 'Hydrated' ? [current] : [])];
  const made = operations.find(({ hydratedSHA }) => synced !== '' && hydratedSHA === synced);
  if (!made && hydrator.hydrateTo !== undefined) {
    const why = 'spec.sourceHydrator.hydrateTo hands the hydrated manifests on';
    throw unknown(`${why}: from which commit the synced one, ${synced.slice(0, 7)}, was made is not told`);
  }
  if (!made) throw notYet(`the hydrator does not speak of the synced commit, ${synced.slice(0, 7)}, (yet)`);
  const source = fieldsOf(hydrator.drySource);
  const before = fieldsOf(fieldsOf(made.sourceHydrator).drySource);
  const isMoved = ['repoURL', 'path', 'targetRevision'].some((key) => before[key] !== source[key]);
  if (isMoved && isThere(before)) throw notYet(`${field} names another place by now than what was hydrated`);
  const values = valueFiles(source).filter((file) => !isRemote(file));
  return {
    source,
    field,
    revision: textOf(made.drySHA) ?? '',
    asked: '',
    values: values.map((file) => safePath(textOf(source.path) ?? '', file)),
    overrides: shapingFields(source, field),
  };
}

/** How Argo CD renders a chart in the chosen folder; undefined where it takes values from elsewhere. */
export function helmOf({ source, values }: Chosen, application: string): ChartOptions | undefined {
  const { releaseName, valueFiles: files } = fieldsOf(source.helm);
  if (valueFiles(source).some(isRemote)) return undefined;
  // Those of file parameters come after them.
  const own = values.slice(0, listOf(files).length);
  const folder = safePath('', textOf(source.path) ?? '') ?? '';
  const relative = own.flatMap((file) => (file === undefined ? [] : posix.relative(folder, file)));
  return relative.length === own.length
    ? { releaseName: textOf(releaseName) || application, valueFiles: relative }
    : undefined;
}

/** Throws `Stalled` where it cannot be told which source counts, or where that one is not in Git. */
export function pickSource(application: Fields, sync: Sync): Chosen {
  const spec = fieldsOf(application.spec);
  if (spec.sourceHydrator !== undefined) return pickFromHydrator(application, sync, fieldsOf(spec.sourceHydrator));
  const areSeveral = listOf(spec.sources).length > 0;
  return pickFromSpec(sync, (index) => (areSeveral ? `spec.sources[${index}]` : 'spec.source'));
}
