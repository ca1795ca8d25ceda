import type { KubeObject } from '../api/kubernetes.ts';
import type { Cache } from './cache.ts';
import { createShelf, keyString } from './shelf.ts';
import { compareVersions } from './versions.ts';

type Change = 'added' | 'changed' | 'deleted';
type Listener<T> = (object: T, change: Change) => void;

/** The objects of a cache with their indexes, and which changes follow from what is heard. No I/O. */
export interface Store<T extends KubeObject> extends Pick<Cache<T>, 'get' | 'list' | 'ownedBy' | 'onChange'> {
  /** An object as the server sent it: from a watch, or as the answer to a write of ours. */
  take(object: T, from: 'watch' | 'write'): void;
  /** A deletion, with the object's last state. */
  remove(object: T): void;
  /** A whole list as of `resourceVersion`. `rewound`: the server's history was set back, so that the list beats everything held. */
  replace(objects: T[], resourceVersion: string, rewound: boolean): void;
}

/** Late answers arrive within seconds; far more deletions than happen in that time are remembered. */
const MOST_TOMBSTONES = 10_000;

export function createStore<T extends KubeObject>(onListenerError: (error: unknown) => void): Store<T> {
  const shelf = createShelf<T>();
  const tombstones = createTombstones();
  const listeners = createListeners<T>(onListenerError);

  const isNews = (object: T, from: 'watch' | 'write') => {
    const held = shelf.find(object);
    return (held === undefined || isNewer(object, held)) && !tombstones.cover(object, from);
  };
  /** Puts an object in the place of what is held under its name. Another uid there means that a deletion was missed. */
  const put = (object: T): [T, Change][] => {
    const held = shelf.find(object);
    shelf.put(object);
    if (held === undefined) return [[object, 'added']];
    if (held.metadata.uid === object.metadata.uid) return [[object, 'changed']];
    tombstones.bury(held, versionOf(object));
    return [
      [held, 'deleted'],
      [object, 'added'],
    ];
  };
  const drop = (object: T, version: string | undefined): [T, Change] => {
    shelf.drop(object);
    tombstones.bury(object, version);
    return [object, 'deleted'];
  };

  return {
    get: shelf.get,
    list: shelf.list,
    ownedBy: shelf.ownedBy,
    onChange: listeners.add,
    take(object, from) {
      if (isNews(object, from)) listeners.tell(put(object));
    },
    remove(object) {
      const held = shelf.find(object);
      if (held === undefined || held.metadata.uid !== object.metadata.uid) tombstones.bury(object, versionOf(object));
      else if (!isNewer(held, object)) listeners.tell([drop(object, versionOf(object))]);
    },
    replace(listed, resourceVersion, rewound) {
      if (rewound) tombstones.clear();
      const changes: [T, Change][] = [];
      const names = new Set(listed.map(keyString));
      // What is held but not listed is deleted, unless a write of ours made it after the list was taken.
      const later = (held: T) => !rewound && (compareVersions(versionOf(held), resourceVersion) ?? -1) > 0;
      for (const held of shelf.list()) {
        if (!names.has(keyString(held)) && !later(held)) changes.push(drop(held, resourceVersion));
      }
      const news = rewound
        ? (object: T) => versionOf(shelf.find(object)) !== versionOf(object)
        : (object: T) => isNews(object, 'watch');
      for (const object of listed) if (news(object)) changes.push(...put(object));
      listeners.tell(changes);
    },
  };
}

function createListeners<T>(onError: (error: unknown) => void) {
  const listeners = new Set<Listener<T>>();
  const tell = (listener: Listener<T>, object: T, change: Change) => {
    try {
      listener(object, change);
    } catch (error) {
      onError(error);
    }
  };
  return {
    add(listener: Listener<T>) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    /** Called when the shelf is as it will be: a listener may read it. */
    tell(changes: [T, Change][]) {
      for (const [object, change] of changes) for (const listener of listeners) tell(listener, object, change);
    },
  };
}

/** Uids whose deletion is known, with the version up to which news of them is stale. */
function createTombstones() {
  const versions = new Map<string, string | undefined>();
  return {
    bury({ metadata: { uid } }: KubeObject, version: string | undefined) {
      if (uid === undefined) return;
      versions.delete(uid);
      versions.set(uid, version);
      const oldest = versions.keys().next();
      if (versions.size > MOST_TOMBSTONES && !oldest.done) versions.delete(oldest.value);
    },
    /** An object may come back under its uid when it leaves and re-enters a label selector: only a later version tells. */
    cover(object: KubeObject, from: 'watch' | 'write'): boolean {
      const uid = object.metadata.uid;
      if (uid === undefined || !versions.has(uid)) return false;
      const order = compareVersions(versionOf(object), versions.get(uid));
      return order === undefined ? from === 'write' : order <= 0;
    },
    clear: () => versions.clear(),
  };
}

function versionOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.resourceVersion;
}

function isNewer(object: KubeObject, held: KubeObject): boolean {
  return (compareVersions(versionOf(object), versionOf(held)) ?? 1) > 0;
}
