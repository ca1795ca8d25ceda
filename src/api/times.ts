/** A time in milliseconds since the epoch as RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

export const TIME_OF_DAY_HELP = 'use hours and minutes, as in 09:00 or 17:30';

/** Minutes since midnight of a time of day such as `09:00`, up to `24:00`; undefined where it is none. */
export function minutesOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  const sum = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && sum <= 24 * 60 ? sum : undefined;
}

/** Whether this is the name of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name !== '';
  } catch {
    return false;
  }
}
