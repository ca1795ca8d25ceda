/**
 * A proposal that waits may come to be in conflict with what others commit meanwhile, or to mean something else than was proved.
 * Then the planned change is made anew for the branch as it is, and takes the place of the commit on its own branch: only of the
 * very commit that Headgate put there. Whoever dies in between finds the new one, and knows it by what it does.
 */
import type { GitRevertPlan } from '../../api/index.ts';
import type { Proposal } from '../../git/hosts/host.ts';
import { mergeCommits } from '../../git/inverse.ts';
import { pushRef } from '../../git/push-report.ts';
import { writeCommit } from '../../git/write-commit.ts';
import { holds, isOurHead } from './as-found.ts';
import { findingsOf } from './findings.ts';
import { planAt } from './plan.ts';
import { branchesOf } from './proposal-branches.ts';
import { proofOf } from './prove.ts';
import type { Task } from './task.ts';
import { commitRequest } from './write.ts';

/** The plan for the branch as it is now, where that is another one than the proposal comes to, and as good as the first. */
async function newPlan(
  task: Task,
  planned: GitRevertPlan,
  ours: string,
  into: string,
): Promise<GitRevertPlan | undefined> {
  const found = await planAt(task, into);
  if (found.kind !== 'planned') return undefined;
  const merge = await mergeCommits(task.policy.repository, into, ours);
  if (merge.clean && merge.tree === found.tree) return undefined;
  if (!(found.cautions ?? []).every((caution) => holds(planned.cautions ?? [], caution))) return undefined;
  const { tree, patchDigest, files } = found;
  const plan = { ...planned, expectedHead: into, tree, patchDigest, files };
  return (await proofOf(task, plan)).kind === 'proved' ? plan : undefined;
}

/**
 * The commit that the proposal is to be held to: that at the head of its branch where it is Headgate's own, made anew where it has
 * to be; else the one that is noted of it, if any. `into`: the head of the branch that it is for.
 */
export async function renewed(
  task: Task,
  planned: GitRevertPlan,
  { head }: Pick<Proposal, 'head'>,
  into: string,
): Promise<string | undefined> {
  const { head: noted } = task.revert.status?.proposal ?? {};
  const { from } = branchesOf(task);
  if (head === undefined || noted === undefined) return noted;
  const findings = findingsOf(task);
  const looked = `${head} ${into}`;
  const isFresh = into === planned.expectedHead || findings.fresh === looked;
  if (isFresh && head === noted) return head;
  // Another one than is noted may be what a process that died has made in its place.
  if (!(await isOurHead(task, head, { from, into }))) return noted;
  if (isFresh) return head;
  const plan = await newPlan(task, planned, head, into);
  const request = plan && (await commitRequest(task, plan));
  if (!request) {
    findings.fresh = looked;
    return head;
  }
  if (task.paused() !== undefined || !task.mayWrite()) return head;
  const { repository } = task.policy;
  const commit = await writeCommit(repository, request, task.now());
  if (commit === undefined) return head;
  const pushed = await pushRef(repository, `refs/heads/${from}`, { from: head, to: commit });
  if (pushed.kind !== 'pushed') return head;
  findings.ours = commit;
  return commit;
}
