import type { KubeObject } from '../api/kubernetes.ts';
import type { Cache } from './cache.ts';

/** Objects by name, with an index by namespace and one by the controller owner's uid. */
export interface Shelf<T extends KubeObject> extends Pick<Cache<T>, 'get' | 'list' | 'ownedBy'> {
  /** What is held under the object's name. */
  find(object: KubeObject): T | undefined;
  put(object: T): void;
  drop(object: KubeObject): void;
}

export function createShelf<T extends KubeObject>(): Shelf<T> {
  const objects = new Map<string, T>();
  const byNamespace = createIndex<T>();
  const byOwner = createIndex<T>();
  const drop = (object: KubeObject) => {
    const key = keyString(object);
    const held = objects.get(key);
    if (held === undefined) return;
    objects.delete(key);
    byNamespace.remove(held.metadata.namespace, key);
    byOwner.remove(controllerOf(held), key);
  };
  return {
    get: (namespace, name) => objects.get(keyString({ metadata: { name, ...(namespace && { namespace }) } })),
    list: (namespace) => (namespace === undefined ? [...objects.values()] : byNamespace.find(namespace)),
    ownedBy: byOwner.find,
    find: (object) => objects.get(keyString(object)),
    put(object) {
      drop(object);
      const key = keyString(object);
      objects.set(key, object);
      byNamespace.add(object.metadata.namespace, key, object);
      byOwner.add(controllerOf(object), key, object);
    },
    drop,
  };
}

function createIndex<T>() {
  const groups = new Map<string, Map<string, T>>();
  return {
    find: (group: string): T[] => [...(groups.get(group)?.values() ?? [])],
    add(group: string | undefined, key: string, object: T) {
      if (group === undefined) return;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, new Map([[key, object]]));
      else members.set(key, object);
    },
    remove(group: string | undefined, key: string) {
      if (group === undefined) return;
      const members = groups.get(group);
      members?.delete(key);
      if (members?.size === 0) groups.delete(group);
    },
  };
}

export function keyString({ metadata: { namespace = '', name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

function controllerOf({ metadata: { ownerReferences } }: KubeObject): string | undefined {
  return ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
