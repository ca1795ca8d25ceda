import { desiredReplicas, type Rollout } from '../api/index.ts';
import { rolloutPhase } from './phase.ts';
import { type Drawing, plain, table } from './text.ts';
import { progressOf } from './weights.ts';

const HEADER = ['NAME', 'STRATEGY', 'STATUS', 'STEP', 'SET-WEIGHT', 'READY', 'DESIRED', 'UP-TO-DATE', 'AVAILABLE'];
/** Wide enough for what is usual, so that lines printed later in a watch still stand below their headers. */
const WIDTHS = [10, 9, 12, 4, 10, 5, 7, 10, 9];

/** A table of Rollouts, one line each, by namespace and name. */
export function rolloutList(
  rollouts: Rollout[],
  { width }: Pick<Drawing, 'width'>,
  { namespaces = false, header = true }: { namespaces?: boolean; header?: boolean } = {},
): string {
  const rows = [...rollouts].sort(byName).map((rollout) => {
    const row = rowOf(rollout);
    return namespaces ? [plain(rollout.metadata.namespace ?? ''), ...row] : row;
  });
  const head = namespaces ? ['NAMESPACE', ...HEADER] : HEADER;
  const minimum = namespaces ? [9, ...WIDTHS] : WIDTHS;
  return table(header ? [head, ...rows] : rows, width, minimum)
    .map((line) => `${line}\n`)
    .join('');
}

function rowOf(rollout: Rollout): string[] {
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

function byName(a: Rollout, b: Rollout): number {
  const key = ({ metadata }: Rollout) => `${metadata.namespace ?? ''}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}
