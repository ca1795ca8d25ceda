/** One measurement: from what a backend said to how it is judged. */
import type { AnalysisPhase, Measurement, Metric } from '../api/index.ts';
import type { Json } from '../api/kubernetes.ts';
import { timestamp } from '../api/times.ts';
import { redact } from '../errors.ts';
import { type ArgumentValues, substitute } from './arguments.ts';
import { type Condition, evaluateCondition, parseCondition } from './condition/index.ts';

/** What a backend said: the facts that metric providers report. */
export type Answer =
  | { kind: 'value'; value: Json | number[]; text: string; metadata?: Record<string, string> }
  | { kind: 'noData'; message: string; metadata?: Record<string, string> }
  | { kind: 'unreachable'; message: string }
  | { kind: 'rejected'; message: string };

/** A measurement that has been made since the run's status was last written. */
export interface Finished {
  metric: string;
  /** World time, milliseconds since the epoch. */
  startedAt: number;
  finishedAt: number;
  answer: Answer;
  /** All arguments, secrets included. */
  args: ArgumentValues;
  /** Values that must not be shown. */
  secrets: readonly string[];
}

export interface Judged {
  measurement: Measurement;
  /** The provider's notes on the metric as a whole. */
  metadata: Record<string, string>;
  /** Nothing was learnt about the application: no answer, an empty one, or NaN. */
  outage: boolean;
}

type Verdict = { phase: AnalysisPhase; message?: string; outage?: boolean };

/** What a run shows in the place of a secret. */
const HIDDEN = '*****';

const EMPTY = 'metric result is nil or empty: no data returned from the metric provider';

/** Judges one finished measurement. */
export function judge(metric: Metric, finished: Finished): Judged {
  const { answer, args, secrets } = finished;
  const clean = (text: string) => redact(text, secrets, HIDDEN);
  const conditions = substitute(
    { successCondition: metric.successCondition ?? '', failureCondition: metric.failureCondition ?? '' },
    args,
  ).value;
  const { phase, message, outage = false } = verdictOf(answer, conditions, finished.finishedAt);
  const notes = Object.entries('metadata' in answer ? (answer.metadata ?? {}) : {}).map(
    ([key, note]) => [key, clean(note)] as const,
  );
  const [ofMetric, ofMeasurement] = [notes.filter(isOfMetric), notes.filter((note) => !isOfMetric(note))];
  const value = answer.kind === 'value' ? answer.text : answer.kind === 'noData' ? '[]' : undefined;
  const measurement: Measurement = {
    phase,
    ...(message !== undefined && { message: clean(message) }),
    startedAt: timestamp(finished.startedAt),
    finishedAt: timestamp(finished.finishedAt),
    ...(value !== undefined && { value: clean(value) }),
    ...(ofMeasurement.length > 0 && { metadata: Object.fromEntries(ofMeasurement) }),
  };
  return { measurement, metadata: Object.fromEntries(ofMetric), outage };
}

/** What was asked belongs to the metric, what was answered to the measurement. */
function isOfMetric([key]: readonly [string, string]): boolean {
  return key.startsWith('Resolved');
}

interface Conditions {
  successCondition: string;
  failureCondition: string;
}

function verdictOf(answer: Answer, conditions: Conditions, now: number): Verdict {
  if (answer.kind === 'unreachable') return { phase: 'Error', message: answer.message, outage: true };
  if (answer.kind === 'rejected') return { phase: 'Error', message: answer.message };
  const success = conditionOf('successCondition', conditions);
  const failure = conditionOf('failureCondition', conditions);
  if ('problem' in success) return success.problem;
  if ('problem' in failure) return failure.problem;
  if (answer.kind === 'noData') return emptyVerdict(success.condition, failure.condition, now, answer.message);
  return truth(success.condition, failure.condition, answer.value, now);
}

function conditionOf(
  field: keyof Conditions,
  conditions: Conditions,
): { condition: Condition | undefined } | { problem: Verdict } {
  const source = conditions[field];
  if (source === '') return { condition: undefined };
  const parsed = parseCondition(source);
  if (parsed.ok) return { condition: parsed.condition };
  return { problem: { phase: 'Error', message: `could not evaluate ${field} "${source}": ${parsed.problem.message}` } };
}

/** An empty answer is judged only by conditions that say themselves what it means. */
function emptyVerdict(
  success: Condition | undefined,
  failure: Condition | undefined,
  now: number,
  message: string,
): Verdict {
  const conditions = [success, failure].filter((condition) => condition !== undefined);
  const provided = conditions.length > 0 && conditions.every(({ handlesEmpty }) => handlesEmpty);
  const verdict = provided ? truth(success, failure, [], now) : undefined;
  if (verdict !== undefined && verdict.phase !== 'Error') return verdict;
  const [field, source] = success ? ['successCondition', success.source] : ['failureCondition', failure?.source];
  const why = source === undefined ? message : `could not evaluate ${field} "${source}": ${EMPTY}`;
  return { phase: 'Error', message: why, outage: true };
}

/** The truth table: failure goes before success; where neither holds, nothing can be said. */
function truth(
  success: Condition | undefined,
  failure: Condition | undefined,
  value: Json | number[],
  now: number,
): Verdict {
  const outcomes = { good: true, bad: false };
  for (const [field, condition] of [
    ['successCondition', success],
    ['failureCondition', failure],
  ] as const) {
    if (condition === undefined) continue;
    const outcome = evaluateCondition(condition, value, now);
    if (!outcome.ok) {
      const message = `could not evaluate ${field} "${condition.source}": ${outcome.message}`;
      return { phase: 'Error', message, outage: outcome.noData };
    }
    outcomes[condition === success ? 'good' : 'bad'] = outcome.value;
  }
  if (success !== undefined && failure === undefined) outcomes.bad = !outcomes.good;
  if (success === undefined && failure !== undefined) outcomes.good = !outcomes.bad;
  if (outcomes.bad) return { phase: 'Failed' };
  return { phase: outcomes.good ? 'Successful' : 'Inconclusive' };
}
