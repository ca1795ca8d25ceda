/** The garbage collector and the end of namespaces: what goes because something else went. */
import { FOREGROUND, ORPHAN } from './deletion.ts';
import { Failure } from './failure.ts';
import { KINDS, type KindInfo, kindNamed } from './kinds.ts';
import { textAt } from './objects.ts';
import type { Registry, WriteOptions } from './registry.ts';
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

export function collectGarbage({ storage, registry }: { storage: Storage; registry: Registry }): void {
  const namespaces = kindNamed('Namespace');
  const alive = new Set<string>();

  const dependents = (uid: string): Dependent[] =>
    STORED.flatMap((kind) => storage.ownedBy(kind, uid).map((object) => ({ kind, object })));

  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      // Gone or changed meanwhile: that change comes by here, too.
      if (!(error instanceof Failure)) throw error;
    }
  };
  const remove = ({ kind, object }: Dependent, request: DeleteRequest = {}) =>
    attempt(() => registry.remove(kind, object.metadata, { uid: object.metadata.uid ?? '', ...request }));
  const edit = ({ kind, object }: Dependent, change: (live: ApiObject) => ApiObject) =>
    attempt(() =>
      registry.change({ kind, key: object.metadata, subresource: '' }, change, { ...OPTIONS, warnings: [] }),
    );

  const disown = (dependent: Dependent, isGone: (uid: string) => boolean) =>
    edit(dependent, (live) => {
      const ownerReferences = (live.metadata.ownerReferences ?? []).filter((owner) => !isGone(owner.uid));
      return { ...live, metadata: { ...live.metadata, ownerReferences } };
    });
  const dropFinalizer = (dependent: Dependent, finalizer: string) =>
    edit(dependent, (live) => {
      const finalizers = (live.metadata.finalizers ?? []).filter((each) => each !== finalizer);
      return { ...live, metadata: { ...live.metadata, finalizers } };
    });

  /** An object none of whose owners is there any more goes; one with another owner only loses the reference. */
  const collect = (dependent: Dependent) => {
    const owners = dependent.object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || owners.every((owner) => alive.has(owner.uid))) return;
    if (owners.some((owner) => alive.has(owner.uid))) disown(dependent, (uid) => !alive.has(uid));
    else remove(dependent, { propagation: 'Background' });
  };

  const finishDeletion = (owner: Dependent) => {
    const { uid = '', finalizers = [], deletionTimestamp } = owner.object.metadata;
    if (!deletionTimestamp) return;
    if (finalizers.includes(ORPHAN)) {
      for (const dependent of dependents(uid)) disown(dependent, (each) => each === uid);
      dropFinalizer(owner, ORPHAN);
    } else if (finalizers.includes(FOREGROUND)) {
      const waiting = dependents(uid);
      for (const dependent of waiting)
        if (!dependent.object.metadata.deletionTimestamp) remove(dependent, { propagation: 'Foreground' });
      if (!dependents(uid).some((dependent) => blocks(dependent.object, uid))) dropFinalizer(owner, FOREGROUND);
    }
  };

  const emptyNamespace = (namespace: ApiObject) => {
    if (textAt(namespace, 'status', 'phase') !== 'Terminating') return;
    const name = namespace.metadata.name;
    const content = () =>
      STORED.filter((kind) => kind.namespaced).flatMap((kind) =>
        storage
          .all(kind)
          .filter((object) => object.metadata.namespace === name)
          .map((object) => ({ kind, object })),
      );
    for (const each of content())
      if (!each.object.metadata.deletionTimestamp) remove(each, { propagation: 'Background' });
    const current = storage.get(namespaces, undefined, name);
    if (current && current.metadata.uid === namespace.metadata.uid && content().length === 0)
      storage.commit(namespaces, current, undefined);
  };

  const afterRemoval = ({ object }: Committed) => {
    const { uid = '', namespace = '', ownerReferences = [] } = object.metadata;
    alive.delete(uid);
    for (const dependent of dependents(uid)) collect(dependent);
    for (const owner of ownerReferences) {
      const kind = KINDS.find((each) => each.kind === owner.kind);
      const live = kind && storage.get(kind, namespace, owner.name);
      if (live && live.metadata.uid === owner.uid) finishDeletion({ kind, object: live });
    }
    const home = storage.get(namespaces, undefined, namespace);
    if (home) emptyNamespace(home);
  };

  const consider = (change: Committed) => {
    const { type, kind, object } = change;
    if (type === 'DELETED') return afterRemoval(change);
    if (type === 'ADDED') {
      alive.add(object.metadata.uid ?? '');
      if (object.metadata.ownerReferences) collect({ kind, object });
    }
    if (object.metadata.deletionTimestamp) finishDeletion({ kind, object });
    if (kind === namespaces) emptyNamespace(object);
  };

  for (const kind of STORED) storage.listen(kind, consider);
}

function blocks(dependent: ApiObject, uid: string): boolean {
  return (dependent.metadata.ownerReferences ?? []).some(
    (owner) => owner.uid === uid && owner.blockOwnerDeletion === true,
  );
}
