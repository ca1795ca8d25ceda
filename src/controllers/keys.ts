import type { KubeObject } from '../api/index.ts';

/** An object's name in a queue: `namespace/name`, without a namespace where it lives in none. */
export function keyOf({ metadata: { namespace = '', name } }: Pick<KubeObject, 'metadata'>): string {
  return `${namespace}/${name}`;
}

/** The same of an object that is only named. */
export function placeOf(namespace: string | undefined, name: string): string {
  return keyOf({ metadata: { name, ...(namespace !== undefined && { namespace }) } });
}

/** The name of an object in a queue, taken apart again. */
export function splitKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
