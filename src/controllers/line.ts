/** Who waits for a pass: what may not wait, what has begun, what has yet to begin. */
export type Rank = 'first' | 'underWay' | 'new';

/** Keys in the order in which they have their turn; within a rank, in the order in which they came. Times are machine time, milliseconds. */
export interface Line {
  /** A key that is in line already leaves its place for the new one. */
  join(key: string, rank: Rank): void;
  /** Undefined: nobody is in line, or those who are wait for others to get on. */
  next(now: number): string | undefined;
  /** A key has had a pass; `underWay`: it will want more of them soon. */
  passed(key: string, underWay: boolean, now: number): void;
  /** How many keys are at work. */
  atWork(now: number): number;
  size(): number;
}

/** Every so many turns are for the new ones, so that nothing that never ends keeps them from beginning. */
const TURN_OF_THE_NEW = 50;
/**
 * So many keys at work are enough to use all there is: more would only make each of them last longer. One that has had no
 * pass for a while waits for something else than its turn, and does not count.
 */
export const MOST_AT_WORK = 64;
export const AT_WORK_MILLISECONDS = 1_000;

export function createLine(): Line {
  const ranks: Record<Rank, Set<string>> = { first: new Set(), underWay: new Set(), new: new Set() };
  /** When each key that is under way had its last pass, the longest ago first. */
  const atWork = new Map<string, number>();
  let turns = 0;
  const countAtWork = (now: number) => {
    for (const [key, time] of atWork) {
      if (now - time < AT_WORK_MILLISECONDS) break;
      atWork.delete(key);
    }
    return atWork.size;
  };
  const chosen = (now: number) => {
    if (ranks.first.size > 0) return ranks.first;
    if (ranks.underWay.size === 0) return countAtWork(now) >= MOST_AT_WORK ? ranks.first : ranks.new;
    turns = (turns + 1) % TURN_OF_THE_NEW;
    return turns === 0 && ranks.new.size > 0 ? ranks.new : ranks.underWay;
  };
  return {
    join(key, rank) {
      for (const other of Object.values(ranks)) other.delete(key);
      ranks[rank].add(key);
    },
    next(now) {
      const from = chosen(now);
      for (const key of from) {
        from.delete(key);
        return key;
      }
      return undefined;
    },
    passed(key, underWay, now) {
      atWork.delete(key);
      if (underWay) atWork.set(key, now);
    },
    atWork: countAtWork,
    size: () => ranks.first.size + ranks.underWay.size + ranks.new.size,
  };
}
