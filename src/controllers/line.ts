/** Who waits for a pass: what may not wait, what has begun, what has yet to begin. */
export type Rank = 'first' | 'underWay' | 'new';

/**
 * What a pass leaves to be done: nothing for now, more at the key's own pace, or more once a server has answered that many
 * keys wait for, which is the slower the more of them there are.
 */
export type Work = 'over' | 'own' | 'shared';

/** Keys in the order in which they have their turn; within a rank, in the order in which they came. Times are machine time, milliseconds. */
export interface Line {
  /** A key that is in line already leaves its place for the new one. */
  join(key: string, rank: Rank): void;
  /** Undefined: nobody is in line, or those who are wait for others to get on. */
  next(now: number): string | undefined;
  /** A key has had a pass, which has left so much to be done. */
  passed(key: string, work: Work, now: number): void;
  /** How many keys are at work. */
  atWork(now: number): number;
  size(): number;
}

/** Every so many turns are for the new ones, so that nothing that never ends keeps them from beginning. */
const TURN_OF_THE_NEW = 50;
/**
 * So many keys at work are enough to use all there is: more would only make each of them last longer. One that has had no
 * pass for a while waits for something else than its turn, and does not count; one that waits for a shared server counts for
 * longer, but from when it began to wait, so that a server that never answers holds nobody up.
 */
export const MOST_AT_WORK = 64;
export const AT_WORK_MILLISECONDS = 1_000;
export const SHARED_WAIT_MILLISECONDS = 5_000;

const MILLISECONDS = { own: AT_WORK_MILLISECONDS, shared: SHARED_WAIT_MILLISECONDS };

export function createLine(): Line {
  const ranks: Record<Rank, Set<string>> = { first: new Set(), underWay: new Set(), new: new Set() };
  /** Until when each key that is at work counts. Whoever waits for a shared server stays known: looking again begins no new wait. */
  const pending = new Map<string, { work: Work; until: number }>();
  let turns = 0;
  const countAtWork = (now: number) => {
    let count = 0;
    for (const [key, { work, until }] of pending) {
      if (now < until) count++;
      else if (work === 'own') pending.delete(key);
    }
    return count;
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
    passed(key, work, now) {
      const waitsOn = work === 'shared' && pending.get(key)?.work === 'shared';
      if (work === 'over') pending.delete(key);
      else if (!waitsOn) pending.set(key, { work, until: now + MILLISECONDS[work] });
    },
    atWork: countAtWork,
    size: () => ranks.first.size + ranks.underWay.size + ranks.new.size,
  };
}
