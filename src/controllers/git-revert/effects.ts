import { createHash } from 'node:crypto';
import type { GitRevert, GitRevertPlan, PodTemplateSpec, RevertCaution } from '../../api/index.ts';
import type { HelmOptions, Reading } from '../../git/app.ts';
import type { Commit } from '../../git/clone.ts';
import { type CommitRequest, type FileChange, markerRef } from '../../git/hosts/host.ts';
import { type Inverse, inverseOf, type Splice } from '../../git/inverse.ts';
import {
  type LookResult,
  neverReverted,
  type PlanResult,
  type ProofResult,
  revertMessage,
  spliceBack,
  takesOut,
  type WriteResult,
} from '../../revert/index.ts';
import { type IgnoredMetadata, sameTemplate, templateDifference } from '../../rollout/index.ts';
import type { PolicyAccess } from './access.ts';
import { culpritCautions, optOutAt } from './cautions.ts';
import { templateAt } from './templates.ts';

const MOST_COMMITS = 500;

/** All that the work on one revert needs, gathered by the pass that begins it. */
export interface Task {
  revert: GitRevert;
  policy: PolicyAccess;
  /** Of the ReplicaSet that failed, and of the stable one. */
  templates: { bad: PodTemplateSpec; stable: PodTemplateSpec; ignored: IgnoredMetadata };
  cause: { message: string; step?: number | undefined };
  reading: Reading;
  /** How a chart was rendered, where that is known. */
  helm: HelmOptions | undefined;
  version: string;
  /** Why less is done than the policy allows, and whether a person has to merge what is proposed. */
  limits: { message: string; personMerges: boolean } | undefined;
  /** Why nobody needs the revert any more. */
  unwanted: string | undefined;
  /** More of why it is proposed, in paragraphs of Markdown. Never fails. */
  why: () => Promise<string[]>;
  /** Asks again, of what is known at this moment, whether the policy lets it be written and the failure still counts. */
  mayWrite: () => boolean;
  /** Why nothing at all may be written, not even on the host, as is known at this moment. */
  paused: () => string | undefined;
}

const short = (commit: string) => commit.slice(0, 7);

function digestOf(changes: readonly FileChange[]): string {
  const hash = createHash('sha256');
  for (const { path, mode, content } of changes) {
    hash.update(`${mode} ${path}\0${content === undefined ? 'deleted' : content.length}\0`).update(content ?? '');
  }
  return hash.digest('hex');
}

/** The commit after `from` that says of itself that it takes the culprit out, and touches this app. */
export async function revertSince({ policy, revert }: Task, from: string, head: string): Promise<Commit | undefined> {
  const { key, culprits, path } = revert.spec;
  const commits = await policy.repository.log({ from, to: head, path, limit: MOST_COMMITS });
  return commits.find(({ message }) => takesOut(message, key, culprits[0] ?? ''));
}

function templateIn({ revert, policy, helm, reading }: Task, tree: string) {
  const { path, rollout } = revert.spec;
  const rolloutInGit = { path, namespace: rollout.namespace, name: rollout.name, helm };
  return templateAt(policy.repository, tree, rolloutInGit, reading);
}

/** What the head says of the template: whether there is still anything to take out. */
async function headSays(task: Task, head: string): Promise<'bad' | 'stable' | PlanResult> {
  const { templates } = task;
  const found = await templateIn(task, head);
  if (found.kind === 'unreadable') {
    return { kind: 'needsHuman', reason: 'Unreadable', message: `the branch's head cannot be read: ${found.message}` };
  }
  if (found.kind === 'absent') {
    return { kind: 'superseded', reason: 'Superseded', message: 'the branch does not hold this Rollout any more' };
  }
  if (sameTemplate(found.template, templates.bad, templates.ignored)) return 'bad';
  if (sameTemplate(found.template, templates.stable, templates.ignored)) return 'stable';
  return {
    kind: 'superseded',
    reason: 'Superseded',
    message: 'a later commit has changed the pod template: the branch does not hold what failed',
  };
}

async function goneFrom(task: Task, head: string, by: Commit | undefined): Promise<PlanResult> {
  const { revert, policy } = task;
  const { culprits, path } = revert.spec;
  const query = { from: culprits[0] as string, to: head, path, limit: 1 };
  const commit = by ?? (await policy.repository.log(query))[0];
  const who = commit ? ` by ${short(commit.id)} (${commit.authorName})` : '';
  return { kind: 'gone', ...(commit ? { commit: commit.id } : {}), message: `the change was taken out already${who}` };
}

const splice: Splice = (versions) => {
  const result = spliceBack(versions);
  if (result.kind === 'spliced') return result.content;
  return result.kind === 'unchanged' ? versions.head : undefined;
};

/** What is to be written, with all that people have said in Git about it. */
async function planned(
  { policy: { repository }, revert }: Task,
  { tree, changes }: Extract<Inverse, { kind: 'changes' }>,
  { head, culprit, parent }: { head: string; culprit: string; parent: string },
): Promise<PlanResult> {
  const { path } = revert.spec;
  const said = await optOutAt(repository, head, path);
  if (said && 'kind' in said) {
    return said.kind === 'disabled'
      ? { kind: 'skipped', reason: 'OptedOut', message: said.message }
      : { kind: 'needsHuman', reason: 'OptOutUnreadable', message: said.message };
  }
  const cautions = [...(said ? [said] : []), ...(await culpritCautions(repository, { culprit, parent, path }))];
  const files = changes.map((change) => change.path);
  return { kind: 'planned', expectedHead: head, tree, patchDigest: digestOf(changes), files, cautions };
}

/** Finds out what would have to be written, and writes nothing. */
export async function plan(task: Task): Promise<PlanResult> {
  const { revert, policy } = task;
  const { culprits, path } = revert.spec;
  const [culprit, ...more] = culprits;
  if (culprit === undefined) return { kind: 'skipped', reason: 'NotFromGit', message: 'no commit explains the change' };
  if (more.length > 0) {
    const message = `${culprits.length} commits changed the template since the stable revision: ${culprits.map(short).join(', ')}. Which one is bad cannot be told`;
    return { kind: 'needsHuman', reason: 'SeveralCulprits', message };
  }
  const head = await policy.repository.fetch();
  const commit = await policy.repository.commit(culprit);
  const never = commit && neverReverted(commit.message);
  if (never) return { kind: never.reason === 'OptedOut' ? 'skipped' : 'needsHuman', ...never };
  const inverse = await inverseOf(policy.repository, { culprit, head, path, splice });
  if (inverse.kind === 'refused') return { kind: 'needsHuman', reason: inverse.reason, message: inverse.message };
  const by = await revertSince(task, culprit, head);
  const says = await headSays(task, head);
  if (says === 'stable' || (says !== 'bad' && inverse.kind === 'nothing')) return goneFrom(task, head, by);
  if (says !== 'bad') return says;
  if (by) {
    const message = `${short(by.id)} took ${short(culprit)} out, and it was put back since: it is not reverted twice`;
    return { kind: 'skipped', reason: 'RevertedBefore', message };
  }
  if (inverse.kind === 'nothing') {
    const message = `${short(culprit)} changed the template from outside of ${path || '/'}, in files that other apps may be made of too; nothing was written. Revert it by hand`;
    return { kind: 'needsHuman', reason: 'OutsideOfPath', message };
  }
  if (inverse.kind === 'conflict') {
    const message = `later commits changed the same lines of ${inverse.files.join(', ')}; nothing was written. Revert ${short(culprit)} by hand`;
    return { kind: 'needsHuman', reason: 'Conflict', message };
  }
  return planned(task, inverse, { head, culprit, parent: commit?.parents[0] ?? culprit });
}

/** The planned changes, derived again; undefined where they come out differently. */
async function plannedChanges({ revert, policy }: Task, { expectedHead, tree, patchDigest }: GitRevertPlan) {
  await policy.repository.fetch();
  const culprit = revert.spec.culprits[0] ?? '';
  const inverse = await inverseOf(policy.repository, { culprit, head: expectedHead, path: revert.spec.path, splice });
  if (inverse.kind !== 'changes' || inverse.tree !== tree || digestOf(inverse.changes) !== patchDigest)
    return undefined;
  return inverse;
}

/**
 * Whether a commit takes the culprit out of what it lies on, a commit of the policy's branch, and does nothing else. What its
 * message says of it is nobody's proof: whoever may push can write the same.
 */
export async function isOurWork({ revert, policy: { repository } }: Task, id: string, head: string): Promise<boolean> {
  const commit = await repository.commit(id);
  const [parent, ...more] = commit?.parents ?? [];
  if (parent === undefined || more.length > 0 || !(await repository.isAncestor(parent, head))) return false;
  const culprit = revert.spec.culprits[0] ?? '';
  const inverse = await inverseOf(repository, { culprit, head: parent, path: revert.spec.path, splice });
  const tree = await repository.text(['rev-parse', '--verify', '--end-of-options', `${id}^{tree}`]);
  return inverse.kind === 'changes' && inverse.tree === tree.trim();
}

/** Proves the plan by what it renders to: at the culprit what failed, after the revert what runs as stable. */
export async function prove(task: Task, planned: GitRevertPlan): Promise<ProofResult> {
  if ((await plannedChanges(task, planned)) === undefined) return { kind: 'moved' };
  const { revert, templates } = task;
  const culprit = revert.spec.culprits[0] ?? '';
  const bad = await templateIn(task, culprit);
  const badDiffers =
    bad.kind === 'template' ? templateDifference(bad.template, templates.bad, templates.ignored) : bad.kind;
  if (badDiffers !== undefined) {
    const message = `what failed is not what ${short(culprit)} holds: they differ at ${badDiffers}`;
    return { kind: 'skipped', reason: 'NotFromGit', message };
  }
  const after = await templateIn(task, planned.tree);
  const stableDiffers =
    after.kind === 'template' ? templateDifference(after.template, templates.stable, templates.ignored) : after.kind;
  if (stableDiffers !== undefined) {
    const message = `taking ${short(culprit)} out would not restore what runs as stable: they would differ at ${stableDiffers}`;
    return { kind: 'needsHuman', reason: 'NotStable', message };
  }
  return { kind: 'proved' };
}

/** Whether people say in Git what the plan does not know; an earlier release may have made the plan, and looked for nothing. */
async function isSaidAnew(
  { policy, revert }: Task,
  head: string,
  cautions: readonly RevertCaution[],
): Promise<boolean> {
  const said = await optOutAt(policy.repository, head, revert.spec.path);
  if (said === undefined) return false;
  return 'kind' in said || !cautions.some(({ reason, most }) => reason === said.reason && most === said.most);
}

/** Whether it is written already, and what people say in Git, asked right before a write. */
export async function look(task: Task, { expectedHead, cautions = [] }: GitRevertPlan): Promise<LookResult> {
  const { repository, branch } = task.policy;
  const head = await repository.fetch();
  const by = (await repository.isAncestor(expectedHead, head))
    ? await revertSince(task, expectedHead, head)
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
  return head !== expectedHead || (await isSaidAnew(task, head, cautions)) ? { kind: 'moved' } : { kind: 'clear' };
}

/** What is to be written; undefined where the plan cannot be derived again. */
export async function commitRequest(task: Task, planned: GitRevertPlan): Promise<CommitRequest | undefined> {
  const { revert, policy, cause, version } = task;
  const { spec } = revert;
  const culprit = spec.culprits[0] ?? '';
  const inverse = await plannedChanges(task, planned);
  const commit = await policy.repository.commit(culprit);
  if (!inverse || !commit) return undefined;
  const { changes, scope } = inverse;
  const message = revertMessage({
    culpritMessage: commit.message,
    culpritAuthor: commit.authorName,
    pullRequest: revert.status?.culprit?.pullRequest?.number,
    culprit,
    goodRevision: spec.goodRevision,
    rollout: spec.rollout,
    run: spec.run,
    step: cause.step,
    cause: cause.message,
    files: planned.files,
    scope,
    key: spec.key,
    version,
  });
  return { branch: policy.branch, expectedHead: planned.expectedHead, message, changes, key: spec.key };
}

/** The one write, bound to the planned head. */
export async function write(task: Task, planned: GitRevertPlan): Promise<WriteResult> {
  const request = await commitRequest(task, planned);
  if (!request) return { kind: 'stale', message: 'the plan cannot be derived again' };
  if (!task.mayWrite()) return { kind: 'withheld' };
  const { host, access } = task.policy;
  const outcome = await host.commit(access, request);
  return outcome.kind === 'protected' ? { ...outcome, mayPropose: host.proposals !== undefined } : outcome;
}
