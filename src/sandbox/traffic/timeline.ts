/** A count that grows at a rate which changes now and then: exact at every moment, without anything ticking. */
export interface Timeline {
  /** From this moment on (world time, milliseconds, never earlier than the last one) it grows by `rate` per second. */
  setRate(at: number, rate: number): void;
  /** Whole units counted up to a moment. */
  count(at: number): number;
  rate(): number;
  /** The last moment at which it grew; undefined where it never did. */
  lastGrowth(now: number): number | undefined;
}

interface Stretch {
  from: number;
  value: number;
  rate: number;
}

/** Keeps a sum of fractions that ought to be whole from being rounded down. */
const ROUNDING = 1e-6;

export function createTimeline(start: number): Timeline {
  const stretches: Stretch[] = [{ from: start, value: 0, rate: 0 }];
  const latest = () => stretches.at(-1) as Stretch;
  const valueIn = ({ from, value, rate }: Stretch, at: number) => value + (rate * Math.max(0, at - from)) / 1000;
  return {
    setRate(at, rate) {
      const current = latest();
      if (current.rate === rate) return;
      if (current.from === at) current.rate = rate;
      else stretches.push({ from: at, value: valueIn(current, at), rate });
    },
    count(at) {
      const stretch = stretches.findLast(({ from }) => from <= at);
      return stretch ? Math.floor(valueIn(stretch, at) + ROUNDING) : 0;
    },
    rate: () => latest().rate,
    lastGrowth(now) {
      const index = stretches.findLastIndex(({ rate }) => rate > 0);
      if (index < 0) return undefined;
      return stretches[index + 1]?.from ?? now;
    },
  };
}
