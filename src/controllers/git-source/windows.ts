import { type SyncWindow, type Weekday, weekdays } from '../../api/index.ts';
import { minutesOfDay } from '../../api/times.ts';

/** What keeps changes out for a while. */
export interface Hold {
  reason: string;
  /** The end of a sentence that begins with what has to wait. */
  message: string;
  /** Whether what a GitRevert has taken back has to wait as well. */
  holdsReverts: boolean;
}

/** The day and the time of day of an instant, as clocks in that zone show them. */
function wallTime(now: number, timeZone: string): { day: number; minutes: number } {
  const format = { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const parts = new Map(
    new Intl.DateTimeFormat('en-US', format).formatToParts(now).map((part) => [part.type, part.value]),
  );
  return {
    day: weekdays.indexOf(parts.get('weekday') as Weekday),
    minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

/**
 * Whether a window that was found good is there at that instant, milliseconds since the epoch. A weekly one follows the clocks of
 * its zone: an hour that they leave out has none of it, and one that they show twice has it twice.
 */
export function isActive({ from, to, days, start, end, timeZone = 'UTC' }: SyncWindow, now: number): boolean {
  if (from !== undefined && to !== undefined) return Date.parse(from) <= now && now < Date.parse(to);
  const begins = minutesOfDay(start ?? '') ?? 0;
  const ends = minutesOfDay(end ?? '') ?? 0;
  const { day, minutes } = wallTime(now, timeZone);
  const isOn = (index: number) => days === undefined || days.includes(weekdays[(index + 7) % 7] as Weekday);
  if (begins < ends) return isOn(day) && begins <= minutes && minutes < ends;
  return (isOn(day) && begins <= minutes) || (isOn(day - 1) && minutes < ends);
}

function shown({ from, to, days, start, end, timeZone = 'UTC' }: SyncWindow): string {
  if (from !== undefined) return `from ${from} to ${to}`;
  return `${days?.join(', ') ?? 'every day'} ${start} to ${end} ${timeZone}`;
}

/** What keeps changes out at that instant: a window that denies, or that there are some that allow and none of them is now. */
export function windowHold(windows: readonly SyncWindow[], now: number): Hold | undefined {
  const active = windows.filter((window) => isActive(window, now));
  const allowing = windows.filter(({ kind }) => kind === 'allow');
  const denying = active.filter(({ kind }) => kind === 'deny');
  const [deny] = denying;
  if (deny !== undefined) {
    const message = `spec.windows[${windows.indexOf(deny)}] denies it (${shown(deny)})`;
    return { reason: 'WindowClosed', message, holdsReverts: denying.some(({ holdReverts }) => holdReverts === true) };
  }
  if (allowing.length === 0 || allowing.some((window) => active.includes(window))) return undefined;
  const message = `none of spec.windows allows it now (${allowing.map(shown).join('; ')})`;
  return { reason: 'WindowClosed', message, holdsReverts: allowing.every(({ holdReverts }) => holdReverts === true) };
}
