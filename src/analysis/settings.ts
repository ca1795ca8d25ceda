import { RE2JS } from 're2js';
import { durationMilliseconds } from '../api/durations.ts';
import { type AnalysisRunSpec, DEFAULT_MEASUREMENT_RETENTION, type Metric } from '../api/index.ts';
import { type ArgumentValues, substitute } from './arguments.ts';

/** How a metric is measured and judged, with defaults and arguments worked in. Times in milliseconds. */
export interface MetricSettings {
  name: string;
  /** How many measurements; undefined: without end. */
  count: number | undefined;
  interval: number | undefined;
  initialDelay: number;
  /** Negative: any number may fail. */
  failureLimit: number;
  inconclusiveLimit: number;
  /** Undefined where the metric sets none. */
  consecutiveErrorLimit: number | undefined;
  /** 0: no such limit. */
  consecutiveSuccessLimit: number;
  dryRun: boolean;
  /** How many measurements are kept. */
  retention: number;
}

export const DEFAULT_CONSECUTIVE_ERROR_LIMIT = 4;
export const ERROR_RETRY_INTERVAL = 10_000;
/** Times in a status are whole seconds: what is shorter would measure without a pause. */
const SHORTEST_INTERVAL = 1000;

/** An IntOrString; undefined for what is not a whole number. */
export function parseInteger(value: number | string | undefined): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return value !== undefined && /^[+-]?\d{1,9}$/.test(value.trim()) ? Number(value) : undefined;
}

export function settingsOf(metric: Metric, spec: AnalysisRunSpec, args: ArgumentValues): MetricSettings {
  const { value } = substitute({ ...metric, provider: {} }, args);
  const interval = value.interval === undefined ? undefined : durationMilliseconds(value.interval);
  const retention = (spec.measurementRetention ?? []).findLast(({ metricName }) =>
    nameMatches(metricName, metric.name),
  );
  const number = (field: number | string | undefined) => parseInteger(field);
  return {
    name: metric.name,
    count: number(value.count) || (interval === undefined ? 1 : undefined),
    interval: interval === undefined ? undefined : Math.max(interval, SHORTEST_INTERVAL),
    initialDelay: durationMilliseconds(value.initialDelay ?? '') ?? 0,
    failureLimit: number(value.failureLimit) ?? 0,
    inconclusiveLimit: number(value.inconclusiveLimit) ?? 0,
    consecutiveErrorLimit: number(value.consecutiveErrorLimit),
    consecutiveSuccessLimit: number(value.consecutiveSuccessLimit) ?? 0,
    dryRun: isDryRun(spec, metric),
    retention: Math.max(1, retention?.limit ?? DEFAULT_MEASUREMENT_RETENTION),
  };
}

/** What the metric says does not count. */
export function isDryRun(spec: AnalysisRunSpec, metric: Metric): boolean {
  return (spec.dryRun ?? []).some(({ metricName }) => nameMatches(metricName, metric.name));
}

/** Whether a rule's regular expression finds a metric's name; one that is no expression finds nothing. */
export function nameMatches(pattern: string, name: string): boolean {
  try {
    return RE2JS.compile(pattern).matcher(name).find();
  } catch {
    return false;
  }
}
