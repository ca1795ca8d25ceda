/** Writes: from a request's object to a committed one. Everything is synchronous, so every write is atomic. */
import type { Clock } from '../../clock.ts';
import { allocate } from './allocation.ts';
import { applyConfiguration } from './apply.ts';
import { applyKindDefaults, initialStatus } from './defaulting-kinds.ts';
import { type Deletion, prepareDeletion } from './deletion.ts';
import { alreadyExists, badRequest, type Cause, forbidden, invalid, notFound } from './failure.ts';
import {
  carryOver,
  checkIdentity,
  hasNewGeneration,
  newFinalizers,
  prepareNewMetadata,
  type Target,
} from './identity.ts';
import { type KindInfo, kindNamed } from './kinds.ts';
import { trackUpdate, type Writer } from './managed-fields.ts';
import { copy, equal, isFields, timestamp } from './objects.ts';
import type { Storage } from './storage.ts';
import { decode, type FieldValidation } from './structure.ts';
import type { ApiObject, DeleteRequest, ObjectKey } from './types.ts';
import { validateChange, validateKind } from './validation-kinds.ts';
import { validateMetadata } from './validation-metadata.ts';
import { validateSchema } from './validation-schema.ts';

/** How a write is to be made. */
export interface WriteOptions {
  manager: string;
  dryRun: boolean;
  fieldValidation: FieldValidation;
  /** Collects what the client should be warned of. */
  warnings: string[];
}

export interface Registry {
  /** Throws NotFound. */
  read(kind: KindInfo, key: ObjectKey): ApiObject;
  create(kind: KindInfo, namespace: string | undefined, object: object, options: WriteOptions): ApiObject;
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
    change: (target, makeNext, options) => change(services, target, read(target.kind, target.key), makeNext, options),
    apply: (target, given, options) => apply(services, target, given, options),
    remove(kind, key, request, dryRun = false) {
      const live = read(kind, key);
      if (kind.kind === 'Namespace' && PERMANENT.includes(key.name)) {
        throw forbidden(kind, key.name, 'this namespace may not be deleted');
      }
      const deletion = prepareDeletion(kind, live, request, clock.now());
      if (dryRun || (!deletion.gone && deletion.object === live)) return deletion;
      return { ...deletion, object: storage.commit(kind, live, deletion.gone ? undefined : deletion.object) };
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
) {
  const writer = writerOf(services, options, target.subresource);
  next.metadata.managedFields = trackUpdate(live, next, target.kind, writer) as ManagedFields;
}

type ManagedFields = NonNullable<ApiObject['metadata']['managedFields']>;

function create(
  services: Services,
  kind: KindInfo,
  namespace: string | undefined,
  given: object,
  options: WriteOptions,
): ApiObject {
  const { storage, clock } = services;
  const object = decode(kind, given, options.fieldValidation, options.warnings) as unknown as ApiObject;
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
  if (!key.managedFields) track(services, { kind, key, subresource: '' }, undefined, object, options);
  allocate(kind, object, undefined, storage);
  refuse(kind, object, [...validateMetadata(kind, object), ...judge(kind, object)]);
  if (storage.get(kind, key.namespace, key.name)) throw alreadyExists(kind, key.name);
  return options.dryRun ? object : storage.commit(kind, undefined, object);
}

function change(
  services: Services,
  target: Target,
  live: ApiObject,
  makeNext: (live: ApiObject) => object,
  options: WriteOptions,
): ApiObject {
  const { kind } = target;
  const given = decode(kind, makeNext(live), options.fieldValidation, options.warnings) as unknown as ApiObject;
  checkIdentity(target, live, given);
  const next = carryOver(target, live, given);
  applyKindDefaults(kind, next);
  allocate(kind, next, live, services.storage);
  track(services, target, live, next, options);
  return replace(services, target, live, next, options.dryRun);
}

function apply(services: Services, target: Target, given: object, options: WriteOptions & { force: boolean }) {
  const { storage } = services;
  const { kind, key, subresource } = target;
  const live = storage.get(kind, key.namespace, key.name);
  if (!live && subresource !== '') throw notFound(kind, key.name);
  const configuration = decode(kind, given, options.fieldValidation, options.warnings) as unknown as ApiObject;
  if (!isFields(configuration.metadata)) configuration.metadata = { name: key.name };
  configuration.metadata.name ??= key.name;
  if (configuration.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  if (live) checkIdentity(target, live, configuration);
  const base = live ?? { apiVersion: configuration.apiVersion, kind: kind.kind, metadata: { name: key.name } };
  const writer = writerOf(services, options, subresource);
  const applied = copy(applyConfiguration({ kind, live: base, configuration, writer, force: options.force }));
  if (!live) return { object: create(services, kind, key.namespace, applied, options), created: true };
  const next = carryOver(target, live, applied);
  next.metadata.managedFields = applied.metadata.managedFields as ManagedFields;
  applyKindDefaults(kind, next);
  allocate(kind, next, live, storage);
  return { object: replace(services, target, live, next, options.dryRun), created: false };
}

/** Checks and commits what a live object is to become; a write that changes nothing is none. */
function replace(
  { storage }: Services,
  { kind }: Target,
  live: ApiObject,
  next: ApiObject,
  dryRun: boolean,
): ApiObject {
  refuse(kind, next, [
    ...validateMetadata(kind, next),
    ...judge(kind, next),
    ...validateChange(kind, live, next),
    ...newFinalizers(live, next),
  ]);
  if (equal(live, next)) return live;
  if (kind.hasGeneration && hasNewGeneration(kind, live, next)) {
    next.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  if (dryRun) return next;
  return isReleased(kind, live, next) ? storage.commit(kind, next, undefined) : storage.commit(kind, live, next);
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

function judge(kind: KindInfo, object: ApiObject): Cause[] {
  return kind.custom ? validateSchema(object, kind.schema, '') : validateKind(kind, object);
}

function refuse(kind: KindInfo, object: ApiObject, causes: Cause[]): void {
  if (causes.length > 0) throw invalid(kind, object.metadata.name, causes);
}
