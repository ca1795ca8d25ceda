/**
 * What is known of the commits between the stable revision and the failed one, in the order of the history, the last of which
 * is the failed one: whether a commit holds the template that failed; undefined where nobody has looked.
 */
export type Looked = readonly (boolean | undefined)[];

/** The first commit after which, as far as anyone has looked, there is nothing but the template that failed. */
export function lastTurn(looked: Looked): number {
  return looked.lastIndexOf(false) + 1;
}

/**
 * Which commit to look at next: in halves, until the commit before the turn is known not to hold the template that failed; then
 * where the largest part after the turn has not been looked at, since a template may come and go. Undefined: nothing is left.
 */
export function nextLook(looked: Looked): number | undefined {
  const from = looked.lastIndexOf(false);
  const firstBad = looked.indexOf(true, from + 1);
  const end = firstBad === -1 ? looked.length : firstBad;
  if (end - from > 1) return from + Math.ceil((end - from) / 2);
  let best: { start: number; length: number } | undefined;
  let start: number | undefined;
  for (let index = end; index <= looked.length; index++) {
    if (index < looked.length && looked[index] === undefined) start ??= index;
    else if (start !== undefined) {
      if (best === undefined || index - start > best.length) best = { start, length: index - start };
      start = undefined;
    }
  }
  return best && best.start + Math.floor(best.length / 2);
}

/** Whether the commit before the turn was looked at, and is known not to hold what failed. */
export function isFound(looked: Looked): boolean {
  const turn = lastTurn(looked);
  return looked[turn] === true;
}
