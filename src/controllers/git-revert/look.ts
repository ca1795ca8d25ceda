import type { GitRevertPlan } from '../../api/index.ts';
import type { Commit } from '../../git/clone.ts';
import { markerRef } from '../../git/hosts/host.ts';
import { type LookResult, liesBelow, takesOut } from '../../revert/index.ts';
import { optOutAt } from './cautions.ts';
import { proposalRefs } from './proposal-branches.ts';
import { quorumRefs } from './quorum.ts';
import { short, type Task } from './task.ts';

const MOST_COMMITS = 500;

/** The commit after `from` that says of itself that it takes the culprit out, and touches this app, or one of the files. */
export async function revertSince(
  { policy, revert }: Task,
  from: string,
  head: string,
  files: readonly string[],
): Promise<Commit | undefined> {
  const { key, culprits, path, apart } = revert.spec;
  // A status may be forged: no file outside of the policy's path is asked about.
  const own = files.filter((file) => liesBelow(file, policy.path));
  const culprit = culprits[0] ?? '';
  // What a person took out in another file of the folder may be another Rollout's.
  const paths = apart === true && own.length > 0 ? own : [path, ...own];
  // Where it was merged by a merge commit, the words stand beside the branch's own line.
  const words = { alsoMerged: true, saying: [key, culprit] } as const;
  const query = { from, to: head, path: paths, limit: MOST_COMMITS, ...words };
  const commits = await policy.repository.log(query);
  return commits.find(({ message }) => takesOut(message, key, culprit));
}

/** A commit as the branch's own line has it: where a merge brought it in, the merge, as hosts name it too. */
async function onOwnLine({ policy }: Task, { id }: Commit, from: string, head: string): Promise<string> {
  const { repository } = policy;
  const line = await repository.log({ from, to: head, path: '', limit: MOST_COMMITS });
  if (line.some((each) => each.id === id)) return id;
  for (const merge of line.filter(({ parents }) => parents.length > 1).reverse()) {
    if (await repository.isAncestor(id, merge.id)) return merge.id;
  }
  return id;
}

/** By whom and by which commit of the branch the change is out of it since the plan; undefined where it is not. */
export async function takenOutSince(
  task: Task,
  { expectedHead, files }: GitRevertPlan,
  head: string,
): Promise<{ commit: string; by: string } | undefined> {
  if (!(await task.policy.repository.isAncestor(expectedHead, head))) return undefined;
  const found = await revertSince(task, expectedHead, head, files);
  return found && { commit: await onOwnLine(task, found, expectedHead, head), by: found.authorName };
}

/** Whether people say in Git what the plan does not know; an earlier release may have made the plan, and looked for nothing. */
async function isSaidAnew(
  { policy, revert }: Task,
  head: string,
  { files, cautions = [] }: GitRevertPlan,
): Promise<boolean> {
  const said = await optOutAt(policy.repository, head, { path: revert.spec.path, files });
  if (said === undefined) return false;
  return 'kind' in said || !cautions.some(({ reason, most }) => reason === said.reason && most === said.most);
}

/** What was found; and, where that is nothing, the refs of the origin that this revert may have. */
export interface Looked {
  result: LookResult;
  refs: ReadonlyMap<string, string>;
}

/** Whether it is written already, and what people say in Git, asked right before a write. */
export async function look(task: Task, planned: GitRevertPlan): Promise<Looked> {
  const { key } = task.revert.spec;
  const { repository, branch } = task.policy;
  const head = await repository.fetch();
  const out = await takenOutSince(task, planned, head);
  const found = (commit: string, who = ''): LookResult => {
    return { kind: 'found', commit, message: `written already, as ${short(commit)}${who}` };
  };
  if (out) return { result: found(out.commit, ` by ${out.by}`), refs: new Map() };
  const marker = markerRef(key);
  // In one call with those that proposals have.
  const refs = await repository.remoteRefs([marker, proposalRefs(key), ...quorumRefs(task)]);
  const marked = refs.get(marker);
  if (marked) {
    // Once more: it may have been made, in one step with the branch's move, after the first fetch.
    if (await repository.isAncestor(marked, await repository.fetch())) return { result: found(marked), refs };
    const message = `the revert was written once as ${short(marked)}, which is not on the branch any more: the history of ${branch} was rewritten. Revert by hand; or, to have it written again, delete the ref ${marker} in the repository and then this GitRevert`;
    return { result: { kind: 'needsHuman', reason: 'RevertTakenOff', message }, refs };
  }
  const isMoved = head !== planned.expectedHead || (await isSaidAnew(task, head, planned));
  return { result: { kind: isMoved ? 'moved' : 'clear' }, refs };
}
