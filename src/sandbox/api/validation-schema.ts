/** An object against its schema, in the API server's words. */
import { type Cause, cause } from './failure.ts';
import { equal, isFields } from './objects.ts';
import { field, isIntOrString, itemOf, resolve, type Schema } from './schema.ts';

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

type Check = (value: unknown, schema: Schema, path: string) => Cause[];

export function validateSchema(value: unknown, given: Schema, path: string): Cause[] {
  const schema = resolve(given);
  if (value === null && schema.nullable) return [];
  const wrong = typeProblem(value, schema, path);
  if (wrong) return [wrong];
  return CHECKS.flatMap((check) => check(value, schema, path));
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeProblem(value: unknown, schema: Schema, path: string): Cause | undefined {
  const actual = typeName(value);
  if (isIntOrString(schema)) {
    if (actual === 'integer' || actual === 'string') return undefined;
    return cause.wrongType(path, actual, `${path} in body must be of type integer,string: "${actual}"`);
  }
  const allowed = schema.type === undefined ? [] : [schema.type].flat();
  if (allowed.length === 0 || allowed.includes(actual)) return undefined;
  // To the server's library a list may be the bytes of a text that has a format.
  if (actual === 'array' && schema.format !== undefined && allowed.includes('string')) return undefined;
  if (actual === 'integer' && allowed.includes('number')) return undefined;
  return cause.wrongType(path, actual, `${path} in body must be of type ${allowed.join(',')}: "${actual}"`);
}

const numbers: Check = (value, schema, path) => {
  if (typeof value !== 'number') return [];
  const { minimum, maximum } = schema;
  if (minimum !== undefined && value < minimum) {
    return [cause.invalid(path, value, `${path} in body should be greater than or equal to ${minimum}`)];
  }
  if (maximum !== undefined && value > maximum) {
    return [cause.invalid(path, value, `${path} in body should be less than or equal to ${maximum}`)];
  }
  return [];
};

const texts: Check = (value, schema, path) => {
  if (typeof value !== 'string') return [];
  const found: Cause[] = [];
  const { minLength, maxLength, pattern, format } = schema;
  if (maxLength !== undefined && [...value].length > maxLength) found.push(cause.tooLong(path, maxLength));
  if (minLength !== undefined && [...value].length < minLength) {
    found.push(cause.invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  }
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    found.push(cause.invalid(path, value, `${path} in body should match '${pattern}'`));
  }
  if (format === 'date-time' && !(RFC3339.test(value) && !Number.isNaN(Date.parse(value)))) {
    found.push(cause.wrongType(path, value, `${path} in body must be of type date-time: "${value}"`));
  }
  return found;
};

const choices: Check = (value, schema, path) => {
  const allowed = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (!allowed || allowed.some((item) => equal(item, value))) return [];
  return [cause.unsupported(path, value, allowed.map(String))];
};

const lists: Check = (value, schema, path) => {
  if (!Array.isArray(value)) return [];
  const found: Cause[] = [];
  const { minItems, maxItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) found.push(cause.tooMany(path, value.length, maxItems));
  if (minItems !== undefined && value.length < minItems) {
    found.push(cause.invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  const item = itemOf(schema);
  if (item) for (const [index, each] of value.entries()) found.push(...validateSchema(each, item, `${path}[${index}]`));
  return [...found, ...duplicates(value, schema, path)];
};

function duplicates(list: unknown[], schema: Schema, path: string): Cause[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'map' && type !== 'set') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identity = (item: unknown) =>
    type === 'set' || !isFields(item) ? item : Object.fromEntries(keys.map((key) => [key, item[key]]));
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const key = JSON.stringify(identity(item));
    if (!seen.has(key)) return seen.add(key) && [];
    return [cause.duplicate(`${path}[${index}]`, identity(item))];
  });
}

/** The same item twice, anywhere in a value. */
export function repetitions(value: unknown, given: Schema, path: string): Cause[] {
  const schema = resolve(given);
  const below = (each: unknown, part: Schema | undefined, at: string) => (part ? repetitions(each, part, at) : []);
  if (Array.isArray(value)) {
    const items = value.flatMap((each, index) => below(each, itemOf(schema), `${path}[${index}]`));
    return [...items, ...duplicates(value, schema, path)];
  }
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    path === '' && key === 'metadata' ? [] : below(each, field(schema, key), path === '' ? key : `${path}.${key}`),
  );
}

const maps: Check = (value, schema, path) => {
  if (!isFields(value)) return [];
  const found: Cause[] = [];
  const at = (key: string) => (path === '' ? key : schema.properties?.[key] ? `${path}.${key}` : `${path}.${key}`);
  for (const key of schema.required ?? []) if (value[key] === undefined) found.push(cause.required(at(key)));
  for (const [key, each] of Object.entries(value)) {
    const below = field(schema, key);
    if (below && !(path === '' && key === 'metadata')) found.push(...validateSchema(each, below, at(key)));
  }
  const count = Object.keys(value).length;
  const { minProperties, maxProperties } = schema;
  if (maxProperties !== undefined && count > maxProperties) found.push(cause.tooMany(path, count, maxProperties));
  if (minProperties !== undefined && count < minProperties) {
    found.push(cause.invalid(path, count, `${path} in body should have at least ${minProperties} properties`));
  }
  return found;
};

/** The branches of a combination only test: their own complaints are not the object's. */
const combinations: Check = (value, schema, path) => {
  const fits = (branch: Schema) => validateSchema(value, branch, path).length === 0;
  const found = (schema.allOf ?? []).flatMap((branch) => validateSchema(value, branch, path));
  const subject = `"${path}" must`;
  if (schema.anyOf && !isIntOrString(schema) && !schema.anyOf.some(fits)) {
    found.push(cause.invalid(path, value, `${subject} validate at least one schema (anyOf)`));
  }
  if (schema.oneOf && !isIntOrString(schema)) {
    const count = schema.oneOf.filter(fits).length;
    const what = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
    if (count !== 1)
      found.push(cause.invalid(path, value, `${subject} validate one and only one schema (oneOf). ${what}`));
  }
  if (schema.not && fits(schema.not))
    found.push(cause.invalid(path, value, `${subject} not validate the schema (not)`));
  return found;
};

const CHECKS: readonly Check[] = [choices, numbers, texts, lists, maps, combinations];
