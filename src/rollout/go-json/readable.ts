/**
 * What of a value the API server's Go types can hold. The schema of a Rollout lets pass what no pod could be made of: a
 * quantity that is none. Such an entry is left out by itself, with nothing around it.
 */
import { type Fields, isFields } from '../../api/fields.ts';
import { inside } from '../../api/problems.ts';
import { quantityOf } from './quantity.ts';
import type { STRUCTS } from './structs.ts';
import { partsOfType } from './types.ts';

/** Something that cannot be read, and where it was. */
export interface Unreadable {
  path: string;
  value: unknown;
}

const NOTHING = Symbol('left out');

/** Answers with the very value where all of it can be read, and with `NOTHING` where nothing can be kept. */
type Reader = (value: unknown, path: string, unreadable: Unreadable[]) => unknown;

const readQuantity: Reader = (value, path, unreadable) => {
  if (value === undefined || value === null || quantityOf(value) !== undefined) return value;
  unreadable.push({ path, value });
  return NOTHING;
};

function listReader(read: Reader): Reader {
  return (value, path, unreadable) => {
    if (!Array.isArray(value)) return value;
    const items = value.map((item, index) => read(item, `${path}[${index}]`, unreadable));
    return items.some((item, index) => item !== value[index]) ? items.filter((item) => item !== NOTHING) : value;
  };
}

/** The fields with what their readers make of them; `readers` may have none for a field. */
function readFields(fields: Fields, readerOf: (name: string) => Reader | undefined, path: string, to: Unreadable[]) {
  let read: Fields | undefined;
  for (const name of Object.keys(fields)) {
    const kept = readerOf(name)?.(fields[name], inside(path, name), to) ?? fields[name];
    if (kept === fields[name]) continue;
    read ??= { ...fields };
    if (kept === NOTHING) delete read[name];
    else read[name] = kept;
  }
  return read ?? fields;
}

function structReader(declared: Map<string, Reader>): Reader {
  const readerOf = (name: string) => declared.get(name);
  return (value, path, unreadable) => (isFields(value) ? readFields(value, readerOf, path, unreadable) : value);
}

function mapReader(read: Reader): Reader {
  return (value, path, unreadable) => (isFields(value) ? readFields(value, () => read, path, unreadable) : value);
}

const readers = new Map<string, Reader | undefined>([['Quantity', readQuantity]]);

/** Undefined where everything in the type can be read. */
function makeReader(type: string): Reader | undefined {
  const parts = partsOfType(type);
  if (parts.kind === 'basic') return undefined;
  if (parts.kind === 'struct') {
    const declared = parts.fields.flatMap(({ name, type: of }): [string, Reader][] => {
      const read = readerOf(of);
      return read ? [[name, read]] : [];
    });
    return declared.length > 0 ? structReader(new Map(declared)) : undefined;
  }
  const read = readerOf(parts.of);
  if (read === undefined || parts.kind === 'pointer') return read;
  return parts.kind === 'list' ? listReader(read) : mapReader(read);
}

function readerOf(type: string): Reader | undefined {
  if (!readers.has(type)) readers.set(type, makeReader(type));
  return readers.get(type);
}

/** A value of one of the structs without what cannot be read of it, and a list of that; `path`: where the value is. */
export function readable(type: keyof typeof STRUCTS, value: unknown, path: string) {
  const unreadable: Unreadable[] = [];
  return { value: readerOf(type)?.(value, path, unreadable) ?? value, unreadable };
}
