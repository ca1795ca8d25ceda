/**
 * Whoever may write the status of a GitRevert can write there that a plan is proved, that nothing speaks against it, or that a
 * commit is ours. So, before anything is written or merged, the process that does it finds each out by itself.
 */
import { isDeepStrictEqual } from 'node:util';
import type { GitRevertPlan, RevertCaution } from '../../api/index.ts';
import { unproved } from '../../revert/index.ts';
import { findingsOf } from './findings.ts';
import { isOurWork } from './inverse.ts';
import { planAt } from './plan.ts';
import { proofOf } from './prove.ts';
import type { Task } from './task.ts';

/** Its words may differ: what else is made of a file may have changed since. */
export function holds(cautions: readonly RevertCaution[], { reason, most, personMerges }: RevertCaution): boolean {
  return cautions.some((each) => each.reason === reason && each.most === most && each.personMerges === personMerges);
}

/** Whether the status holds the very plan that is found for its head, and all that was found against it. Asks nothing of the host. */
export async function isAsFound(task: Task, planned: GitRevertPlan): Promise<boolean> {
  const { expectedHead, tree, patchDigest, files, cautions = [] } = planned;
  const known = findingsOf(task);
  known.stands ??= (await task.stableFailsToo()) === undefined;
  if (!known.stands) return false;
  const found = known.plan?.head === expectedHead ? known.plan.result : await planAt(task, expectedHead);
  if (found.kind !== 'planned') return false;
  if (!isDeepStrictEqual([found.tree, found.patchDigest, found.files], [tree, patchDigest, files])) return false;
  const isProofOfIt = known.proof?.head === expectedHead && known.proof.tree === tree;
  const proof = isProofOfIt && known.proof ? known.proof.result : await proofOf(task, planned);
  if (proof.kind === 'skipped') return false;
  const against = [...(found.cautions ?? []), ...(proof.kind === 'doubt' ? [unproved(proof)] : [])];
  return against.every((caution) => holds(cautions, caution));
}

/**
 * Whether a proposal's branch holds at that commit what Headgate put there; asks the host where this process has not seen the
 * commit. `into`: the head of the branch that it is for.
 */
export async function isOurHead(
  task: Task,
  head: string,
  { from, into }: { from: string; into: string },
): Promise<boolean> {
  const known = findingsOf(task);
  if (known.ours === head) return true;
  await task.policy.repository.fetchOther(from);
  if (!(await isOurWork(task, head, into))) return false;
  known.ours = head;
  return true;
}
