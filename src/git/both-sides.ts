import type { Clone } from './clone.ts';
import { ABSENT, type Change } from './inverse.ts';

/** What a file held before a change and after it; undefined where it is not there, or no regular file. */
export interface BothSides {
  change: Change;
  before: Buffer | undefined;
  after: Buffer | undefined;
}

const isRegular = (mode: string) => mode.startsWith('100');

/** Whether it is a regular file on each side on which it is there. */
export function isOfRegularFile({ oldMode, newMode }: Change): boolean {
  return [oldMode, newMode].every((mode) => mode === ABSENT || isRegular(mode));
}

/** Reads both sides of changes at once. Throws `TooLong` as `Clone.read` does. */
export async function bothSides(
  clone: Clone,
  changes: readonly Change[],
  ...most: [each: number, together?: number]
): Promise<BothSides[]> {
  const sides = changes.map((change) => ({
    change,
    before: isRegular(change.oldMode) ? change.oldId : undefined,
    after: isRegular(change.newMode) ? change.newId : undefined,
  }));
  const ids = sides.flatMap(({ before, after }) => [before, after]).filter((id) => id !== undefined);
  const contents = await clone.read(ids, ...most);
  const contentOf = (id: string | undefined) => (id === undefined ? undefined : contents.get(id));
  return sides.map(({ change, before, after }) => ({ change, before: contentOf(before), after: contentOf(after) }));
}
