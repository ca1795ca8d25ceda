/** How Flux is asked to look now and not at its next interval, and when there is nothing to ask for. */
import { type Fields, fieldsOf, textOf } from '../../api/fields.ts';
import { annotationsOf, isName } from './lookup.ts';

/** Its controllers take whatever is new in here for a request, and repeat it in status.lastHandledReconcileAt. */
export const REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

/** When somebody last asked for a look, in milliseconds since the epoch; undefined where nobody did who writes times. */
export function askedAt(object: unknown): number | undefined {
  const at = Date.parse(annotationsOf(object)[REQUESTED_AT] ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/** A person has it stand still: it heeds no request. */
export function isSuspended(object: unknown): boolean {
  return fieldsOf(fieldsOf(object).spec).suspend === true;
}

const appliedBy = (kustomization: unknown) => textOf(fieldsOf(fieldsOf(kustomization).status).lastAppliedRevision);

/** Whether a Kustomization has applied this very commit. */
export function hasApplied(kustomization: unknown, commit: string): boolean {
  return appliedBy(kustomization)?.endsWith(commit) === true;
}

/** Whether its GitRepository has fetched what a Kustomization has not applied. */
export function isBehind(kustomization: unknown, repository: unknown): boolean {
  const fetched = textOf(fieldsOf(fieldsOf(fieldsOf(repository).status).artifact).revision);
  return fetched !== undefined && fetched !== appliedBy(kustomization);
}

/** The GitRepository that a Kustomization applies from; undefined where it applies from anything else. */
export function gitRepositoryOf({ metadata, spec }: Fields): { namespace: string; name: string } | undefined {
  const { kind, name, namespace = fieldsOf(metadata).namespace } = fieldsOf(fieldsOf(spec).sourceRef);
  const key = { namespace: textOf(namespace) ?? '', name: textOf(name) ?? '' };
  return kind === 'GitRepository' && isName(key.namespace) && isName(key.name) ? key : undefined;
}
