/** Quantities such as `100m`, `1.5Gi` and `1e3`, written as Go's resource.Quantity writes them. */
import { numberText } from './text.ts';

/** How a quantity was written says how it is written again. */
type Format = 'decimal' | 'binary' | 'exponent';

interface Unit {
  format: Format;
  /** Of 10, for binary units of 2. */
  exponent: number;
}

interface Parts {
  text: string;
  sign: string;
  /** Without leading zeros. */
  whole: string;
  fraction: string;
  hasDigits: boolean;
  unit: Unit;
}

// Each part can begin only where the one before it has ended, so that no text is read twice.
const QUANTITY =
  /^[\p{Zs}\u0085]*(?<text>(?<sign>[+-]?)(?<zeros>0*)(?<whole>(?:[1-9]\d*)?)(?:\.(?<fraction>\d*))?(?<suffix>(?:[eEinumkKMGTP]+[+-]?\d*)?))[\p{Zs}\u0085]*$/u;

/** Nothing that anybody means is longer; reading longer digits takes more than linear time. */
const LONGEST = 1000;

const DECIMAL_UNITS = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const DECIMAL_SUFFIXES = new Map([...DECIMAL_UNITS].map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Smaller ones are rounded up to this power of ten. */
const SMALLEST = -9;
const LARGEST_BINARY = 2n ** 63n - 1n;
/** Up to so many digits Go computes with whole numbers, and then keeps a text that is canonical already, or nearly. */
const FAST_DIGITS = 18;

function unitOf(suffix: string): Unit | undefined {
  const decimal = DECIMAL_UNITS.get(suffix);
  if (decimal !== undefined) return { format: 'decimal', exponent: decimal };
  const power = BINARY_SUFFIXES.indexOf(suffix);
  if (power > 0) return { format: 'binary', exponent: power * 10 };
  if (!/^[eE][+-]?\d+$/.test(suffix)) return undefined;
  const exponent = BigInt(suffix.slice(suffix[1] === '+' ? 2 : 1));
  if (BigInt.asIntN(64, exponent) !== exponent) return undefined;
  return { format: 'exponent', exponent: Number(BigInt.asIntN(32, exponent)) };
}

function partsOf(quantity: string): Parts | undefined {
  const { text = '', sign = '', zeros, whole = '', fraction = '', suffix = '' } = QUANTITY.exec(quantity)?.groups ?? {};
  const unit = unitOf(suffix);
  if (text === '' || unit === undefined) return undefined;
  return { text, sign, whole, fraction, hasDigits: `${zeros}${whole}${fraction}` !== '', unit };
}

/** `digits` times ten to the power of `scale`; the power written is a multiple of three. */
function writtenDecimal(sign: string, digits: string, scale: number, format: Format): string {
  let first = 0;
  while (digits[first] === '0') first++;
  let end = digits.length;
  while (end > first && digits[end - 1] === '0') end--;
  if (first === end) return '0';
  const exponent = scale + digits.length - end;
  const surplus = ((exponent % 3) + 3) % 3;
  const power = exponent - surplus;
  const number = `${sign === '-' ? '-' : ''}${digits.slice(first, end)}${'0'.repeat(surplus)}`;
  // Go has no suffix above E, and writes none there.
  if (format !== 'exponent') return number + (DECIMAL_SUFFIXES.get(power) ?? '');
  return power === 0 ? number : `${number}e${power}`;
}

/** Away from zero, so that nobody who asks for a little gets nothing. */
function roundedDecimal(digits: string, scale: number): { digits: string; scale: number } {
  if (scale >= SMALLEST) return { digits, scale };
  const kept = digits.slice(0, Math.max(0, digits.length - (SMALLEST - scale)));
  const isExact = !/[1-9]/.test(digits.slice(kept.length));
  return { digits: isExact ? kept : String(BigInt(kept) + 1n), scale: SMALLEST };
}

function canonicalDecimal({ text, sign, whole, fraction, hasDigits, unit }: Parts): string | undefined {
  const scale = (unit.exponent - fraction.length) | 0;
  const digits = (whole || '0') + fraction;
  if (digits.length <= FAST_DIGITS && scale >= SMALLEST) {
    const isKept = scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
    return isKept ? text : writtenDecimal(sign, digits, scale, unit.format);
  }
  if (!hasDigits) return undefined;
  const rounded = roundedDecimal(digits, scale);
  return writtenDecimal(sign, rounded.digits, rounded.scale, unit.format);
}

/** `amount` divided by ten to the power of `places`: by a binary suffix where that loses nothing. */
function writtenBinary(sign: string, amount: bigint, places: number): string {
  const one = 10n ** BigInt(places);
  if (amount < 1024n * one || amount % one !== 0n) return writtenDecimal(sign, String(amount), -places, 'decimal');
  let number = amount / one;
  let power = 0;
  for (; number % 1024n === 0n; power++) number /= 1024n;
  return `${sign === '-' ? '-' : ''}${number}${BINARY_SUFFIXES[power] ?? ''}`;
}

function canonicalBinary({ text, sign, whole, fraction, hasDigits, unit }: Parts): string | undefined {
  const wholeDigits = whole.length || 1;
  if (fraction === '' && 15 - wholeDigits - (unit.exponent * 3) / 10 - 1 >= 0) {
    if (Number(whole) % 8 !== 0) return text;
    return writtenBinary(sign, BigInt(whole) << BigInt(unit.exponent), 0);
  }
  if (!hasDigits) return undefined;
  let amount = BigInt(whole + fraction) << BigInt(unit.exponent);
  const places = Math.min(fraction.length, -SMALLEST);
  const cut = 10n ** BigInt(fraction.length - places);
  amount = (amount + cut - 1n) / cut;
  if (amount > LARGEST_BINARY * 10n ** BigInt(places)) return writtenBinary(sign, LARGEST_BINARY, 0);
  return writtenBinary(sign, amount, places);
}

function canonical(text: string): string | undefined {
  const parts = partsOf(text);
  if (parts === undefined) return undefined;
  return parts.unit.format === 'binary' ? canonicalBinary(parts) : canonicalDecimal(parts);
}

/**
 * The text by which the reference controller knows a quantity; undefined where it is none. It reads and writes every
 * Rollout twice before it looks at it, and the second time can change the text: `62.5Ki` is 64000, and 64000 is `64k`.
 */
export function canonicalQuantity(quantity: string): string | undefined {
  if (quantity.length > LONGEST) return undefined;
  const once = canonical(quantity);
  return once === undefined || once === quantity ? once : canonical(once);
}

/** The same for a value as it came from JSON: a number is its text, anything but a number or a text is no quantity. */
export function quantityOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? numberText(value) : value;
  return typeof text === 'string' ? canonicalQuantity(text) : undefined;
}
