/** Texts, keys and numbers, as Go's encoding/json writes them. */
import { type Fields, isFields } from '../../api/fields.ts';

const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;
const ESCAPED_BY_GO = /[<>&\u2028\u2029]/g;

/** A text in quotes. Go escapes what would mean something in HTML, too. */
export function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text.toWellFormed()).replace(
    ESCAPED_BY_GO,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const BEYOND_SURROGATES = /[\ud800-\uffff]/;

/** The keys that have a value, in the order of their bytes in UTF-8. */
export function sortedKeys(fields: Fields): string[] {
  const keys = Object.keys(fields)
    .filter((key) => fields[key] !== undefined)
    .sort();
  if (!keys.some((key) => BEYOND_SURROGATES.test(key))) return keys;
  return keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const BEYOND_INT64 = 2 ** 63;

/** A number as it came from JSON; whole ones that fit 64 bits are written out. */
export function numberText(number: number): string {
  const isLarge = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isLarge && Math.abs(number) < BEYOND_INT64 ? String(BigInt(number)) : String(number);
}

/** Deeper values are cut off: whoever nests so deeply shall not exhaust the stack. */
const DEEPEST = 500;

/** Any JSON value, with sorted keys. */
export function rawText(value: unknown, depth = 0): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : 'null';
  if (typeof value === 'boolean') return String(value);
  if (depth > DEEPEST) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => rawText(item, depth + 1)).join(',')}]`;
  if (!isFields(value)) return 'null';
  return `{${sortedKeys(value)
    .map((key) => `${quoted(key)}:${rawText(value[key], depth + 1)}`)
    .join(',')}}`;
}
