/** Plain JSON values: look, compare, copy, freeze. */

export type Fields = { [field: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at a field, or an empty one that is not attached. */
export function fieldsAt(value: unknown, ...path: string[]): Fields {
  const found = valueAt(value, ...path);
  return isFields(found) ? found : {};
}

export function valueAt(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isFields(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, ...path: string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function hasField(value: unknown, field: string): boolean {
  return valueAt(value, field) !== undefined;
}

/** The object at a field, made where there is none. */
export function ensureFields(parent: Fields, key: string): Fields {
  const found = parent[key];
  if (isFields(found)) return found;
  const made: Fields = {};
  parent[key] = made;
  return made;
}

export function setDefault(fields: Fields, key: string, value: unknown): void {
  if (fields[key] === undefined || fields[key] === null) fields[key] = value;
}

export function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => equal(item, right[index]))
    );
  }
  if (!isFields(left) || !isFields(right)) return false;
  const keys = Object.keys(left).filter((key) => left[key] !== undefined);
  const others = Object.keys(right).filter((key) => right[key] !== undefined);
  return (
    keys.length === others.length && keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  );
}

export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (!isFields(value)) return value;
  const result: Fields = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) define(result, key, copy(value[key]));
  }
  return result as T;
}

/** Assigns a field that may be called `__proto__`: text from outside must not reach a prototype. */
export function define(fields: Fields, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(fields, key, { value, enumerable: true, writable: true, configurable: true });
  else fields[key] = value;
}

export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
  return value;
}

/** RFC 3339 in whole seconds, as Kubernetes keeps times. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
