/** metadata.managedFields: who owns which field, kept up to date by every write. */
import { allPaths, child, type FieldSet, fieldsOf, fromFieldsV1, partsOf, toFieldsV1 } from './field-sets.ts';
import type { KindInfo } from './kinds.ts';
import { equal, type Fields } from './objects.ts';
import type { Schema } from './schema.ts';
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

const METADATA = ['annotations', 'labels', 'finalizers', 'ownerReferences'];

/** Fields that nobody owns: identity and what the server itself keeps. */
function isOwnable(path: string): boolean {
  const [first, second] = path.split('\u0000');
  if (first === 'f:apiVersion' || first === 'f:kind') return false;
  if (first !== 'f:metadata') return true;
  return second !== undefined && METADATA.includes(second.slice(2));
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

export function readManagers(object: ApiObject): Manager[] {
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
    time,
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
  const old = partsOf(before, schema);
  const now = partsOf(after, schema);
  if (!old || !now || Array.isArray(before) !== Array.isArray(after)) {
    if (!equal(before, after) && path !== '') found.set.add(path);
    return;
  }
  const known = new Map(old.map((part) => [part.element, part]));
  for (const part of now) {
    const at = child(path, part.element);
    const previous = known.get(part.element);
    known.delete(part.element);
    if (previous) compare(previous.value, part.value, part.schema, at, found);
    else allPaths(part.value, part.schema, at, found.set);
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

/** Built-in structs have no presence of their own: only what is in them is owned. */
function withoutStructs(fields: FieldSet, object: ApiObject, { custom, schema }: KindInfo): FieldSet {
  if (custom) return fields;
  const structs = new Set<string>();
  findStructs(object, schema, '', structs);
  return without(fields, structs);
}

function findStructs(value: unknown, schema: Schema | undefined, path: string, found: FieldSet): void {
  const parts = partsOf(value, schema);
  if (!parts) return;
  for (const part of parts) {
    const at = child(path, part.element);
    if (!part.isItem && part.schema?.properties && partsOf(part.value, part.schema)) found.add(at);
    findStructs(part.value, part.schema, at, found);
  }
}

/** The entries after an ordinary write: the writer takes what it changed, whoever had it. */
export function trackUpdate(before: ApiObject | undefined, after: ApiObject, kind: KindInfo, writer: Writer): Fields[] {
  const managers = readManagers(after.metadata.managedFields ? after : (before ?? after));
  const raw = difference(before ?? { metadata: {} }, after, kind.schema);
  const changed = writable(withoutStructs(raw.set, after, kind), kind.hasStatus, writer.subresource);
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

/** The fields that a configuration claims, without identity. */
export function claimed(configuration: ApiObject, schema: Schema, hasStatus: boolean, subresource: string): FieldSet {
  return writable(fieldsOf(configuration, schema), hasStatus, subresource);
}
