import { createHash } from 'node:crypto';

export interface KeyParts {
  /** In its one spelling. */
  repository: string;
  branch: string;
  culprits: readonly string[];
  path: string;
}

/**
 * What makes a revert unique, on every cluster alike: 64 hex digits. No workload, cluster, mode or time is in it, so that two
 * controllers that watch the same failure mean the same revert.
 */
export function revertKey({ repository, branch, culprits, path }: KeyParts): string {
  const text = [repository, branch, [...culprits].sort().join(','), path].join('|');
  return createHash('sha256').update(text).digest('hex');
}

/** The name of the GitRevert with that key. */
export function revertName(key: string): string {
  return `revert-${key.slice(0, 20)}`;
}
