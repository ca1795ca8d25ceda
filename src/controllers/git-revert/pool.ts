import type { Clock } from '../../clock.ts';

/** Work in the background, so much of it at a time. */
export interface Pool {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createPool(size: number, clock: Clock): Pool {
  const waiting: (() => void)[] = [];
  const under = new Set<Promise<unknown>>();
  let free = size;

  const turn = async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const release = () => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    run(work) {
      const end = clock.busy();
      const running = turn()
        .then(work)
        .finally(() => {
          release();
          end();
        });
      const settled = running.catch(() => {}).finally(() => under.delete(settled));
      under.add(settled);
      return running;
    },
    async idle() {
      while (under.size > 0) await Promise.all(under);
    },
  };
}
