const lastOf = new WeakMap<object, Promise<unknown>>();

/** Hosts carry out one request at a time where it matters: what was looked at still holds when something is done about it. */
export function oneAtATime<T>(of: object, work: () => Promise<T>): Promise<T> {
  const mine = (lastOf.get(of) ?? Promise.resolve()).then(work);
  lastOf.set(
    of,
    mine.catch(() => {}),
  );
  return mine;
}
