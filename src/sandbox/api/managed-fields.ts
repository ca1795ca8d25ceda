/** metadata.managedFields: who owns which field, kept up to date by every write. */
import { allPaths, child, type FieldSet, fieldsOf, fromFieldsV1, partsOf, toFieldsV1 } from './field-sets.ts';
import type { KindInfo } from './kinds.ts';
import { equal, type Fields } from './objects.ts';
import type { Schema } from './schema.ts';
import { readTyped } from './typed.ts';
import type { ApiObject } from './types.ts';

export interface Manager {
  manager: string;
  operation: string;
  apiVersion: string;
  time: string;
  subresource: string;
  fields: FieldSet;
}

/** Who writes: the key of an entry. */
export interface Writer {
  manager: string;
  subresource: string;
  time: string;
}

/** Of the metadata: who it is and what the server keeps about it. */
const UNOWNED = 'name namespace creationTimestamp selfLink uid generation managedFields resourceVersion'.split(' ');

/** Fields that nobody owns: identity and what the server itself keeps. */
function isOwnable(path: string): boolean {
  const [first, second] = path.split('\u0000');
  if (first === 'f:apiVersion' || first === 'f:kind') return false;
  if (first !== 'f:metadata') return true;
  return second !== undefined && !UNOWNED.includes(second.slice(2));
}

/** Only what the writer may write: the status through the status subresource, everything else without it. */
export function writable(fields: FieldSet, hasStatus: boolean, subresource: string): FieldSet {
  const kept = [...fields].filter((path) => {
    if (!isOwnable(path)) return false;
    const isStatus = path === 'f:status' || path.startsWith('f:status\u0000');
    if (subresource === 'status') return isStatus || path.startsWith('f:metadata');
    return !isStatus || !hasStatus;
  });
  return new Set(kept);
}

/** Of two entries for the same writer the last one counts; whoever applies is the same in every API version. */
export function readManagers(object: ApiObject): Manager[] {
  const identity = ({ manager, operation, apiVersion, subresource }: Manager) =>
    JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
  return [...new Map(readEntries(object).map((entry) => [identity(entry), entry])).values()];
}

function readEntries(object: ApiObject): Manager[] {
  return (object.metadata.managedFields ?? []).map((entry) => ({
    manager: String(entry.manager ?? ''),
    operation: String(entry.operation ?? 'Update'),
    apiVersion: String(entry.apiVersion ?? ''),
    time: String(entry.time ?? ''),
    subresource: String(entry.subresource ?? ''),
    fields: fromFieldsV1(entry.fieldsV1),
  }));
}

export function writeManagers(managers: readonly Manager[]): Fields[] {
  const kept = managers.filter((manager) => manager.fields.size > 0);
  const sorted = kept.sort(
    (left, right) =>
      left.operation.localeCompare(right.operation) ||
      left.time.localeCompare(right.time) ||
      left.manager.localeCompare(right.manager),
  );
  return sorted.map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
    manager,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  }));
}

export interface Difference {
  /** Added or changed. */
  set: FieldSet;
  removed: FieldSet;
}

/** What a write changed, at the level at which fields are owned. */
export function difference(before: unknown, after: unknown, schema: Schema | undefined): Difference {
  const found: Difference = { set: new Set(), removed: new Set() };
  compare(before, after, schema, '', found);
  return found;
}

function compare(before: unknown, after: unknown, schema: Schema | undefined, path: string, found: Difference): void {
  if (before === after) return;
  const now = partsOf(after, schema);
  // An empty list that was written as nothing was there all the same.
  const old = before === null && now ? [] : partsOf(before, schema);
  if (!old || !now || (before !== null && Array.isArray(before) !== Array.isArray(after))) {
    if (!equal(before, after) && path !== '') found.set.add(path);
    return;
  }
  const known = new Map(old.map((part) => [part.element, part]));
  const seen = new Set<string>();
  for (const part of now) {
    const at = child(path, part.element);
    const previous = known.get(part.element);
    known.delete(part.element);
    if (seen.has(at)) continue;
    seen.add(at);
    if (previous) compare(previous.value, part.value, part.schema, at, found);
    // Nothing is nobody's.
    else if (part.value !== null) allPaths(part.value, part.schema, at, found.set);
  }
  for (const part of known.values()) allPaths(part.value, part.schema, child(path, part.element), found.removed);
}

function without(fields: FieldSet, ...others: FieldSet[]): FieldSet {
  return new Set([...fields].filter((path) => !others.some((other) => other.has(path))));
}

function isSame(manager: Manager, writer: Writer): boolean {
  return (
    manager.operation === 'Update' && manager.manager === writer.manager && manager.subresource === writer.subresource
  );
}

/** What there was before an object: of built-in kinds, what their types write when they are empty. */
export function emptyObject(kind: KindInfo): unknown {
  return kind.custom ? { metadata: {} } : readTyped({}, kind.schema, '', { unknown: [], mismatch: [] });
}

/** The entries after an ordinary write: the writer takes what it changed, whoever had it. */
export function trackUpdate(before: ApiObject | undefined, after: ApiObject, kind: KindInfo, writer: Writer): Fields[] {
  // Only through the object itself may the entries be set.
  const isOwn = writer.subresource === '' && after.metadata.managedFields;
  const managers = readManagers(isOwn ? after : (before ?? after));
  // Who once asked that nobody be entered is heeded, until somebody applies.
  if (before && managers.length === 0) return [];
  const raw = difference(before ?? emptyObject(kind), after, kind.schema);
  const changed = writable(raw.set, kind.hasStatus, writer.subresource);
  if (changed.size === 0 && raw.removed.size === 0) return writeManagers(managers);
  const mine = managers.find((manager) => isSame(manager, writer));
  const kept = managers
    .filter((manager) => manager !== mine)
    .map((manager) => ({ ...manager, fields: without(manager.fields, changed, raw.removed) }));
  const fields = new Set([...without(mine?.fields ?? new Set(), raw.removed), ...changed]);
  const time = mine && sameFields(mine.fields, fields) ? mine.time : writer.time;
  const { manager, subresource } = writer;
  return writeManagers([
    ...kept,
    { manager, operation: 'Update', apiVersion: after.apiVersion, subresource, time, fields },
  ]);
}

export function sameFields(left: FieldSet, right: FieldSet): boolean {
  return left.size === right.size && [...left].every((path) => right.has(path));
}

/** Whether a write changes nothing but when somebody wrote: that is none. */
export function isSameButTimes(live: ApiObject, next: ApiObject): boolean {
  const timeless = (object: ApiObject) => {
    const managedFields = object.metadata.managedFields?.map(({ time: _, ...entry }) => entry);
    return { ...object, metadata: { ...object.metadata, managedFields } };
  };
  return equal(timeless(live), timeless(next));
}

/** The fields that a configuration claims, without identity. */
export function claimed(configuration: ApiObject, kind: KindInfo, subresource: string): FieldSet {
  return writable(fieldsOf(configuration, kind.schema), kind.hasStatus, subresource);
}
