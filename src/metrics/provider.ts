import type { Json, JsonObject } from '../api/kubernetes.ts';

/** What a backend said. A provider reports facts; judging them is src/analysis's work. */
export type Reading =
  /** The backend answered with data. `value` is what conditions see as `result`; `text` is what measurement.value shows. */
  | { kind: 'value'; value: Json | number[]; text: string; metadata?: Record<string, string> }
  /** The backend answered, and there is nothing there: no series, empty body. */
  | { kind: 'noData'; message: string; metadata?: Record<string, string> }
  /** No answer: refused, timed out, DNS, 429, 5xx. An outage, never a verdict. */
  | { kind: 'unreachable'; message: string }
  /** The backend answered that the question is wrong (a query that does not parse, no rights): for a person to mend. */
  | { kind: 'rejected'; message: string };

export interface MeasureRequest {
  /** `metric.provider.<key>` with all arguments substituted, secrets included: never log or store it. */
  provider: JsonObject;
  /** World time, milliseconds since the epoch. */
  now: number;
  /** Machine time after which the question is given up, milliseconds; providers with a timeout of their own use the smaller. */
  timeoutMilliseconds: number;
}

/**
 * A source of measurements. Asking must be free of side effects, so it may be asked again after a crash.
 * Never throws for anything the backend or network does: that is what `Reading` is for.
 */
export interface MetricProvider {
  /** The key below `metric.provider`, e.g. `prometheus`. */
  readonly key: string;
  /** Problems in `metric.provider.<key>`, with paths relative to it, found without any network. Arguments may still be unresolved (`{{args.x}}`). */
  validate(provider: JsonObject): { path: string; message: string }[];
  measure(request: MeasureRequest): Promise<Reading>;
}
