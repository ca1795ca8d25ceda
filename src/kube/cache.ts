import type { KubeObject } from '../api/kubernetes.ts';

/** A watched copy of one kind. Objects handed out are shared: never change them. */
export interface Cache<T extends KubeObject> {
  get(namespace: string | undefined, name: string): T | undefined;
  /** All objects, or those of one namespace. */
  list(namespace?: string): T[];
  /** The objects whose controller owner reference carries this uid, through an index. */
  ownedBy(uid: string): T[];
  /**
   * Takes in the server's answer to one of our own writes, so that the next pass sees it without waiting for the watch.
   * Ignored where the cache already holds something newer.
   */
  observe(object: T): void;
  /** Called for every change with the new object, or for a deletion with the last one known. Returns a function that stops it. */
  onChange(listener: (object: T, change: 'added' | 'changed' | 'deleted') => void): () => void;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
}
