/** Which parts of an object a writer may set, and which stay as the server has them. */
import { randomUUID } from 'node:crypto';
import { generatedName } from './allocation.ts';
import { badRequest, type Cause, cause, conflict, invalid, staleVersion } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { copy, equal, fieldsAt, isFields, valueAt } from './objects.ts';
import type { ApiObject, ObjectKey } from './types.ts';

/** What a write is about. */
export interface Target {
  kind: KindInfo;
  key: ObjectKey;
  /** '' for the object itself. */
  subresource: string;
  /** The subresource under which the write is entered into managedFields, if it is another one. */
  through?: string;
  /** A PUT: what it says of itself is a precondition. */
  replaces?: boolean;
}

export function prepareNewMetadata(
  kind: KindInfo,
  namespace: string | undefined,
  object: ApiObject,
  now: string,
): void {
  const given = isFields(object.metadata) ? object.metadata : { name: '' };
  if (kind.namespaced && given.namespace && namespace && given.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const {
    deletionTimestamp: _,
    deletionGracePeriodSeconds: __,
    selfLink: ___,
    resourceVersion: ____,
    namespace: own,
    generation,
    ...kept
  } = given;
  const name = given.name || (given.generateName ? generatedName(given.generateName) : '');
  // Kinds that do not count leave what they were given.
  const counted = kind.hasGeneration ? 1 : generation;
  object.metadata = {
    ...kept,
    name,
    ...(kind.namespaced ? { namespace: namespace ?? own ?? 'default' } : {}),
    uid: randomUUID(),
    creationTimestamp: now,
    ...(counted === undefined ? {} : { generation: counted }),
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

/** Refuses a request whose object says that it is another one. */
export function checkName({ kind, key }: Target, given: ApiObject): void {
  const metadata = isFields(given.metadata) ? given.metadata : { name: '' };
  if (metadata.name && metadata.name !== key.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${key.name})`);
  }
  if (kind.namespaced && metadata.namespace && metadata.namespace !== key.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/** Refuses a write that means another version of the object, or another one of that name. */
export function checkVersion({ kind, key, replaces }: Target, live: ApiObject, given: ApiObject): void {
  const { uid, resourceVersion } = given.metadata;
  if (replaces && uid && uid !== live.metadata.uid) {
    throw conflict(kind, key.name, otherUid(uid, live));
  }
  if (!resourceVersion && !kind.updatesBlindly) {
    const causes = [cause.invalid('metadata.resourceVersion', 0, 'must be specified for an update')];
    throw invalid({ ...kind, kind: kind.plural }, key.name, causes);
  }
  if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) throw staleVersion(kind, key.name);
}

export function otherUid(uid: string, { metadata }: ApiObject): string {
  return `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
}

/** What a write may not change of the metadata. */
export function immutableMetadata(live: ApiObject, given: ApiObject): Cause[] {
  const { uid, deletionTimestamp, deletionGracePeriodSeconds } = given.metadata;
  const is = live.metadata;
  const found: Cause[] = [];
  const refuse = (field: string, value: unknown) =>
    found.push(cause.invalid(`metadata.${field}`, value, 'field is immutable'));
  if (uid && uid !== is.uid) refuse('uid', uid);
  if (deletionTimestamp && !is.deletionTimestamp) refuse('deletionTimestamp', deletionTimestamp);
  if (deletionGracePeriodSeconds !== undefined && is.deletionGracePeriodSeconds === undefined) {
    refuse('deletionGracePeriodSeconds', deletionGracePeriodSeconds);
  }
  return found;
}

/** The next object: what the writer may change from the request, everything else from the live one. */
export function carryOver({ kind, subresource }: Target, live: ApiObject, given: ApiObject): ApiObject {
  const metadata = nextMetadata(live, given);
  if (subresource === 'status') {
    const { managedFields } = metadata;
    const own = kind.custom ? { ...copy(live.metadata), managedFields } : metadata;
    // A pod's owners are not its kubelet's affair.
    const kept = kind.kind === 'Pod' ? { ...own, ownerReferences: live.metadata.ownerReferences } : own;
    return defined({
      ...copy(live),
      metadata: defined(kept) as ApiObject['metadata'],
      status: nextStatus(kind, live, given),
    });
  }
  return defined({ ...given, metadata, status: kind.hasStatus ? copy(live.status) : given.status });
}

/** How a pod is to be treated was settled when it was made. */
function nextStatus(kind: KindInfo, live: ApiObject, given: ApiObject): unknown {
  if (kind.kind !== 'Pod') return given.status;
  return { ...(isFields(given.status) ? given.status : {}), qosClass: valueAt(live, 'status', 'qosClass') };
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** The metadata as a write would have it, whatever it may write. */
export function nextMetadata(live: ApiObject, given: ApiObject): ApiObject['metadata'] {
  const { name, namespace, uid, creationTimestamp, generation, resourceVersion } = live.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds, managedFields: known } = live.metadata;
  const { labels, annotations, ownerReferences, finalizers, managedFields, generateName } = copy(
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
  const field = kind.kind === 'PodTemplate' ? 'template' : 'spec';
  if (!kind.custom && kind.kind !== 'EndpointSlice') return !equal(fieldsAt(live, field), fieldsAt(next, field));
  return !equal(content(live), content(next));
}
