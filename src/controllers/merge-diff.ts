import { type Fields, isFields } from '../api/fields.ts';

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The merge patch (RFC 7386) that turns `before` into `after`; undefined where there is nothing to change. */
export function mergeDiff(before: object, after: object): Fields | undefined {
  const patch: Fields = {};
  const [old, wanted] = [before as Fields, after as Fields];
  for (const key of new Set([...Object.keys(old), ...Object.keys(wanted)])) {
    const [was, is] = [old[key], wanted[key]];
    if (is === undefined) {
      if (was !== undefined) patch[key] = null;
    } else if (isFields(was) && isFields(is)) {
      const inner = mergeDiff(was, is);
      if (inner) patch[key] = inner;
    } else if (!same(was, is)) {
      patch[key] = is;
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
