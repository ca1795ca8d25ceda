/**
 * Values from the API as the JSON text that Go makes of them, byte by byte.
 *
 * Go knows a struct's fields: it writes them in their order, drops others, and writes zero values for absent ones unless
 * they are left out where empty. Tenants write anything here, before any validation: a value of another type than the
 * field's is the field's zero value, as it is for Go's decoder, so that every value has a text.
 */
import { fieldsOf, isFields } from '../../api/fields.ts';
import { quantityOf } from './quantity.ts';
import type { STRUCTS } from './structs.ts';
import { numberText, quoted, rawText, sortedKeys } from './text.ts';
import { timeText } from './time.ts';
import { type FieldType, partsOfType } from './types.ts';

interface Type {
  /** Nothing, for an absent value or null, has the text of the zero value. */
  encode(value: unknown): string;
  /** Texts of which Go says that nothing is in them. */
  empty: readonly string[];
}

interface Field {
  name: string;
  /** What precedes the value. */
  start: string;
  type: Type;
  leftOut: readonly string[];
  /** All that is written of the field where it is absent. */
  absent: string;
}

/** Of a larger number Go takes the lowest 32 bits. */
function int32Text(value: unknown): string {
  return typeof value === 'number' && Number.isInteger(value) ? String(value | 0) : '0';
}

function int64Text(value: unknown): string {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? numberText(value) : '0';
}

function intOrStringText(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'number' && value === (value | 0) ? String(value) : '0';
}

function quantityText(value: unknown): string {
  return `"${quantityOf(value) ?? '0'}"`;
}

const BASIC: Readonly<Record<string, Type>> = {
  string: { encode: (value) => (typeof value === 'string' ? quoted(value) : '""'), empty: ['""'] },
  bool: { encode: (value) => String(value === true), empty: ['false'] },
  int32: { encode: int32Text, empty: ['0'] },
  int64: { encode: int64Text, empty: ['0'] },
  IntOrString: { encode: intOrStringText, empty: [] },
  Quantity: { encode: quantityText, empty: [] },
  Time: { encode: timeText, empty: ['null'] },
  Raw: { encode: (value) => rawText(value), empty: ['null'] },
};

function pointerTo({ encode }: Type): Type {
  return { encode: (value) => (value === undefined || value === null ? 'null' : encode(value)), empty: ['null'] };
}

function listOf({ encode }: Type): Type {
  return {
    encode: (value) => (Array.isArray(value) ? `[${value.map((item) => encode(item)).join(',')}]` : 'null'),
    empty: ['null', '[]'],
  };
}

function mapOf({ encode }: Type): Type {
  const encodeMap = (value: unknown) => {
    if (!isFields(value)) return 'null';
    return `{${sortedKeys(value)
      .map((key) => `${quoted(key)}:${encode(value[key])}`)
      .join(',')}}`;
  };
  return { encode: encodeMap, empty: ['null', '{}'] };
}

function fieldOf({ name, type, isLeftOut }: FieldType): Field {
  const made = typeOf(type);
  const start = `,"${name}":`;
  const zero = made.encode(undefined);
  const leftOut = isLeftOut ? made.empty : [];
  return { name, start, type: made, leftOut, absent: leftOut.includes(zero) ? '' : start + zero };
}

function fieldText({ start, type, leftOut, absent }: Field, value: unknown): string {
  if (value === undefined) return absent;
  const text = type.encode(value);
  return leftOut.includes(text) ? '' : start + text;
}

function structOf(declared: FieldType[]): Type {
  const fields = declared.map(fieldOf);
  const encode = (value: unknown) => {
    const given = fieldsOf(value);
    let text = '';
    for (const field of fields) text += fieldText(field, given[field.name]);
    return `{${text.slice(1)}}`;
  };
  return { encode, empty: [] };
}

const types = new Map<string, Type>(Object.entries(BASIC));

function makeType(type: string): Type {
  const parts = partsOfType(type);
  if (parts.kind === 'pointer') return pointerTo(typeOf(parts.of));
  if (parts.kind === 'list') return listOf(typeOf(parts.of));
  if (parts.kind === 'map') return mapOf(typeOf(parts.of));
  return structOf(parts.kind === 'struct' ? parts.fields : []);
}

function typeOf(type: string): Type {
  const made = types.get(type) ?? makeType(type);
  types.set(type, made);
  return made;
}

/** The JSON that Go makes of a value of one of its types: a struct's name, or `[]` before one for a list of it. */
export function goJson(type: keyof typeof STRUCTS | `[]${keyof typeof STRUCTS}`, value: unknown): string {
  return typeOf(type).encode(value);
}
