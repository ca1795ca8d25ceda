import type { GitRevertPlan } from '../../api/index.ts';
import type { Commit } from '../../git/clone.ts';
import { markerRef } from '../../git/hosts/host.ts';
import { type LookResult, liesBelow, takesOut } from '../../revert/index.ts';
import { optOutAt } from './cautions.ts';
import { short, type Task } from './task.ts';

const MOST_COMMITS = 500;

/** The commit after `from` that says of itself that it takes the culprit out, and touches this app, or one of the files. */
export async function revertSince(
  { policy, revert }: Task,
  from: string,
  head: string,
  files: readonly string[],
): Promise<Commit | undefined> {
  const { key, culprits, path } = revert.spec;
  // A status may be forged: no file outside of the policy's path is asked about.
  const own = files.filter((file) => liesBelow(file, policy.path));
  const query = { from, to: head, path: [path, ...own], limit: MOST_COMMITS };
  const commits = await policy.repository.log(query);
  return commits.find(({ message }) => takesOut(message, key, culprits[0] ?? ''));
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

/** Whether it is written already, and what people say in Git, asked right before a write. */
export async function look(task: Task, planned: GitRevertPlan): Promise<LookResult> {
  const { expectedHead, files } = planned;
  const { repository, branch } = task.policy;
  const head = await repository.fetch();
  const by = (await repository.isAncestor(expectedHead, head))
    ? await revertSince(task, expectedHead, head, files)
    : undefined;
  if (by) return { kind: 'found', commit: by.id, message: `written already, as ${short(by.id)} by ${by.authorName}` };
  const marker = markerRef(task.revert.spec.key);
  const marked = await repository.remoteRef(marker);
  if (marked) {
    // Once more: it may have been made, in one step with the branch's move, after the first fetch.
    if (await repository.isAncestor(marked, await repository.fetch())) {
      return { kind: 'found', commit: marked, message: `written already, as ${short(marked)}` };
    }
    const message = `the revert was written once as ${short(marked)}, which is not on the branch any more: the history of ${branch} was rewritten. Revert by hand; or, to have it written again, delete the ref ${marker} in the repository and then this GitRevert`;
    return { kind: 'needsHuman', reason: 'RevertTakenOff', message };
  }
  return head !== expectedHead || (await isSaidAnew(task, head, planned)) ? { kind: 'moved' } : { kind: 'clear' };
}
