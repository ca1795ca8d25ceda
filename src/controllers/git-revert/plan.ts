import type { Clone, Commit } from '../../git/clone.ts';
import type { Inverse } from '../../git/inverse.ts';
import { rootsOf } from '../../git/roots.ts';
import {
  harmless,
  neverReverted,
  type PlanResult,
  STABLE_FAILS_TOO,
  securityFix,
  sensitive,
} from '../../revert/index.ts';
import { sameTemplate } from '../../rollout/index.ts';
import { culpritCautions, optOutAt } from './cautions.ts';
import { type Chosen, findingsOf } from './findings.ts';
import { heldBy } from './held.ts';
import { chooseInverse } from './inverse.ts';
import { revertSince } from './look.ts';
import { digestOf, short, type Task, templateIn } from './task.ts';

const MOST_NAMED = 5;
/** Of a merge that brings in more, a person reads what they say. */
const MOST_MERGED = 300;

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

/** What a merge has brought in besides itself, one more than are looked into at most; nothing for any other commit. */
async function mergedBy(repository: Clone, { id, parents }: Commit): Promise<Commit[]> {
  const [first, ...others] = parents;
  if (first === undefined || others.length === 0) return [];
  const query = { from: first, to: id, path: '', limit: MOST_MERGED + 2, alsoMerged: true } as const;
  return (await repository.log(query)).filter((commit) => commit.id !== id);
}

/** The branch as it is, and what is to be taken out of it: `merged` is as of `mergedBy`. */
interface Found {
  head: string;
  culprit: Commit | undefined;
  merged: readonly Commit[];
}

/** What is to be written, with all that people have said in Git about it. */
async function planned(
  task: Task,
  { tree, changes }: Extract<Inverse, { kind: 'changes' }>,
  { head, culprit: commit, merged }: Found,
): Promise<PlanResult> {
  const { path, culprits } = task.revert.spec;
  const { repository, personMerges } = task.policy;
  const culprit = culprits[0] ?? '';
  const files = changes.map((change) => change.path);
  const optOut = await optOutAt(repository, head, { path, files });
  if (optOut && 'kind' in optOut) {
    return optOut.kind === 'disabled'
      ? { kind: 'skipped', reason: 'OptedOut', message: optOut.message }
      : { kind: 'needsHuman', reason: 'OptOutUnreadable', message: optOut.message };
  }
  const said = [commit, ...merged].map((each) => securityFix(culprit, each?.message ?? ''));
  const touched = await culpritCautions(repository, { culprit, parent: commit?.parents[0] ?? culprit, path, files });
  const unread = merged.length > MOST_MERGED ? sensitive(culprit, [`more than ${MOST_MERGED} commits`]) : undefined;
  const held = personMerges ? await heldBy(task, personMerges, commit) : [];
  const cautions = [optOut, said.find(Boolean), unread, ...touched, ...held].filter((each) => each !== undefined);
  return { kind: 'planned', expectedHead: head, tree, patchDigest: digestOf(changes), files, cautions };
}

/** Why a change outside of the app's path is left to a person. */
async function outside(task: Task, head: string, files: readonly string[]): Promise<PlanResult> {
  const { revert, policy, known } = task;
  const { path, rollout, culprits } = revert.spec;
  const request = { trees: [head], files, known, namespace: rollout.namespace };
  const found = await rootsOf(policy.repository, request);
  const others = found.kind === 'roots' ? found.roots.map((root) => root.path).filter((each) => each !== path) : [];
  const names = [...new Set(others)].slice(0, MOST_NAMED).map((name) => harmless(name || '/', 160));
  const more = others.length > MOST_NAMED ? ' and others' : '';
  const users = names.length > 0 ? `, of which ${names.join(', ')}${more} are made too` : '';
  const shown = files.slice(0, MOST_NAMED).map((file) => harmless(file, 160));
  const what = `${short(culprits[0] ?? '')} changed the template from outside of ${path || '/'}, in ${shown.join(', ') || 'files that other apps may be made of too'}${users}`;
  const may = policy.path === '' ? '' : `; the policy lets nothing be written outside of ${policy.path}`;
  return {
    kind: 'needsHuman',
    reason: 'OutsideOfPath',
    message: `${what}${files.length > 0 ? may : ''}; nothing was written. Revert it by hand`,
  };
}

/** What there is to be written by an inverse, once the head is known to hold what failed. */
async function planOf(task: Task, inverse: Chosen, found: Found): Promise<PlanResult> {
  const { head } = found;
  const culprit = task.revert.spec.culprits[0] ?? '';
  if (inverse.kind === 'refused') return { kind: 'needsHuman', reason: inverse.reason, message: inverse.message };
  if (inverse.kind === 'nothing') return outside(task, head, []);
  if (inverse.kind === 'outside') return outside(task, head, inverse.files);
  if (inverse.kind === 'conflict') {
    const message = `later commits changed the same lines of ${inverse.files.join(', ')}; nothing was written. Revert ${short(culprit)} by hand`;
    return { kind: 'needsHuman', reason: 'Conflict', message };
  }
  return planned(task, inverse, found);
}

/** The one commit to take out, or what becomes of it where it is not one. */
function culpritOf({ revert }: Task): string | PlanResult {
  const [culprit, ...more] = revert.spec.culprits;
  if (culprit === undefined) return { kind: 'skipped', reason: 'NotFromGit', message: 'no commit explains the change' };
  if (more.length === 0) return culprit;
  const named = revert.spec.culprits.slice(0, 30).map(short).join(', ');
  const message = `${more.length + 1} commits changed the template since the stable revision: ${named}${more.length > 29 ? ' and others' : ''}. Which one is bad cannot be told`;
  return { kind: 'needsHuman', reason: 'SeveralCulprits', message };
}

/** Finds out what would have to be written, and writes nothing. */
export async function plan(task: Task): Promise<PlanResult> {
  const culprit = culpritOf(task);
  if (typeof culprit !== 'string') return culprit;
  const message = await task.stableFailsToo();
  findingsOf(task).stands = message === undefined;
  if (message !== undefined) return { kind: 'needsHuman', reason: STABLE_FAILS_TOO, message };
  return planAt(task, await task.policy.repository.fetch());
}

/** As `plan`, for a head that was fetched before: nothing is asked of the host. The same head leads to the same plan. */
export async function planAt(task: Task, head: string): Promise<PlanResult> {
  const result = await findPlan(task, head);
  findingsOf(task).plan = { head, result };
  return result;
}

async function findPlan(task: Task, head: string): Promise<PlanResult> {
  const { policy } = task;
  const culprit = culpritOf(task);
  if (typeof culprit !== 'string') return culprit;
  const commit = await policy.repository.commit(culprit);
  const merged = commit ? await mergedBy(policy.repository, commit) : [];
  const never = commit && neverReverted(commit, merged);
  if (never) return { kind: never.reason === 'OptedOut' ? 'skipped' : 'needsHuman', ...never };
  const inverse = await chooseInverse(task, head);
  const found = { head, culprit: commit, merged };
  if (inverse.kind === 'refused') return planOf(task, inverse, found);
  const files = 'changes' in inverse ? inverse.changes.map(({ path }) => path) : [];
  const by = await revertSince(task, culprit, head, files);
  const says = await headSays(task, head);
  if (says === 'stable' || (says !== 'bad' && inverse.kind === 'nothing')) return goneFrom(task, head, by);
  if (says !== 'bad') return says;
  if (by) {
    const message = `${short(by.id)} took ${short(culprit)} out, and it was put back since: it is not reverted twice`;
    return { kind: 'skipped', reason: 'RevertedBefore', message };
  }
  return planOf(task, inverse, found);
}
