/** A series' identity, metric name included as `__name__`. */
export type Labels = Record<string, string>;

/** One stored sample. `stale` marks the moment from which the series no longer exists. */
export interface Point {
  /** Milliseconds since the epoch, world time. */
  time: number;
  value: number;
  stale?: boolean;
}

export interface SeriesPoints {
  labels: Labels;
  /** In order of time. */
  points: Point[];
}

export interface Sample {
  labels: Labels;
  value: number;
  /** When it was scraped; only straight from a selector. */
  time?: number;
}

export type Value =
  | { type: 'scalar'; value: number }
  | { type: 'string'; value: string }
  | { type: 'vector'; samples: Sample[] }
  | { type: 'matrix'; series: SeriesPoints[] };

export type ValueType = Value['type'];

export interface Matcher {
  label: string;
  operator: '=' | '!=' | '=~' | '!~';
  value: string;
  matches(value: string): boolean;
}

/** Where samples come from. */
export interface SampleStore {
  /** The series that match, with their samples after `from` up to and including `to` (milliseconds). */
  select(matchers: Matcher[], from: number, to: number): SeriesPoints[];
}

/** The question is wrong: `bad_data`. Or it cannot be answered over this data: `execution`. */
export class QueryError extends Error {
  readonly type: 'bad_data' | 'execution';

  constructor(type: 'bad_data' | 'execution', message: string) {
    super(message);
    this.name = 'QueryError';
    this.type = type;
  }
}

export const METRIC_NAME = '__name__';

export function withoutName(labels: Labels): Labels {
  const { [METRIC_NAME]: _, ...rest } = labels;
  return rest;
}

export function pick(labels: Labels, names: string[]): Labels {
  return Object.fromEntries(names.filter((name) => labels[name]).map((name) => [name, labels[name] as string]));
}

export function omit(labels: Labels, names: string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

/** Equal for equal label sets, whatever the order in which they were written. */
export function signature(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** As Prometheus prints a label set: `metric{a="1"}`. */
export function labelsText(labels: Labels): string {
  const pairs = Object.entries(withoutName(labels))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${labels[METRIC_NAME] ?? ''}{${pairs.join(', ')}}`;
}

/** As the HTTP API writes a number. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
