import {
  type AnalysisRun,
  desiredReplicas,
  type GitRevert,
  type Pod,
  type ReplicaSet,
  type Rollout,
} from '../api/index.ts';
import type { Explanation } from '../rollout/index.ts';
import { explanationLines } from './explanation.ts';
import { painted, statusIcon } from './icons.ts';
import { imageLines } from './images.ts';
import { isOwnedBy } from './nodes.ts';
import { rolloutPhase } from './phase.ts';
import { type Drawing, field, painter, plain } from './text.ts';
import { revertStatus, revertsOf, rolesOf, shortCommit, treeLines } from './tree.ts';
import { actualWeightOf, progressOf } from './weights.ts';

/** Everything that `get rollout` shows. Objects that belong to other Rollouts may be among them. */
export interface RolloutView {
  rollout: Rollout;
  replicaSets: ReplicaSet[];
  pods: Pod[];
  analysisRuns: AnalysisRun[];
  gitReverts: GitRevert[];
  why: Explanation;
  /** How the program that draws this is called: what people can do is told by its commands. */
  program: string;
}

/** A Rollout in full: what it is, where it is and why, and the tree of its objects. */
export function rolloutTree(view: RolloutView, drawing: Drawing): string {
  const replicaSets = view.replicaSets.filter((replicaSet) => isOwnedBy(replicaSet, view.rollout));
  const { phase } = rolloutPhase(view.rollout);
  const lines = [
    ...headLines(view, drawing),
    ...strategyLines(view.rollout, replicaSets, drawing),
    ...imageLines(replicaSets, (replicaSet) => rolesOf(replicaSet, view.rollout), drawing),
    ...replicaLines(view.rollout, drawing),
    '',
    ...treeLines({ ...view, replicaSets, phase }, drawing),
  ];
  return `${lines.join('\n')}\n`;
}

/** Where a Rollout stands and why, without the tree of its objects. */
export function rolloutExplanation(view: RolloutView, drawing: Drawing): string {
  return `${headLines(view, drawing).join('\n')}\n`;
}

function headLines(view: RolloutView, drawing: Drawing): string[] {
  const { rollout, gitReverts } = view;
  const paint = painter(drawing);
  const { phase, message } = rolloutPhase(rollout);
  const show = (label: string, value: string) => field(label, value, drawing.width);
  return [
    ...show('Name:', plain(rollout.metadata.name)),
    ...show('Namespace:', plain(rollout.metadata.namespace ?? '')),
    ...show('Status:', `${painted(statusIcon(phase), paint)} ${plain(phase)}`),
    ...(message === '' ? [] : show('Message:', plain(message))),
    ...explanationLines(view, drawing),
    ...gitLines(rollout, show),
    ...revertsOf(rollout, gitReverts).flatMap((revert) => show('Git:', revertSentence(revert, drawing))),
  ];
}

/** Where the cluster and Git stand apart. */
function gitLines({ status }: Rollout, show: (label: string, value: string) => string[]): string[] {
  const told = status?.conditions?.find(({ type, status: holds }) => type === 'GitReverted' && holds === 'False');
  return told?.message ? show('Git:', plain(told.message)) : [];
}

function revertSentence(revert: GitRevert, drawing: Drawing): string {
  const { status, icon } = revertStatus(revert);
  const { message, url } = revert.status ?? {};
  const culprits = revert.spec.culprits.map(shortCommit).join(', ') || 'no commit';
  const parts = [`revert of ${culprits} on ${plain(revert.spec.branch)}`, status, message, url].filter(
    (part) => part !== undefined && part !== '',
  );
  return `${painted(icon, painter(drawing))} ${plain(parts.join(' - '))}`;
}

function strategyLines(rollout: Rollout, replicaSets: ReplicaSet[], { width }: Drawing): string[] {
  const { strategy, step, setWeight } = progressOf(rollout);
  if (setWeight === undefined) return field('Strategy:', strategy, width);
  return [
    ...field('Strategy:', strategy, width),
    ...field('  Step:', step ?? '', width),
    ...field('  SetWeight:', String(setWeight), width),
    ...field('  ActualWeight:', String(actualWeightOf(rollout, replicaSets)), width),
  ];
}

function replicaLines(rollout: Rollout, { width }: Drawing): string[] {
  const { status = {} } = rollout;
  const counts: [string, number | undefined][] = [
    ['  Desired:', desiredReplicas(rollout)],
    ['  Current:', status.replicas],
    ['  Updated:', status.updatedReplicas],
    ['  Ready:', status.readyReplicas],
    ['  Available:', status.availableReplicas],
  ];
  return ['Replicas:', ...counts.flatMap(([label, count]) => field(label, String(count ?? 0), width))];
}
