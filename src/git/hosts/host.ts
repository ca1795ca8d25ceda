/** One file of a commit: its whole new content, or undefined where the commit deletes it. */
export interface FileChange {
  /** Path from the repository's root, forward slashes, never leaving it. */
  path: string;
  content: Buffer | undefined;
  /** `100644`, `100755`; what the file has at the head. */
  mode: string;
}

export interface CommitRequest {
  /** Without `refs/heads/`. */
  branch: string;
  /** The commit (40 hex) that was the branch's head when the plan was made. Any other head is `stale`. */
  expectedHead: string;
  message: string;
  changes: FileChange[];
  /** Deterministic key of this write; hosts that can also create a marker ref named after it in the same atomic step. */
  key: string;
}

export type CommitOutcome =
  | { kind: 'written'; commit: string; url?: string }
  /** The branch has moved, or the marker is already there: look again and plan again. */
  | { kind: 'stale'; message: string }
  /** Rules of the host forbid the write: the host's own words. For a person. */
  | { kind: 'protected'; message: string }
  /** The credential may not do that, or is not valid. */
  | { kind: 'noRights'; message: string }
  | { kind: 'rateLimited'; message: string; retryAfterSeconds: number }
  /** Repository or branch is not there (any more). */
  | { kind: 'gone'; message: string }
  /** No answer, or one that does not say whether the write happened: look before writing again. */
  | { kind: 'unknown'; message: string };

export interface RepositoryAccess {
  /** As the policy spells it. */
  url: string;
  /** From the policy's secret; never logged. */
  token?: string | undefined;
  username?: string | undefined;
}

/** The ways a probe can end; `message` is for people. */
export type ProbeOutcome = { ok: true } | { ok: false; reason: 'noRights' | 'gone' | 'unreachable'; message: string };

/**
 * A place that holds repositories. `commit` is never retried by the host itself; every outcome is one of the kinds
 * above, so nothing is thrown for what the host or network does.
 */
export interface GitHost {
  /** `git`, `github`. */
  readonly type: string;
  /** Whether token, rights and branch are there, without writing anything. */
  probe(access: RepositoryAccess, branch: string): Promise<ProbeOutcome>;
  commit(access: RepositoryAccess, request: CommitRequest): Promise<CommitOutcome>;
}

/** The ref whose creation, in the same step as the branch's move, makes a second write with the same key impossible. */
export function markerRef(key: string): string {
  return `refs/headgate/reverts/${key}`;
}
