import { fieldsOf, textOf } from '../api/fields.ts';
import type { KubeObject } from '../api/kubernetes.ts';

/** Whether the entry's fields hold a path such as `['spec', 'rules']`. */
function holds(entry: unknown, path: readonly string[]): boolean {
  let at: unknown = fieldsOf(entry).fieldsV1;
  for (const key of path) at = fieldsOf(at)[`f:${key}`];
  return at !== undefined;
}

/**
 * What a cache keeps of objects of which it matters who writes one part: of metadata.managedFields the entries of those who
 * own any of it, without their lists of fields, which are most of a small object's size.
 */
export function keepingWriters<T extends KubeObject>(...path: string[]): (object: T) => T {
  return (object) => {
    const { managedFields, ...metadata } = object.metadata;
    const owners = (Array.isArray(managedFields) ? managedFields : [])
      .filter((entry) => holds(entry, path))
      .map(({ manager = '', operation = '', time = '' }) => ({ manager, operation, time }));
    return { ...object, metadata: { ...metadata, ...(owners.length > 0 && { managedFields: owners }) } };
  };
}

/** Who of those that a cache has kept wrote last, other than `own`; undefined where that is nobody. */
export function lastWriter({ metadata: { managedFields = [] } }: KubeObject, own: string): string | undefined {
  const others = managedFields.filter(({ manager }) => manager !== own);
  const [last] = others.sort((a, b) => String(b.time ?? '').localeCompare(String(a.time ?? '')));
  return textOf(last?.manager);
}
