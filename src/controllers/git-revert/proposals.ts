import type { GitRevertPlan } from '../../api/index.ts';
import type { Proposal, ProposalBranches } from '../../git/hosts/host.ts';
import {
  type FailedResult,
  isUnproved,
  type ProposedResult,
  type ProposeResult,
  proposalText,
  type WatchResult,
  type WithdrawResult,
} from '../../revert/index.ts';
import { isAsFound, isOurHead } from './as-found.ts';
import { optOutAt } from './cautions.ts';
import { takenOutSince } from './look.ts';
import { insteadOfClosed, oneOfAll } from './one-proposal.ts';
import { branchesOf, ownBranches } from './proposal-branches.ts';
import { asFailed, asPaused, foreignOn, heldBy, type Merging, proposalsOf, resultOf } from './proposal-results.ts';
import { renewed } from './renew.ts';
import { short, type Task } from './task.ts';
import { commitRequest } from './write.ts';

function lost({ from }: ProposalBranches): { kind: 'lost'; message: string } {
  return { kind: 'lost', message: `there is no pull request from ${from} any more` };
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

/** What a person has to merge or to judge is found among all other pull requests. */
const NEEDS_HUMAN = 'needs-human';

/** The one write, where people or rules decide whether it reaches the branch. */
export async function propose(task: Task, planned: GitRevertPlan): Promise<ProposeResult> {
  const request = await commitRequest(task, planned);
  if (!request) return { kind: 'stale', message: 'the plan cannot be derived again' };
  const { from } = ownBranches(task);
  const unproved = isUnproved(planned);
  const more = { caution: task.limits?.message, unproved, why: await task.why() };
  const text = proposalText(request.message, task.revert.spec.rollout, more);
  const reviewers = await reviewersFor(task);
  if (!task.mayWrite()) return { kind: 'withheld' };
  const spent = task.takePlace('PullRequest');
  if (spent) return spent;
  const labels = task.limits?.personMerges === true || unproved ? [NEEDS_HUMAN] : [];
  const outcome = await proposalsOf(task).open(task.policy.access, { ...request, from, ...text, reviewers, labels });
  if (outcome.kind !== 'proposal') return outcome;
  return oneOfAll(task, { from, proposal: outcome.proposal });
}

const NOT_AS_FOUND =
  'the plan that the status holds is not, or not with all that speaks against it, what is found of it now: it is not merged by itself. A person decides';

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

/** Has the host not merge what it may have been asked for; what it merged first is merged. `head`: as of `resultOf`. */
async function callOff(
  task: Task,
  found: Proposal,
  merging: Merging = {},
  head = task.revert.status?.proposal?.head,
): Promise<ProposedResult | FailedResult> {
  const branches = branchesOf(task);
  const { autoMerge } = task.revert.status?.proposal ?? {};
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
  return result.kind === 'open' ? asPaused(message) : result;
}

/** Only the plan is merged by itself, and only where the branch's own files let it. `into`: the branch's head. */
async function merged(task: Task, proposal: Proposal, head: string | undefined, into: string): Promise<WatchResult> {
  const branches = branchesOf(task);
  const held = await holding(task, head, into);
  if (held) return callOff(task, proposal, held, head);
  const asked = (message?: string) => resultOf(proposal, branches.from, head, { message, autoMerge: true });
  if (task.revert.status?.proposal?.autoMerge !== true) return asked();
  const outcome = await proposalsOf(task).merge(task.policy.access, { ...proposal, ...branches, head });
  if (outcome.kind === 'proposal') return resultOf(outcome.proposal, branches.from, head, { autoMerge: true });
  return outcome.kind === 'protected' || outcome.kind === 'stale' ? asked(outcome.message) : asFailed(outcome);
}

/** As the host shows it, with what is done about that while it is open. */
async function fared(task: Task, planned: GitRevertPlan): Promise<WatchResult> {
  const { policy, revert } = task;
  const proposals = proposalsOf(task);
  const branches = branchesOf(task);
  const found = await proposals.find(policy.access, branches);
  if (found.kind === 'none') return lost(branches);
  if (found.kind !== 'proposal') return asFailed(found);
  const known = revert.status?.proposal?.head;
  if (found.proposal.state !== 'open') return resultOf(found.proposal, branches.from, known);
  const { head, by } = await outOf(task, planned);
  if (!by) {
    const own = await renewed(task, planned, found.proposal, head);
    const isNew = own !== undefined && own !== known;
    return merged(task, isNew ? { ...found.proposal, head: own } : found.proposal, own, head);
  }
  const paused = task.paused();
  if (paused !== undefined) return onHold(task, found.proposal, paused);
  const ours = { ...found.proposal, ...branches, head: known };
  const closed = await proposals.close(policy.access, ours, `Closed: ${by.message}.`);
  return closed.kind === 'proposal' ? by : asFailed(closed);
}

/** The branch's head, and the commit by which the change is out of it, where it is. */
async function outOf(task: Task, planned: GitRevertPlan) {
  const head = await task.policy.repository.fetch();
  const out = await takenOutSince(task, planned, head);
  if (!out) return { head };
  const message = `the change was taken out already, by ${short(out.commit)} (${out.by})`;
  return { head, by: { kind: 'found' as const, commit: out.commit, message } };
}

/**
 * Looks how the proposal fares, has it merged where the policy says so, and closes it where others were quicker. That it is closed
 * is a veto only where no other one is open, and where the change is still there.
 */
export async function watch(task: Task, planned: GitRevertPlan): Promise<WatchResult> {
  const result = await fared(task, planned);
  if (result.kind !== 'closed') return result;
  const { branch: from, number, url, head } = result.proposal;
  const instead = await insteadOfClosed(task, { from, proposal: { number, url, state: 'closed', head } });
  if (instead.kind !== 'closed') return instead;
  return (await outOf(task, planned)).by ?? instead;
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
