import type { AnalysisRun, GitRevert, KubeObject, Pod, ReplicaSet, Rollout } from '../api/index.ts';
import { SCALE_DOWN_DEADLINE } from '../api/index.ts';
import { hashOf, revisionOf } from '../rollout/index.ts';
import { ageOf, humanDuration } from './age.ts';
import { icons, kindIcons, painted, statusIcon } from './icons.ts';
import { podState } from './pod.ts';
import { type Colour, type Drawing, type Paint, painter, plain, table } from './text.ts';

/** A Rollout and everything around it. Objects that belong to other Rollouts may be among them: they are left out. */
export interface Picture {
  rollout: Rollout;
  phase: string;
  replicaSets: ReplicaSet[];
  pods: Pod[];
  analysisRuns: AnalysisRun[];
  gitReverts: GitRevert[];
}

/** One line of the tree and what hangs below it. */
interface Node {
  icon: string;
  name: string;
  colour?: Colour | undefined;
  kind?: string;
  status?: string;
  statusIcon?: string;
  createdAt?: string | undefined;
  info?: string[];
  children: Node[];
}

/** Revisions, newest first; in each its ReplicaSets with their pods, its AnalysisRuns and its GitReverts. */
export function treeLines(picture: Picture, drawing: Drawing): string[] {
  const paint = painter(drawing);
  const { rollout, phase } = picture;
  const root: Node = {
    ...nodeOf(rollout, kindIcons.rollout, 'Rollout'),
    status: phase,
    statusIcon: statusIcon(phase),
    children: revisionNodes(picture, drawing, paint),
  };
  const rows = [['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'], ...rowsOf(root, '', '', drawing, paint)];
  return table(rows, drawing.width);
}

function rowsOf(node: Node, prefix: string, below: string, drawing: Drawing, paint: Paint): string[][] {
  const status = node.status === undefined ? '' : `${painted(node.statusIcon ?? ' ', paint)} ${plain(node.status)}`;
  const row = [
    `${prefix}${node.icon} ${paint(node.colour, plain(node.name))}`,
    node.kind ?? '',
    status,
    ageOf(node.createdAt, drawing.now),
    (node.info ?? []).join(','),
  ];
  const children = node.children.flatMap((child, index) => {
    const isLast = index === node.children.length - 1;
    return rowsOf(child, below + (isLast ? '└──' : '├──'), below + (isLast ? '   ' : '│  '), drawing, paint);
  });
  return [row, ...children];
}

function nodeOf(object: KubeObject, icon: string, kind: string): Node {
  return { icon, kind, name: object.metadata.name, createdAt: object.metadata.creationTimestamp, children: [] };
}

function revisionNodes(picture: Picture, drawing: Drawing, paint: Paint): Node[] {
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
          .map((replicaSet) => replicaSetNode(replicaSet, picture, drawing, paint)),
        ...runs.filter((run) => revisionOf(run) === revision).map((run) => runNode(run, paint)),
        ...reverts.filter((revert) => revisionOfRevert(revert) === revision).map(revertNode),
      ],
    }));
}

function replicaSetNode(replicaSet: ReplicaSet, { rollout, pods }: Picture, drawing: Drawing, paint: Paint): Node {
  const roles = rolesOf(replicaSet, rollout);
  const deadline = replicaSet.metadata.annotations?.[SCALE_DOWN_DEADLINE];
  const health = healthOf(replicaSet);
  return {
    ...nodeOf(replicaSet, kindIcons.replicaSet, 'ReplicaSet'),
    colour: roleColours[roles.at(-1) ?? ''],
    status: health,
    statusIcon: statusIcon(health),
    info: [
      ...roles.map((role) => paint(roleColours[role], role)),
      ...(deadline === undefined || deadline === '' ? [] : [`delay:${delayUntil(deadline, drawing.now)}`]),
    ],
    children: pods
      .filter((pod) => isOwnedBy(pod, replicaSet))
      .sort(byAge)
      .map(podNode),
  };
}

const roleColours: Record<string, Colour> = {
  canary: 'yellow',
  stable: 'green',
  active: 'green',
  preview: 'blueBright',
};

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

function healthOf({ metadata, spec, status = {} }: ReplicaSet): string {
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) return 'Progressing';
  const failure = status.conditions?.find((condition) => condition.type === 'ReplicaFailure');
  if (failure?.status === 'True') return 'ReplicaFailure';
  const replicas = spec.replicas ?? 1;
  if ((status.availableReplicas ?? 0) < replicas) return 'Progressing';
  return replicas === 0 ? 'ScaledDown' : 'Healthy';
}

function delayUntil(deadline: string, now: number): string {
  const left = Date.parse(deadline) - now;
  return left < 0 ? 'passed' : humanDuration(left);
}

function podNode(pod: Pod): Node {
  const { status, ready, restarts } = podState(pod);
  return {
    ...nodeOf(pod, kindIcons.pod, 'Pod'),
    status,
    statusIcon: statusIcon(status),
    info: [`ready:${ready}`, ...(restarts > 0 ? [`restarts:${restarts}`] : [])],
  };
}

function runNode(run: AnalysisRun, paint: Paint): Node {
  const results = run.status?.metricResults ?? [];
  const count = (counter: 'successful' | 'failed' | 'inconclusive' | 'error', icon: string) => {
    const sum = results.reduce((total, result) => total + (result[counter] ?? 0), 0);
    return sum > 0 ? [`${painted(icon, paint)} ${sum}`] : [];
  };
  const status = run.status?.phase ?? 'Pending';
  return {
    ...nodeOf(run, kindIcons.run, 'AnalysisRun'),
    colour: status === 'Pending' || status === 'Running' ? 'blueBright' : undefined,
    status,
    statusIcon: statusIcon(status, ['Running']),
    info: [
      ...count('successful', icons.ok),
      ...count('failed', icons.bad),
      ...count('inconclusive', icons.unknown),
      ...count('error', icons.warning),
    ],
  };
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

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  const { uid } = owner.metadata;
  return uid !== undefined && (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid);
}

function byAge(a: KubeObject, b: KubeObject): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
