import { conditionAt } from '../../api/conditions.ts';
import type { GitSource, GitSourceStatus } from '../../api/index.ts';
import type { Problem } from '../../errors.ts';

const MOST_PROBLEMS = 20;

/** What one pass came to. */
export interface SyncResult {
  ready: boolean;
  reason: string;
  message: string;
  head?: string;
  /** What was applied as a whole. */
  applied?: { commit: string; objects: number };
  problems?: Problem[];
}

/** The status after this pass. Without news it equals the one before. */
export function statusAfter(source: GitSource, result: SyncResult, now: string): GitSourceStatus {
  const { lastSeenCommit, lastAppliedCommit, lastAppliedAt, objects } = source.status ?? {};
  const seen = result.head ?? lastSeenCommit;
  const commit = result.applied?.commit ?? lastAppliedCommit;
  const at = result.applied && result.applied.commit !== lastAppliedCommit ? now : lastAppliedAt;
  const count = result.applied?.objects ?? objects;
  const { generation } = source.metadata;
  const { ready, reason, message } = result;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(seen === undefined ? {} : { lastSeenCommit: seen }),
    ...(commit === undefined ? {} : { lastAppliedCommit: commit }),
    ...(at === undefined ? {} : { lastAppliedAt: at }),
    ...(count === undefined ? {} : { objects: count }),
    files: (result.problems ?? []).slice(0, MOST_PROBLEMS).map(({ path, message }) => ({ path, message })),
    conditions: [conditionAt(now, source.status?.conditions, { type: 'Ready', holds: ready, reason, message })],
  };
}
