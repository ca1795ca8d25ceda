/** Many measurements: from their counts to how a metric, and the run, is judged. */
import type { AnalysisPhase, MetricResult } from '../api/index.ts';
import { DEFAULT_CONSECUTIVE_ERROR_LIMIT, type MetricSettings } from './settings.ts';
import type { Judged } from './verdict.ts';

/** What an outage does: `hold` leaves the run running where the metric sets no consecutiveErrorLimit; `count` is the reference's way. */
export type OutagePolicy = 'hold' | 'count';

const FROM_BEST_TO_WORST: readonly AnalysisPhase[] = [
  'Successful',
  'Running',
  'Pending',
  'Inconclusive',
  'Error',
  'Failed',
];

export function isCompleted(phase: string | undefined): boolean {
  return phase === 'Successful' || phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive';
}

export function isWorse(phase: AnalysisPhase, than: AnalysisPhase): boolean {
  return FROM_BEST_TO_WORST.indexOf(phase) > FROM_BEST_TO_WORST.indexOf(than);
}

/** Adds one judged measurement to a metric's result. */
export function record(
  result: MetricResult | undefined,
  settings: MetricSettings,
  { measurement, metadata, outage }: Judged,
  outages: OutagePolicy,
): MetricResult {
  const before: MetricResult = result ?? { name: settings.name, phase: 'Running' };
  const held = outage && outages === 'hold' && settings.consecutiveErrorLimit === undefined;
  return {
    ...before,
    ...counted(before, measurement.phase, held),
    measurements: [...(before.measurements ?? []), measurement].slice(-settings.retention),
    ...(settings.dryRun && { dryRun: true }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** The counters after one more measurement. An error is not counted as a measurement; an outage that is held, not as one in a row. */
function counted(before: MetricResult, phase: AnalysisPhase, held: boolean): Partial<MetricResult> {
  const { count = 0, successful = 0, failed = 0, inconclusive = 0, error = 0 } = before;
  const { consecutiveError = 0, consecutiveSuccess = 0 } = before;
  const judged = { count: count + 1, consecutiveError: 0, consecutiveSuccess: 0 };
  switch (phase) {
    case 'Successful':
      return { ...judged, successful: successful + 1, consecutiveSuccess: consecutiveSuccess + 1 };
    case 'Failed':
      return { ...judged, failed: failed + 1 };
    case 'Inconclusive':
      return { ...judged, inconclusive: inconclusive + 1 };
    default:
      return { error: error + 1, consecutiveError: consecutiveError + (held ? 0 : 1), consecutiveSuccess: 0 };
  }
}

interface Assessment {
  phase: AnalysisPhase;
  /** Why a limit was passed. */
  reason?: string;
}

/** The limits that were passed. Error goes before Inconclusive, which goes before Failed, as in the reference. */
export function passedLimit(settings: MetricSettings, result: MetricResult): Assessment | undefined {
  const { failed = 0, inconclusive = 0, consecutiveError = 0 } = result;
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit = DEFAULT_CONSECUTIVE_ERROR_LIMIT } = settings;
  if (consecutiveError > consecutiveErrorLimit) {
    return {
      phase: 'Error',
      reason: `consecutiveErrors (${consecutiveError}) > consecutiveErrorLimit (${consecutiveErrorLimit})`,
    };
  }
  if (inconclusive > inconclusiveLimit) {
    return {
      phase: 'Inconclusive',
      reason: `inconclusive (${inconclusive}) > inconclusiveLimit (${inconclusiveLimit})`,
    };
  }
  if (failureLimit >= 0 && failed > failureLimit) {
    return { phase: 'Failed', reason: `failed (${failed}) > failureLimit (${failureLimit})` };
  }
  return undefined;
}

/** How a metric with at least one measurement is judged. */
export function assessMetric(settings: MetricSettings, result: MetricResult, terminating: boolean): Assessment {
  if (isCompleted(result.phase)) return { phase: result.phase };
  const passed = passedLimit(settings, result);
  if (passed !== undefined) return passed;
  const { consecutiveSuccessLimit, failureLimit, count } = settings;
  const { consecutiveSuccess = 0 } = result;
  if (consecutiveSuccessLimit > 0 && consecutiveSuccess >= consecutiveSuccessLimit) return { phase: 'Successful' };
  if (count !== undefined && (result.count ?? 0) >= count) {
    if (consecutiveSuccessLimit <= 0) return { phase: 'Successful' };
    return { phase: failureLimit >= 0 ? 'Inconclusive' : 'Failed' };
  }
  return { phase: terminating ? 'Successful' : 'Running' };
}
