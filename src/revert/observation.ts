import type { GitRevertStatus, ProposalRef, RevertCaution } from '../api/index.ts';
import type { Cluster } from './aftermath.ts';
import type { Gate } from './gates.ts';

/** What a person or the loop is told with a result. */
interface Told {
  reason: string;
  message: string;
}

/** It could not be done now; what it would have come to is not known. */
export type FailedResult = { kind: 'failed'; retryAfterSeconds: number } & Told;

export type PlanResult =
  | {
      kind: 'planned';
      expectedHead: string;
      tree: string;
      patchDigest: string;
      files: string[];
      /** What was found besides, for which less is done than the policy allows. */
      cautions?: RevertCaution[];
    }
  /** The head holds nothing of the culprit any more; `commit` took it out, where that is known. */
  | { kind: 'gone'; commit?: string; message: string }
  | ({ kind: 'skipped' | 'needsHuman' | 'superseded' } & Told)
  | FailedResult;

/**
 * Whether what is planned takes back exactly what failed, restores exactly what runs as stable, and changes nothing else. `diff`:
 * what it changes, where nothing of it is to be written by itself.
 */
export type ProofResult =
  | { kind: 'proved'; diff?: string }
  /** What was planned cannot be derived again from the planned head. */
  | { kind: 'moved' }
  | ({ kind: 'skipped' } & Told)
  /** It could be written, and is not proved. `mayPropose`: whether the host opens proposals, for a person to merge. */
  | ({ kind: 'needsHuman'; diff?: string; mayPropose?: boolean } & Told)
  | FailedResult;

/** A proposal of this revert, as it stands on the host. `message`: what the host says of merging it. */
export type ProposedResult =
  | { kind: 'open'; proposal: ProposalRef }
  | { kind: 'merged'; proposal: ProposalRef; commit: string }
  /** Closed without being merged. */
  | { kind: 'closed'; proposal: ProposalRef };

/** What is found right before a write. */
export type LookResult =
  | { kind: 'clear' }
  /** It was taken out already, by whomever. */
  | { kind: 'found'; commit: string; message: string }
  | ProposedResult
  /** The head is another one than that of the plan, and no revert is on it; or it says what the plan does not know of. */
  | { kind: 'moved' }
  /** It was written once and taken off the branch: whoever did that decides. */
  | ({ kind: 'needsHuman' } & Told)
  | FailedResult;

export type WriteResult =
  | { kind: 'written'; commit: string; url?: string; message?: string }
  /** `mayPropose`: whether the host opens proposals instead. */
  | { kind: 'protected'; message: string; mayPropose?: boolean }
  | { kind: 'stale' | 'noRights' | 'gone' | 'unknown'; message: string }
  | { kind: 'rateLimited'; message: string; retryAfterSeconds: number }
  /** Nothing was written: the policy or the failure had changed by then, which the next pass sees too. */
  | { kind: 'withheld' }
  | FailedResult;

export type ProposeResult = Exclude<WriteResult, { kind: 'written' }> | ProposedResult;

/** How a proposal fares; `found`: the change was taken out in another way, and the proposal was closed for it. */
export type WatchResult =
  | ProposedResult
  | { kind: 'found'; commit: string; message: string }
  /** The host knows nothing of it any more. */
  | { kind: 'lost'; message: string }
  | FailedResult;

export type WithdrawResult = Exclude<WatchResult, { kind: 'found' }>;

/**
 * `watch` also asks for the merge, where the policy does, and calls that off where something is in the way; `cancelMerge` does only
 * that, where no policy lets anything be written any more; `withdraw` closes what nobody needs any more.
 */
export type Effect = 'plan' | 'prove' | 'look' | 'write' | 'propose' | 'watch' | 'cancelMerge' | 'withdraw';

/** Finished work. Delivered in one observation only; work whose result was lost is done again. */
export type Work =
  | { effect: 'plan'; result: PlanResult }
  | { effect: 'prove'; result: ProofResult }
  | { effect: 'look'; result: LookResult }
  | { effect: 'write'; result: WriteResult }
  | { effect: 'propose'; result: ProposeResult }
  | { effect: 'watch'; result: WatchResult }
  | { effect: 'cancelMerge' | 'withdraw'; result: WithdrawResult };

/** Everything that may be known about one GitRevert at this instant. */
export interface Seen {
  /** World time, milliseconds since the epoch. */
  now: number;
  /** As the API server holds it. */
  status: GitRevertStatus | undefined;
  /** The policy's answer, asked anew. */
  gate: Gate;
  /** Whether it is a policy's own answer: without one, nothing can be asked of the host. */
  hasPolicy?: boolean | undefined;
  /** A person has given their word on this record. */
  approved?: boolean | undefined;
  /** Why the failure does not count any more: retried, promoted in full, replaced. */
  superseded?: string | undefined;
  /** Whether the Rollout's template is the stable one again, and it is healthy. */
  observed: boolean;
  /** What the cluster shows of the change, once it is out of Git. */
  cluster?: Cluster | undefined;
  work?: Work | undefined;
  /** Work is under way; nothing else is begun. */
  busy: boolean;
  /** Work that failed is not begun again before this, milliseconds since the epoch. */
  notBefore?: number | undefined;
  /** From 0 to 1: spreads those who plan again for the same branch. 0 where it is not given. */
  jitter?: number | undefined;
}
