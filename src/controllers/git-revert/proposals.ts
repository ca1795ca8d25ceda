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

function proposalsOf({ policy }: Task): Proposals {
  const { proposals } = policy.host;
  if (!proposals) throw new Error('a host that knows no proposals is asked for one');
  return proposals;
}

function branchesOf({ policy, revert }: Task): ProposalBranches {
  return { from: proposalBranch(revert.spec.key, timeOf(revert)), into: policy.branch };
}

/** How the merge of what is open stands: what keeps it from being merged by itself, or that the host is asked for it. */
interface Merging {
  message?: string | undefined;
  autoMerge?: boolean;
}

/** `head`: the commit that Headgate put on its branch; undefined where that is not known, and then none is merged by itself. */
function resultOf(
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

function lost({ from }: ProposalBranches): { kind: 'lost'; message: string } {
  return { kind: 'lost', message: `there is no pull request from ${from} any more` };
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

/** Each is a person who is notified. */
const MOST_ASKED = 10;

/** Who knows the change best: who opened its pull request, approved it or was asked to. What is not known yet is looked up; nothing hangs on it. */
async function reviewersFor({ policy, revert }: Task): Promise<string[]> {
  if (!policy.requestReviews) return [];
  const [commit = ''] = revert.spec.culprits;
  const { culprit } = revert.status ?? {};
  const found = culprit ? undefined : await policy.host.discussion?.pullRequestOf(policy.access, commit, policy.branch);
  const { author, reviewers } =
    found?.kind === 'pullRequest'
      ? found.pullRequest
      : { author: culprit?.pullRequest?.author, reviewers: culprit?.reviewers ?? [] };
  const names = [author, ...reviewers].filter((name) => name !== undefined);
  return [...new Set(names)].slice(0, MOST_ASKED);
}

/** The one write, where people or rules decide whether it reaches the branch. */
export async function propose(task: Task, planned: GitRevertPlan): Promise<ProposeResult> {
  const request = await commitRequest(task, planned);
  if (!request) return { kind: 'stale', message: 'the plan cannot be derived again' };
  const { from } = branchesOf(task);
  const more = { caution: task.limits?.message, unproved: isUnproved(planned), why: await task.why() };
  const text = proposalText(request.message, task.revert.spec.rollout, more);
  const reviewers = await reviewersFor(task);
  if (!task.mayWrite()) return { kind: 'withheld' };
  const spent = task.takePlace('PullRequest');
  if (spent) return spent;
  const outcome = await proposalsOf(task).open(task.policy.access, { ...request, from, ...text, reviewers });
  if (outcome.kind !== 'proposal') return outcome;
  const { proposal } = outcome;
  const head = await ourHead(task, proposal, from);
  const isForeign = proposal.state === 'open' && head === undefined;
  const message = isForeign ? foreignOn(from) : heldBy(task);
  // Put down before the host is asked for it: whoever goes on from here knows what may have to be called off.
  return resultOf(proposal, from, head, { message, autoMerge: message === undefined && task.policy.autoMerge });
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

/** What keeps it from being merged by itself now, if anything does; without a message where nobody has to be told. `into`: the branch's head. */
async function holding(task: Task, head: string | undefined, into: string): Promise<Merging | undefined> {
  const held = heldBy(task);
  if (held !== undefined) return { message: held };
  const { from } = branchesOf(task);
  if (head === undefined) return { message: foreignOn(from) };
  if (!task.policy.autoMerge) return {};
  const { spec, status } = task.revert;
  const place = { path: spec.path, files: status?.plan?.files ?? [] };
  const said = await optOutAt(task.policy.repository, into, place);
  if (said && ('kind' in said || said.most === 'DryRun')) return { message: `not merged by itself: ${said.message}` };
  if (!(await isOurHead(task, head, { from, into }))) return { message: foreignOn(from) };
  if (status?.plan === undefined || !(await isAsFound(task, status.plan))) return { message: NOT_AS_FOUND };
  const paused = task.paused();
  if (paused !== undefined) return { message: paused };
  return task.mayWrite() ? undefined : {};
}

/** Has the host not merge what it may have been asked for; what it merged first is merged. */
async function callOff(task: Task, found: Proposal, merging: Merging = {}): Promise<ProposedResult | FailedResult> {
  const branches = branchesOf(task);
  const { head, autoMerge } = task.revert.status?.proposal ?? {};
  if (autoMerge !== true || found.state !== 'open') return resultOf(found, branches.from, head, merging);
  const outcome = await proposalsOf(task).cancelMerge(task.policy.access, { ...found, ...branches, head });
  if (outcome.kind === 'proposal') return resultOf(outcome.proposal, branches.from, head, merging);
  const why = merging.message ? ` (${merging.message})` : '';
  const message = `the host may still merge pull request ${found.number}, which is not to be merged now${why}: ${outcome.message}`;
  return asFailed({ ...outcome, message });
}

/** What would be closed stays open until reverts go on, and is not merged meanwhile. */
async function onHold(task: Task, found: Proposal, message: string): Promise<ProposedResult | FailedResult> {
  const result = await callOff(task, found, { message });
  if (result.kind !== 'open') return result;
  return { kind: 'failed', reason: 'Paused', message, retryAfterSeconds: RESTS.unknown };
}

/** Only the plan is merged by itself, and only where the branch's own files let it. `into`: the branch's head. */
async function merged(task: Task, proposal: Proposal, head: string | undefined, into: string): Promise<WatchResult> {
  const branches = branchesOf(task);
  const held = await holding(task, head, into);
  if (held) return callOff(task, proposal, held);
  const asked = (message?: string) => resultOf(proposal, branches.from, head, { message, autoMerge: true });
  if (task.revert.status?.proposal?.autoMerge !== true) return asked();
  const outcome = await proposalsOf(task).merge(task.policy.access, { ...proposal, ...branches, head });
  if (outcome.kind === 'proposal') return resultOf(outcome.proposal, branches.from, head, { autoMerge: true });
  return outcome.kind === 'protected' || outcome.kind === 'stale' ? asked(outcome.message) : asFailed(outcome);
}

/** Looks how the proposal fares, has it merged where the policy says so, and closes it where others were quicker. */
export async function watch(task: Task, { expectedHead, files }: GitRevertPlan): Promise<WatchResult> {
  const { policy, revert } = task;
  const proposals = proposalsOf(task);
  const branches = branchesOf(task);
  const found = await proposals.find(policy.access, branches);
  if (found.kind === 'none') return lost(branches);
  if (found.kind !== 'proposal') return asFailed(found);
  const known = revert.status?.proposal?.head;
  if (found.proposal.state !== 'open') return resultOf(found.proposal, branches.from, known);
  const head = await policy.repository.fetch();
  const by = (await policy.repository.isAncestor(expectedHead, head))
    ? await revertSince(task, expectedHead, head, files)
    : undefined;
  if (!by) return merged(task, found.proposal, known, head);
  const paused = task.paused();
  if (paused !== undefined) return onHold(task, found.proposal, paused);
  const message = `the change was taken out already, by ${by.id.slice(0, 7)} (${by.authorName})`;
  const ours = { ...found.proposal, ...branches, head: known };
  const closed = await proposals.close(policy.access, ours, `Closed: ${message}.`);
  return closed.kind === 'proposal' ? { kind: 'found', commit: by.id, message } : asFailed(closed);
}

/** Leaves what is open to a person. */
export async function cancelMerge(task: Task): Promise<WithdrawResult> {
  const branches = branchesOf(task);
  const found = await proposalsOf(task).find(task.policy.access, branches);
  if (found.kind === 'none') return lost(branches);
  return found.kind === 'proposal' ? callOff(task, found.proposal) : asFailed(found);
}

/** Closes what nobody needs any more. */
export async function withdraw(task: Task, why: string): Promise<WithdrawResult> {
  const { policy, revert } = task;
  const proposals = proposalsOf(task);
  const branches = branchesOf(task);
  const found = await proposals.find(policy.access, branches);
  if (found.kind === 'none') return lost(branches);
  if (found.kind !== 'proposal') return asFailed(found);
  const paused = task.paused();
  if (paused !== undefined && found.proposal.state === 'open') return onHold(task, found.proposal, paused);
  // Its branch goes only where it is as Headgate left it: what somebody has pushed there is theirs.
  const head = revert.status?.proposal?.head;
  const closed = await proposals.close(policy.access, { ...found.proposal, ...branches, head }, `Withdrawn: ${why}.`);
  if (closed.kind !== 'proposal') return asFailed(closed);
  return resultOf(closed.proposal, branches.from, head);
}
