/** What happens to an object before anyone judges it: unknown fields and nulls go, defaults come. */
import { badRequest } from './failure.ts';
import { apiVersionOf, type KindInfo } from './kinds.ts';
import { copy, define, type Fields, isFields } from './objects.ts';
import { declared, field, isIntOrString, isOpen, itemOf, type Schema } from './schema.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

interface Pruning {
  unknown: string[];
  /** Built-in kinds refuse a value of another type while they decode. */
  typed: boolean;
  mismatch: string[];
}

/** A copy without the fields that the schema does not know; what was dropped is refused or answered as warnings. */
export function decode(kind: KindInfo, object: object, validation: FieldValidation, warnings: string[]): Fields {
  const pruning: Pruning = { unknown: [], typed: !kind.custom, mismatch: [] };
  const result = pruned(object, kind.schema, '', pruning) as Fields;
  const subject = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
  if (pruning.mismatch.length > 0) throw badRequest(`${subject}: json: cannot unmarshal ${pruning.mismatch[0]}`);
  const complaints = pruning.unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && complaints.length > 0) {
    throw badRequest(`${subject}: strict decoding error: ${complaints.join(', ')}`);
  }
  if (validation === 'Warn') warnings.push(...complaints);
  define(result, 'apiVersion', apiVersionOf(kind));
  define(result, 'kind', kind.kind);
  return result;
}

function pruned(value: unknown, schema: Schema | undefined, path: string, pruning: Pruning): unknown {
  if (schema && pruning.typed) checkType(value, schema, path, pruning);
  if (Array.isArray(value)) {
    const item = itemOf(schema);
    return value.map((each, index) => pruned(each, item, `${path}[${index}]`, pruning));
  }
  if (!isFields(value)) return value;
  const result: Fields = {};
  for (const [key, each] of Object.entries(value)) {
    const below = field(schema, key);
    const at = path === '' ? key : `${path}.${key}`;
    if (schema && !below && !isOpen(schema)) pruning.unknown.push(at);
    else if (each === null && below && !below.nullable && !below['x-kubernetes-preserve-unknown-fields']) continue;
    else define(result, key, pruned(each, below, at, pruning));
  }
  return result;
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}

const GO_TYPES: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  number: 'number',
  object: 'object',
  array: 'array',
};

function checkType(value: unknown, schema: Schema, path: string, pruning: Pruning): void {
  const wanted = typeof schema.type === 'string' ? schema.type : undefined;
  if (wanted === undefined || value === null || isIntOrString(schema)) return;
  if (schema.format === 'quantity' || path.includes('resources.') || schema.oneOf) return;
  const actual = GO_TYPES[jsonType(value)];
  const fits = wanted === 'integer' ? Number.isInteger(value) : wanted === actual;
  if (fits) return;
  const goType = wanted === 'integer' ? (schema.format ?? 'int64') : wanted === 'boolean' ? 'bool' : wanted;
  pruning.mismatch.push(`${jsonType(value)} into Go struct field ${path} of type ${goType}`);
}

/** Fills in the schema's defaults, in place. */
export function applyDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    for (const item of value) applyDefaults(item, itemOf(schema));
    return;
  }
  if (!isFields(value)) return;
  for (const key of Object.keys(schema.properties ?? {})) {
    const fallback = declared(schema, key)?.default;
    if (fallback !== undefined && value[key] === undefined) value[key] = copy(fallback);
  }
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === 'object' && each !== null) applyDefaults(each, field(schema, key));
  }
}
