/** Which parts of an object a writer may set, and which stay as the server has them. */
import { randomUUID } from 'node:crypto';
import { generatedName } from './allocation.ts';
import { badRequest, type Cause, cause, conflict, invalid, staleVersion } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { copy, equal, fieldsAt, isFields } from './objects.ts';
import type { ApiObject, ObjectKey } from './types.ts';

/** What a write is about. */
export interface Target {
  kind: KindInfo;
  key: ObjectKey;
  /** '' for the object itself. */
  subresource: string;
  /** A PUT: custom kinds then demand a resourceVersion. */
  replaces?: boolean;
}

export function prepareNewMetadata(
  kind: KindInfo,
  namespace: string | undefined,
  object: ApiObject,
  now: string,
): void {
  const given = isFields(object.metadata) ? object.metadata : { name: '' };
  if (given.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  if (kind.namespaced && given.namespace && namespace && given.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, namespace: own, generation: ___, ...kept } = given;
  const name = given.name || (given.generateName ? generatedName(given.generateName) : '');
  object.metadata = {
    ...kept,
    name,
    ...(kind.namespaced ? { namespace: namespace ?? own ?? 'default' } : {}),
    uid: randomUUID(),
    creationTimestamp: now,
    ...(kind.hasGeneration ? { generation: 1 } : {}),
  };
}

export function newFinalizers(live: ApiObject, next: ApiObject): Cause[] {
  if (!live.metadata.deletionTimestamp) return [];
  const added = (next.metadata.finalizers ?? []).filter((each) => !live.metadata.finalizers?.includes(each));
  if (added.length === 0) return [];
  const list = added.map((each) => JSON.stringify(each)).join(', ');
  return [
    cause.forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}

/** Refuses a write that means another object, or another version of it. */
export function checkIdentity({ kind, key, replaces }: Target, live: ApiObject, given: ApiObject): void {
  const metadata = isFields(given.metadata) ? given.metadata : { name: '' };
  if (metadata.name && metadata.name !== key.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${key.name})`);
  }
  if (kind.namespaced && metadata.namespace && metadata.namespace !== key.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (metadata.uid && metadata.uid !== live.metadata.uid) {
    throw conflict(
      kind,
      key.name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${live.metadata.uid}`,
    );
  }
  if (!metadata.resourceVersion && replaces && kind.custom) {
    throw invalid(kind, key.name, [cause.invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
  }
  if (metadata.resourceVersion && metadata.resourceVersion !== live.metadata.resourceVersion)
    throw staleVersion(kind, key.name);
}

/** The next object: what the writer may change from the request, everything else from the live one. */
export function carryOver({ kind, subresource }: Target, live: ApiObject, given: ApiObject): ApiObject {
  const metadata = nextMetadata(live, given);
  if (subresource === 'status') {
    const { managedFields, labels, annotations } = metadata;
    const own = kind.custom ? { managedFields } : { managedFields, labels, annotations };
    const kept = defined({ ...copy(live.metadata), ...own }) as ApiObject['metadata'];
    return defined({ ...copy(live), metadata: kept, status: given.status });
  }
  return defined({ ...given, metadata, status: kind.hasStatus ? copy(live.status) : given.status });
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function nextMetadata(live: ApiObject, given: ApiObject): ApiObject['metadata'] {
  const { name, namespace, generateName, uid, creationTimestamp, generation, resourceVersion } = live.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds, managedFields: known } = live.metadata;
  const { labels, annotations, ownerReferences, finalizers, managedFields } = copy(
    given.metadata ?? {},
  ) as ApiObject['metadata'];
  const kept = { name, namespace, generateName, uid, creationTimestamp, generation, resourceVersion };
  // An empty list of managers asks to forget them; no list at all keeps them.
  const managers =
    managedFields === undefined ? copy(known) : managedFields.filter((entry) => Object.keys(entry).length > 0);
  return defined({
    ...kept,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    labels,
    annotations,
    ownerReferences,
    finalizers,
    managedFields: managers,
  }) as ApiObject['metadata'];
}

export function hasNewGeneration(kind: KindInfo, live: ApiObject, next: ApiObject): boolean {
  const content = ({ metadata: _, status, ...rest }: ApiObject) => (kind.hasStatus ? rest : { ...rest, status });
  if (!kind.custom && kind.kind !== 'EndpointSlice') return !equal(fieldsAt(live, 'spec'), fieldsAt(next, 'spec'));
  return !equal(content(live), content(next));
}
