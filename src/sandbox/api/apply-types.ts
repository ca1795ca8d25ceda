/** Server-side apply reads a configuration by the schema before anything else: what it does not declare cannot be merged. */
import { Failure } from './failure.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { equal, isFields, valueAt } from './objects.ts';
import { declared, field, isIntOrString, isOpen, itemOf, type Schema } from './schema.ts';

const NUMERIC = ['integer', 'number'];

function problem(value: unknown, schema: Schema | undefined, path: string): string | undefined {
  if (!schema || value === null || value === undefined) return undefined;
  // What may be of two types is read as whatever it is.
  if (isIntOrString(schema) || schema.oneOf) return undefined;
  if (schema.format === 'date-time') return timeProblem(value, path);
  if (Array.isArray(value)) {
    if (schema.type !== undefined && schema.type !== 'array')
      return `${path}: expected ${String(schema.type)}, got list`;
    const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [];
    return firstOf(value.entries(), ([index, each]) => {
      const isMissing = (key: string) => isFields(each) && each[key] === undefined && !hasDefault(itemOf(schema), key);
      const at = `${path}[${index}]`;
      const isRepeated =
        keys.length > 0 &&
        value.slice(0, index).some((other) => keys.every((key) => equal(valueAt(other, key), valueAt(each, key))));
      const isTwice = schema['x-kubernetes-list-type'] === 'set' && value.indexOf(each) < index;
      if (isRepeated || isTwice) return `${path}: duplicate entries for key`;
      if (keys.length > 0 && keys.every(isMissing))
        return `${at}: associative list with keys has an element that omits all key fields`;
      return problem(each, itemOf(schema), at);
    });
  }
  if (isFields(value)) return mapProblem(value, schema, path);
  return scalarProblem(value, schema, path);
}

/** A time may be any scalar until the merged object is read, which a conflict comes before. */
function timeProblem(value: unknown, path: string): string | undefined {
  if (typeof value !== 'object') return undefined;
  return `${path}: expected any scalar, got ${Array.isArray(value) ? 'list' : 'map'}`;
}

/** Also built-in fields that are always written: their default is to be empty. */
function hasDefault(item: Schema | undefined, key: string): boolean {
  const property = declared(item, key);
  return property?.default !== undefined || property?.['x-go-zero'] === 'shown';
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function mapProblem(value: Record<string, unknown>, schema: Schema, path: string): string | undefined {
  if (schema.type !== undefined && schema.type !== 'object') return `${path}: expected ${String(schema.type)}, got map`;
  return firstOf(Object.entries(value), ([key, each]) => {
    const below = field(schema, key);
    if (!below && !isOpen(schema)) return `${path}.${key}: field not declared in schema`;
    return problem(each, below, `${path}.${key}`);
  });
}

function scalarProblem(value: unknown, { type }: Schema, path: string): string | undefined {
  if (typeof type !== 'string' || type === typeof value) return undefined;
  if (NUMERIC.includes(type) && typeof value === 'number') return undefined;
  return `${path}: expected ${NUMERIC.includes(type) ? 'numeric (int or float)' : type}, got ${typeof value}`;
}

/** Throws what the real server throws: an internal error, although the client is to blame. */
export function requireTyped(kind: KindInfo, name: string, configuration: object): void {
  const found = problem(configuration, kind.schema, '');
  if (found === undefined) return;
  const what = `/${name}; ${apiVersionOf(kind).includes('/') ? '' : '/'}${apiVersionOf(kind)}, Kind=${kind.kind}`;
  throw new Failure(500, '', `failed to create typed patch object (${what}): ${found}`, {});
}
