/**
 * Built-in kinds live in Go types between a request and its answer. What those types cannot hold is refused, what they
 * leave out when it is empty goes, and what they always write is there.
 */
import { define, type Fields, isFields } from './objects.ts';
import { isIntOrString, isOpen, resolve, type Schema } from './schema.ts';

export interface Reading {
  /** Paths of fields that no type has. */
  unknown: string[];
  /** Why the object cannot be read. */
  mismatch: string[];
}

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** Six digits, neither fewer nor more. */
const RFC3339_MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})(Z|[+-]\d\d:\d\d)$/;
const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

type Sort =
  | 'struct'
  | 'map'
  | 'list'
  | 'time'
  | 'microtime'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'any';

function sortOf(given: Schema): Sort {
  if (given.$ref?.endsWith(MICRO_TIME)) return 'microtime';
  const schema = resolve(given);
  if (isIntOrString(schema)) return 'intOrString';
  if (schema.oneOf) return 'quantity';
  if (schema.properties) return 'struct';
  if (schema.type === 'array') return 'list';
  if (schema.type === 'object')
    return isOpen(schema) && typeof schema.additionalProperties !== 'object' ? 'any' : 'map';
  if (schema.format === 'date-time') return 'time';
  if (schema.format === 'byte') return 'bytes';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean') return schema.type;
  return 'any';
}

/** What a type holds when nothing was given. */
function zeroOf(schema: Schema): unknown {
  switch (sortOf(schema)) {
    case 'struct':
      return readFields({}, resolve(schema), '', { unknown: [], mismatch: [] });
    case 'text':
    case 'bytes':
      return '';
    case 'integer':
    case 'number':
    case 'intOrString':
      return 0;
    case 'boolean':
      return false;
    case 'quantity':
      return '0';
    default:
      return null;
  }
}

function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.keys(value).length === 0;
}

type Reader = (value: unknown, schema: Schema, path: string, reading: Reading) => unknown;

function wrong(value: unknown, what: string, path: string, { mismatch }: Reading): unknown {
  const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  mismatch.push(`${type} into Go struct field ${path} of type ${what}`);
  return value;
}

const readInteger: Reader = (value, schema, path, reading) => {
  const limit = schema.format === 'int32' ? 2 ** 31 : 2 ** 63;
  const fits = Number.isInteger(value) && (value as number) < limit && (value as number) >= -limit;
  return fits ? value : wrong(value, schema.format ?? 'int64', path, reading);
};

const readTime: Reader = (value, _schema, path, reading) => {
  if (typeof value !== 'string' || !RFC3339.test(value) || Number.isNaN(Date.parse(value)))
    return wrong(value, 'Time', path, reading);
  return new Date(value).toISOString().replace(/\.\d+Z$/, 'Z');
};

const readMicroTime: Reader = (value, _schema, path, reading) => {
  const [, fraction] = (typeof value === 'string' && RFC3339_MICRO.exec(value)) || [];
  if (typeof value !== 'string' || fraction === undefined || Number.isNaN(Date.parse(value)))
    return wrong(value, 'MicroTime', path, reading);
  return new Date(value).toISOString().replace(/\.\d+Z$/, `${fraction}Z`);
};

const readQuantity: Reader = (value, _schema, path, reading) => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && QUANTITY.test(text) ? text : wrong(value, 'Quantity', path, reading);
};

const READERS: Record<Sort, Reader> = {
  struct: (value, schema, path, reading) =>
    isFields(value) ? readFields(value, schema, path, reading) : wrong(value, 'struct', path, reading),
  map(value, schema, path, reading) {
    if (!isFields(value)) return wrong(value, 'map', path, reading);
    const below = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
    const result: Fields = {};
    for (const [key, each] of Object.entries(value))
      define(result, key, readTyped(each, below, `${path}.${key}`, reading));
    return result;
  },
  list(value, schema, path, reading) {
    if (!Array.isArray(value)) return wrong(value, 'slice', path, reading);
    const item = schema.items ?? {};
    return value.map((each, index) => readTyped(each, item, `${path}[${index}]`, reading));
  },
  time: readTime,
  microtime: readMicroTime,
  bytes: (value, _schema, path, reading) =>
    typeof value === 'string' && BASE64.test(value) ? value : wrong(value, '[]uint8', path, reading),
  quantity: readQuantity,
  intOrString: (value, _schema, path, reading) =>
    typeof value === 'string' || Number.isInteger(value) ? value : wrong(value, 'IntOrString', path, reading),
  text: (value, _schema, path, reading) => (typeof value === 'string' ? value : wrong(value, 'string', path, reading)),
  integer: readInteger,
  number: (value, _schema, path, reading) =>
    typeof value === 'number' ? value : wrong(value, 'float64', path, reading),
  boolean: (value, _schema, path, reading) =>
    typeof value === 'boolean' ? value : wrong(value, 'bool', path, reading),
  any: (value) => value,
};

/** A value as its Go type holds it. */
export function readTyped(value: unknown, given: Schema, path: string, reading: Reading): unknown {
  if (value === null || value === undefined) return zeroOf(given);
  return READERS[sortOf(given)](value, resolve(given), path, reading);
}

function readFields(value: Fields, schema: Schema, path: string, reading: Reading): Fields {
  const result: Fields = {};
  for (const [key, each] of Object.entries(value)) {
    const property = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const at = path === '' ? key : `${path}.${key}`;
    if (!property) {
      reading.unknown.push(at);
      continue;
    }
    const zero = property['x-go-zero'];
    if (each === null && zero === undefined) continue;
    const read = readTyped(each, property, at, reading);
    // An empty list of managers is a request: forget them all.
    const isKept = key === 'managedFields' && Array.isArray(read);
    if (zero === 'dropped' && isZero(read) && !isKept) continue;
    define(result, key, read);
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property['x-go-zero'] === 'shown' && !Object.hasOwn(result, key)) define(result, key, zeroOf(property));
  }
  return result;
}
