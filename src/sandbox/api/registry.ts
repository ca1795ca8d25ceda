/** Writes: from a request's object to a committed one. Everything is synchronous, so every write is atomic. */
import { allocate } from './allocation.ts';
import { apply } from './apply-writes.ts';
import { make, replace, type Services, type Step, setManagers, track, type WriteOptions } from './commits.ts';
import { applyKindDefaults, dropDisabled } from './defaulting-kinds.ts';
import { type Deletion, prepareDeletion } from './deletion.ts';
import { badRequest, conflict, forbidden, notFound } from './failure.ts';
import { carryOver, checkName, checkVersion, nextMetadata, type Target } from './identity.ts';
import type { KindInfo } from './kinds.ts';
import { decode } from './structure.ts';
import type { ApiObject, DeleteRequest, ObjectKey } from './types.ts';

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

export function createRegistry({ storage, clock }: Pick<Services, 'storage' | 'clock'>): Registry {
  const services: Services = { storage, clock, unsettled: new WeakSet() };
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
      const sent = makeNext(live);
      const given = decode(target.kind, sent, fieldValidation, warnings, origin) as unknown as ApiObject;
      return change(services, target, { live, given, sent }, options);
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

function put(services: Services, target: Target, body: object, options: WriteOptions) {
  const { kind, key } = target;
  const given = decode(kind, body, options.fieldValidation, options.warnings) as unknown as ApiObject;
  given.metadata ??= { name: key.name };
  checkName(target, given);
  given.metadata.name ||= key.name;
  const live = services.storage.get(kind, key.namespace, key.name);
  if (live) {
    const object = change(services, { ...target, replaces: true }, { live, given, sent: body }, options);
    return { object, created: false };
  }
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
  { live, given, sent }: Omit<Step, 'next'>,
  options: WriteOptions,
): ApiObject {
  const { kind, key } = target;
  given.metadata ??= { name: key.name };
  if (!target.replaces) checkName(target, given);
  checkVersion(target, live, given);
  const next = carryOver(target, live, given);
  applyKindDefaults(kind, next);
  // Also what the subresource then does not write.
  const isPodStatus = kind.kind === 'Pod' && target.subresource === 'status';
  const proposed = isPodStatus ? next : { ...next, metadata: nextMetadata(live, given) };
  setManagers(next, track(services, target, live, proposed, options));
  // What the server gives back was not written by anybody.
  allocate(kind, next, live, services.storage);
  dropDisabled(kind, next);
  return replace(services, target, { live, next, given, sent }, options);
}
