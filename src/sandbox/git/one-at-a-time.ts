import { createTurns, type Turns } from '../../turns.ts';

const turnsOf = new WeakMap<object, Turns>();

/** Hosts carry out one request at a time where it matters: what was looked at still holds when something is done about it. */
export function oneAtATime<T>(of: object, work: () => Promise<T>): Promise<T> {
  const inTurn = turnsOf.get(of) ?? createTurns();
  turnsOf.set(of, inTurn);
  return inTurn(work);
}
