import type { GitRevertPlan, ProposalRef } from '../../api/index.ts';
import {
  type HostFailure,
  type Proposal,
  type ProposalBranches,
  type Proposals,
  proposalBranch,
} from '../../git/hosts/host.ts';
import {
  type FailedResult,
  HOST_REASONS,
  isUnproved,
  type ProposedResult,
  type ProposeResult,
  proposalText,
  type WatchResult,
  type WithdrawResult,
} from '../../revert/index.ts';
import { isAsFound, isOurHead } from './as-found.ts';
import { optOutAt } from './cautions.ts';
import { revertSince } from './look.ts';
import { timeOf } from './record.ts';
import type { Task } from './task.ts';
import { commitRequest } from './write.ts';

/** Seconds until a host is asked again that did not answer as hoped; what it says itself counts before that. */
const RESTS: Record<Exclude<HostFailure['kind'], 'rateLimited'>, number> = {
  noRights: 300,
  gone: 300,
  protected: 300,
  unknown: 30,
  stale: 30,
};

function asFailed(failure: HostFailure): FailedResult {
  const { kind, message } = failure;
  const retryAfterSeconds = kind === 'rateLimited' ? failure.retryAfterSeconds : RESTS[kind];
  return { kind: 'failed', reason: HOST_REASONS[kind], message, retryAfterSeconds };
}

/** What would be closed stays open until reverts go on. */
function onHold(message: string): FailedResult {
  return { kind: 'failed', reason: 'Paused', message, retryAfterSeconds: RESTS.unknown };
}

function proposalsOf({ policy }: Task): Proposals {
  const { proposals, type } = policy.host;
  if (!proposals) throw new Error(`host ${type} knows no proposals`);
  return proposals;
}

function branchesOf({ policy, revert }: Task): ProposalBranches {
  return { from: proposalBranch(revert.spec.key, timeOf(revert)), into: policy.branch };
}

/** `head`: the commit that Headgate put on its branch; undefined where that is not known, and then none is merged by itself. */
function resultOf(found: Proposal, from: string, head: string | undefined, message?: string): ProposedResult {
  const { number, url, state } = found;
  const proposal: ProposalRef = { branch: from, number, url, ...(head && { head }), ...(message && { message }) };
  if (state === 'merged') return { kind: 'merged', proposal, commit: found.commit ?? found.head ?? '' };
  return { kind: state, proposal };
}

/** What became of a proposal that was made before; undefined where there is none, or one that `propose` goes on from. */
export async function endedProposal(task: Task): Promise<ProposedResult | FailedResult | undefined> {
  const branches = branchesOf(task);
  const found = await proposalsOf(task).find(task.policy.access, branches);
  if (found.kind === 'none') return undefined;
  if (found.kind !== 'proposal') return asFailed(found);
  const { state, head } = found.proposal;
  return state === 'open' ? undefined : resultOf(found.proposal, branches.from, head);
}

/** The one write, where people or rules decide whether it reaches the branch. */
export async function propose(task: Task, planned: GitRevertPlan): Promise<ProposeResult> {
  const request = await commitRequest(task, planned);
  if (!request) return { kind: 'stale', message: 'the plan cannot be derived again' };
  const { from } = branchesOf(task);
  const more = { caution: task.limits?.message, unproved: isUnproved(planned), why: await task.why() };
  const text = proposalText(request.message, task.revert.spec.rollout, more);
  if (!task.mayWrite()) return { kind: 'withheld' };
  const spent = task.takePlace('PullRequest');
  if (spent) return spent;
  const outcome = await proposalsOf(task).open(task.policy.access, { ...request, from, ...text });
  if (outcome.kind !== 'proposal') return outcome;
  const { proposal } = outcome;
  const head = await ourHead(task, proposal, from);
  const isForeign = proposal.state === 'open' && head === undefined;
  return resultOf(proposal, from, head, isForeign ? foreignOn(from) : heldBy(task));
}

function foreignOn(from: string): string {
  return `${from} does not hold the planned change and nothing but that: it is not merged by itself. A person decides`;
}

const NOT_AS_FOUND =
  'the plan that the status holds is not, or not with all that speaks against it, what is found of it now: it is not merged by itself. A person decides';

/** The head of the branch, where it is the planned change and nothing but that: what was there before may be anybody's. */
async function ourHead(task: Task, { state, head }: Proposal, from: string): Promise<string | undefined> {
  if (state !== 'open' || head === undefined) return head;
  const into = await task.policy.repository.fetch();
  return (await isOurHead(task, head, { from, into })) ? head : undefined;
}

/** Why it is not merged by itself, whatever the host says. */
function heldBy({ limits }: Task): string | undefined {
  return limits?.personMerges === true ? limits.message : undefined;
}

/** Only the plan is merged by itself, and only where the branch's own files let it. `into`: the branch's head. */
async function merged(task: Task, proposal: Proposal, head: string | undefined, into: string): Promise<WatchResult> {
  const branches = branchesOf(task);
  const still = (message?: string) => resultOf(proposal, branches.from, head, message);
  const held = heldBy(task);
  if (held !== undefined) return still(held);
  if (head === undefined) return still(foreignOn(branches.from));
  if (!task.policy.autoMerge) return still();
  const { spec, status } = task.revert;
  const place = { path: spec.path, files: status?.plan?.files ?? [] };
  const said = await optOutAt(task.policy.repository, into, place);
  if (said && ('kind' in said || said.most === 'DryRun')) return still(`not merged by itself: ${said.message}`);
  const isOurs = proposal.head !== undefined && (await isOurHead(task, head, { from: branches.from, into }));
  if (!isOurs) return still(foreignOn(branches.from));
  const { plan } = status ?? {};
  if (plan === undefined || !(await isAsFound(task, plan))) return still(NOT_AS_FOUND);
  const paused = task.paused();
  if (paused !== undefined) return still(paused);
  if (!task.mayWrite()) return still();
  const outcome = await proposalsOf(task).merge(task.policy.access, { ...proposal, ...branches, head });
  if (outcome.kind === 'proposal') return resultOf(outcome.proposal, branches.from, head);
  return outcome.kind === 'protected' || outcome.kind === 'stale' ? still(outcome.message) : asFailed(outcome);
}

/** Looks how the proposal fares, has it merged where the policy says so, and closes it where others were quicker. */
export async function watch(task: Task, { expectedHead, files }: GitRevertPlan): Promise<WatchResult> {
  const { policy, revert } = task;
  const proposals = proposalsOf(task);
  const branches = branchesOf(task);
  const found = await proposals.find(policy.access, branches);
  if (found.kind === 'none')
    return { kind: 'lost', message: `there is no pull request from ${branches.from} any more` };
  if (found.kind !== 'proposal') return asFailed(found);
  const known = revert.status?.proposal?.head;
  if (found.proposal.state !== 'open') return resultOf(found.proposal, branches.from, known);
  const head = await policy.repository.fetch();
  const by = (await policy.repository.isAncestor(expectedHead, head))
    ? await revertSince(task, expectedHead, head, files)
    : undefined;
  if (!by) return merged(task, found.proposal, known, head);
  const paused = task.paused();
  if (paused !== undefined) return onHold(paused);
  const message = `the change was taken out already, by ${by.id.slice(0, 7)} (${by.authorName})`;
  const ours = { ...found.proposal, ...branches, head: known };
  const closed = await proposals.close(policy.access, ours, `Closed: ${message}.`);
  return closed.kind === 'proposal' ? { kind: 'found', commit: by.id, message } : asFailed(closed);
}

/** Closes what nobody needs any more. */
export async function withdraw(task: Task, why: string): Promise<WithdrawResult> {
  const { policy, revert } = task;
  const proposals = proposalsOf(task);
  const branches = branchesOf(task);
  const found = await proposals.find(policy.access, branches);
  if (found.kind === 'none')
    return { kind: 'lost', message: `there is no pull request from ${branches.from} any more` };
  if (found.kind !== 'proposal') return asFailed(found);
  const paused = task.paused();
  if (paused !== undefined && found.proposal.state === 'open') return onHold(paused);
  // Its branch goes only where it is as Headgate left it: what somebody has pushed there is theirs.
  const head = revert.status?.proposal?.head;
  const closed = await proposals.close(policy.access, { ...found.proposal, ...branches, head }, `Withdrawn: ${why}.`);
  if (closed.kind !== 'proposal') return asFailed(closed);
  return resultOf(closed.proposal, branches.from, head);
}
