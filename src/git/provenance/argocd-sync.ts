/** Which sync of an Application an object's present content came with. */
import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import { type Identity, nameOf, notYet, shown } from './lookup.ts';

/** A finished sync: what was applied, source by source. */
export interface Sync {
  sources: Fields[];
  /** By the same index. */
  revisions: string[];
  /** What the sync was told to take instead of the sources' own revision; '' where it was told nothing. */
  asked: string[];
  /** As in `applied`, before a commit. */
  how: string;
}

/** The sources that are synced; those of a hydrator are what it has written. */
function specSources(spec: Fields): Fields[] {
  const { drySource, syncSource } = fieldsOf(spec.sourceHydrator);
  const { path, targetBranch } = fieldsOf(syncSource);
  if (spec.sourceHydrator !== undefined)
    return [{ repoURL: fieldsOf(drySource).repoURL, path, targetRevision: targetBranch }];
  return sourcesIn(spec);
}

/** One source or several: the several count where there are any. */
function sourcesIn({ source, sources }: Fields): Fields[] {
  const several = listOf(sources).map(fieldsOf);
  if (several.length > 0) return several;
  return textOf(fieldsOf(source).repoURL) ? [fieldsOf(source)] : [];
}

function revisionsIn({ revision, revisions }: Fields): string[] {
  const several = listOf(revisions).map((each) => textOf(each) ?? '');
  return several.length > 0 ? several : [textOf(revision) ?? ''];
}

/** The last operation, where it has applied the object from what its sources hold. */
function applied(operationState: Fields, identity: Identity): Sync | undefined {
  const { phase, operation, syncResult } = operationState;
  const { dryRun, manifests, ...request } = fieldsOf(fieldsOf(operation).sync);
  const isFromSources = dryRun !== true && listOf(manifests).length === 0;
  if (phase !== 'Succeeded' || !isFromSources) return undefined;
  const result = fieldsOf(syncResult);
  const isOwn = ({ group, kind, namespace, name, status }: Fields) =>
    (group ?? '') === identity.group &&
    kind === identity.kind &&
    namespace === identity.namespace &&
    name === identity.name &&
    status === 'Synced';
  if (!listOf(result.resources).map(fieldsOf).some(isOwn)) return undefined;
  return {
    sources: sourcesIn(result),
    revisions: revisionsIn(result),
    asked: revisionsIn(request),
    how: 'applied',
  };
}

/** The last comparison, where it found the object to be what its sources hold. */
function compared(sync: Fields, entry: Fields): Sync | undefined {
  if (entry.status !== 'Synced') return undefined;
  const sources = sourcesIn(fieldsOf(sync.comparedTo));
  return { sources, revisions: revisionsIn(sync), asked: [], how: 'finds it in sync with' };
}

function isSame(one: Fields, other: Fields | undefined): boolean {
  const fields = ['repoURL', 'path', 'chart', 'ref', 'targetRevision'];
  return fields.every((field) => (one[field] ?? '') === (other?.[field] ?? ''));
}

/**
 * Throws `Waiting` as long as no sync of the sources that the Application now names has finished with the object. `entry`:
 * what the Application's status says of it.
 */
export function syncOf(application: Fields, entry: Fields, identity: Identity, name: string): Sync {
  const spec = fieldsOf(application.spec);
  const { operationState, sync } = fieldsOf(application.status);
  const finished = [applied(fieldsOf(operationState), identity), compared(fieldsOf(sync), entry)].filter(
    (each) => each !== undefined,
  );
  const wanted = specSources(spec);
  const current = finished.find(
    ({ sources }) =>
      sources.length === 0 ||
      (sources.length === wanted.length && wanted.every((source, index) => isSame(source, sources[index]))),
  );
  if (current) return { ...current, sources: current.sources.length > 0 ? current.sources : wanted };
  if (finished.length > 0) throw notYet(`Application ${name} names other sources by now than those that were synced`);
  const phase = `its last operation is ${shown(fieldsOf(operationState).phase)}`;
  const status = `the object is ${shown(entry.status)}`;
  throw notYet(`Application ${name} has no finished sync with ${nameOf(identity)} yet: ${phase}, ${status}`);
}
