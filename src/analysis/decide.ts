import type { AnalysisPhase, AnalysisRun, AnalysisRunStatus, Metric, MetricResult, RunSummary } from '../api/index.ts';
import { told } from '../api/problems.ts';
import { timestamp } from '../api/times.ts';
import type { Problem } from '../errors.ts';
import { plainValues } from './arguments.ts';
import { assessMetric, isCompleted, isWorse, type OutagePolicy, passedLimit, record } from './assess.ts';
import { expiryOf } from './expiry.ts';
import { nextPhase } from './machine.ts';
import { ERROR_RETRY_INTERVAL, type MetricSettings, settingsOf } from './settings.ts';
import { type Finished, judge } from './verdict.ts';

/** Everything that may be known about a run at one instant. */
export interface Seen {
  run: AnalysisRun;
  /** World time, milliseconds since the epoch. */
  now: number;
  /** Measurements made since the status was last written, oldest first. */
  finished: readonly Finished[];
  /** The metrics whose measurement is under way. */
  inFlight: ReadonlySet<string>;
  /** What is wrong with the run's spec, or stands in the way of measuring it at all. */
  problems: readonly Problem[];
  outages: OutagePolicy;
}

/** What became of the run or of one of its metrics in this pass. */
export type Transition =
  | { of: 'metric'; metric: string; phase: AnalysisPhase; dryRun: boolean }
  | { of: 'run'; phase: AnalysisPhase; message: string };

export interface Decision {
  status: AnalysisRunStatus;
  /** The metrics to measure now. */
  measure: string[];
  /** World time at which there is something to do without any further event. */
  lookAgainAt?: number;
  /** The run has ended: nothing will be measured any more. */
  ended: boolean;
  /** The finished run's time to live is over. */
  expired: boolean;
  transitions: Transition[];
}

/** A metric on its way through one pass. */
interface Tracked {
  metric: Metric;
  settings: MetricSettings;
  result: MetricResult | undefined;
}

/** One pass over a run: what its status becomes and what is to be measured. Pure. */
export function decide(seen: Seen): Decision {
  const { run } = seen;
  const phase = phaseOf(run.status);
  if (isCompleted(phase)) return afterwards(seen);
  if (seen.problems.length > 0) return invalid(seen);
  const before = tracked(run);
  const terminate = run.spec.terminate ?? false;
  const after = assessed(
    before.map((each) => recorded(each, seen)),
    terminate,
  );
  const status = statusOf(seen, phase, after);
  const ended = isCompleted(status.phase);
  const plan = ended ? { measure: [] } : planned(after, status, seen);
  return { status, ...plan, ended, expired: false, transitions: transitionsOf(before, after, phase, status) };
}

function phaseOf(status: AnalysisRunStatus | undefined): AnalysisPhase {
  const { phase } = status ?? {};
  return phase === 'Running' || isCompleted(phase) ? (phase as AnalysisPhase) : 'Pending';
}

function tracked({ spec, status }: AnalysisRun): Tracked[] {
  const args = plainValues(spec.args ?? []);
  return (spec.metrics ?? []).map((metric) => ({
    metric,
    settings: settingsOf(metric, spec, args),
    result: status?.metricResults?.find(({ name }) => name === metric.name),
  }));
}

/** Takes the finished measurements in, each once: one that a lost answer hid is in the status already. */
function recorded(each: Tracked, { finished, outages }: Seen): Tracked {
  const { metric, settings } = each;
  let { result } = each;
  for (const measured of finished) {
    if (measured.metric !== metric.name || isCompleted(result?.phase)) continue;
    const judged = judge(metric, measured);
    const last = result?.measurements?.at(-1);
    const known =
      last?.startedAt === judged.measurement.startedAt && last?.finishedAt === judged.measurement.finishedAt;
    if (!known) result = record(result, settings, judged, outages);
  }
  return { ...each, result };
}

/** Gives each metric its phase. A bad one that counts ends its siblings in the same pass. */
function assessed(all: Tracked[], terminate: boolean): Tracked[] {
  const once = all.map((each) => withPhase(each, terminate));
  if (terminate || !once.some(endsTheRun)) return once;
  return once.map((each) => withPhase(each, true));
}

function withPhase(each: Tracked, terminating: boolean): Tracked {
  const { settings, result } = each;
  if (result === undefined || (result.measurements ?? []).length === 0) return each;
  const { phase } = assessMetric(settings, result, terminating);
  if (phase === result.phase) return each;
  const message = result.measurements?.at(-1)?.message;
  return { ...each, result: { ...result, phase, ...(message !== undefined && { message }) } };
}

function endsTheRun({ settings, result }: Tracked): boolean {
  return !settings.dryRun && isCompleted(result?.phase) && result?.phase !== 'Successful';
}

function statusOf({ run, now }: Seen, phase: AnalysisPhase, metrics: Tracked[]): AnalysisRunStatus {
  const terminating = (run.spec.terminate ?? false) || metrics.some(endsTheRun);
  const everyMetricIsDone = metrics.every(({ result }) => terminating || isCompleted(result?.phase));
  const { worst, message } = worstOf(metrics);
  const next = nextPhase(phase, { specIsInvalid: false, everyMetricIsDone, worst });
  const ended = isCompleted(next);
  const text = ended && message === '' && run.spec.terminate ? 'Run Terminated' : message;
  return {
    ...run.status,
    phase: next,
    ...(ended && text !== '' && { message: text }),
    metricResults: metrics.flatMap(({ result }) => (result === undefined ? [] : [result])),
    startedAt: run.status?.startedAt ?? timestamp(now),
    ...(ended && { completedAt: timestamp(now) }),
    runSummary: summary(metrics.filter(({ settings }) => !settings.dryRun)),
    dryRunSummary: summary(metrics.filter(({ settings }) => settings.dryRun)),
  };
}

/** The worst verdict of the metrics that count, and the sentence that says why. */
function worstOf(metrics: Tracked[]): { worst: AnalysisPhase; message: string } {
  let worst: AnalysisPhase = 'Successful';
  let message = '';
  for (const each of metrics) {
    const { settings, result } = each;
    if (settings.dryRun || result === undefined || !isCompleted(result.phase) || !isWorse(result.phase, worst))
      continue;
    worst = result.phase;
    message = whyOf(settings, result);
  }
  return { worst, message };
}

function whyOf(settings: MetricSettings, result: MetricResult): string {
  const reason = passedLimit(settings, result)?.reason ?? tooFewSuccesses(settings, result);
  const detail = result.message === undefined || result.message === '' ? '' : `: "Error Message: ${result.message}"`;
  return `Metric "${settings.name}" assessed ${result.phase} due to ${reason}${detail}`;
}

function tooFewSuccesses(
  { consecutiveSuccessLimit, count }: MetricSettings,
  { consecutiveSuccess = 0 }: MetricResult,
): string {
  return `consecutiveSuccess (${consecutiveSuccess}) < consecutiveSuccessLimit (${consecutiveSuccessLimit}) when count (${count}) was reached`;
}

function summary(metrics: Tracked[]): RunSummary {
  const counts: RunSummary = metrics.length > 0 ? { count: metrics.length } : {};
  for (const { result } of metrics) {
    if (!isCompleted(result?.phase)) continue;
    const key = result?.phase.toLowerCase() as 'successful' | 'failed' | 'inconclusive' | 'error';
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** What to measure now, and when to look again if nothing else happens. */
function planned(
  metrics: Tracked[],
  status: AnalysisRunStatus,
  { now, inFlight }: Seen,
): Pick<Decision, 'measure' | 'lookAgainAt'> {
  const due = metrics
    .filter(({ metric }) => !inFlight.has(metric.name))
    .flatMap((each) => {
      const at = dueAt(each, Date.parse(status.startedAt ?? ''));
      return at === undefined ? [] : [{ name: each.metric.name, at }];
    });
  const measure = due.filter(({ at }) => at <= now).map(({ name }) => name);
  const later = due.filter(({ at }) => at > now).map(({ at }) => at);
  return later.length === 0 ? { measure } : { measure, lookAgainAt: Math.min(...later) };
}

/** World time of a metric's next measurement; undefined where none is to come. */
function dueAt({ settings, result }: Tracked, startedAt: number): number | undefined {
  const last = result?.measurements?.at(-1);
  if (result === undefined || last === undefined) return startedAt + settings.initialDelay;
  if (isCompleted(result.phase)) return undefined;
  if (settings.count !== undefined && (result.count ?? 0) >= settings.count) return undefined;
  return Date.parse(last.finishedAt ?? last.startedAt ?? '') + (settings.interval ?? ERROR_RETRY_INTERVAL);
}

/** When a metric of a run is measured next, in world time; undefined where it is not, or where it is at once. */
export function nextMeasurementAt(run: AnalysisRun, metric: string): number | undefined {
  const each = tracked(run).find(({ settings }) => settings.name === metric);
  if (each === undefined || isCompleted(run.status?.phase) || run.status?.startedAt === undefined) return undefined;
  return dueAt(each, Date.parse(run.status.startedAt));
}

function transitionsOf(
  before: Tracked[],
  after: Tracked[],
  phase: AnalysisPhase,
  status: AnalysisRunStatus,
): Transition[] {
  const metrics = after.flatMap(({ settings, result }, index): Transition[] => {
    if (!isCompleted(result?.phase) || result === undefined || result.phase === before[index]?.result?.phase) return [];
    return [{ of: 'metric', metric: settings.name, phase: result.phase, dryRun: settings.dryRun }];
  });
  if (status.phase === phase || status.phase === undefined) return metrics;
  return [...metrics, { of: 'run', phase: status.phase, message: status.message ?? '' }];
}

function invalid({ run, now, problems }: Seen): Decision {
  const message = `Analysis spec invalid: ${told(problems)}`;
  const status: AnalysisRunStatus = {
    ...run.status,
    phase: nextPhase(phaseOf(run.status), { specIsInvalid: true, everyMetricIsDone: false, worst: 'Successful' }),
    message,
    metricResults: run.status?.metricResults ?? [],
    startedAt: run.status?.startedAt ?? timestamp(now),
    completedAt: timestamp(now),
  };
  return { status, measure: [], ended: true, expired: false, transitions: [{ of: 'run', phase: 'Error', message }] };
}

/** What is left to do for a run that has ended: to go, when its time is over. */
function afterwards({ run, now }: Seen): Decision {
  const still = { status: run.status as AnalysisRunStatus, measure: [], ended: true, transitions: [] };
  const at = expiryOf(run);
  if (at === undefined) return { ...still, expired: false };
  return at <= now ? { ...still, expired: true } : { ...still, expired: false, lookAgainAt: at };
}
