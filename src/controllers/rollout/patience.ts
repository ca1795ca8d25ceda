/** Lets news wait, so that what follows within a moment is written along with it. Forgetting it all costs one write. */
export interface Patience {
  /** World time until which the key's news waits; undefined: there is none, or it has waited enough. */
  until(key: string, now: number, hasNewsThatMayWait: boolean): number | undefined;
  forget(key: string): void;
}

/** `patience`: how long news that decides nothing waits, milliseconds of world time. */
export function createPatience(patience: number): Patience {
  const began = new Map<string, number>();
  return {
    until(key, now, hasNewsThatMayWait) {
      const since = began.get(key) ?? now;
      if (!hasNewsThatMayWait || now >= since + patience) {
        began.delete(key);
        return undefined;
      }
      began.set(key, since);
      return since + patience;
    },
    forget: (key) => void began.delete(key),
  };
}
