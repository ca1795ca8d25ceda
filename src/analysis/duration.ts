const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/;

/** Reads a length of time as Go writes it, as in `90s` or `1h30m`; milliseconds, or undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, sign, body] = DURATION.exec(text) ?? [];
  if (body === undefined) return undefined;
  const parts = body.matchAll(/([\d.]+)([a-zµ]+)/g);
  const sum = [...parts].reduce((all, [, amount, unit]) => all + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0);
  return sign === '-' ? -sum : sum;
}
