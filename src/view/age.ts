const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Scale {
  /** Seconds below which the scale is used. */
  below: number;
  unit: [seconds: number, letter: string];
  /** The second unit that is shown, unless it is 0. */
  rest?: [seconds: number, letter: string];
}

const scales: Scale[] = [
  { below: 2 * MINUTE, unit: [1, 's'] },
  { below: 10 * MINUTE, unit: [MINUTE, 'm'], rest: [1, 's'] },
  { below: 3 * HOUR, unit: [MINUTE, 'm'] },
  { below: 8 * HOUR, unit: [HOUR, 'h'], rest: [MINUTE, 'm'] },
  { below: 2 * DAY, unit: [HOUR, 'h'] },
  { below: 8 * DAY, unit: [DAY, 'd'], rest: [HOUR, 'h'] },
  { below: 2 * YEAR, unit: [DAY, 'd'] },
  { below: 8 * YEAR, unit: [YEAR, 'y'], rest: [DAY, 'd'] },
  { below: Number.POSITIVE_INFINITY, unit: [YEAR, 'y'] },
];

/** A span of time in at most two units, as kubectl shows ages. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (!Number.isFinite(seconds) || seconds < -1) return '<invalid>';
  const scale = scales.find(({ below }) => seconds < below);
  if (scale === undefined || seconds < 0) return '0s';
  const [size, letter] = scale.unit;
  const whole = `${Math.floor(seconds / size)}${letter}`;
  if (scale.rest === undefined) return whole;
  const rest = Math.floor((seconds % size) / scale.rest[0]);
  return rest === 0 ? whole : `${whole}${rest}${scale.rest[1]}`;
}

/** The time since an RFC 3339 instant; empty where there is none. */
export function ageOf(instant: string | undefined, now: number): string {
  return instant === undefined ? '' : humanDuration(now - Date.parse(instant));
}
