import { isCompleted, planRun, resolveArguments, validateConditions } from '../analysis/index.ts';
import {
  type AnalysisRun,
  type AnalysisRunSpec,
  INSTANCE_ID,
  type JsonObject,
  type Metric,
  notDriven,
  POD_TEMPLATE_HASH,
  REVISION,
  type RolloutAnalysis,
  RUN_TYPE,
  STEP_INDEX,
  successfulRunHistoryLimit,
  unsuccessfulRunHistoryLimit,
} from '../api/index.ts';
import type { Problem } from '../errors.ts';
import type { Effect, PlanInput } from './effects.ts';
import { type Facts, hashOf } from './facts.ts';
import { isInFlight } from './machine.ts';
import { ownerOf } from './plan-ownership.ts';
import { analysisUse, type RunSlots, type RunType, runTypes } from './run-types.ts';
import { wantsRun } from './runs.ts';

type Planned = { spec: AnalysisRunSpec | undefined; problems: Problem[] };

/** What a use of analysis amounts to, with every argument that can be known now. */
function plan(facts: Facts, use: RolloutAnalysis, path: string): Planned {
  const { rollout, templates, clusterTemplates } = facts.seen;
  const sources = {
    stableHash: facts.stableHash ?? '',
    latestHash: facts.hash,
    rollout: rollout as unknown as JsonObject,
  };
  const resolved = resolveArguments(use.args ?? [], sources, `${path}.args`);
  const { templates: refs = [], dryRun, measurementRetention } = use;
  const planned = planRun(
    {
      templates: refs,
      args: resolved.args,
      ...(dryRun && { dryRun }),
      ...(measurementRetention && { measurementRetention }),
    },
    (name, clusterScope) => (clusterScope ? clusterTemplates[name] : templates[name])?.spec,
    path,
  );
  const origin = (index: number) => `${path}.templates: ${planned.origins[index]}`;
  const conditions = planned.spec ? validateConditions(planned.spec, origin) : [];
  const undriven = (planned.spec?.metrics ?? []).flatMap((metric, index) => undrivenProvider(metric, origin(index)));
  return { spec: planned.spec, problems: [...resolved.problems, ...planned.problems, ...conditions, ...undriven] };
}

/** A run could only fail of it, and take the update with it. */
function undrivenProvider({ provider }: Metric, at: string): Problem[] {
  const metrics = [{ provider }];
  return notDriven({ kind: 'AnalysisRun', ...{ spec: { metrics } } }).map(({ path, message }) => ({
    path: path.replace('spec.metrics[0]', at),
    message,
  }));
}

/** What is wrong with the templates and arguments of the update to come; a Rollout at rest on stable needs none of them. */
export function analysisProblems(facts: Facts): Problem[] {
  if (facts.hash === facts.stableHash) return [];
  const { spec } = facts.seen.rollout;
  const uses = runTypes.flatMap((type) =>
    (type === 'Step' ? facts.steps : [0]).flatMap((_, index) => analysisUse(spec, type, index) ?? []),
  );
  return uses.flatMap(({ use, path }) => plan(facts, use, path).problems);
}

function runObject(facts: Facts, type: RunType, name: string, use: RolloutAnalysis): AnalysisRun | undefined {
  const { rollout } = facts.seen;
  const { spec } = plan(facts, use, '');
  if (!spec) return undefined;
  const instance = rollout.metadata.labels?.[INSTANCE_ID];
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: {
      name,
      ...(rollout.metadata.namespace ? { namespace: rollout.metadata.namespace } : {}),
      labels: {
        ...rollout.spec.selector?.matchLabels,
        ...use.analysisRunMetadata?.labels,
        [POD_TEMPLATE_HASH]: facts.hash,
        [RUN_TYPE]: type,
        ...(type === 'Step' ? { [STEP_INDEX]: String(facts.index) } : {}),
        ...(instance ? { [INSTANCE_ID]: instance } : {}),
      },
      annotations: { ...use.analysisRunMetadata?.annotations, [REVISION]: String(facts.revision) },
      ownerReferences: [ownerOf(rollout)],
    },
    spec,
  };
}

/** Creates the run that the persisted status names, as long as the next state still calls for that very run. */
function creation({ facts, persisted, next, slots }: PlanInput, type: RunType): Effect[] {
  const named = facts.slots[type];
  const use = analysisUse(facts.seen.rollout.spec, type, facts.index)?.use;
  const wants = wantsRun(facts, persisted, type) && wantsRun(facts, next, type);
  const isThere = facts.runs[type] !== undefined;
  if (!wants || !use || !named || isThere || named.name !== slots[type]?.name || isCompleted(named.status)) return [];
  const object = runObject(facts, type, named.name, use);
  return object ? [{ kind: 'createRun', object }] : [];
}

function isNamed(run: AnalysisRun, slots: RunSlots): boolean {
  return Object.values(slots).some((slot) => slot.name === run.metadata.name);
}

/** Ends the runs that nothing waits for any more. */
function terminations({ facts, next, slots }: PlanInput): Effect[] {
  return facts.seen.runs
    .filter((run) => !isCompleted(run.status?.phase) && run.spec.terminate !== true)
    .filter((run) => !isInFlight(next) || !isNamed(run, slots))
    .map((run) => ({ kind: 'terminateRun', name: run.metadata.name }));
}

function newestFirst(a: AnalysisRun, b: AnalysisRun): number {
  return (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
}

/** The ReplicaSet whose pods the run measured is there no more, and will not be again. */
function isOfGoneRevision(run: AnalysisRun, { hash, stableHash, seen }: Facts): boolean {
  const measured = run.metadata.labels?.[POD_TEMPLATE_HASH];
  if (measured === undefined || measured === hash || measured === stableHash) return false;
  return !seen.replicaSets.some((one) => hashOf(one) === measured && !one.metadata.deletionTimestamp);
}

/** Finished runs go with their revision, and beyond the limits, oldest first; those that status still names stay. */
function deletions({ facts, slots }: PlanInput): Effect[] {
  const { rollout, runs } = facts.seen;
  const finished = runs.filter((run) => isCompleted(run.status?.phase) && !isNamed(run, slots)).sort(newestFirst);
  const kept = finished.filter((run) => !isOfGoneRevision(run, facts));
  const good = kept.filter((run) => run.status?.phase === 'Successful');
  const other = kept.filter((run) => run.status?.phase !== 'Successful');
  const excess = [
    ...finished.filter((run) => !kept.includes(run)),
    ...good.slice(successfulRunHistoryLimit(rollout)),
    ...other.slice(unsuccessfulRunHistoryLimit(rollout)),
  ];
  return excess.map(({ metadata }) => ({ kind: 'deleteRun', name: metadata.name, uid: metadata.uid ?? '' }));
}

export function runEffects(input: PlanInput): Effect[] {
  return [...runTypes.flatMap((type) => creation(input, type)), ...terminations(input), ...deletions(input)];
}
