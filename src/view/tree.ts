import type { AnalysisRun, GitRevert, Pod, ReplicaSet, Rollout } from '../api/index.ts';
import { hashOf, revisionOf } from '../rollout/index.ts';
import { kindIcons, statusIcon } from './icons.ts';
import { byAge, drawnTree, isOwnedBy, type Node, nodeOf, replicaSetNode, runNode } from './nodes.ts';
import { type Drawing, plain } from './text.ts';

/** A Rollout and everything around it. Objects that belong to other Rollouts may be among them: they are left out. */
export interface Picture {
  rollout: Rollout;
  phase: string;
  replicaSets: ReplicaSet[];
  pods: Pod[];
  analysisRuns: AnalysisRun[];
  gitReverts: GitRevert[];
}

/** Revisions, newest first; in each its ReplicaSets with their pods, its AnalysisRuns and its GitReverts. */
export function treeLines(picture: Picture, drawing: Drawing): string[] {
  const { rollout, phase } = picture;
  const root: Node = {
    ...nodeOf(rollout, kindIcons.rollout, 'Rollout'),
    status: phase,
    statusIcon: statusIcon(phase),
    children: revisionNodes(picture, drawing),
  };
  return drawnTree(root, drawing);
}

function revisionNodes(picture: Picture, drawing: Drawing): Node[] {
  const { rollout } = picture;
  const replicaSets = picture.replicaSets.filter((replicaSet) => isOwnedBy(replicaSet, rollout)).sort(byAge);
  const runs = picture.analysisRuns.filter((run) => isOwnedBy(run, rollout)).sort(byAge);
  const reverts = revertsOf(rollout, picture.gitReverts).sort(byAge);
  const revisionOfRevert = (revert: GitRevert) =>
    revisionOf(replicaSets.find(({ metadata }) => metadata.name === revert.spec.canaryReplicaSet));
  const revisions = new Set([...[...replicaSets, ...runs].map(revisionOf), ...reverts.map(revisionOfRevert)]);
  return [...revisions]
    .sort((a, b) => b - a)
    .map((revision) => ({
      icon: kindIcons.revision,
      name: `revision:${revision}`,
      children: [
        ...replicaSets
          .filter((replicaSet) => revisionOf(replicaSet) === revision)
          .map((replicaSet) => replicaSetNode(replicaSet, rolesOf(replicaSet, rollout), picture.pods, drawing)),
        ...runs.filter((run) => revisionOf(run) === revision).map((run) => runNode(run, drawing)),
        ...reverts.filter((revert) => revisionOfRevert(revert) === revision).map(revertNode),
      ],
    }));
}

/** Which parts a ReplicaSet plays: stable, canary, active, preview. */
export function rolesOf(replicaSet: ReplicaSet, { spec, status = {} }: Rollout): string[] {
  const hash = hashOf(replicaSet);
  if (hash === '') return [];
  const isStable = hash === status.stableRS;
  const roles = isStable ? ['stable'] : [];
  if (spec.strategy?.canary !== undefined) return hash === status.currentPodHash && !isStable ? ['canary'] : roles;
  if (hash === status.blueGreen?.activeSelector) return [...roles, 'active'];
  return hash === status.blueGreen?.previewSelector ? [...roles, 'preview'] : roles;
}

const underWay = ['Pending', 'Planned', 'Verified', 'Writing', 'Landed', 'Proposed', 'Merged', 'Observed'];

function revertNode(revert: GitRevert): Node {
  const { status, icon } = revertStatus(revert);
  const commit = revert.status?.commit;
  return {
    ...nodeOf(revert, kindIcons.revert, 'GitRevert'),
    status,
    statusIcon: icon,
    info: [
      `culprit:${revert.spec.culprits.map(shortCommit).join('+') || 'none'}`,
      ...(commit === undefined ? [] : [`commit:${shortCommit(commit)}`]),
    ],
  };
}

export function revertStatus(revert: GitRevert): { status: string; icon: string } {
  const state = revert.status?.state ?? 'pending';
  const status = state.charAt(0).toUpperCase() + state.slice(1);
  return { status, icon: statusIcon(status, underWay) };
}

export function shortCommit(commit: string): string {
  return plain(commit.slice(0, 7));
}

export function revertsOf({ metadata }: Rollout, reverts: GitRevert[]): GitRevert[] {
  return reverts.filter(({ spec }) => spec.rollout.uid === metadata.uid);
}
