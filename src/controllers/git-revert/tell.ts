import type { Condition, GitRevert } from '../../api/index.ts';
import { type Decision, explain, NOT_SYNCED, type Seen, STABLE_NOT_SERVING } from '../../revert/index.ts';
import type { GitRevertOptions } from './options.ts';

/** The catalogue of Events about a GitRevert. */
const REASONS: Partial<Record<string, string>> = {
  pending: 'GitRevertPending',
  planned: 'GitRevertPlanned',
  writing: 'GitRevertWriting',
  proposed: 'GitRevertProposed',
  merged: 'GitReverted',
  vetoed: 'GitRevertVetoed',
  landed: 'GitReverted',
  done: 'GitRevertDone',
  skipped: 'GitRevertSkipped',
  needsHuman: 'GitRevertNeedsHuman',
  superseded: 'GitRevertSuperseded',
  dryRun: 'GitRevertDryRun',
};

/** Conditions of a change that is out of Git; each is the reason of an Event too, once, when it begins to hold. */
const AFTERMATH: ReadonlySet<string> = new Set([NOT_SYNCED, STABLE_NOT_SERVING]);

/** Whether it has to wait from now on, or for something else than before. */
function beginsToWait({ gate, status: before }: Seen, { status }: Decision): boolean {
  return gate.kind === 'wait' && status.reason === gate.reason && before?.reason !== gate.reason;
}

/** What begins to hold of a change that is out of Git, and a person should know. */
function begun({ status: before }: Seen, { status }: Decision): Condition[] {
  const holds = (conditions: readonly Condition[] = [], of: string) =>
    conditions.some(({ type, status: value }) => type === of && value === 'True');
  return (status.conditions ?? []).filter(
    ({ type }) => AFTERMATH.has(type) && holds(status.conditions, type) && !holds(before?.conditions, type),
  );
}

/** The same sentence on the record and on the Rollout. */
export function tell(
  { rollouts, emit, log }: Pick<GitRevertOptions, 'rollouts' | 'emit' | 'log'>,
  revert: GitRevert,
  seen: Seen,
  decision: Decision,
): void {
  const say = (event: Parameters<GitRevertOptions['emit']>[1]) => {
    const rollout = rollouts.get(revert.spec.rollout.namespace, revert.spec.rollout.name);
    for (const object of rollout ? [revert, rollout] : [revert]) emit(object, event);
  };
  for (const { type, message = '' } of begun(seen, decision)) say({ type: 'Warning', reason: type, message });
  const { from, state, status } = decision;
  const waits = beginsToWait(seen, decision);
  const hasMoved = from !== undefined && from !== state;
  const reason = waits ? 'GitRevertWaiting' : hasMoved ? REASONS[state] : undefined;
  if (reason === undefined) return;
  const { culprits, rollout: ref } = revert.spec;
  const commit = status.commit ? ` Commit: ${status.commit.slice(0, 7)}.` : '';
  const message = `Revert of ${culprits.map((each) => each.slice(0, 7)).join(', ')}: ${explain(status)}${commit}`;
  const type = waits || state === 'needsHuman' ? ('Warning' as const) : ('Normal' as const);
  say({ type, reason, message });
  log.info(
    { rollout: `${ref.namespace}/${ref.name}`, revert: revert.metadata.name, from, state },
    hasMoved ? 'git revert moved on' : 'git revert waits',
  );
}
