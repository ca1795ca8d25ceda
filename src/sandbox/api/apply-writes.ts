/** Server-side apply as a write: reads the configuration, and makes or changes the object by what it comes to. */
import { allocate } from './allocation.ts';
import { applyConfiguration } from './apply.ts';
import { requireTyped } from './apply-types.ts';
import {
  type ManagedFields,
  make,
  replace,
  type Services,
  setManagers,
  type WriteOptions,
  writerOf,
} from './commits.ts';
import { applyKindDefaults, dropDisabled } from './defaulting-kinds.ts';
import { badRequest, conflict, notFound } from './failure.ts';
import { carryOver, checkName, checkVersion, type Target } from './identity.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { copy, equal, isFields } from './objects.ts';
import { decode } from './structure.ts';
import type { ApiObject } from './types.ts';

type ApplyOptions = WriteOptions & { force: boolean };

export function apply(services: Services, target: Target, body: object, options: ApplyOptions) {
  const { kind, key, subresource } = target;
  const live = services.storage.get(kind, key.namespace, key.name);
  if (!live && subresource !== '' && !kind.createsOnUpdate) throw notFound(kind, key.name);
  const { configuration, ...given } = readConfiguration(target, body);
  const { apiVersion } = configuration;
  const base: ApiObject = live ?? { apiVersion, kind: kind.kind, metadata: { name: key.name } };
  const isBornAnew = given.born !== undefined && given.born !== base.metadata.creationTimestamp;
  const restates = isBornAnew || configuration.metadata.managedFields !== undefined;
  const writer = writerOf(services, options, subresource);
  const merged = copy(applyConfiguration({ kind, live: base, configuration, writer, force: options.force, restates }));
  const object = live
    ? changeTo(services, target, live, merged, options)
    : makeFrom(services, target, configuration, merged, options);
  if (object !== live && subresource === '' && isKeptOtherwise(kind, merged, object)) services.unsettled.add(object);
  return { object, created: !live };
}

/** What is applied, and when it says that it was made: nobody reads that of a custom object. */
function readConfiguration({ kind, key }: Target, body: object): { configuration: ApiObject; born: unknown } {
  requireIdentity(kind, body);
  const configuration = body as ApiObject;
  const metadata = isFields(configuration.metadata) ? configuration.metadata : { name: key.name };
  if (metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  const { creationTimestamp: born, ...rest } = metadata;
  requireTyped(kind, key.name, kind.custom ? { ...body, metadata: rest } : body);
  configuration.metadata = { ...(kind.custom ? rest : metadata), name: metadata.name ?? key.name };
  return { configuration, born };
}

const TYPED = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** Where the server keeps what it does not show: nothing and nulls in the metadata of custom objects, bytes that are none. */
function isKeptOtherwise(kind: KindInfo, merged: ApiObject, object: ApiObject): boolean {
  if (kind.custom) return TYPED.some((key) => !equal(merged.metadata[key], object.metadata[key]));
  const bytes = kind.kind === 'Secret' ? merged.data : kind.kind === 'ConfigMap' ? merged.binaryData : undefined;
  return isFields(bytes) && Object.values(bytes).includes(null);
}

function makeFrom(
  services: Services,
  target: Target,
  configuration: ApiObject,
  merged: ApiObject,
  options: ApplyOptions,
): ApiObject {
  const { kind, key } = target;
  const object = decode(kind, merged, options.fieldValidation, options.warnings, 'apply') as unknown as ApiObject;
  const { uid } = configuration.metadata;
  if (uid) throw conflict(kind, key.name, uidMismatch(uid));
  checkName(target, configuration);
  return make(services, { kind, namespace: key.namespace, object, applied: true }, options);
}

function changeTo(
  services: Services,
  target: Target,
  live: ApiObject,
  merged: ApiObject,
  options: ApplyOptions,
): ApiObject {
  const { kind } = target;
  const applied = decode(kind, merged, options.fieldValidation, options.warnings, 'apply') as unknown as ApiObject;
  checkName(target, applied);
  checkVersion(target, live, applied);
  const next = carryOver(target, live, applied);
  setManagers(next, (merged.metadata.managedFields ?? []) as ManagedFields);
  applyKindDefaults(kind, next);
  allocate(kind, next, live, services.storage);
  dropDisabled(kind, next);
  return replace(services, target, { live, next, given: applied, sent: merged }, options);
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
