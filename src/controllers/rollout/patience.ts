/** Lets news wait, so that what follows within a moment is written along with it. Forgetting it all costs one write. */
export interface Patience {
  /**
   * World time until which the key's news waits; undefined: there is none, or it has waited enough. `most`: how long news that
   * decides nothing may wait, milliseconds of world time; undefined: there is no such news.
   */
  until(key: string, now: number, most: number | undefined): number | undefined;
  forget(key: string): void;
}

export function createPatience(): Patience {
  const began = new Map<string, number>();
  return {
    until(key, now, most) {
      // A clock that was set back makes nothing wait for longer.
      const since = Math.min(began.get(key) ?? now, now);
      if (most === undefined || now >= since + most) {
        began.delete(key);
        return undefined;
      }
      began.set(key, since);
      return since + most;
    },
    forget: (key) => void began.delete(key),
  };
}
