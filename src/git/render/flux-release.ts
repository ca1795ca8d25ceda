/** How Flux's helm-controller renders a HelmRelease, as far as all of it is in the repository. */
import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import { Stalled } from '../../errors.ts';
import { findManifest, type Manifest, type ManifestSet } from '../manifests.ts';
import { folderInput, resolveBelow } from './graph.ts';
import { isReleaseName, type ReleaseOptions } from './helm-graph.ts';

const HELM_RELEASE = { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease' };

const NAMESPACE = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** A release of a chart that lies in the repository itself. */
export interface Release {
  kind: 'release';
  /** The chart's folder, from the root of the repository. */
  folder: string;
  releaseName: string;
  namespace: string;
  /** From the root of the repository, the later ones win. Where there are any, the chart's own values.yaml counts only among them. */
  valueFiles: string[];
  /** Whether a value file that is not there is left out. */
  mayMiss: boolean;
  /** YAML, on top of all files; the later ones win. */
  values: string[];
}

export type ReleaseReading =
  | Release
  /** The chart comes from somewhere else, or it is no HelmRelease: nothing is made of it here. */
  | { kind: 'elsewhere' }
  /** It is made of more than the repository holds. */
  | { kind: 'refused'; message: string };

export function isHelmRelease({ apiVersion = '', kind }: KubeObject): boolean {
  return kind === HELM_RELEASE.kind && apiVersion.startsWith(`${HELM_RELEASE.group}/`);
}

/** What a HelmRelease names of some GitRepository: the folder of its chart, and value files, as inputs. Nothing that leads out of it. */
export function namedBy(release: KubeObject): string[] {
  const { chart, sourceRef, valuesFiles } = chartOf(release);
  if (fieldsOf(sourceRef).kind !== 'GitRepository') return [];
  const folder = resolveBelow('', textOf(chart) ?? '');
  const files = listOf(valuesFiles).flatMap((each) => resolveBelow('', textOf(each) ?? '') ?? []);
  return [...(folder === undefined ? [] : [folderInput(folder)]), ...files];
}

function chartOf(release: KubeObject): Fields {
  return fieldsOf(fieldsOf(fieldsOf(fieldsOf(release).spec).chart).spec);
}

function isFrom(chart: Fields, home: string, { chartsOf }: ReleaseOptions): boolean {
  const { kind, name, namespace = home } = fieldsOf(chart.sourceRef);
  return kind === 'GitRepository' && name === chartsOf.name && namespace === chartsOf.namespace;
}

function refused(message: string): Stalled {
  return new Stalled('ReleaseNotRendered', message);
}

/** What one entry of valuesFrom brings, of what the folder holds beside the release. */
function valuesFrom(entry: Fields, home: string, set: ManifestSet): string {
  const { kind, name, valuesKey = 'values.yaml', targetPath } = entry;
  const named = `${String(kind)} ${String(name)}`;
  if (kind !== 'ConfigMap') throw refused(`takes values from ${named}, and only those of a ConfigMap are read`);
  if (targetPath !== undefined) throw refused(`takes one value from ${named} (targetPath), which is not followed`);
  const wanted = { group: '', kind: 'ConfigMap', namespace: home, name: textOf(name) ?? '' };
  const found = findManifest(set, wanted, home)?.object;
  const text = textOf(fieldsOf(fieldsOf(found).data)[String(valuesKey)]);
  if (text === undefined) throw refused(`takes values from ${named}, whose ${String(valuesKey)} is not in its folder`);
  return text;
}

function valueFilesOf(chart: Fields): string[] {
  return listOf(chart.valuesFiles).map((each) => {
    const path = resolveBelow('', textOf(each) ?? '');
    if (path === undefined)
      throw refused(`names the value file ${JSON.stringify(each)}, which leads out of the repository`);
    return path;
  });
}

function namesOf(release: KubeObject, spec: Fields, home: string): Pick<Release, 'releaseName' | 'namespace'> {
  const target = textOf(spec.targetNamespace);
  const { name } = release.metadata;
  const releaseName = textOf(spec.releaseName) ?? (target === undefined ? name : `${target}-${name}`);
  const namespace = target ?? home;
  // A longer name Flux makes shorter.
  if (!isReleaseName(releaseName))
    throw refused('has a name of more than 53 characters, or of others than Helm takes. Set spec.releaseName');
  if (!NAMESPACE.test(namespace)) throw refused('has a namespace that cannot be one');
  return { releaseName, namespace };
}

/** `namespace`: of what names none. */
export function readRelease(
  { object }: Manifest,
  set: ManifestSet,
  namespace: string,
  from: ReleaseOptions,
): ReleaseReading {
  if (!isHelmRelease(object)) return { kind: 'elsewhere' };
  const home = object.metadata.namespace ?? namespace;
  const spec = fieldsOf(fieldsOf(object).spec);
  const chart = chartOf(object);
  if (!isFrom(chart, home, from)) return { kind: 'elsewhere' };
  try {
    const folder = resolveBelow('', textOf(chart.chart) ?? '');
    if (folder === undefined) throw refused('has a chart that leads out of the repository');
    if (listOf(spec.postRenderers).length > 0) throw refused('has spec.postRenderers, which are not run');
    const values = listOf(spec.valuesFrom).map((each) => valuesFrom(fieldsOf(each), home, set));
    if (spec.values !== undefined) values.push(JSON.stringify(spec.values));
    const mayMiss = chart.ignoreMissingValuesFiles === true;
    return {
      kind: 'release',
      folder,
      ...namesOf(object, spec, home),
      valueFiles: valueFilesOf(chart),
      mayMiss,
      values,
    };
  } catch (error) {
    if (error instanceof Stalled) return { kind: 'refused', message: error.message };
    throw error;
  }
}
