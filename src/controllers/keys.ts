import type { KubeObject } from '../api/index.ts';

/** An object's name in a queue: `namespace/name`, without a namespace where it lives in none. */
export function keyOf({ metadata: { namespace = '', name } }: Pick<KubeObject, 'metadata'>): string {
  return `${namespace}/${name}`;
}

/** The name of an object in a queue, taken apart again. */
export function splitKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
