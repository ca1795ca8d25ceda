/** The garbage collector and the end of namespaces: what goes because something else went. */

import type { WriteOptions } from './commits.ts';
import { FOREGROUND, ORPHAN } from './deletion.ts';
import { Failure } from './failure.ts';
import { KINDS, type KindInfo, kindNamed } from './kinds.ts';
import { textAt } from './objects.ts';
import type { Registry } from './registry.ts';
import type { Committed, Storage } from './storage.ts';
import type { ApiObject, DeleteRequest } from './types.ts';

const STORED = KINDS.filter((kind) => kind.stored);
const OPTIONS: Omit<WriteOptions, 'warnings'> = {
  manager: 'kube-controller-manager',
  dryRun: false,
  fieldValidation: 'Ignore',
};

interface Dependent {
  kind: KindInfo;
  object: ApiObject;
}

interface Services {
  storage: Storage;
  registry: Registry;
}

export function collectGarbage(services: Services): void {
  const { storage } = services;
  const namespaces = kindNamed('Namespace');
  const alive = new Set<string>();

  const afterRemoval = ({ object }: Committed) => {
    const { uid = '', namespace = '', ownerReferences = [] } = object.metadata;
    alive.delete(uid);
    for (const dependent of dependentsOf(storage, uid)) collect(services, dependent, alive);
    for (const owner of ownerReferences) {
      const kind = KINDS.find((each) => each.kind === owner.kind);
      const live = kind && storage.get(kind, namespace, owner.name);
      if (live && live.metadata.uid === owner.uid) finishDeletion(services, { kind, object: live });
    }
    const home = storage.get(namespaces, undefined, namespace);
    if (home) emptyNamespace(services, namespaces, home);
  };

  const consider = (change: Committed) => {
    const { type, kind, object } = change;
    if (type === 'DELETED') return afterRemoval(change);
    if (type === 'ADDED') {
      alive.add(object.metadata.uid ?? '');
      if (object.metadata.ownerReferences) collect(services, { kind, object }, alive);
    }
    if (object.metadata.deletionTimestamp) finishDeletion(services, { kind, object });
    if (kind === namespaces) emptyNamespace(services, namespaces, object);
  };

  for (const kind of STORED) storage.listen(kind, consider);
}

function dependentsOf(storage: Storage, uid: string): Dependent[] {
  return STORED.flatMap((kind) => storage.ownedBy(kind, uid).map((object) => ({ kind, object })));
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    // Gone or changed meanwhile: that change comes by here, too.
    if (!(error instanceof Failure)) throw error;
  }
}

function remove({ registry }: Services, { kind, object }: Dependent, request: DeleteRequest): void {
  attempt(() => registry.remove(kind, object.metadata, { uid: object.metadata.uid ?? '', ...request }));
}

type MetadataChange = (metadata: ApiObject['metadata']) => Partial<ApiObject['metadata']>;

function edit({ registry }: Services, { kind, object }: Dependent, change: MetadataChange): void {
  const target = { kind, key: object.metadata, subresource: '' };
  const next = (live: ApiObject) => ({ ...live, metadata: { ...live.metadata, ...change(live.metadata) } });
  attempt(() => registry.change(target, next, { ...OPTIONS, warnings: [] }));
}

function disown(services: Services, dependent: Dependent, isGone: (uid: string) => boolean): void {
  edit(services, dependent, ({ ownerReferences = [] }) => ({
    ownerReferences: ownerReferences.filter((owner) => !isGone(owner.uid)),
  }));
}

function dropFinalizer(services: Services, owner: Dependent, finalizer: string): void {
  edit(services, owner, ({ finalizers = [] }) => ({ finalizers: finalizers.filter((each) => each !== finalizer) }));
}

/** An object none of whose owners is there any more goes; one with another owner only loses the reference. */
function collect(services: Services, dependent: Dependent, alive: ReadonlySet<string>): void {
  const owners = dependent.object.metadata.ownerReferences ?? [];
  if (owners.every((owner) => alive.has(owner.uid))) return;
  if (owners.some((owner) => alive.has(owner.uid))) disown(services, dependent, (uid) => !alive.has(uid));
  else remove(services, dependent, { propagation: 'Background' });
}

/** Does what a foreground or orphaning deletion waits for. */
function finishDeletion(services: Services, owner: Dependent): void {
  const { uid = '', finalizers = [], deletionTimestamp } = owner.object.metadata;
  if (!deletionTimestamp) return;
  const dependents = () => dependentsOf(services.storage, uid);
  if (finalizers.includes(ORPHAN)) {
    for (const dependent of dependents()) disown(services, dependent, (each) => each === uid);
    dropFinalizer(services, owner, ORPHAN);
  } else if (finalizers.includes(FOREGROUND)) {
    for (const dependent of dependents()) {
      if (!dependent.object.metadata.deletionTimestamp) remove(services, dependent, { propagation: 'Foreground' });
    }
    if (!dependents().some((dependent) => blocks(dependent.object, uid))) dropFinalizer(services, owner, FOREGROUND);
  }
}

/** Removes what is in a namespace that is ending, and the namespace once nothing is left. */
function emptyNamespace(services: Services, namespaces: KindInfo, namespace: ApiObject): void {
  if (textAt(namespace, 'status', 'phase') !== 'Terminating') return;
  const { storage } = services;
  const { name, uid } = namespace.metadata;
  const content = (): Dependent[] =>
    STORED.filter((kind) => kind.namespaced).flatMap((kind) => {
      const inside = storage.all(kind).filter((object) => object.metadata.namespace === name);
      return inside.map((object) => ({ kind, object }));
    });
  for (const each of content()) {
    if (!each.object.metadata.deletionTimestamp) remove(services, each, { propagation: 'Background' });
  }
  const current = storage.get(namespaces, undefined, name);
  if (current?.metadata.uid === uid && content().length === 0) storage.commit(namespaces, current, undefined);
}

function blocks(dependent: ApiObject, uid: string): boolean {
  return (dependent.metadata.ownerReferences ?? []).some(
    (owner) => owner.uid === uid && owner.blockOwnerDeletion === true,
  );
}
