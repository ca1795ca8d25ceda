/** Delays that double from `first` to `longest` milliseconds of machine time, each shortened at random by up to a half. */
export interface Backoff {
  next(): number;
  reset(): void;
  /** How many delays were handed out since the last reset. */
  readonly failures: number;
}

export interface BackoffOptions {
  first: number;
  longest: number;
  /** From 0 up to 1; for tests. */
  random?: () => number;
}

export function createBackoff({ first, longest, random = Math.random }: BackoffOptions): Backoff {
  let failures = 0;
  return {
    next() {
      const delay = Math.min(longest, first * 2 ** Math.min(failures, 40));
      failures++;
      return delay * (1 - random() / 2);
    },
    reset() {
      failures = 0;
    },
    get failures() {
      return failures;
    },
  };
}
