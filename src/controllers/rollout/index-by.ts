import type { KubeObject } from '../../api/kubernetes.ts';
import type { Cache } from '../../kube/cache.ts';
import { createReferenceIndex } from '../../kube/reference-index.ts';
import { keyOf } from '../keys.ts';

/** Finds a cache's objects by what they refer to, without looking at all of them. */
export function indexBy<T extends KubeObject>(
  cache: Pick<Cache<T>, 'list' | 'onChange'>,
  referencesOf: (object: T) => string[],
): (reference: string) => T[] {
  const index = createReferenceIndex<T>();
  const put = (object: T) => index.set(keyOf(object), referencesOf(object), object);
  cache.list().forEach(put);
  cache.onChange((object, change) => {
    if (change === 'deleted') index.delete(keyOf(object));
    else put(object);
  });
  return (reference) => index.find([reference]);
}
