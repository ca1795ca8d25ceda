import type { AnalysisRun, GitRevert, RevertCaution } from '../../api/index.ts';
import { inputsOf } from '../../git/app.ts';
import type { Commit } from '../../git/clone.ts';
import { heldForPerson, type Measured, type PersonMerges } from '../../revert/index.ts';
import { timeOr } from './gate-facts.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, replicaSetOf, verdictOf } from './revision.ts';
import type { Task } from './task.ts';

function failedMeasurementsIn(run: AnalysisRun | undefined): number | undefined {
  const failed = run?.status?.metricResults?.filter(({ phase, dryRun }) => phase === 'Failed' && dryRun !== true) ?? [];
  return run === undefined ? undefined : Math.max(0, ...failed.map((result) => result.failed ?? 0));
}

/** When a change of the same Rollout was taken out or proposed last, before this one. */
function lastRevertAt(
  { reverts }: Pick<GitRevertOptions, 'reverts'>,
  { metadata, spec }: GitRevert,
): number | undefined {
  const others = reverts.list(metadata.namespace).filter((other) => {
    return other.metadata.uid !== metadata.uid && other.spec.rollout.uid === spec.rollout.uid;
  });
  const times = others.flatMap(({ status }) => {
    const at = Date.parse(status?.takenOutAt ?? (status?.proposal && status.plan?.plannedAt) ?? '');
    return Number.isNaN(at) ? [] : [at];
  });
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** Asks the API server only for what the policy measures. */
export async function measured(
  options: GitRevertOptions,
  revert: GitRevert,
  { failedMeasurementsUnder }: PersonMerges,
): Promise<Measured> {
  const { rollout: of, templates } = revert.spec;
  const rollout = options.rollouts.get(of.namespace, of.name);
  const bad = rollout && replicaSetOf(options, rollout, templates.canary);
  const run = failedMeasurementsUnder === undefined ? undefined : await verdictOf(options, revert);
  return {
    failedAt: timeOr(bad && causeOf(bad)?.at, options.clock.now()),
    lastRevertAt: lastRevertAt(options, revert),
    failedMeasurements: failedMeasurementsIn(run),
  };
}

async function commitsInRange({ revert, policy, helm }: Task, most: number): Promise<number> {
  const { goodRevision, badRevision, path, rollout } = revert.spec;
  const { repository } = policy;
  const inputs = await inputsOf(repository, { tree: badRevision, path, namespace: rollout.namespace, helm });
  return (await repository.log({ from: goodRevision, to: badRevision, path: inputs, limit: most + 1 })).length;
}

/** For which of the policy's measures a person is to merge; asks Git only for what the policy measures. */
export async function heldBy(
  task: Task,
  measures: PersonMerges,
  culprit: Commit | undefined,
): Promise<RevertCaution[]> {
  const { commitsInRangeOver } = measures;
  const counted = commitsInRangeOver === undefined ? 0 : await commitsInRange(task, commitsInRangeOver);
  const committedAt = culprit && culprit.time * 1000;
  return heldForPerson(task.policy.name, measures, {
    ...(await task.measured(measures)),
    committedAt,
    commitsInRange: counted,
  });
}
