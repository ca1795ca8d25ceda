/** Keys that have series in the metrics, and leave one scrape after their object has. */
export interface Attendance {
  /** The key has series from now on. */
  note(key: string): void;
  /** Asked at each scrape: the keys whose last scrape is over. They are forgotten. */
  over(isThere: (key: string) => boolean): string[];
}

export function createAttendance(): Attendance {
  const keys = new Map<string, 'there' | 'leaving'>();
  return {
    note: (key) => void keys.set(key, 'there'),
    over(isThere) {
      const gone = [...keys].filter(([key]) => !isThere(key));
      const over = gone.filter(([, state]) => state === 'leaving').map(([key]) => key);
      for (const [key] of gone) keys.set(key, 'leaving');
      for (const key of over) keys.delete(key);
      return over;
    },
  };
}
