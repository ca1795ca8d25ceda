import type { GitRevertPlan } from '../../api/index.ts';
import { inverseOf, type Share, type Splice } from '../../git/inverse.ts';
import { liesBelow, spliceBack } from '../../revert/index.ts';
import { sameTemplate } from '../../rollout/index.ts';
import { type Chosen, findingsOf } from './findings.ts';
import { shareOf } from './share.ts';
import { digestOf, short, type Task, templateIn } from './task.ts';
import { touchedOutside } from './touched.ts';

const splice: Splice = (versions) => {
  const result = spliceBack(versions);
  if (result.kind === 'spliced') return result.content;
  return result.kind === 'unchanged' ? versions.head : undefined;
};

/** Of the culprit, no more than what is the Rollout's; undefined where that is all. */
async function ownShare(
  task: Task,
): Promise<{ share: Share | undefined } | Extract<Chosen, { reason: 'SpecDiffers' }>> {
  const { revert, policy, helm, reading } = task;
  const { apart, culprits, path, rollout } = revert.spec;
  if (apart !== true) return { share: undefined };
  const found = findingsOf(task);
  const hangsOn = JSON.stringify([helm]);
  const culprit = culprits[0] ?? '';
  if (found.share?.for !== hangsOn) {
    const { namespace, name } = rollout;
    const share = await shareOf(policy.repository, culprit, { path, namespace, name, helm }, reading);
    found.share = { for: hangsOn, share };
  }
  const { share } = found.share;
  if (share) return { share };
  const message = `this GitRevert is not acted upon: it is apart, and ${short(culprit)} changed nothing that is another Rollout's alone`;
  return { kind: 'refused', reason: 'SpecDiffers', message };
}

async function isStableIn(task: Task, tree: string): Promise<boolean> {
  const { stable, ignored } = task.templates;
  const found = await templateIn(task, tree);
  return found.kind === 'template' && sameTemplate(found.template, stable, ignored);
}

/**
 * The narrowest inverse that does: of what is the Rollout's, within the app's path; where that leaves something of the culprit in
 * the template, within all that the app is made of, and the policy's path. The same head leads to the same one.
 */
export async function chooseInverse(task: Task, head: string): Promise<Chosen> {
  const found = findingsOf(task);
  const hangsOn = JSON.stringify([head, task.policy.path, task.helm]);
  if (found.inverse?.for !== hangsOn) found.inverse = { for: hangsOn, chosen: await findInverse(task, head) };
  return found.inverse.chosen;
}

async function findInverse(task: Task, head: string): Promise<Chosen> {
  const { repository, path: allowed } = task.policy;
  const { culprits, path, rollout } = task.revert.spec;
  const culprit = culprits[0] ?? '';
  const own = await ownShare(task);
  if ('kind' in own) return own;
  const { share } = own;
  const narrow = await inverseOf(repository, { culprit, head, path, splice, share });
  if (narrow.kind !== 'nothing' && narrow.kind !== 'changes') return narrow;
  const isLeft = (file: string) => share?.has(file) === true && share.get(file) === undefined;
  const app = { path, namespace: rollout.namespace, helm: task.helm };
  const files = (await touchedOutside(repository, culprit, app)).filter((file) => !isLeft(file));
  if (files.length === 0) return narrow;
  if (narrow.kind === 'changes' && (await isStableIn(task, narrow.tree))) return narrow;
  if (!files.every((file) => liesBelow(file, allowed)))
    return narrow.kind === 'nothing' ? { kind: 'outside', files } : narrow;
  return inverseOf(repository, { culprit, head, path: [path, ...files], splice, share });
}

/** The planned changes, derived again; undefined where they come out differently. */
export async function plannedChanges(task: Task, { expectedHead, tree, patchDigest }: GitRevertPlan) {
  const { repository } = task.policy;
  if (!(await repository.commit(expectedHead))) await repository.fetch();
  const inverse = await chooseInverse(task, expectedHead);
  if (inverse.kind !== 'changes' || inverse.tree !== tree || digestOf(inverse.changes) !== patchDigest)
    return undefined;
  return inverse;
}

/**
 * Whether a commit takes the culprit out of what it lies on, a commit of the policy's branch, and does nothing else. What its
 * message says of it is nobody's proof: whoever may push can write the same.
 */
export async function isOurWork(task: Task, id: string, head: string): Promise<boolean> {
  const { repository } = task.policy;
  const commit = await repository.commit(id);
  const [parent, ...more] = commit?.parents ?? [];
  if (parent === undefined || more.length > 0 || !(await repository.isAncestor(parent, head))) return false;
  const inverse = await chooseInverse(task, parent);
  const tree = await repository.text(['rev-parse', '--verify', '--end-of-options', `${id}^{tree}`]);
  return inverse.kind === 'changes' && inverse.tree === tree.trim();
}
