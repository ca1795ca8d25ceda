/** The last steps of every write: defaults, who wrote, what is wrong with it, and the commit. */
import type { Clock } from '../../clock.ts';
import { allocate } from './allocation.ts';
import { applyKindDefaults, dropDisabled, initialStatus } from './defaulting-kinds.ts';
import { alreadyExists, type Cause, forbidden, invalid, notFound } from './failure.ts';
import { hasNewGeneration, immutableMetadata, newFinalizers, prepareNewMetadata, type Target } from './identity.ts';
import { type KindInfo, kindNamed } from './kinds.ts';
import { isSameButTimes, trackUpdate, type Writer } from './managed-fields.ts';
import { timestamp } from './objects.ts';
import { trackScale } from './scale-managers.ts';
import type { Storage } from './storage.ts';
import type { FieldValidation, Origin } from './structure.ts';
import type { ApiObject } from './types.ts';
import { validateChange, validateKind, validateStatus } from './validation-kinds.ts';
import { validateMetadata } from './validation-metadata.ts';
import { misnamed, scaleCauses, validateCustom } from './validation-rules.ts';
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

export interface Services {
  storage: Storage;
  clock: Clock;
  /** Objects that are kept with what nobody sees, such as nulls: the next write takes it out, if nothing else. */
  unsettled: WeakSet<ApiObject>;
}

export function writerOf({ clock }: Services, options: WriteOptions, subresource: string): Writer {
  return { manager: options.manager, subresource, time: timestamp(clock.now()) };
}

/** Enters the write into the object's managedFields. */
export function track(
  services: Services,
  target: Target,
  live: ApiObject | undefined,
  next: ApiObject,
  options: WriteOptions,
): ManagedFields {
  const writer = writerOf(services, options, target.through ?? target.subresource);
  if (live && target.through === 'scale') return trackScale(live, next, target.kind, writer) as ManagedFields;
  return trackUpdate(live, next, target.kind, writer) as ManagedFields;
}

export function setManagers({ metadata }: ApiObject, managers: ManagedFields): void {
  if (managers.length > 0) metadata.managedFields = managers;
  else delete metadata.managedFields;
}

export type ManagedFields = NonNullable<ApiObject['metadata']['managedFields']>;

interface Birth {
  kind: KindInfo;
  namespace: string | undefined;
  object: ApiObject;
  /** Its writer is entered already. */
  applied?: boolean;
}

export function make(
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
  if (!applied) {
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

export interface Step {
  live: ApiObject;
  next: ApiObject;
  /** What the writer sent, as its type holds it. */
  given: ApiObject;
  /** The same with what the type leaves out. */
  sent: object;
}

/** Checks and commits what a live object is to become; a write that changes nothing is none. */
export function replace(
  { storage, unsettled }: Services,
  target: Target,
  { live, next, given, sent }: Step,
  options: WriteOptions,
): ApiObject {
  const { kind, subresource } = target;
  const isCustomStatus = kind.custom && subresource === 'status';
  refuse(kind, next, [
    ...(isCustomStatus ? [] : immutableMetadata(live, given)),
    ...validateMetadata(kind, next),
    ...judge(target, next, live),
    ...validateChange(kind, live, next, sent),
    ...newFinalizers(live, next),
  ]);
  if (subresource === '') options.warnings.push(...warningsOf(kind, next, live));
  if (isSameButTimes(live, next) && !unsettled.has(live)) return live;
  if (kind.hasGeneration && hasNewGeneration(kind, live, next)) {
    next.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  if (options.dryRun) return next;
  if (!isReleased(kind, live, next)) return storage.commit(kind, live, next);
  // What is answered was never stored: watches see what was.
  storage.commit(kind, live, undefined);
  return next;
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
  const all = object.kind === kind.kind ? causes : misnamed(kind, object);
  if (all.length > 0) throw invalid({ ...kind, kind: object.kind }, object.metadata.name, all);
}
