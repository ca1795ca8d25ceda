/** Durations, numbers and percentages as users write them. */

const unitMilliseconds: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const part = String.raw`(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)`;
const whole = new RegExp(`^[+-]?(?:${part})+$`);
const parts = new RegExp(part, 'g');

export const DURATION_HELP = 'use a number with a unit of h, m, s or ms, as in 30s, 5m or 1h30m';

/** Milliseconds of a Go duration such as `1h`, `1m30s`, `-5s` or `0`; undefined where it is none. */
export function durationMilliseconds(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!whole.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(parts)) sum += Number(amount) * (unitMilliseconds[unit ?? ''] ?? 0);
  // In whole nanoseconds, as Go keeps it.
  const milliseconds = Math.round(sum * 1e6) / 1e6;
  return text.startsWith('-') ? -milliseconds : milliseconds;
}

/** The same in seconds. */
export function durationSeconds(text: string): number | undefined {
  const milliseconds = durationMilliseconds(text);
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** Seconds of a pause: `10`, `"10"` or a Go duration, whole seconds; undefined where it is none of these. */
export function pauseSeconds(value: number | string): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  const seconds = durationSeconds(value);
  return seconds === undefined ? undefined : Math.trunc(seconds);
}

export interface Amount {
  value: number;
  percent: boolean;
}

/**
 * `5`, `"5"`, `"25%"`. A number in quotes without the sign counts as a percentage, as the API that teams already use has it.
 * Undefined where it is none of these.
 */
export function intOrPercent(value: number | string): Amount | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? { value, percent: false } : undefined;
  const digits = /^(\d+)%?$/.exec(value)?.[1];
  return digits === undefined ? undefined : { value: Number(digits), percent: true };
}

/** A number out of `total`; text that is no amount counts as 0. */
export function resolveAmount(value: number | string, total: number, rounding: 'up' | 'down'): number {
  const amount = intOrPercent(value);
  if (amount === undefined) return 0;
  if (!amount.percent) return amount.value;
  const share = (amount.value * total) / 100;
  return rounding === 'up' ? Math.ceil(share) : Math.floor(share);
}
