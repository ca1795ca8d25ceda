/** Durations, numbers and percentages as users write them. */

const unitSeconds: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

const part = String.raw`(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)`;
const whole = new RegExp(`^[+-]?(?:${part})+$`);
const parts = new RegExp(part, 'g');

export const DURATION_HELP = 'use a number with a unit of h, m, s or ms, as in 30s, 5m or 1h30m';

/** Seconds of a Go duration such as `1h`, `1m30s`, `-5s` or `0`; undefined where it is none. */
export function durationSeconds(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!whole.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(parts)) seconds += Number(amount) * (unitSeconds[unit ?? ''] ?? 0);
  return text.startsWith('-') ? -seconds : seconds;
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
