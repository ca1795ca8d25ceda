/** A verb of the command line with its flags, as it stands before the Rollout's name. */
export type Command = 'promote' | 'promote --full' | 'abort' | 'retry rollout' | `undo --to-revision ${number}`;

/** One thing that a person can do. */
export interface Choice {
  /** Undefined where it is done elsewhere: in Git, or on another object. */
  command?: Command;
  /** What comes of it, as in `ends the pause now`. */
  does: string;
}

/** Where a Rollout stands, told for people; the subject of every sentence is the Rollout. Instants are milliseconds since the epoch. */
export interface Explanation {
  /** What it waits for; where it waits for nothing, how it is. */
  waitsFor: string;
  /** Since when, where an object tells: for pods and routes the last progress. */
  since?: number;
  /** When the wait ends by itself, while that is ahead. */
  until?: number;
  /** What happens once the wait is over. */
  next: string;
  /** What goes on besides, and needs no decision: a restart, pods that are kept for a while, a workload that hands over. */
  besides: string[];
  /** Only what would make a difference in this very state. */
  canDo: Choice[];
  /** The wait and, in short, how it ends, where there is room for one sentence only. */
  sentence: string;
}

/** What one state has to say, before what holds for all states is added. */
export interface Wait {
  waitsFor: string;
  /** What the single sentence says after `waitsFor`. */
  hint?: string;
  since: number | undefined;
  until?: number | undefined;
  next: string;
  canDo: Choice[];
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
