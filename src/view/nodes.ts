import type { AnalysisRun, KubeObject, Pod, ReplicaSet } from '../api/index.ts';
import { SCALE_DOWN_DEADLINE } from '../api/index.ts';
import { ageOf, humanDuration } from './age.ts';
import { icons, kindIcons, painted, statusIcon } from './icons.ts';
import { podState } from './pod.ts';
import { type Colour, type Drawing, type Paint, painter, plain, table } from './text.ts';

/** One line of the tree and what hangs below it. */
export interface Node {
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

/** The tree as lines of a table, its header first. */
export function drawnTree(root: Node, drawing: Drawing): string[] {
  const rows = rowsOf(root, '', '', drawing, painter(drawing));
  return table([['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'], ...rows], drawing.width);
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

export function nodeOf(object: KubeObject, icon: string, kind: string): Node {
  return { icon, kind, name: object.metadata.name, createdAt: object.metadata.creationTimestamp, children: [] };
}

/** `roles` are the parts that it plays, the last one in its colour. */
export function replicaSetNode(replicaSet: ReplicaSet, roles: string[], pods: Pod[], drawing: Drawing): Node {
  const paint = painter(drawing);
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

/** Of the parts that ReplicaSets play. */
export const roleColours: Readonly<Record<string, Colour>> = {
  canary: 'yellow',
  stable: 'green',
  active: 'green',
  preview: 'blueBright',
};

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

export function runNode(run: AnalysisRun, drawing: Drawing): Node {
  const paint = painter(drawing);
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

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  const { uid } = owner.metadata;
  return uid !== undefined && (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid);
}

export function byAge(a: KubeObject, b: KubeObject): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
