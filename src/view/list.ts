import { isCompleted } from '../analysis/index.ts';
import {
  desiredReplicas,
  durationSeconds,
  type Experiment,
  type GitRevert,
  type KubeObject,
  type Rollout,
} from '../api/index.ts';
import { ageOf, humanDuration } from './age.ts';
import { experimentPhase } from './experiment.ts';
import { rolloutPhase } from './phase.ts';
import { type Drawing, plain, table } from './text.ts';
import { revertStatus, shortCommit } from './tree.ts';
import { progressOf } from './weights.ts';

export interface ListOptions {
  /** Whether the namespace is shown. */
  namespaces?: boolean;
  header?: boolean;
  /** An instant to be shown at the start of each line. */
  timestamp?: string | undefined;
}

/** A column: its header and how wide it is at least, so that lines printed later in a watch still stand below their headers. */
type Column = [header: string, width: number];

const ROLLOUT: Column[] = [
  ['NAME', 10],
  ['STRATEGY', 9],
  ['STATUS', 12],
  ['STEP', 4],
  ['SET-WEIGHT', 10],
  ['READY', 5],
  ['DESIRED', 7],
  ['UP-TO-DATE', 10],
  ['AVAILABLE', 9],
];

const EXPERIMENT: Column[] = [
  ['NAME', 10],
  ['STATUS', 6],
  ['DURATION', 8],
  ['REMAINING', 9],
  ['AGE', 3],
];

const REVERT: Column[] = [
  ['NAME', 27],
  ['ROLLOUT', 10],
  ['STATE', 10],
  ['WAY', 11],
  ['CULPRIT', 7],
  ['WRITTEN', 7],
  ['AGE', 3],
];

/** A table of Rollouts, one line each, by namespace and name. */
export function rolloutList(rollouts: Rollout[], { width }: Pick<Drawing, 'width'>, options: ListOptions = {}): string {
  return list([...rollouts].sort(byName), ROLLOUT, rolloutRow, width, options);
}

/** A table of Experiments, one line each, by namespace and name. */
export function experimentList(
  experiments: Experiment[],
  { now, width }: Pick<Drawing, 'now' | 'width'>,
  options: ListOptions = {},
): string {
  const rowOf = (experiment: Experiment) => experimentRow(experiment, now);
  return list([...experiments].sort(byName), EXPERIMENT, rowOf, width, options);
}

/** A table of GitReverts, one line each, newest first. */
export function revertList(
  reverts: GitRevert[],
  { now, width }: Pick<Drawing, 'now' | 'width'>,
  options: ListOptions = {},
): string {
  return list([...reverts].sort(newestFirst), REVERT, (revert) => revertRow(revert, now), width, options);
}

function list<T extends KubeObject>(
  objects: T[],
  own: Column[],
  rowOf: (object: T) => string[],
  width: number | undefined,
  { namespaces = false, header = true, timestamp }: ListOptions,
): string {
  const columns: Column[] = [
    ...(timestamp === undefined ? [] : [['TIMESTAMP', 20] as Column]),
    ...(namespaces ? [['NAMESPACE', 9] as Column] : []),
    ...own,
  ];
  const rows = objects.map((object) => [
    ...(timestamp === undefined ? [] : [timestamp]),
    ...(namespaces ? [plain(object.metadata.namespace ?? '')] : []),
    ...rowOf(object),
  ]);
  const head = columns.map(([name]) => name);
  const minimum = columns.map(([, least]) => least);
  return table(header ? [head, ...rows] : rows, width, minimum)
    .map((line) => `${line}\n`)
    .join('');
}

function rolloutRow(rollout: Rollout): string[] {
  const { strategy, step, setWeight } = progressOf(rollout);
  const { status = {} } = rollout;
  return [
    plain(rollout.metadata.name),
    strategy,
    plain(rolloutPhase(rollout).phase),
    step ?? '-',
    setWeight === undefined ? '-' : String(setWeight),
    `${status.readyReplicas ?? 0}/${status.replicas ?? 0}`,
    String(desiredReplicas(rollout)),
    String(status.updatedReplicas ?? 0),
    String(status.availableReplicas ?? 0),
  ];
}

function experimentRow(experiment: Experiment, now: number): string[] {
  const { metadata, spec, status = {} } = experiment;
  const seconds = durationSeconds(spec.duration ?? '');
  const end = seconds === undefined ? Number.NaN : Date.parse(status.availableAt ?? '') + seconds * 1000;
  const isRunning = end > now && !isCompleted(status.phase);
  return [
    plain(metadata.name),
    plain(experimentPhase(experiment)),
    seconds === undefined ? '-' : humanDuration(seconds * 1000),
    isRunning ? humanDuration(end - now) : '-',
    ageOf(metadata.creationTimestamp, now),
  ];
}

/** What was written: the commit on the branch, else the pull request. */
function revertRow(revert: GitRevert, now: number): string[] {
  const { metadata, spec, status = {} } = revert;
  const proposal = status.proposal && `#${status.proposal.number}`;
  return [
    plain(metadata.name),
    plain(spec.rollout.name),
    revertStatus(revert).status,
    plain(status.way ?? '-'),
    spec.culprits.map(shortCommit).join('+') || '-',
    status.commit ? shortCommit(status.commit) : (proposal ?? '-'),
    ageOf(metadata.creationTimestamp, now),
  ];
}

/** Those of one instant by name. */
export function newestFirst(a: KubeObject, b: KubeObject): number {
  const time = ({ metadata }: KubeObject) => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return time(b) - time(a) || byName(a, b);
}

function byName(a: KubeObject, b: KubeObject): number {
  const key = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}
