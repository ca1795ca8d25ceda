import { createHash } from 'node:crypto';

export interface KeyParts {
  /** In its one spelling. */
  repository: string;
  branch: string;
  culprits: readonly string[];
  path: string;
  /** The culprit changed other Rollouts of the path too, each of which is taken back by itself. */
  apart?: boolean | undefined;
  /** The Rollout that failed: asked where it is apart. */
  rollout?: { name: string };
}

/**
 * What makes a revert unique, on every cluster alike: 64 hex digits. No cluster, mode or time is in it, and no workload but where
 * one commit leads to several reverts, so that two controllers that watch the same failure mean the same revert.
 */
export function revertKey({ repository, branch, culprits, path, apart, rollout }: KeyParts): string {
  const workload = apart ? [rollout?.name ?? ''] : [];
  const text = [repository, branch, [...culprits].sort().join(','), path, ...workload].join('|');
  return createHash('sha256').update(text).digest('hex');
}

/** The name of the GitRevert with that key. */
export function revertName(key: string): string {
  return `revert-${key.slice(0, 20)}`;
}
