import { isFields } from '../../api/fields.ts';
import { GIT_COMMIT, type KubeObject } from '../../api/index.ts';
import { inside } from '../../api/problems.ts';

const MOST_FIELDS = 5;
/** What the API server and Headgate keep by themselves. */
const BOOKKEEPING = new Set([
  'metadata.creationTimestamp',
  'metadata.generation',
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.uid',
  'status',
  inside('metadata.annotations', GIT_COMMIT),
]);

function* differing(path: string, a: unknown, b: unknown): Generator<string> {
  if (a === b || BOOKKEEPING.has(path)) return;
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [index, item] of a.entries()) yield* differing(`${path}[${index}]`, item, b[index]);
  } else if (isFields(a) && isFields(b)) {
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
      yield* differing(inside(path, name), a[name], b[name]);
  } else {
    yield path;
  }
}

/** The fields in which an object as it is differs from what an apply would make of it, the first few. */
export function differences(live: KubeObject, applied: KubeObject): string[] {
  return differing('', live, applied).take(MOST_FIELDS).toArray();
}
