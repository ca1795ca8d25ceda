/** Writes: from a request's object to a committed one. Everything is synchronous, so every write is atomic. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { allocate, generatedName } from './allocation.ts';
import { type Application, applyConfiguration } from './apply.ts';
import { applyKindDefaults, initialStatus } from './defaulting-kinds.ts';
import { type Deletion, prepareDeletion } from './deletion.ts';
import {
  alreadyExists,
  badRequest,
  type Cause,
  cause,
  conflict,
  forbidden,
  invalid,
  notFound,
  staleVersion,
} from './failure.ts';
import { type KindInfo, kindNamed } from './kinds.ts';
import { trackUpdate, type Writer } from './managed-fields.ts';
import { copy, equal, fieldsAt, isFields, timestamp } from './objects.ts';
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

export interface Target {
  kind: KindInfo;
  key: ObjectKey;
  /** '' for the object itself. */
  subresource: string;
  /** A PUT: custom kinds then demand a resourceVersion. */
  replaces?: boolean;
}

export function createRegistry({ storage, clock }: { storage: Storage; clock: Clock }): Registry {
  const now = () => timestamp(clock.now());
  const writerOf = (options: WriteOptions, subresource: string): Writer => ({
    manager: options.manager,
    subresource,
    time: now(),
  });

  const read = (kind: KindInfo, { namespace, name }: ObjectKey): ApiObject => {
    const object = storage.get(kind, namespace, name);
    if (!object) throw notFound(kind, name);
    return object;
  };

  const create: Registry['create'] = (kind, namespace, given, options) => {
    const object = decode(kind, given, options.fieldValidation, options.warnings) as unknown as ApiObject;
    prepareNewMetadata(kind, namespace, object, now());
    requireNamespace(kind, object, storage);
    const status = initialStatus(kind);
    if (kind.hasStatus) delete object.status;
    if (status && kind.hasStatus) object.status = status;
    applyKindDefaults(kind, object);
    allocate(kind, object, undefined, storage);
    refuse(kind, object, [...validateMetadata(kind, object), ...judge(kind, object)]);
    if (storage.get(kind, object.metadata.namespace, object.metadata.name))
      throw alreadyExists(kind, object.metadata.name);
    object.metadata.managedFields ??= trackUpdate(
      undefined,
      object,
      kind.schema,
      kind.hasStatus,
      writerOf(options, ''),
    ) as never;
    return options.dryRun ? object : storage.commit(kind, undefined, object);
  };

  /** Checks and commits what a live object is to become. */
  const replace = (
    target: Target,
    live: ApiObject,
    next: ApiObject,
    options: WriteOptions,
    tracked: boolean,
  ): ApiObject => {
    const { kind, subresource } = target;
    refuse(kind, next, [
      ...validateMetadata(kind, next),
      ...judge(kind, next),
      ...validateChange(kind, live, next),
      ...newFinalizers(live, next),
    ]);
    if (!tracked) {
      const writer = writerOf(options, subresource);
      next.metadata.managedFields = trackUpdate(live, next, kind.schema, kind.hasStatus, writer) as never;
    }
    if (equal(live, next)) return live;
    if (kind.hasGeneration && hasNewGeneration(kind, live, next))
      next.metadata.generation = (live.metadata.generation ?? 0) + 1;
    if (options.dryRun) return next;
    const isFinal =
      next.metadata.deletionTimestamp !== undefined &&
      isEmpty(next.metadata.finalizers) &&
      !isEmpty(live.metadata.finalizers);
    if (isFinal && !next.metadata.deletionGracePeriodSeconds && kind.kind !== 'Namespace')
      return storage.commit(kind, next, undefined);
    return storage.commit(kind, live, next);
  };

  const change: Registry['change'] = (target, makeNext, options) => {
    const { kind, key } = target;
    const live = read(kind, key);
    const given = decode(kind, makeNext(live), options.fieldValidation, options.warnings) as unknown as ApiObject;
    checkIdentity(target, live, given);
    const next = carryOver(target, live, given);
    applyKindDefaults(kind, next);
    allocate(kind, next, live, storage);
    return replace(target, live, next, options, false);
  };

  const apply: Registry['apply'] = (target, given, options) => {
    const { kind, key, subresource } = target;
    const live = storage.get(kind, key.namespace, key.name);
    if (!live && subresource !== '') throw notFound(kind, key.name);
    const configuration = decode(kind, given, options.fieldValidation, options.warnings) as unknown as ApiObject;
    if (!isFields(configuration.metadata)) configuration.metadata = { name: key.name };
    configuration.metadata.name ??= key.name;
    if (configuration.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
    const base =
      live ?? ({ apiVersion: configuration.apiVersion, kind: kind.kind, metadata: { name: key.name } } as ApiObject);
    if (live) checkIdentity(target, live, configuration);
    const application: Application = {
      kind,
      live: base,
      configuration,
      writer: writerOf(options, subresource),
      force: options.force,
    };
    const applied = copy(applyConfiguration(application));
    if (!live) return { object: create(kind, key.namespace, applied, options), created: true };
    const next = carryOver(target, live, applied);
    next.metadata.managedFields = applied.metadata.managedFields as never;
    applyKindDefaults(kind, next);
    allocate(kind, next, live, storage);
    return { object: replace(target, live, next, options, true), created: false };
  };

  return {
    read,
    create,
    change,
    apply,
    remove(kind, key, request, dryRun = false) {
      const live = read(kind, key);
      const deletion = prepareDeletion(kind, live, request, clock.now());
      if (dryRun || deletion.object === live) return deletion;
      const object = deletion.gone
        ? storage.commit(kind, live, undefined)
        : storage.commit(kind, live, deletion.object);
      return { ...deletion, object };
    },
  };
}

function isEmpty(list: unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

function prepareNewMetadata(kind: KindInfo, namespace: string | undefined, object: ApiObject, now: string): void {
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

function newFinalizers(live: ApiObject, next: ApiObject): Cause[] {
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

function checkIdentity({ kind, key, replaces }: Target, live: ApiObject, given: ApiObject): void {
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
function carryOver({ kind, subresource }: Target, live: ApiObject, given: ApiObject): ApiObject {
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

function hasNewGeneration(kind: KindInfo, live: ApiObject, next: ApiObject): boolean {
  const content = ({ metadata: _, status, ...rest }: ApiObject) => (kind.hasStatus ? rest : { ...rest, status });
  if (!kind.custom && kind.kind !== 'EndpointSlice') return !equal(fieldsAt(live, 'spec'), fieldsAt(next, 'spec'));
  return !equal(content(live), content(next));
}
