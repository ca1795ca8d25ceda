/** Whether an object is what a HelmRelease, as it now stands, has made. */
import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import { isListed } from './flux-inventory.ts';
import { annotationsOf, identify, nameOf, notYet, shown, unknown } from './lookup.ts';
import { safePath } from './places.ts';

/** A release that is finished. */
export interface Release {
  /** Where its chart lies, where that is in Git; `path` undefined for a path that leads out of it. */
  chart: { namespace: string; name: string; path: string | undefined } | undefined;
  overrides: string[];
}

function latestOf({ status }: Fields): Fields {
  const history = listOf(fieldsOf(status).history).map(fieldsOf);
  return history.reduce((latest, each) => (Number(each.version) > Number(latest.version ?? 0) ? each : latest), {});
}

/** Newer versions of Flux list what a release made; before, Helm's own marks on the object must name the same release. */
function refuseOthers(object: unknown, release: Fields, name: string): void {
  const { 'meta.helm.sh/release-name': called, 'meta.helm.sh/release-namespace': place } = annotationsOf(object);
  const latest = latestOf(release);
  const hasInventory = fieldsOf(release.status).inventory !== undefined;
  const identity = identify(object);
  const isOwn = hasInventory
    ? isListed(release, identity)
    : called !== undefined && called === latest.name && place === latest.namespace;
  if (!isOwn) throw unknown(`${name} does not speak of ${nameOf(identity)} as its own`);
  if (fieldsOf(release.spec).kubeConfig !== undefined)
    throw unknown(`${name} applies to another cluster (spec.kubeConfig)`);
}

/** A failed upgrade is rolled back to older values: then Git says something else than the cluster. */
function refuseUnfinished(release: Fields, name: string): void {
  const { observedGeneration, lastAttemptedConfigDigest } = fieldsOf(release.status);
  const { status, configDigest } = latestOf(release);
  if (observedGeneration !== fieldsOf(release.metadata).generation) throw notYet(`${name} is yet to take up its spec`);
  const isNewest = lastAttemptedConfigDigest === undefined || lastAttemptedConfigDigest === configDigest;
  if (status !== 'deployed' || !isNewest) {
    const values = isNewest ? '' : ', with other values than those of its spec';
    throw notYet(`${name} has no finished release of its spec: the last is ${shown(status)}${values}`);
  }
}

/** Throws `Stalled` where the release is not the object's, `Waiting` where it is not finished. */
export function releaseOf(object: unknown, release: Fields, name: string): Release {
  refuseOthers(object, release, name);
  refuseUnfinished(release, name);
  const spec = fieldsOf(release.spec);
  const { chart, version, sourceRef } = fieldsOf(fieldsOf(spec.chart).spec);
  const { kind, name: called, namespace = fieldsOf(release.metadata).namespace } = fieldsOf(sourceRef);
  const isExact = /^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/.test(textOf(version) ?? '');
  const isInGit = kind === 'GitRepository';
  const overrides = [
    ...(listOf(spec.valuesFrom).length > 0 ? [`${name} spec.valuesFrom`] : []),
    ...(spec.chartRef !== undefined ? [`${name} spec.chartRef`] : []),
    ...(!isInGit && !isExact && spec.chart !== undefined ? [`${name} spec.chart.spec.version ${shown(version)}`] : []),
  ];
  const path = safePath('', textOf(chart) ?? '');
  const from = { namespace: textOf(namespace) ?? '', name: textOf(called) ?? '', path };
  return { chart: isInGit ? from : undefined, overrides };
}
