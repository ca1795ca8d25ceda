/**
 * Which fields somebody owns, as server-side apply counts them.
 *
 * A path is a list of elements, each in the notation of `fieldsV1`: `f:name` for a field, `k:{"name":"a"}` for the item
 * of a list of maps, `v:"text"` for the item of a set. A set of fields holds paths joined by NUL.
 */
import { define, type Fields, isFields } from './objects.ts';
import { declared, field, itemOf, type Schema } from './schema.ts';

export type FieldSet = Set<string>;

const JOIN = '\u0000';

export function child(path: string, element: string): string {
  return path === '' ? element : `${path}${JOIN}${element}`;
}

export function parent(path: string): string {
  const end = path.lastIndexOf(JOIN);
  return end < 0 ? '' : path.slice(0, end);
}

export interface Part {
  element: string;
  value: unknown;
  schema: Schema | undefined;
  /** An item of a list, or an entry of a map with free keys: owned as such, besides what is in it. */
  isItem: boolean;
}

/** How a list merges: by keys, as a set, or as a whole. */
export function listType(schema: Schema | undefined): 'map' | 'set' | 'atomic' {
  const type = schema?.['x-kubernetes-list-type'];
  return type === 'map' || type === 'set' ? type : 'atomic';
}

/** A built-in text that is always written is empty unless given. */
function defaultOf(schema: Schema | undefined): unknown {
  return schema?.default ?? (schema?.['x-go-zero'] === 'shown' && schema.type === 'string' ? '' : undefined);
}

function keyElement(item: unknown, schema: Schema | undefined, keys: readonly string[]): string {
  const fields = isFields(item) ? item : {};
  const pairs = keys.map((key) => [key, fields[key] ?? defaultOf(declared(schema, key))]);
  const present = pairs
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1));
  return `k:${JSON.stringify(Object.fromEntries(present))}`;
}

function listParts(list: unknown[], schema: Schema | undefined): Part[] | undefined {
  const item = itemOf(schema);
  const type = listType(schema);
  if (type === 'atomic') return undefined;
  const keys = schema?.['x-kubernetes-list-map-keys'] ?? [];
  return list.map((value) => ({
    element: type === 'set' ? `v:${JSON.stringify(value)}` : keyElement(value, item, keys),
    value,
    schema: item,
    isItem: true,
  }));
}

/** What a value consists of; undefined for what is owned as a whole. */
export function partsOf(value: unknown, schema: Schema | undefined): Part[] | undefined {
  if (Array.isArray(value)) return listParts(value, schema);
  if (!isFields(value) || schema?.['x-kubernetes-map-type'] === 'atomic') return undefined;
  return Object.entries(value).map(([key, item]) => ({
    element: `f:${key}`,
    value: item,
    schema: field(schema, key),
    isItem: declared(schema, key) === undefined,
  }));
}

/** The fields that a written configuration claims. */
export function fieldsOf(value: unknown, schema: Schema | undefined, path = '', into: FieldSet = new Set()): FieldSet {
  const parts = partsOf(value, schema);
  if (!parts || (parts.length === 0 && !Array.isArray(value))) {
    if (path !== '') into.add(path);
    return into;
  }
  for (const part of parts) {
    const at = child(path, part.element);
    if (part.isItem) into.add(at);
    fieldsOf(part.value, part.schema, at, into);
  }
  return into;
}

/** Every path at which there is something, containers included. */
export function allPaths(value: unknown, schema: Schema | undefined, path = '', into: FieldSet = new Set()): FieldSet {
  if (path !== '') into.add(path);
  for (const part of partsOf(value, schema) ?? []) allPaths(part.value, part.schema, child(path, part.element), into);
  return into;
}

export function toFieldsV1(set: FieldSet): Fields {
  const root: Fields = {};
  for (const path of [...set].sort()) {
    let node = root;
    for (const element of path.split(JOIN)) {
      if (!Object.hasOwn(node, element)) define(node, element, {});
      node = node[element] as Fields;
    }
    node['.'] = {};
  }
  simplify(root);
  return root;
}

/** A member with nothing below it is written `{}`, not `{".":{}}`. */
function simplify(node: Fields): void {
  for (const [key, below] of Object.entries(node)) {
    if (key === '.' || !isFields(below)) continue;
    if (Object.keys(below).length === 1 && '.' in below) delete below['.'];
    else simplify(below);
  }
}

export function fromFieldsV1(node: unknown, path = '', into: FieldSet = new Set()): FieldSet {
  if (!isFields(node)) return into;
  const keys = Object.keys(node);
  if (path !== '' && (keys.length === 0 || keys.includes('.'))) into.add(path);
  for (const key of keys) if (key !== '.') fromFieldsV1(node[key], child(path, key), into);
  return into;
}

/** Adds the named fields that lead to each member, so that removing a member removes what only it kept alive. */
export function withNamedAncestors(set: FieldSet): FieldSet {
  const whole = new Set(set);
  for (const path of set) {
    for (let up = parent(path); up !== ''; up = parent(up)) {
      const element = up.slice(up.lastIndexOf(JOIN) + 1);
      if (element.startsWith('f:')) whole.add(up);
    }
  }
  return whole;
}

/** As people read it: `.spec.template.spec.containers[name="web"].image`. */
export function readable(path: string): string {
  return path
    .split(JOIN)
    .map((element) => {
      const content = element.slice(2);
      if (element.startsWith('f:')) return `.${content}`;
      if (element.startsWith('v:')) return `[=${content}]`;
      const keys = Object.entries(JSON.parse(content) as Fields);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
