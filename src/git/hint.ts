import { canonicalRepository } from './url.ts';

/** Somebody says that branches of a repository may have changed. It is never more than a reason to look. */
export interface Hint {
  /** The addresses by which the repository is known, as its host names them. */
  repositories: string[];
  branches: string[];
}

/** A header of hooks that one of our processes has handed on to another: whoever gets it then keeps it. */
export const HANDED_ON = 'x-headgate-handed-on';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a repository is, written so that a host's ways to spell it are one: without scheme, user, `.git` or letter case. */
export function placeOfRepository(address: string): string {
  const canonical = canonicalRepository(address);
  const url = /^https?:\/\//i.test(canonical) ? URL.parse(canonical) : null;
  return (url ? `${url.host}${decoded(url.pathname)}` : canonical).toLowerCase();
}

/** Whether a hint is about a branch of this repository. */
export function concerns({ repositories, branches }: Hint, address: string, branch: string): boolean {
  const place = placeOfRepository(address);
  return branches.includes(branch) && repositories.some((repository) => placeOfRepository(repository) === place);
}
