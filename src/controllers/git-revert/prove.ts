import type { GitRevertPlan } from '../../api/index.ts';
import type { ProofResult } from '../../revert/index.ts';
import { liesBelow } from '../../revert/index.ts';
import { templateDifference } from '../../rollout/index.ts';
import { diffOf } from './diff.ts';
import { findingsOf, type Proof } from './findings.ts';
import { plannedChanges } from './inverse.ts';
import { proveRest } from './rest.ts';
import { short, type Task, templateIn } from './task.ts';

async function differs(task: Task, tree: string, which: 'bad' | 'stable'): Promise<string | undefined> {
  const { templates } = task;
  const found = await templateIn(task, tree);
  return found.kind === 'template'
    ? templateDifference(found.template, templates[which], templates.ignored)
    : found.kind;
}

/** What is not proved of a plan that could be written: nobody but a person writes it. */
type Doubt = Record<'reason' | 'message', string>;

async function doubtAbout(task: Task, planned: GitRevertPlan): Promise<Doubt | undefined> {
  const { culprits, path } = task.revert.spec;
  const taking = `taking ${short(culprits[0] ?? '')} out`;
  const stableDiffers = await differs(task, planned.tree, 'stable');
  if (stableDiffers !== undefined) {
    const message = `${taking} would not restore what runs as stable: they would differ at ${stableDiffers}`;
    return { reason: 'NotStable', message };
  }
  const rest = await proveRest(task, planned);
  if (rest.kind === 'proved') return undefined;
  if (rest.by === 'rollouts')
    return { reason: 'OtherRollout', message: `${taking} would take more back: ${rest.message}` };
  const away = planned.files.filter((file) => !liesBelow(file, path));
  if (away.length === 0 || rest.by !== 'apps') {
    return { reason: 'NotProved', message: `${taking} would change more than it has to: ${rest.message}` };
  }
  const message = `${taking} changes files outside of ${path || '/'}, which other apps are made of too: ${rest.message}`;
  return { reason: 'OutsideOfPath', message };
}

/**
 * Proves the plan by what it renders to: at the culprit what failed; after the revert what runs as stable, and everything else
 * as it is, or, of the app itself but for other Rollouts, as it was before the culprit. Asks nothing of the host.
 */
export async function proofOf(task: Task, planned: GitRevertPlan): Promise<Proof> {
  const result = await findProof(task, planned);
  findingsOf(task).proof = { head: planned.expectedHead, tree: planned.tree, result };
  return result;
}

async function findProof(task: Task, planned: GitRevertPlan): Promise<Proof> {
  const culprit = task.revert.spec.culprits[0] ?? '';
  const badDiffers = await differs(task, culprit, 'bad');
  if (badDiffers !== undefined) {
    const message = `what failed is not what ${short(culprit)} holds: they differ at ${badDiffers}`;
    return { kind: 'skipped', reason: 'NotFromGit', message };
  }
  const doubt = await doubtAbout(task, planned);
  return doubt ? { kind: 'doubt', ...doubt } : { kind: 'proved' };
}

/** Proves the plan that the status holds, as far as it can be derived again. */
export async function prove(task: Task, planned: GitRevertPlan): Promise<ProofResult> {
  const inverse = await plannedChanges(task, planned);
  if (inverse === undefined) return { kind: 'moved' };
  const proof = await proofOf(task, planned);
  if (proof.kind === 'skipped') return { ...proof, kind: 'skipped' };
  const isShown = proof.kind === 'doubt' || task.isDryRun();
  const diff = isShown ? { diff: await diffOf(task.policy.repository, planned) } : {};
  if (proof.kind === 'proved') return { kind: 'proved', ...diff };
  return { ...proof, kind: 'needsHuman', ...diff, mayPropose: task.policy.host.proposals !== undefined };
}
