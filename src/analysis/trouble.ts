import type { AnalysisRun, MetricResult } from '../api/index.ts';
import { isCompleted } from './assess.ts';

/** The metric of a running run whose last measurement is an Error. */
function troubledMetric({ status }: AnalysisRun): MetricResult | undefined {
  if (status === undefined || isCompleted(status.phase)) return undefined;
  const results = (status.metricResults ?? []).filter(({ phase, dryRun }) => !isCompleted(phase) && !dryRun);
  return results.find(({ measurements }) => measurements?.at(-1)?.phase === 'Error');
}

/** Why a running run learns nothing at the moment: the message of a metric whose last measurement is an Error. */
export function troubleOf(run: AnalysisRun): string | undefined {
  const troubled = troubledMetric(run);
  return troubled && `metric ${troubled.name}: ${troubled.measurements?.at(-1)?.message ?? 'no answer'}`;
}

/** When the first of these Errors in a row was measured, RFC 3339; undefined where the run no longer holds it. */
export function troubleSince(run: AnalysisRun): string | undefined {
  const { measurements = [], count = 0, error = 0 } = troubledMetric(run) ?? {};
  const lastGood = measurements.findLastIndex(({ phase }) => phase !== 'Error');
  const isWhole = lastGood >= 0 || measurements.length >= count + error;
  return isWhole ? measurements[lastGood + 1]?.startedAt : undefined;
}
