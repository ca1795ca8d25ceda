/** Where an object came from, by the Flux Kustomization that applied it, or by the HelmRelease that did. */
import { type Fields, fieldsOf, textOf } from '../../api/fields.ts';
import { releaseOf } from './flux-helm.ts';
import { isListed } from './flux-inventory.ts';
import { appliedRevision, commitIn, isReconciling, trackedBranch } from './flux-revision.ts';
import {
  annotationsOf,
  type Identity,
  identify,
  type Lookup,
  labelsOf,
  nameOf,
  notYet,
  shown,
  unknown,
} from './lookup.ts';
import { fileOf, folderAt, inputsOf, repositoryAt } from './places.ts';
import type { Provenance } from './provenance.ts';

export const KUSTOMIZE = 'kustomize.toolkit.fluxcd.io';
export const HELM = 'helm.toolkit.fluxcd.io';

interface Key {
  namespace: string;
  name: string;
}

/** What the two labels name, which Flux writes on all that it applies. */
export function markOf(object: unknown, group: string): Key | undefined {
  const labels = labelsOf(object);
  const { [`${group}/name`]: name, [`${group}/namespace`]: namespace } = labels;
  return name && namespace ? { namespace, name } : undefined;
}

/** Objects that Flux lists and yet leaves as they are, whatever Git says. */
function refuseUntouched(object: unknown, identity: Identity): void {
  const marks = { ...labelsOf(object), ...annotationsOf(object) };
  const { [`${KUSTOMIZE}/reconcile`]: reconcile, [`${KUSTOMIZE}/ssa`]: ssa } = marks;
  const isOff = reconcile?.toLowerCase() === 'disabled';
  if (!isOff && !['ignore', 'ifnotpresent'].includes(ssa?.toLowerCase() ?? '')) return;
  const mark = isOff ? `${KUSTOMIZE}/reconcile` : `${KUSTOMIZE}/ssa`;
  throw unknown(`${nameOf(identity)} has ${mark}: ${marks[mark]}, so that Flux does not bring changes of Git to it`);
}

/** Nothing of a Kustomization is told before it is known to list the object. */
function refuseUnlisted(kustomization: Fields, identity: Identity, name: string): void {
  if (!isListed(kustomization, identity)) {
    const why = `${name} does not list ${nameOf(identity)} in its inventory`;
    throw isReconciling(kustomization) ? notYet(`${why} yet`) : unknown(why);
  }
  if (fieldsOf(kustomization.spec).kubeConfig !== undefined)
    throw unknown(`${name} applies to another cluster (spec.kubeConfig)`);
}

/** Fields of a Kustomization that shape what its folder makes. */
const SHAPING = ['images', 'patches', 'postBuild'];

function overridesOf(spec: Fields, source: Fields, name: string): string[] {
  const isThere = (value: unknown) => (Array.isArray(value) ? value : Object.keys(fieldsOf(value))).length > 0;
  const shaping = SHAPING.filter((field) => isThere(spec[field])).map((field) => `${name} spec.${field}`);
  const isMixed = isThere(fieldsOf(source.spec).include);
  return isMixed ? [...shaping, `${name} takes in further repositories (spec.include of its source)`] : shaping;
}

/** The GitRepository that a Kustomization applies from. */
function sourceOf(kustomization: Fields, lookup: Lookup, { namespace: home, name }: Key): Key & { object: Fields } {
  const { kind, name: called, namespace = home } = fieldsOf(fieldsOf(kustomization.spec).sourceRef);
  const key = { namespace: textOf(namespace) ?? home, name: textOf(called) ?? '' };
  if (kind === 'GitRepository') return { ...key, object: lookup.object({ kind, ...key }) };
  const made = textOf(fieldsOf(kustomization.status).lastAppliedOriginRevision);
  const from = made ? `. It was made from ${shown(made)}, of which folder of which repository is not told` : '';
  throw unknown(
    `Kustomization ${home}/${name} applies ${shown(kind)} ${key.namespace}/${key.name}, which is not Git${from}`,
  );
}

/** Where an object came from that carries a Kustomization's labels; undefined where it does not. */
function fromKustomization(object: unknown, lookup: Lookup): (Provenance & { from: Key }) | undefined {
  const key = markOf(object, KUSTOMIZE);
  if (!key) return undefined;
  const identity = identify(object);
  const name = `Kustomization ${key.namespace}/${key.name}`;
  const kustomization = lookup.object({ kind: 'Kustomization', ...key });
  refuseUnlisted(kustomization, identity, name);
  refuseUntouched(object, identity);
  const source = sourceOf(kustomization, lookup, key);
  const place = `GitRepository ${source.namespace}/${source.name}`;
  const spec = fieldsOf(kustomization.spec);
  const repository = repositoryAt(fieldsOf(source.object.spec).url, `${place} spec.url`);
  const branch = trackedBranch(source.object, place);
  const commit = commitIn(appliedRevision(kustomization, name), branch, name);
  const path = folderAt(spec.path, `${name} spec.path`);
  const { file, override } = fileOf(object, { repository, branch, path });
  const overrides = [...overridesOf(spec, source.object, name), ...(override ? [override] : [])];
  const { namespace, name: from } = source;
  return {
    ...{ repository, branch, path, commit, learnt: 'Flux', source: key, from: { namespace, name: from } },
    ...(file && { file }),
    ...(overrides.length > 0 && { overrides }),
    evidence: `${name} applied ${commit.slice(0, 7)} of ${branch}`,
  };
}

/** What is reverted of a release is the file that holds the HelmRelease: one level up. */
function fromHelmRelease(object: unknown, lookup: Lookup, key: Key): Provenance {
  const release = lookup.object({ kind: 'HelmRelease', ...key });
  const name = `HelmRelease ${key.namespace}/${key.name}`;
  const { overrides: own, chart } = releaseOf(object, release, name);
  const held = fromKustomization({ ...release, apiVersion: `${HELM}/v2`, kind: 'HelmRelease' }, lookup);
  if (!held) throw unknown(`${name} carries no labels of a Kustomization: where it came from is not told`);
  const { from, ...provenance } = held;
  const isBeside = chart?.namespace === from.namespace && chart.name === from.name;
  const inputs = isBeside ? inputsOf(provenance.path, [chart.path]) : undefined;
  const overrides = [
    ...(provenance.overrides ?? []),
    ...own,
    ...(chart && !isBeside ? [`${name} takes its chart from GitRepository ${chart.namespace}/${chart.name}`] : []),
  ];
  return {
    ...provenance,
    ...(inputs && { inputs }),
    ...(isBeside && { helm: { chartsOf: from } }),
    ...(overrides.length > 0 && { overrides }),
    evidence: `${name} made it, and ${provenance.evidence}`,
  };
}

/** Throws `Stalled` or `Waiting` where it cannot be told; answers undefined where nothing on the object speaks of Flux. */
export function fromFlux(object: unknown, lookup: Lookup): Provenance | undefined {
  const release = markOf(object, HELM);
  if (release) return fromHelmRelease(object, lookup, release);
  const found = fromKustomization(object, lookup);
  if (!found) return undefined;
  const { from: _, ...provenance } = found;
  return provenance;
}
