/** What the host says of proposals, as results for the machine. */
import type { ProposalRef } from '../../api/index.ts';
import type { HostFailure, Proposal, Proposals } from '../../git/hosts/host.ts';
import { type FailedResult, HOST_REASONS, type ProposedResult } from '../../revert/index.ts';
import { isOurHead } from './as-found.ts';
import type { Task } from './task.ts';

/** Seconds until a host is asked again that did not answer as hoped; what it says itself counts before that. */
const RESTS: Record<Exclude<HostFailure['kind'], 'rateLimited'>, number> = {
  noRights: 300,
  gone: 300,
  protected: 300,
  unknown: 30,
  stale: 30,
};

export function asFailed(failure: HostFailure): FailedResult {
  const { kind, message } = failure;
  const retryAfterSeconds = kind === 'rateLimited' ? failure.retryAfterSeconds : RESTS[kind];
  return { kind: 'failed', reason: HOST_REASONS[kind], message, retryAfterSeconds };
}

/** What is to be done on the host waits until reverts go on. */
export function asPaused(message: string): FailedResult {
  return { kind: 'failed', reason: 'Paused', message, retryAfterSeconds: RESTS.unknown };
}

export function proposalsOf({ policy }: Task): Proposals {
  const { proposals } = policy.host;
  if (!proposals) throw new Error('a host that knows no proposals is asked for one');
  return proposals;
}

/** How the merge of what is open stands: what keeps it from being merged by itself, or that the host is asked for it. */
export interface Merging {
  message?: string | undefined;
  autoMerge?: boolean;
}

/** `head`: the commit that Headgate put on its branch; undefined where that is not known, and then none is merged by itself. */
export function resultOf(
  { number, url, state, ...found }: Proposal,
  from: string,
  head: string | undefined,
  { message, autoMerge }: Merging = {},
): ProposedResult {
  const merging = { ...(state === 'open' && autoMerge && { autoMerge }), ...(message && { message }) };
  const proposal: ProposalRef = { branch: from, number, url, ...(head && { head }), ...merging };
  if (state === 'merged') return { kind: 'merged', proposal, commit: found.commit ?? found.head ?? '' };
  return { kind: state, proposal };
}

export function foreignOn(from: string): string {
  return `${from} does not hold the planned change and nothing but that: it is not merged by itself. A person decides`;
}

/** Why it is not merged by itself, whatever the host says. */
export function heldBy({ limits }: Task): string | undefined {
  return limits?.personMerges === true ? limits.message : undefined;
}

/** The head of the branch, where it is the planned change and nothing but that: what was there before may be anybody's. */
export async function ourHead(task: Task, { state, head }: Proposal, from: string): Promise<string | undefined> {
  if (state !== 'open' || head === undefined) return head;
  const into = await task.policy.repository.fetch();
  return (await isOurHead(task, head, { from, into })) ? head : undefined;
}

/** One that is gone on from, whoever opened it. `mayMerge`: whether the host is asked to merge it, where nothing speaks against that. */
export async function goingOn(
  task: Task,
  { from, proposal }: { from: string; proposal: Proposal },
  mayMerge: boolean,
): Promise<ProposedResult> {
  const head = await ourHead(task, proposal, from);
  const isForeign = proposal.state === 'open' && head === undefined;
  const message = isForeign ? foreignOn(from) : heldBy(task);
  // Put down before the host is asked for it: whoever goes on from here knows what may have to be called off.
  return resultOf(proposal, from, head, { message, autoMerge: message === undefined && mayMerge });
}
