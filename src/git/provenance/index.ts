/**
 * Where a live object came from: which repository, branch, folder and commit, by what is written on it and by what the tool
 * says that applied it. Nothing here reads anything: `references` says what must be read, `read` judges it once it was.
 */
import type { KubeObject } from '../../api/kubernetes.ts';
import { agree } from './agree.ts';
import { findAnnotations } from './annotations.ts';
import { fromArgoCd, INSTANCE } from './argocd.ts';
import { fromFlux } from './flux.ts';
import { annotationsOf, type Found, type Lookup, look, lookupIn, type Reference, referenceKey } from './lookup.ts';
import type { Answer, Provenance } from './provenance.ts';

export { provenanceOf } from './annotations.ts';
export { applierOf } from './applier.ts';
export { askedAt, gitRepositoryOf, hasApplied, isBehind, isSuspended, REQUESTED_AT } from './flux-request.ts';
export { type Found, type ObjectReference, type Reading, type Reference, referenceKey } from './lookup.ts';
export type { Answer, Finding, Look, Provenance, ProvenanceAnswer } from './provenance.ts';
export { trusted } from './trust.ts';

export interface ProvenanceOptions {
  /** Argo CD's own namespace: where an Application is that is named without one. */
  argoCdNamespace: string;
}

/** Whether it is of what sync engines write on objects, and is read here: the name of a label or annotation. */
export function isSyncMark(key: string): boolean {
  return (
    key === INSTANCE ||
    /^(argocd\.argoproj\.io|(kustomize|helm)\.toolkit\.fluxcd\.io|config\.kubernetes\.io)\//.test(key)
  );
}

type Source = (object: KubeObject, lookup: Lookup, options: ProvenanceOptions) => Provenance | undefined;

/** The tools whose own objects say more than what is written on the object. */
const TOOLS: readonly (readonly [name: string, source: Source])[] = [
  ['Argo CD', (object, lookup, { argoCdNamespace }) => fromArgoCd(object, lookup, argoCdNamespace)],
  ['Flux', fromFlux],
];

function lookAll(object: KubeObject, found: Found, options: ProvenanceOptions) {
  const lookup = lookupIn(found);
  return TOOLS.map(([source, claim]) => ({ source, finding: look(() => claim(object, lookup, options)) }));
}

/**
 * What must be read next, given what was read already; none for an object that no tool has marked, and none once everything
 * was read. Each round leads one step further: a Kustomization to its GitRepository.
 */
export function references(object: KubeObject, found: Found, options: ProvenanceOptions): Reference[] {
  const lacking = lookAll(object, found, options).flatMap(({ finding }) =>
    finding.kind === 'lacks' ? [finding.reference] : [],
  );
  return [...new Map(lacking.map((reference) => [referenceKey(reference), reference])).values()];
}

/**
 * Where the object came from, and what each source said. The object must have its apiVersion and kind, as some lists leave them
 * out. Never throws for what is in it or in what was found.
 */
export function read(object: KubeObject, found: Found, options: ProvenanceOptions): Answer {
  const tools = lookAll(object, found, options).map(({ source, finding }) =>
    finding.kind === 'lacks'
      ? { source, finding: { kind: 'unknown' as const, why: `${referenceKey(finding.reference)} was not read` } }
      : { source, finding },
  );
  return agree([{ source: 'annotations', finding: findAnnotations(annotationsOf(object)) }, ...tools]);
}
