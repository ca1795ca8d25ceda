import type { GitRevertPlan, ProposalRef, RevertCaution, RevertWay } from '../api/index.ts';
import type { Effect, ProposedResult, Seen, Work } from './observation.ts';

/** What is kept from one pass to the next is what status keeps; `effect` and `lookAgainAt` belong to one pass. */
export interface Context {
  plan?: GitRevertPlan | undefined;
  way?: RevertWay | undefined;
  proposal?: ProposalRef | undefined;
  commit?: string | undefined;
  url?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
  /** What may begin once this state is persisted. */
  effect?: Effect | undefined;
  /** World time, milliseconds since the epoch. */
  lookAgainAt?: number | undefined;
}

const FIRST_REPLAN_SECONDS = 2;
/** One word for each way in which a host does not do what it is asked. */
export const HOST_REASONS = {
  stale: 'BranchMoved',
  protected: 'BranchProtected',
  noRights: 'CredentialsRejected',
  rateLimited: 'RateLimited',
  gone: 'RepositoryGone',
  unknown: 'OutcomeUnknown',
} as const;
/** Seconds, after a write. Rejected credentials wait longest: hosts lock out addresses that keep failing. */
const RESTS = { noRights: 300, gone: 300, unknown: 10, stale: 2 } as const;

/**
 * Between two looks at a proposal: a sixtieth of its age, within these. A webhook is not waited for so long. What the host merges by
 * itself is looked at as often as can be: not every host binds that to the commit.
 */
const WATCH_SECONDS = { least: 30, most: 300 } as const;

/** Milliseconds: doubled with each attempt, and up to half as much again. */
export function replanRest(attempt: number, jitter: number): number {
  return FIRST_REPLAN_SECONDS * 1000 * 2 ** (attempt - 1) * (1 + jitter / 2);
}

/** Milliseconds. */
function watchRest(seen: Seen): number {
  const since = Date.parse(seen.status?.plan?.plannedAt ?? '');
  const mayMergeItself = (proposed(seen)?.proposal ?? seen.status?.proposal)?.autoMerge === true;
  const age = Number.isNaN(since) || mayMergeItself ? 0 : seen.now - since;
  return Math.min(Math.max(age / 60, WATCH_SECONDS.least * 1000), WATCH_SECONDS.most * 1000);
}

/** How the proposal stands, where that is what the work has brought. */
export function proposed({ work }: Seen): ProposedResult | undefined {
  if (work === undefined || work.effect === 'plan' || work.effect === 'prove') return undefined;
  const { result } = work;
  return result.kind === 'open' || result.kind === 'merged' || result.kind === 'closed' ? result : undefined;
}

export function writes(work: Work | undefined): boolean {
  return work?.effect === 'write' || work?.effect === 'propose';
}

function restOf({ work, gate, now }: Seen): Pick<Context, 'reason' | 'message' | 'lookAgainAt'> | undefined {
  const result = work?.result;
  if (result?.kind === 'failed') {
    return { reason: result.reason, message: result.message, lookAgainAt: now + result.retryAfterSeconds * 1000 };
  }
  if (result?.kind === 'rateLimited') {
    return {
      reason: HOST_REASONS.rateLimited,
      message: result.message,
      lookAgainAt: now + result.retryAfterSeconds * 1000,
    };
  }
  if (work && writes(work) && work.result.kind in RESTS) {
    const kind = work.result.kind as keyof typeof RESTS;
    return { reason: HOST_REASONS[kind], message: told(work).message, lookAgainAt: now + RESTS[kind] * 1000 };
  }
  return gate.kind === 'wait' ? { reason: gate.reason, message: gate.message, lookAgainAt: gate.until } : undefined;
}

/** Begins a state's work, unless something is under way or has to rest first. */
export function begin(effect: Effect, seen: Seen): Partial<Context> {
  const rest = restOf(seen);
  if (rest) return rest;
  if (seen.busy) return {};
  if (seen.notBefore !== undefined && seen.now < seen.notBefore) return { lookAgainAt: seen.notBefore };
  return { effect };
}

/** As `begin`, whatever the policy says: what is open on the host is looked after. */
export function beginAtHost(effect: 'watch' | 'cancelMerge' | 'withdraw', seen: Seen): Partial<Context> {
  const rest = restOf({ ...seen, gate: { kind: 'open', mode: 'PullRequest' } });
  if (rest) return rest;
  // What is only put down so far is done next.
  const isNew = proposed(seen)?.proposal.autoMerge === true && seen.status?.proposal?.autoMerge !== true;
  if (seen.work?.effect === effect && !isNew) return { lookAgainAt: seen.now + watchRest(seen) };
  return begin(effect, { ...seen, gate: { kind: 'open', mode: 'PullRequest' } });
}

/** The way of a write: a proposal where the policy asks for one, or where a commit was refused before. */
export function wayOf(context: Context, { gate }: Seen): RevertWay {
  const asksForProposal = gate.kind === 'open' && gate.mode === 'PullRequest';
  return asksForProposal ? 'PullRequest' : (context.way ?? 'Direct');
}

export function told(work: Work | undefined): { reason: string; message: string } {
  const result = work?.result;
  const message = result && 'message' in result ? result.message : '';
  return { reason: result && 'reason' in result ? result.reason : '', message };
}

/** Cautions for a plan that could be written, and of which something is not proved. */
const UNPROVED: ReadonlySet<string> = new Set(['NotStable', 'NotProved', 'OutsideOfPath', 'OtherRollout']);

export function isUnproved({ cautions = [] }: Pick<GitRevertPlan, 'cautions'>): boolean {
  return cautions.some(({ reason }) => UNPROVED.has(reason));
}

/** The best that there is, for a person to look at: never a commit, and never merged by itself. */
export function unproved({ reason, message }: { reason: string; message: string }): RevertCaution {
  return { reason, most: 'PullRequest', personMerges: true, message };
}

export function proposalLost(work: Work | undefined): boolean {
  return work?.result.kind === 'lost';
}
