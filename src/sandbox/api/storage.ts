import type { Clock } from '../../clock.ts';
import { expired } from './failure.ts';
import { KINDS, type KindInfo } from './kinds.ts';
import { freeze } from './objects.ts';
import type { ApiObject, ChangeType } from './types.ts';

/** One committed change, as the log of a kind keeps it. */
export interface Committed {
  type: ChangeType;
  version: number;
  object: ApiObject;
  previous: ApiObject | undefined;
  kind: KindInfo;
}

export type CommitListener = (change: Committed) => void;

interface Collection {
  objects: Map<string, ApiObject>;
  /** Sorted keys, made again after an object came or went. */
  order: string[] | undefined;
  log: Committed[];
  /** Changes up to this version are no longer in the log. */
  forgottenUpTo: number;
  listeners: Set<CommitListener>;
  byOwner: Map<string, Set<string>>;
}

/** What is stored: objects by kind and key, one version counter, and the latest changes of each kind. */
export interface Storage {
  version(): number;
  get(kind: KindInfo, namespace: string | undefined, name: string): ApiObject | undefined;
  /** In order of namespace and name. */
  all(kind: KindInfo): ApiObject[];
  /** The same as it was at an earlier version; throws Expired when that is no longer known. */
  allAt(kind: KindInfo, version: number): ApiObject[];
  ownedBy(kind: KindInfo, uid: string): ApiObject[];
  /** Stores, stamps the next resource version, and tells the listeners afterwards. `next` undefined deletes. */
  commit(kind: KindInfo, previous: ApiObject | undefined, next: ApiObject | undefined): ApiObject;
  /** Changes after a version, oldest first; throws Expired when they are no longer all known. */
  since(kind: KindInfo, version: number): Committed[];
  /** Hears of changes from now on, in order, in microtasks of their own. */
  listen(kind: KindInfo, listener: CommitListener): () => void;
  compact(): void;
}

function keyOf(object: ApiObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function ownersOf(object: ApiObject | undefined): string[] {
  return object?.metadata.ownerReferences?.map((owner) => owner.uid) ?? [];
}

function reindexOwners(
  collection: Collection,
  key: string,
  previous: ApiObject | undefined,
  next: ApiObject | undefined,
) {
  for (const uid of ownersOf(previous)) {
    const keys = collection.byOwner.get(uid);
    keys?.delete(key);
    if (keys?.size === 0) collection.byOwner.delete(uid);
  }
  for (const uid of ownersOf(next)) {
    const keys = collection.byOwner.get(uid) ?? new Set();
    collection.byOwner.set(uid, keys.add(key));
  }
}

/** Hands changes over one by one, outside of the call that made them, and holds the clock until it is done. */
function deliveries(clock: Clock) {
  const queue: (() => void)[] = [];
  const drain = (release: () => void) => {
    try {
      for (let next = queue.shift(); next; next = queue.shift()) next();
    } finally {
      if (queue.length > 0) queueMicrotask(() => drain(release));
      else release();
    }
  };
  return (delivery: () => void) => {
    queue.push(delivery);
    if (queue.length > 1) return;
    const release = clock.busy();
    queueMicrotask(() => drain(release));
  };
}

/** Keeps a change for watches that resume. */
function remember(collection: Collection, change: Committed, watchWindow: number): void {
  collection.log.push(change);
  // Trimmed in batches: cutting one off at each change would copy the window each time.
  if (collection.log.length <= watchWindow * 2) return;
  const dropped = collection.log.splice(0, collection.log.length - watchWindow);
  collection.forgottenUpTo = dropped.at(-1)?.version ?? collection.forgottenUpTo;
}

function tell({ listeners }: Collection, change: Committed): void {
  for (const listener of [...listeners]) if (listeners.has(listener)) listener(change);
}

export function createStorage({ clock, watchWindow }: { clock: Clock; watchWindow: number }): Storage {
  let version = 1;
  const deliver = deliveries(clock);
  const collections = new Map<KindInfo, Collection>(
    KINDS.map((kind) => [
      kind,
      { objects: new Map(), order: undefined, log: [], forgottenUpTo: 0, listeners: new Set(), byOwner: new Map() },
    ]),
  );
  const of = (kind: KindInfo): Collection => {
    const collection = collections.get(kind);
    if (!collection) throw new Error(`${kind.kind} is not in the table of kinds`);
    return collection;
  };

  const since = (kind: KindInfo, from: number): Committed[] => {
    const collection = of(kind);
    if (from < collection.forgottenUpTo) {
      throw expired(`too old resource version: ${from} (${collection.forgottenUpTo + 1})`);
    }
    const first = collection.log.findIndex((change) => change.version > from);
    return first < 0 ? [] : collection.log.slice(first);
  };

  return {
    version: () => version,
    get: (kind, namespace, name) => of(kind).objects.get(`${kind.namespaced ? (namespace ?? '') : ''}/${name}`),
    all(kind) {
      const collection = of(kind);
      collection.order ??= [...collection.objects.keys()].sort();
      return collection.order.map((key) => collection.objects.get(key)).filter((object) => object !== undefined);
    },
    ownedBy(kind, uid) {
      const collection = of(kind);
      const keys = [...(collection.byOwner.get(uid) ?? [])];
      return keys.map((key) => collection.objects.get(key)).filter((object) => object !== undefined);
    },
    commit(kind, previous, next) {
      const collection = of(kind);
      const base = next ?? previous;
      if (!base) throw new Error('a commit needs an object');
      version++;
      const object = freeze({ ...base, metadata: { ...base.metadata, resourceVersion: String(version) } });
      const key = keyOf(object);
      if (next) collection.objects.set(key, object);
      else collection.objects.delete(key);
      if (!next || !previous) collection.order = undefined;
      reindexOwners(collection, key, previous, next);
      const type = !next ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED';
      const change: Committed = { type, version, object, previous, kind };
      remember(collection, change, watchWindow);
      deliver(() => tell(collection, change));
      return object;
    },
    since,
    allAt(kind, at) {
      const objects = new Map(of(kind).objects);
      for (const { object, previous, type } of since(kind, at).reverse()) {
        if (type === 'ADDED' || !previous) objects.delete(keyOf(object));
        else objects.set(keyOf(object), previous);
      }
      return [...objects].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
    },
    listen(kind, listener) {
      const { listeners } = of(kind);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    compact() {
      for (const collection of collections.values()) {
        collection.log.length = 0;
        collection.forgottenUpTo = version;
      }
    },
  };
}
