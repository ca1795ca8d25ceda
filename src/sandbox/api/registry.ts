/** Writes: from a request's object to a committed one. Everything is synchronous, so every write is atomic. */
import type { Clock } from '../../clock.ts';
import { allocate } from './allocation.ts';
import { applyConfiguration } from './apply.ts';
import { requireTyped } from './apply-types.ts';
import { applyKindDefaults, dropDisabled, initialStatus } from './defaulting-kinds.ts';
import { type Deletion, prepareDeletion } from './deletion.ts';
import { alreadyExists, badRequest, type Cause, cause, conflict, forbidden, invalid, notFound } from './failure.ts';
import {
  carryOver,
  checkName,
  checkVersion,
  hasNewGeneration,
  immutableMetadata,
  newFinalizers,
  nextMetadata,
  prepareNewMetadata,
  type Target,
} from './identity.ts';
import { apiVersionOf, type KindInfo, kindNamed } from './kinds.ts';
import { trackUpdate, type Writer } from './managed-fields.ts';
import { copy, equal, isFields, timestamp } from './objects.ts';
import type { Storage } from './storage.ts';
import { decode, type FieldValidation, type Origin } from './structure.ts';
import type { ApiObject, DeleteRequest, ObjectKey } from './types.ts';
import { validateChange, validateKind, validateStatus } from './validation-kinds.ts';
import { validateMetadata } from './validation-metadata.ts';
import { scaleCauses, validateCustom } from './validation-rules.ts';
import { warningsOf } from './warnings.ts';

/** How a write is to be made. */
export interface WriteOptions {
  manager: string;
  dryRun: boolean;
  fieldValidation: FieldValidation;
  /** Collects what the client should be warned of. */
  warnings: string[];
  /** Where the object comes from, if not from the request's body. */
  origin?: Origin;
}

export interface Registry {
  /** Throws NotFound. */
  read(kind: KindInfo, key: ObjectKey): ApiObject;
  create(kind: KindInfo, namespace: string | undefined, object: object, options: WriteOptions): ApiObject;
  /** Replaces the object, or its status, by that of a request; some kinds are made where they are not. */
  put(target: Target, object: object, options: WriteOptions): { object: ApiObject; created: boolean };
  /** Replaces the object, or its status, by what `change` makes of the live one. */
  change(target: Target, change: (live: ApiObject) => object, options: WriteOptions): ApiObject;
  /** Server-side apply; creates where there is nothing. */
  apply(
    target: Target,
    configuration: object,
    options: WriteOptions & { force: boolean },
  ): { object: ApiObject; created: boolean };
  remove(kind: KindInfo, key: ObjectKey, request: DeleteRequest, dryRun?: boolean): Deletion;
}

/** Namespaces that cannot be deleted. */
const PERMANENT = ['default', 'kube-system', 'kube-public'];

interface Services {
  storage: Storage;
  clock: Clock;
}

export function createRegistry(services: Services): Registry {
  const { storage, clock } = services;
  const read: Registry['read'] = (kind, { namespace, name }) => {
    const object = storage.get(kind, namespace, name);
    if (!object) throw notFound(kind, name);
    return object;
  };
  return {
    read,
    create: (kind, namespace, given, options) => create(services, kind, namespace, given, options),
    put: (target, given, options) => put(services, target, given, options),
    change(target, makeNext, options) {
      const live = read(target.kind, target.key);
      const { fieldValidation, warnings, origin } = options;
      const given = decode(target.kind, makeNext(live), fieldValidation, warnings, origin) as unknown as ApiObject;
      return change(services, target, live, given, options);
    },
    apply: (target, given, options) => apply(services, target, given, options),
    remove(kind, key, request, dryRun = false) {
      const live = read(kind, key);
      if (kind.kind === 'Namespace' && PERMANENT.includes(key.name)) {
        throw forbidden(kind, key.name, 'this namespace may not be deleted');
      }
      const deletion = prepareDeletion(kind, live, request, clock.now());
      if (dryRun || (!deletion.gone && deletion.object === live)) return deletion;
      if (!deletion.gone) return { ...deletion, object: storage.commit(kind, live, deletion.object) };
      // What differs from the live object is seen by watches before it goes.
      const last = deletion.object === live ? live : storage.commit(kind, live, deletion.object);
      return { ...deletion, object: storage.commit(kind, last, undefined) };
    },
  };
}

function writerOf({ clock }: Services, options: WriteOptions, subresource: string): Writer {
  return { manager: options.manager, subresource, time: timestamp(clock.now()) };
}

/** Enters the write into the object's managedFields. */
function track(
  services: Services,
  target: Target,
  live: ApiObject | undefined,
  next: ApiObject,
  options: WriteOptions,
): ManagedFields {
  const writer = writerOf(services, options, target.through ?? target.subresource);
  return trackUpdate(live, next, target.kind, writer) as ManagedFields;
}

function setManagers({ metadata }: ApiObject, managers: ManagedFields): void {
  if (managers.length > 0) metadata.managedFields = managers;
  else delete metadata.managedFields;
}

type ManagedFields = NonNullable<ApiObject['metadata']['managedFields']>;

function create(
  services: Services,
  kind: KindInfo,
  namespace: string | undefined,
  given: object,
  options: WriteOptions,
): ApiObject {
  const object = decode(kind, given, options.fieldValidation, options.warnings) as unknown as ApiObject;
  if (object.metadata?.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  return make(services, { kind, namespace, object }, options);
}

interface Birth {
  kind: KindInfo;
  namespace: string | undefined;
  object: ApiObject;
  /** Its writer is entered already. */
  applied?: boolean;
}

function make(
  services: Services,
  { kind, namespace, object, applied = false }: Birth,
  options: WriteOptions,
): ApiObject {
  const { storage, clock } = services;
  prepareNewMetadata(kind, namespace, object, timestamp(clock.now()));
  requireNamespace(kind, object, storage);
  if (kind.hasStatus) {
    delete object.status;
    const status = initialStatus(kind);
    if (status) object.status = status;
  }
  applyKindDefaults(kind, object);
  // What the server gives out afterwards has no owner.
  const key = object.metadata;
  key.managedFields = key.managedFields?.filter((entry) => Object.keys(entry).length > 0) ?? [];
  if (!applied && key.managedFields.length === 0) {
    key.managedFields = track(services, { kind, key, subresource: '' }, undefined, object, options);
  }
  setManagers(object, key.managedFields ?? []);
  allocate(kind, object, undefined, storage);
  dropDisabled(kind, object);
  const causes = judge({ kind, subresource: '' }, object);
  // Of an event that is wrong in itself the rest is not looked at.
  const isEnough = kind.kind === 'Event' && causes.length > 0;
  refuse(kind, object, [...(isEnough ? [] : validateMetadata(kind, object)), ...causes]);
  options.warnings.push(...warningsOf(kind, object));
  const there = storage.get(kind, key.namespace, key.name);
  if (there) throw alreadyExists(kind, there, object.metadata.generateName);
  return options.dryRun ? object : storage.commit(kind, undefined, object);
}

function put(services: Services, target: Target, body: object, options: WriteOptions) {
  const { kind, key } = target;
  const given = decode(kind, body, options.fieldValidation, options.warnings) as unknown as ApiObject;
  given.metadata ??= { name: key.name };
  checkName(target, given);
  given.metadata.name ||= key.name;
  const live = services.storage.get(kind, key.namespace, key.name);
  if (live) return { object: change(services, { ...target, replaces: true }, live, given, options), created: false };
  if (!kind.createsOnUpdate) throw notFound(kind, key.name);
  if (given.metadata.uid) {
    throw conflict(
      kind,
      key.name,
      `Precondition failed: UID in precondition: ${given.metadata.uid}, UID in object meta: `,
    );
  }
  return { object: make(services, { kind, namespace: key.namespace, object: given }, options), created: true };
}

function change(
  services: Services,
  target: Target,
  live: ApiObject,
  given: ApiObject,
  options: WriteOptions,
): ApiObject {
  const { kind, key } = target;
  given.metadata ??= { name: key.name };
  if (!target.replaces) checkName(target, given);
  checkVersion(target, live, given);
  const next = carryOver(target, live, given);
  applyKindDefaults(kind, next);
  allocate(kind, next, live, services.storage);
  // Also what the subresource then does not write.
  const isPodStatus = kind.kind === 'Pod' && target.subresource === 'status';
  const proposed = isPodStatus ? next : { ...next, metadata: nextMetadata(live, given) };
  setManagers(next, track(services, target, live, proposed, options));
  dropDisabled(kind, next);
  return replace(services, target, { live, next, given }, options);
}

function apply(services: Services, target: Target, body: object, options: WriteOptions & { force: boolean }) {
  const { storage } = services;
  const { kind, key, subresource } = target;
  const live = storage.get(kind, key.namespace, key.name);
  if (!live && subresource !== '' && !kind.createsOnUpdate) throw notFound(kind, key.name);
  requireIdentity(kind, body);
  const configuration = body as ApiObject;
  const metadata = isFields(configuration.metadata) ? configuration.metadata : { name: key.name };
  if (metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  // Of a custom object nobody reads when it says that it was made.
  const { creationTimestamp: _, ...given } = metadata;
  requireTyped(kind, key.name, kind.custom ? { ...body, metadata: given } : body);
  configuration.metadata = { ...(kind.custom ? given : metadata), name: metadata.name ?? key.name };
  const base = live ?? { apiVersion: configuration.apiVersion, kind: kind.kind, metadata: { name: key.name } };
  const writer = writerOf(services, options, subresource);
  const merged = copy(applyConfiguration({ kind, live: base, configuration, writer, force: options.force }));
  checkName(target, configuration);
  const applied = decode(kind, merged, options.fieldValidation, options.warnings, 'apply') as unknown as ApiObject;
  if (!live) {
    const { uid } = configuration.metadata;
    if (uid) throw conflict(kind, key.name, uidMismatch(uid));
    return {
      object: make(services, { kind, namespace: key.namespace, object: applied, applied: true }, options),
      created: true,
    };
  }
  checkVersion(target, live, applied);
  const next = carryOver(target, live, applied);
  setManagers(next, (merged.metadata.managedFields ?? []) as ManagedFields);
  applyKindDefaults(kind, next);
  allocate(kind, next, live, storage);
  dropDisabled(kind, next);
  return { object: replace(services, target, { live, next, given: applied }, options), created: false };
}

/** What is applied must say what it is. */
function requireIdentity(kind: KindInfo, body: object): void {
  const { apiVersion, kind: name } = body as Partial<ApiObject>;
  if (!name) throw badRequest(`Object 'Kind' is missing`);
  if (!apiVersion) throw badRequest(`Object 'apiVersion' is missing`);
  if (name !== kind.kind) throw badRequest(`${name} cannot be handled as a ${kind.kind}`);
  if (apiVersion !== apiVersionOf(kind))
    throw badRequest(`${apiVersion} does not match the expected API version (${apiVersionOf(kind)})`);
}

function uidMismatch(uid: string): string {
  return `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
}

interface Step {
  live: ApiObject;
  next: ApiObject;
  /** What the writer sent. */
  given: ApiObject;
}

/** Checks and commits what a live object is to become; a write that changes nothing is none. */
function replace({ storage }: Services, target: Target, { live, next, given }: Step, options: WriteOptions): ApiObject {
  const { kind, subresource } = target;
  const isCustomStatus = kind.custom && subresource === 'status';
  refuse(kind, next, [
    ...(isCustomStatus ? [] : immutableMetadata(live, given)),
    ...validateMetadata(kind, next),
    ...judge(target, next, live),
    ...validateChange(kind, live, next),
    ...newFinalizers(live, next),
  ]);
  if (subresource === '') options.warnings.push(...warningsOf(kind, next, live));
  if (equal(live, next)) return live;
  if (kind.hasGeneration && hasNewGeneration(kind, live, next)) {
    next.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  if (options.dryRun) return next;
  if (!isReleased(kind, live, next)) return storage.commit(kind, live, next);
  const gone = storage.commit(kind, next, undefined);
  // The answer is still of the version before.
  return { ...gone, metadata: { ...gone.metadata, resourceVersion: live.metadata.resourceVersion ?? '' } };
}

/** The last finalizer of an object that is being deleted went. */
function isReleased(kind: KindInfo, { metadata: before }: ApiObject, { metadata: after }: ApiObject): boolean {
  if (after.deletionTimestamp === undefined || after.deletionGracePeriodSeconds || kind.kind === 'Namespace')
    return false;
  return !isEmpty(before.finalizers) && isEmpty(after.finalizers);
}

function isEmpty(list: unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

function requireNamespace(kind: KindInfo, object: ApiObject, storage: Storage): void {
  if (!kind.namespaced) return;
  const namespaces = kindNamed('Namespace');
  const name = object.metadata.namespace ?? '';
  const namespace = storage.get(namespaces, undefined, name);
  if (!namespace) throw notFound(namespaces, name);
  if (namespace.metadata.deletionTimestamp) {
    const why = `unable to create new content in namespace ${name} because it is being terminated`;
    throw forbidden(kind, object.metadata.name, why);
  }
}

function judge(
  { kind, subresource }: Pick<Target, 'kind' | 'subresource'>,
  object: ApiObject,
  live?: ApiObject,
): Cause[] {
  if (kind.custom) return [...validateCustom(kind, object, live), ...scaleCauses(kind, object, subresource)];
  return live && subresource === 'status' ? validateStatus(kind, object) : validateKind(kind, object);
}

function refuse(kind: KindInfo, object: ApiObject, causes: Cause[]): void {
  const isNamed = object.kind === kind.kind;
  const all = isNamed ? causes : [cause.invalid('kind', object.kind, `must be ${kind.kind}`)];
  if (all.length > 0) throw invalid({ ...kind, kind: object.kind }, object.metadata.name, all);
}
