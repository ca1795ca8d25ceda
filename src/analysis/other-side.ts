/** Asks of the other pods what was asked of those that failed: a metric that fails for both is no proof against a release. */
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus, Argument, Metric } from '../api/index.ts';
import { namesIn } from './arguments.ts';
import { isCompleted } from './assess.ts';

/** What is not asked again: it may do more than answer. */
const ACTS: ReadonlySet<string> = new Set(['job', 'web', 'plugin']);

/** What names the pods that failed, and what names the others in its place: hashes, and Services. */
export type Sides = readonly (readonly [failed: string, other: string])[];

/** The name itself, or that of a Service within the cluster: `web-canary.shop.svc.cluster.local`. */
function otherName(value: string, sides: Sides): string | undefined {
  const found = sides.find(([failed]) => failed !== '' && (value === failed || value.startsWith(`${failed}.`)));
  return found && `${found[1]}${value.slice(found[0].length)}`;
}

function otherArgument(argument: Argument, sides: Sides): Argument | undefined {
  const value = argument.value === undefined ? undefined : otherName(argument.value, sides);
  return value === undefined ? undefined : { ...argument, value };
}

/** One measurement, judged in the same way, and without consequence, so that each is made whatever comes of the others. */
function once({ name, provider, successCondition, failureCondition }: Metric): Metric {
  return {
    name,
    provider,
    count: 1,
    consecutiveErrorLimit: 0,
    ...(successCondition !== undefined && { successCondition }),
    ...(failureCondition !== undefined && { failureCondition }),
  };
}

/**
 * The run that asks each metric that failed once, of the other side. Undefined where one of them does not single out the pods
 * that failed: measured again it would still hold what these have done. Neither where one is not only a question.
 */
export function otherSideSpec({ spec, status }: AnalysisRun, sides: Sides): AnalysisRunSpec | undefined {
  const isFailed = ({ name }: Metric) =>
    status?.metricResults?.some((each) => each.name === name && each.phase === 'Failed' && each.dryRun !== true);
  const failed = (spec.metrics ?? []).filter(isFailed);
  const args = spec.args ?? [];
  const changed = new Set(args.filter((each) => otherArgument(each, sides)).map(({ name }) => name));
  const singlesOut = ({ provider }: Metric) => [...namesIn(provider)].some((name) => changed.has(name));
  const isQuestion = ({ provider }: Metric) =>
    Object.entries(provider).every(([key, value]) => value == null || !ACTS.has(key));
  if (failed.length === 0 || !failed.every((metric) => singlesOut(metric) && isQuestion(metric))) return undefined;
  return {
    metrics: failed.map(once),
    args: args.map((each) => otherArgument(each, sides) ?? each),
    dryRun: [{ metricName: '.*' }],
  };
}

/** The metrics that fail for the other side too: all of them, or none. Undefined before all have been asked. */
export function failingOnOtherSide({ phase, metricResults = [] }: AnalysisRunStatus): string[] | undefined {
  if (!isCompleted(phase)) return undefined;
  const isFailing = metricResults.length > 0 && metricResults.every((each) => each.phase === 'Failed');
  return isFailing ? metricResults.map(({ name }) => name) : [];
}
