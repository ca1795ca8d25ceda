import type { KubeObject } from '../../api/kubernetes.ts';
import type { Cache } from '../../kube/cache.ts';
import { keyOf } from '../keys.ts';

/** Finds a cache's objects by what they refer to, without looking at all of them. */
export function indexBy<T extends KubeObject>(
  cache: Pick<Cache<T>, 'list' | 'onChange'>,
  referencesOf: (object: T) => string[],
): (reference: string) => T[] {
  const groups = new Map<string, Map<string, T>>();
  const held = new Map<string, string[]>();
  const drop = (key: string) => {
    for (const reference of held.get(key) ?? []) {
      const group = groups.get(reference);
      group?.delete(key);
      if (group?.size === 0) groups.delete(reference);
    }
    held.delete(key);
  };
  const put = (key: string, object: T) => {
    const references = referencesOf(object);
    held.set(key, references);
    for (const reference of references) {
      const group = groups.get(reference) ?? new Map<string, T>();
      groups.set(reference, group.set(key, object));
    }
  };
  for (const object of cache.list()) put(keyOf(object), object);
  cache.onChange((object, change) => {
    const key = keyOf(object);
    drop(key);
    if (change !== 'deleted') put(key, object);
  });
  return (reference) => [...(groups.get(reference)?.values() ?? [])];
}
