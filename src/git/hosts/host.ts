/** One file of a commit: its whole new content, or undefined where the commit deletes it. */
export interface FileChange {
  /** Path from the repository's root, forward slashes, never leaving it. */
  path: string;
  content: Buffer | undefined;
  /** `100644`, `100755`; what the file has at the head. */
  mode: string;
}

/** Whom commits are by, where the host lets that be said. */
export const AUTHOR = { name: 'Headgate', email: 'noreply@headgate.dev' };

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
  /** `message` where there is more to say: what came in between on a host that cannot bind the write to the head. */
  | { kind: 'written'; commit: string; url?: string; message?: string }
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

/** What people see beside a commit on the host's pages. */
export interface CommitReport {
  /** 40 hex digits. */
  commit: string;
  state: 'success' | 'failure';
  /** Whose word it is; a later one of the same context takes its place. */
  context: string;
  /** One line; the host cuts it to what it takes. */
  description: string;
  url?: string | undefined;
}

/** `again`: whether asking once more may help. */
export type ReportOutcome = { ok: true } | { ok: false; again: boolean; message: string };

/**
 * A place that holds repositories. `commit` is never retried by the host itself; every outcome is one of the kinds
 * above, so nothing is thrown for what the host or network does.
 */
export interface GitHost {
  /** `git`, `github`, `gitea`. */
  readonly type: string;
  /** Whether token, rights and branch are there, without writing anything. */
  probe(access: RepositoryAccess, branch: string): Promise<ProbeOutcome>;
  commit(access: RepositoryAccess, request: CommitRequest): Promise<CommitOutcome>;
  /** Sets a commit's status; left out where the host knows none. Asked twice, it says the same once more. */
  report?(access: RepositoryAccess, report: CommitReport): Promise<ReportOutcome>;
}

/** The ref whose creation, in the same step as the branch's move, makes a second write with the same key impossible. */
export function markerRef(key: string): string {
  return `refs/headgate/reverts/${key}`;
}
