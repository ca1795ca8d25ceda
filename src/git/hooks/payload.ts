/** Reading JSON that may be anything: whatever is not as expected is not there. */

const LONGEST_TEXT = 2_000;
/** Of branches, and of whatever else comes as a list. */
const MOST_ITEMS = 100;

/** The value below these keys. */
export function valueAt(payload: unknown, ...keys: string[]): unknown {
  let value = payload;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** The text below these keys. */
export function textAt(payload: unknown, ...keys: string[]): string | undefined {
  const value = valueAt(payload, ...keys);
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT ? value : undefined;
}

/** The first items of the list below these keys. */
export function listAt(payload: unknown, ...keys: string[]): unknown[] {
  const value = valueAt(payload, ...keys);
  return Array.isArray(value) ? value.slice(0, MOST_ITEMS) : [];
}

/** The branch that a ref names; undefined for tags and whatever else there is. */
export function branchOf(ref: string | undefined): string | undefined {
  return ref?.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) || undefined : undefined;
}

/** What is there, each once. */
export function present(texts: (string | undefined)[]): string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}

/** A hint where there is something to hint at. */
export function hintOf(repositories: (string | undefined)[], branches: (string | undefined)[]) {
  const hint = { repositories: present(repositories), branches: present(branches) };
  return hint.repositories.length > 0 && hint.branches.length > 0 ? hint : undefined;
}
