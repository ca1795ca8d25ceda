/** Who waits for a pass: what may not wait, what has begun, what has yet to begin. */
export type Rank = 'first' | 'underWay' | 'new';

/** Keys in the order in which they have their turn; within a rank, in the order in which they came. */
export interface Line {
  /** A key that is in line already leaves its place for the new one. */
  join(key: string, rank: Rank): void;
  next(): string | undefined;
  size(): number;
}

/** Every so many turns are for the new ones, so that nothing that never ends keeps them from beginning. */
const TURN_OF_THE_NEW = 10;

export function createLine(): Line {
  const ranks: Record<Rank, Set<string>> = { first: new Set(), underWay: new Set(), new: new Set() };
  let turns = 0;
  const size = () => ranks.first.size + ranks.underWay.size + ranks.new.size;
  const chosen = () => {
    if (ranks.first.size > 0) return ranks.first;
    if (ranks.underWay.size === 0 || ranks.new.size === 0) return ranks.new.size > 0 ? ranks.new : ranks.underWay;
    turns = (turns + 1) % TURN_OF_THE_NEW;
    return turns === 0 ? ranks.new : ranks.underWay;
  };
  return {
    join(key, rank) {
      for (const other of Object.values(ranks)) other.delete(key);
      ranks[rank].add(key);
    },
    next() {
      const from = chosen();
      for (const key of from) {
        from.delete(key);
        return key;
      }
      return undefined;
    },
    size,
  };
}
