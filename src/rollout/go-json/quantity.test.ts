import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUFFIXES } from '../../../test/quantities.ts';
import { canonicalQuantity } from './quantity.ts';

/** Measured: what Go's resource.Quantity makes of each, read and written twice. */
const MEASURED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'keeps what is canonical': { '0': '0', '1': '1', '100m': '100m', '1Gi': '1Gi', '1e3': '1e3', '1500k': '1500k' },
  'takes the largest suffix that loses nothing': {
    '1000m': '1',
    '1000': '1k',
    '1024': '1024',
    '1024Ki': '1Mi',
    '1025Ki': '1025Ki',
    '3072Mi': '3Gi',
    '0.5Gi': '512Mi',
    '1.5Gi': '1536Mi',
    '1000000u': '1',
    '0.5G': '500M',
  },
  'writes no fractions': { '0.5': '500m', '.5': '500m', '2.50': '2500m', '0.500': '500m', '0.1Ki': '102400m' },
  'keeps some fractions, zeros and signs all the same': {
    '1.500': '1.500',
    '5.': '5.',
    '5.Gi': '5.Gi',
    '0100m': '0100m',
    '01000m': '1',
    '01Mi': '01Mi',
    '+1Mi': '+1Mi',
    '+8Mi': '8Mi',
  },
  'keeps exponents': {
    '2e0': '2e0',
    '1.5e9': '1500e6',
    '1e-1': '100e-3',
    '12E6': '12E6',
    '1E5': '100e3',
    '1e+03': '1e+03',
    '1e6': '1e6',
    '1e7': '10e6',
    '2000e1': '20e3',
    '1e1000000000': '10e999999999',
    '1e9223372036854775807': '100e-3',
  },
  'rounds up what is smaller than a billionth': {
    '0.0000000001': '1n',
    '-0.0000000001': '-1n',
    '0.4n': '1n',
    '1.0000000001': '1000000001n',
    '1e-10': '1e-9',
    '123456789012345678901e-12': '123456789012345679e-9',
    '1.00000000001Ki': '1024000000011n',
  },
  'reads large ones': {
    '9223372036854775807': '9223372036854775807',
    '18446744073709551616': '18446744073709551616',
    '1000000000000000000': '1E',
    '1500E': '1500E',
    '1000E': '1',
    '7Ei': '7Ei',
    '1.5Ei': '1536Pi',
    '8192Pi': '9223372036854775807',
    '8Ei': '9223372036854775807',
    '-8Ei': '-9223372036854775807',
  },
  'reads negative ones': { '-5': '-5', '-1.5Gi': '-1536Mi', '-.5Ki': '-512', '-0': '0' },
  'changes some only the second time': { '62.5Ki': '64k', '-62.50Ki': '-64k' },
  'takes no digits for zero, mostly': { Gi: '0', e3: '0', E: '0', '+': '0', '.': '0' },
  'ignores spaces around': { ' 1Gi ': '1Gi', '\u00a01024Mi\u3000': '1Gi' },
};

const NONE = [
  ...['', ' ', 'lots', '1 Gi', '1K', '1kb', '1GiB', '1e', '1e3.5', '1Ee3', '1i', '1Ki5', '5m3', '5+3', '0x10', '1,000'],
  ...['1e9223372036854775808', 'Ei', '.e-10', '1Gi\n', '\u0661', 'constructor'],
];

describe('canonicalQuantity', () => {
  it.each(Object.entries(MEASURED).flatMap(([what, pairs]) => Object.entries(pairs).map((pair) => [what, ...pair])))(
    '%s: %j is %s',
    (_, text = '', written = '') => {
      expect(canonicalQuantity(text)).toBe(written);
    },
  );

  it.each(NONE)('%j is none', (text) => expect(canonicalQuantity(text)).toBeUndefined());

  it('holds nobody up, however long the text', () => {
    expect(canonicalQuantity('9'.repeat(100_000))).toBeUndefined();
    expect(canonicalQuantity('1e-2147483647')).toBe('1e-9');
  });

  it('changes nothing when applied again', () => {
    const suffix = fc.constantFrom(...SUFFIXES);
    const number = fc.stringMatching(/^[+-]?\d{1,20}(\.\d{0,12})?$/);
    fc.assert(
      fc.property(number, suffix, (digits, unit) => {
        const once = canonicalQuantity(digits + unit);
        expect(canonicalQuantity(once ?? '')).toBe(once);
      }),
    );
  });
});
