import type { Credentials, GitHubApp } from '../credentials.ts';

/** One file of a commit: its whole new content, or undefined where the commit deletes it. */
export interface FileChange {
  /** Path from the repository's root, forward slashes, never leaving it. */
  path: string;
  content: Buffer | undefined;
  /** `100644`, `100755`; what the file has at the head. */
  mode: string;
}

/** Whom a commit is by, where the host lets that be said. */
export interface Author {
  name: string;
  email: string;
}

const HEADGATE: Author = { name: 'Headgate', email: 'noreply@headgate.dev' };

export function authorOf({ author }: Pick<CommitRequest, 'author'>): Author {
  return author ?? HEADGATE;
}

export interface CommitRequest {
  /** Without `refs/heads/`. */
  branch: string;
  /** The commit (40 hex) that was the branch's head when the plan was made. Any other head is `stale`. */
  expectedHead: string;
  message: string;
  /** Left out: Headgate itself. */
  author?: Author | undefined;
  changes: FileChange[];
  /** Deterministic key of this write; hosts that can also create a marker ref named after it in the same atomic step. */
  key: string;
}

/** How a call ends that did not do what was asked. */
export type HostFailure =
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

export type CommitOutcome =
  /** `message` where there is more to say: what came in between on a host that cannot bind the write to the head. */
  { kind: 'written'; commit: string; url?: string; message?: string } | HostFailure;

/** What opens it is from the policy's secret. */
export interface RepositoryAccess extends Credentials {
  /** As the policy spells it. */
  url: string;
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

/** A pull request, or whatever the host calls it. */
export interface Proposal {
  number: number;
  url: string;
  /** `closed`: without having been merged. */
  state: 'open' | 'merged' | 'closed';
  /** The commit (40 hex) at the head of its own branch; undefined where that branch is gone. */
  head?: string | undefined;
  /** The commit that brought it to the other branch, once it is merged. */
  commit?: string | undefined;
}

/** Which proposal is meant: branches, without `refs/heads/`. */
export interface ProposalBranches {
  /** The branch that holds the change; made for this one proposal and named after its key. */
  from: string;
  into: string;
}

/** What is to be proposed: the commit as `commit` would make it, on a branch of its own. */
export interface ProposalRequest extends CommitRequest {
  from: string;
  title: string;
  /** Markdown. */
  body: string;
  /**
   * Who is asked to review it, as `MergedPullRequest` names them. Whom the host will not ask, for whatever reason, is left out: the
   * proposal is open all the same. Nobody is asked on hosts that know people by other things than names.
   */
  reviewers?: readonly string[];
  /**
   * By what people find it among others. What the host will not label it with, for whatever reason, is left out: the proposal is open
   * all the same. It has none on hosts that know no labels of proposals.
   */
  labels?: readonly string[];
}

export type ProposalOutcome = { kind: 'proposal'; proposal: Proposal } | HostFailure;

/**
 * The proposals of one repository. A repository has at most one proposal for each branch that Headgate makes: whoever asks
 * twice, also after a call whose answer was lost, means the same one. Nothing is retried, and nothing is thrown for what the
 * host or network does.
 */
export interface Proposals {
  /** The newest one for these branches in any state, open ones first; `none` where there never was one. */
  find(access: RepositoryAccess, branches: ProposalBranches): Promise<ProposalOutcome | { kind: 'none' }>;
  /**
   * Makes the branch from `expectedHead` with the one commit, and opens the proposal. What is there already of an earlier
   * call (the branch whose head carries the same `Revert-Key` trailer, the open proposal) is gone on from; a branch of that
   * name with anything else on it is `protected`, and left alone. The target's head may have moved meanwhile: the host merges.
   */
  open(access: RepositoryAccess, request: ProposalRequest): Promise<ProposalOutcome>;
  /**
   * Asks the host to merge it as soon as its rules allow, and only while its branch is at `proposal.head`. Asked again, it
   * looks again. The answer is the proposal as it is then: `merged` where that happened at once, `open` where the host waits.
   * `protected`: the host will not do that by itself (auto-merge is off, a review is missing and cannot be waited for, a
   * conflict): a person merges. Where a host cannot bind the merge to a head, the head is read right before; what it merged
   * instead is `stale`, and said.
   */
  merge(access: RepositoryAccess, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome>;
  /**
   * Has the host wait no longer with a merge that `merge` asked for; the proposal stays open for a person, and what a person told
   * the host in their own name stays where the host tells the two apart. Nothing where it does not wait. The answer is the
   * proposal as it is then: `merged` where that was quicker. Once it is `open`, the host merges nothing by itself.
   */
  cancelMerge(access: RepositoryAccess, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome>;
  /** Closes it without merging and deletes its branch, saying why in a comment. Nothing where it is not open. */
  close(access: RepositoryAccess, proposal: Proposal & ProposalBranches, why: string): Promise<ProposalOutcome>;
}

/** The merged pull request that brought a commit to a branch, and who stands behind it: as the host spells them, without `@`. */
export interface MergedPullRequest {
  number: number;
  url: string;
  title: string;
  /** Who opened it; undefined where that account is gone. */
  author?: string | undefined;
  /** Who approved it or was asked to, without the author; a bounded number of them. */
  reviewers: string[];
}

export type PullRequestOutcome =
  | { kind: 'pullRequest'; pullRequest: MergedPullRequest }
  /** It came in another way, or the host cannot tell. */
  | { kind: 'none' }
  | HostFailure;

export interface MarkedComment {
  /** What this comment is known by among all of its pull request; hidden from readers. Letters, digits, `-` and `/`. */
  mark: string;
  /** Markdown, with all text from outside harmless already; cut where it is longer than the host takes. */
  body: string;
}

/** `url`: where people can look at it. */
export type CommentOutcome = { kind: 'commented'; url?: string } | HostFailure;

/** Where people see and talk about what became of a change. Nothing is retried, and nothing is thrown for what the host or network does. */
export interface Discussion {
  /** Sets a commit's status. Asked twice, it says the same once more. */
  report(access: RepositoryAccess, report: CommitReport): Promise<ReportOutcome>;
  /** Of several, the one by which the commit came first. */
  pullRequestOf(access: RepositoryAccess, commit: string, branch: string): Promise<PullRequestOutcome>;
  /**
   * Has the pull request carry exactly one comment with this mark by the credential's owner, with this body: made where there is
   * none, changed where it says something else. Asked twice, also after a lost answer, it means the same one; only two that ask at
   * the same moment may make two, of which the older is the one from then on. What others wrote is left alone, whatever mark it has.
   */
  comment(access: RepositoryAccess, number: number, comment: MarkedComment): Promise<CommentOutcome>;
}

/**
 * A place that holds repositories; the registry knows it by the name that a policy uses. `commit` is never retried by the host
 * itself; every outcome is one of the kinds above, so nothing is thrown for what the host or network does.
 */
export interface GitHost {
  /**
   * The same access with tokens in place of a GitHub App, for all that is asked of the host and for git. Asks nothing yet. Throws
   * `Stalled` for an address that is none of this host. Left out where the host knows no Apps.
   */
  signIn?(access: RepositoryAccess & { app: GitHubApp }): RepositoryAccess;
  /**
   * Whether token, rights and branch are there, without writing anything. `way`: for proposals, a branch that takes nothing else is
   * enough, and a credential that is known not to open any is not. What a host does not tell counts as there.
   */
  probe(access: RepositoryAccess, branch: string, way?: 'commit' | 'proposal'): Promise<ProbeOutcome>;
  commit(access: RepositoryAccess, request: CommitRequest): Promise<CommitOutcome>;
  /** Left out where the host knows none. */
  readonly proposals?: Proposals;
  /** Left out where the host has no pages for people. May ask for rights that nothing else needs. */
  readonly discussion?: Discussion;
}

/** One request to a host, and what came of it. */
export interface HostCall {
  host: string;
  method: string;
  /** Undefined where there was no answer. */
  status: number | undefined;
  /** How many more requests the host takes by that credential for now, where it says so. */
  remaining: number | undefined;
}

/** The branch of the proposal with this key. `time`, from 1: a proposal that was withdrawn is not opened again; what comes later has a branch of its own. */
export function proposalBranch(key: string, time = 1): string {
  return `headgate/revert/${key.slice(0, 12)}${time > 1 ? `-${time}` : ''}`;
}

/** Which time of this key the name is that of, by `proposalBranch`; undefined for all other names. */
export function proposalTime(key: string, branch: string): number | undefined {
  const first = proposalBranch(key);
  const time = branch === first ? 1 : Number(branch.slice(first.length + 1));
  return Number.isSafeInteger(time) && proposalBranch(key, time) === branch ? time : undefined;
}

/** Whether a commit with this message was made for the key. */
export function carriesKey(message: string, key: string): boolean {
  return message.split('\n').some((line) => line.trim() === `Revert-Key: ${key}`);
}

/** The ref whose creation, in the same step as the branch's move, makes a second write with the same key impossible. */
export function markerRef(key: string): string {
  return `refs/headgate/reverts/${key}`;
}

/** The refs by which clusters tell each other that the change of this key failed for them; `*` for all of them. */
export function failedRef(key: string, cluster: string): string {
  return `refs/headgate/failed/${key}/${cluster}`;
}
