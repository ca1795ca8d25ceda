/** Which revision a Kustomization's objects came with, and which branch that is of. */
import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import { checkBranch } from '../url.ts';
import { notYet, shown, unknown } from './lookup.ts';

const BRANCH = 'refs/heads/';

/** `main@sha1:<40 hex>`, `sha1:<40 hex>`, and as it was written before, `main/<40 hex>`. */
const REVISIONS = [/^(?:(?<name>.+)@)?sha1:(?<commit>[0-9a-f]{40})$/, /^(?<name>.+)\/(?<commit>[0-9a-f]{40})$/];

function readyOf(status: Fields): Fields {
  return (
    listOf(status.conditions)
      .map(fieldsOf)
      .find(({ type }) => type === 'Ready') ?? {}
  );
}

/** Applied as a whole, although what was applied did not become healthy in time. */
function isAppliedUnhealthy({ metadata, status }: Fields): boolean {
  const { status: ready, reason, observedGeneration } = readyOf(fieldsOf(status));
  const { generation } = fieldsOf(metadata);
  const isCurrent = observedGeneration === undefined || observedGeneration === generation;
  return ready === 'False' && reason === 'HealthCheckFailed' && isCurrent;
}

/** Whether something may be on its way to the cluster that status does not hold yet. */
export function isReconciling(kustomization: Fields): boolean {
  const status = fieldsOf(kustomization.status);
  const { lastAppliedRevision, lastAttemptedRevision, observedGeneration } = status;
  if (isAppliedUnhealthy(kustomization)) return false;
  return (
    lastAppliedRevision === undefined ||
    (lastAttemptedRevision !== undefined && lastAttemptedRevision !== lastAppliedRevision) ||
    observedGeneration !== fieldsOf(kustomization.metadata).generation
  );
}

/**
 * The revision that all of its objects came with. The attempted one is noted before anything is applied, and the applied one
 * only when everything has become healthy: in between, an object may be of either.
 */
export function appliedRevision(kustomization: Fields, name: string): string {
  const { lastAppliedRevision, lastAttemptedRevision } = fieldsOf(kustomization.status);
  const applied = isAppliedUnhealthy(kustomization) ? lastAttemptedRevision : lastAppliedRevision;
  if (!isReconciling(kustomization) && textOf(applied)) return String(applied);
  const far = `it has applied ${shown(lastAppliedRevision)} and is at ${shown(lastAttemptedRevision)}`;
  throw notYet(`${name} has not finished: ${far}`);
}

/** The commit in a revision, which must be of the branch that is followed now. */
export function commitIn(revision: string, branch: string, name: string): string {
  const { name: of, commit } = REVISIONS.map((form) => form.exec(revision)?.groups).find(Boolean) ?? {};
  if (!commit) throw unknown(`${name} has applied ${shown(revision)}, which is no commit`);
  if (of === undefined || of === branch || of === BRANCH + branch) return commit;
  throw notYet(
    `${name} has applied ${shown(revision)}, and nothing of branch ${branch}, which its source follows, yet`,
  );
}

/** The branch that a GitRepository follows; what it pins takes the place of any branch. */
export function trackedBranch(repository: Fields, name: string): string {
  const ref = fieldsOf(fieldsOf(repository.spec).ref);
  const text = (field: string) => textOf(ref[field]) ?? '';
  const pin = ['commit', 'name', 'semver', 'tag'].find((field) => text(field) !== '');
  if (pin === 'name' && text('name').startsWith(BRANCH)) return checkBranch(text('name').slice(BRANCH.length));
  if (pin) {
    const instead = 'Only what comes from a branch (spec.ref.branch) can be reverted';
    throw unknown(`${name} follows spec.ref.${pin} ${shown(text(pin))}. ${instead}`);
  }
  // Flux's own default.
  return checkBranch(text('branch') || 'master');
}
