/**
 * One open proposal for one key, whatever names the clusters give it. Before one is opened, those of the others are looked for: one
 * that is open is gone on from, and one that a person closed is a veto. After it was opened they are looked for once more. Of several
 * that open at the same moment, the last one sees all the others; whoever sees several leaves open the one of the lowest time and
 * closes the rest, and a cluster whose own was closed for that goes on from what is open. So the lowest is closed by nobody.
 */
import { type Proposal, proposalTime } from '../../git/hosts/host.ts';
import type { FailedResult, ProposedResult, ProposeResult } from '../../revert/index.ts';
import { ownBranches, proposalBranches, proposalRefs } from './proposal-branches.ts';
import { asFailed, asPaused, goingOn, ourHead, proposalsOf, resultOf } from './proposal-results.ts';
import { endedBranches } from './record.ts';
import type { Task } from './task.ts';

interface Named {
  from: string;
  proposal: Proposal;
}

/** The proposals of a key besides one, in the order of their times. */
interface Others {
  open: Named[];
  merged: Named | undefined;
  /** Closed by a person, for a failure that this cluster was not through with before. */
  vetoed: Named | undefined;
}

/**
 * A closed one whose branch is gone is none that a person closed: Headgate deletes the branch of what it withdraws, and people can
 * leave it. Where they do not, nobody can tell.
 */
function isVeto({ revert }: Task, { from, proposal }: Named): boolean {
  return proposal.state === 'closed' && proposal.head !== undefined && !endedBranches(revert).includes(from);
}

async function othersThan(
  task: Task,
  own: string,
  refs: ReadonlyMap<string, string>,
): Promise<({ kind: 'others' } & Others) | FailedResult> {
  const { policy, revert } = task;
  const all: Named[] = [];
  for (const from of proposalBranches(revert.spec.key, refs)) {
    if (from === own) continue;
    const found = await proposalsOf(task).find(policy.access, { from, into: policy.branch });
    if (found.kind === 'proposal') all.push({ from, proposal: found.proposal });
    else if (found.kind !== 'none') return asFailed(found);
  }
  return {
    kind: 'others',
    open: all.filter(({ proposal }) => proposal.state === 'open'),
    merged: all.find(({ proposal }) => proposal.state === 'merged'),
    vetoed: all.find((each) => isVeto(task, each)),
  };
}

const asEnded = ({ from, proposal }: Named) => resultOf(proposal, from, proposal.head);

/** The refs of this key's proposals as they are now. */
const refsNow = ({ policy, revert }: Task) => policy.repository.remoteRefs([proposalRefs(revert.spec.key)]);

/**
 * What there is already in place of the proposal that is about to be opened: how one ended, or the open one of another cluster;
 * undefined where there is none, or the own one that `propose` goes on from. `refs`: of the origin, as they were just now.
 */
export async function proposalInstead(
  task: Task,
  refs: ReadonlyMap<string, string>,
  mayAdopt: boolean,
): Promise<ProposedResult | FailedResult | undefined> {
  const own = ownBranches(task);
  const found = await proposalsOf(task).find(task.policy.access, own);
  if (found.kind !== 'proposal' && found.kind !== 'none') return asFailed(found);
  const proposal = found.kind === 'proposal' ? found.proposal : undefined;
  if (proposal?.state === 'open') return undefined;
  if (proposal?.state === 'merged') return asEnded({ ...own, proposal });
  const others = await othersThan(task, own.from, refs);
  if (others.kind === 'failed') return others;
  const { open, merged, vetoed } = others;
  const [first] = open;
  if (first) return mayAdopt ? goingOn(task, first, false) : undefined;
  const ended = merged ?? (proposal ? { ...own, proposal } : vetoed);
  return ended && asEnded(ended);
}

/** Closes one that is too many, and deletes its branch where that is as Headgate left it. */
async function closeOne(
  task: Task,
  { from, proposal }: Named,
  why: string,
): Promise<{ kind: 'over'; state: Proposal['state'] } | FailedResult> {
  const paused = task.paused();
  if (paused !== undefined) return asPaused(paused);
  const { access, branch } = task.policy;
  const head = await ourHead(task, proposal, from);
  const outcome = await proposalsOf(task).close(access, { ...proposal, head, from, into: branch }, `Closed: ${why}.`);
  return outcome.kind === 'proposal' ? { kind: 'over', state: outcome.proposal.state } : asFailed(outcome);
}

/** Goes on from one of those that are open, and closes the rest. */
async function keepFirst(task: Task, own: Named, others: Others): Promise<ProposeResult> {
  const { merged, open, vetoed } = others;
  // In the order of the times, in which the own one has its place.
  const all = [...open, own].sort((one, other) => timeIn(task, one) - timeIn(task, other));
  const first = open.length > 0 ? all[0] : undefined;
  const kept = merged ?? first ?? vetoed;
  for (const each of kept ? all.filter(({ from }) => from !== kept.from) : []) {
    const why = `pull request ${kept?.proposal.number} is about the same change`;
    const closed = await closeOne(task, each, why);
    if (closed.kind === 'failed') return closed;
    // Its own cluster was quicker: the change is out, by a commit that the next look finds.
    if (closed.state === 'merged') return { kind: 'stale', message: `pull request ${each.proposal.number} was merged` };
  }
  if (kept && kept.proposal.state !== 'open') return asEnded(kept);
  return goingOn(task, kept ?? own, task.policy.autoMerge && (kept ?? own) === own);
}

function timeIn({ revert }: Task, { from }: Named): number {
  return proposalTime(revert.spec.key, from) ?? Number.POSITIVE_INFINITY;
}

/** What was just opened, or found to be there: which one it is that stays. */
export async function oneOfAll(task: Task, own: Named): Promise<ProposeResult> {
  if (own.proposal.state === 'closed') return insteadOfClosed(task, own);
  if (own.proposal.state === 'merged') return asEnded(own);
  const others = await othersThan(task, own.from, await refsNow(task));
  return others.kind === 'failed' ? others : keepFirst(task, own, others);
}

/** What there is in place of one that was closed: another one that it was closed for; else it is a veto. */
export async function insteadOfClosed(task: Task, closed: Named): Promise<ProposedResult | FailedResult> {
  const others = await othersThan(task, closed.from, await refsNow(task));
  if (others.kind === 'failed') return others;
  const [first] = others.open;
  if (first) return goingOn(task, first, false);
  return asEnded(others.merged ?? closed);
}

/** Closes the own one, where there is one without this record saying so, once the change is out of Git. */
export async function closeUnneeded(task: Task): Promise<FailedResult | undefined> {
  const own = ownBranches(task);
  const found = await proposalsOf(task).find(task.policy.access, own);
  if (found.kind === 'none') return undefined;
  if (found.kind !== 'proposal') return asFailed(found);
  if (found.proposal.state !== 'open') return undefined;
  const closed = await closeOne(task, { ...own, proposal: found.proposal }, 'the change was taken out already');
  return closed.kind === 'failed' ? closed : undefined;
}
