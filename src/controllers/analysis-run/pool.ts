/** How many questions may be under way at one backend. */
export interface Pools {
  /** Runs the work when its pool has a place; each name has a pool of its own. */
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
}

interface Pool {
  running: number;
  waiting: (() => void)[];
}

/** A backend that hangs holds up only its own questions. */
export function createPools(places: number): Pools {
  const pools = new Map<string, Pool>();

  const enter = async (pool: Pool): Promise<void> => {
    if (pool.running < places) pool.running++;
    else await new Promise<void>((resolve) => pool.waiting.push(resolve));
  };
  const leave = (name: string, pool: Pool): void => {
    const next = pool.waiting.shift();
    if (next !== undefined) next();
    else if (--pool.running === 0) pools.delete(name);
  };

  return {
    async run(name, work) {
      const pool = pools.get(name) ?? { running: 0, waiting: [] };
      pools.set(name, pool);
      await enter(pool);
      try {
        return await work();
      } finally {
        leave(name, pool);
      }
    },
  };
}
