import type { KubeObject } from '../../api/kubernetes.ts';
import type { WriteOptions } from './commits.ts';
import { Failure } from './failure.ts';
import { type KindInfo, kindNamed } from './kinds.ts';
import { mergePatch } from './patch-merge.ts';
import type { Registry } from './registry.ts';
import { predicate } from './selectors.ts';
import type { Storage } from './storage.ts';
import type { ChangeType, KindRef, Store, StoreChange } from './types.ts';

const OPTIONS: Omit<WriteOptions, 'warnings'> = { manager: 'sandbox', dryRun: false, fieldValidation: 'Strict' };

const CHANGES: Record<ChangeType, StoreChange> = { ADDED: 'added', MODIFIED: 'changed', DELETED: 'deleted' };

function kindOf(ref: KindRef<KubeObject>): KindInfo {
  return kindNamed(typeof ref === 'string' ? ref : ref.kind);
}

/** The in-process door to what HTTP clients see. */
export function createStore({ storage, registry }: { storage: Storage; registry: Registry }): Store {
  const options = (): WriteOptions => ({ ...OPTIONS, warnings: [] });
  const target = (
    kind: KindRef<KubeObject>,
    { namespace, name }: { namespace?: string; name: string },
    subresource = '',
  ) => ({
    kind: kindOf(kind),
    key: { ...(namespace === undefined ? {} : { namespace }), name },
    subresource,
  });
  // The caller's type is taken at its word: what is stored under a kind has that kind's shape.
  const door = {
    get: (kind: KindRef<KubeObject>, namespace: string | undefined, name: string) =>
      storage.get(kindOf(kind), namespace, name),
    list(kind: KindRef<KubeObject>, filter: Parameters<Store['list']>[1] = {}) {
      const info = kindOf(kind);
      const matches = predicate(info, typeof filter === 'string' ? { namespace: filter } : filter);
      return storage.all(info).filter(matches);
    },
    ownedBy: (kind: KindRef<KubeObject>, uid: string) => storage.ownedBy(kindOf(kind), uid),
    create: (kind: KindRef<KubeObject>, object: KubeObject) =>
      registry.create(kindOf(kind), object.metadata.namespace, object, options()),
    update: (kind: KindRef<KubeObject>, object: KubeObject) =>
      registry.change(target(kind, object.metadata), () => object, options()),
    updateStatus: (kind: KindRef<KubeObject>, object: KubeObject) =>
      registry.change(target(kind, object.metadata, 'status'), () => object, options()),
    patch: (kind: KindRef<KubeObject>, key: { namespace?: string; name: string }, patch: object) =>
      registry.change(target(kind, key), (live) => mergePatch(live, patch) as object, options()),
    patchStatus(kind: KindRef<KubeObject>, key: { namespace?: string; name: string }, status: object) {
      const subresource = kindOf(kind).hasStatus ? 'status' : '';
      return registry.change(
        target(kind, key, subresource),
        (live) => mergePatch(live, { status }) as object,
        options(),
      );
    },
    delete(
      kind: KindRef<KubeObject>,
      namespace: string | undefined,
      name: string,
      request: Parameters<Store['delete']>[3] = {},
    ) {
      const { force = false, ...given } = request;
      try {
        const key = { ...(namespace === undefined ? {} : { namespace }), name };
        registry.remove(kindOf(kind), key, force ? { ...given, gracePeriodSeconds: 0 } : given);
      } catch (error) {
        if (!(error instanceof Failure && error.reason === 'NotFound')) throw error;
      }
    },
    watch(kind: KindRef<KubeObject>, listener: (change: StoreChange, object: never) => void) {
      const info = kindOf(kind);
      const start = storage.version();
      for (const object of storage.all(info)) listener('added', object as never);
      return storage.listen(info, ({ type, object, version }) => {
        if (version > start) listener(CHANGES[type], object as never);
      });
    },
  };
  return door as unknown as Store;
}
