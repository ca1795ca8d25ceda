/** Why a release was given up, for people: what was measured, against what, how far the release had come, and how long it took. */
import type { AbortCause, AnalysisRun, Metric, MetricResult } from '../api/index.ts';
import { codeSpan, link, linkTarget } from './markdown.ts';

export interface MetricEvidence {
  name: string;
  /** The last ones that were judged bad, as JSON, oldest first. */
  values: string[];
  /** What had to hold, or what must not hold and did. */
  condition?: { expects: 'success' | 'failure'; text: string };
  /** As it was sent, but for secrets. */
  query?: string;
}

export interface Evidence {
  /** Of the metrics that failed. */
  metrics: MetricEvidence[];
  /** Namespace and name of the AnalysisRun, where one decided. */
  run?: string;
  /** Why it was given up, as recorded with the revision. */
  cause: string;
  /** From 0. */
  step?: number;
  /** The canary's share of the traffic by then, in percent. */
  weight?: number;
  /** Milliseconds since the epoch, each where it is known. */
  startedAt?: number;
  abortedAt?: number;
  takenOutAt?: number;
}

export interface EvidenceSources {
  cause: AbortCause | undefined;
  /** Undefined where none decided, or it is not there any more. */
  run: AnalysisRun | undefined;
  /** When the update began and when its change was out of Git, as RFC 3339. */
  startedAt?: string | undefined;
  takenOutAt?: string | undefined;
}

const METRICS_NAMED = 3;
const VALUES_NAMED = 3;
const NAME_CHARACTERS = 100;
const VALUE_CHARACTERS = 60;
const CONDITION_CHARACTERS = 300;
const QUERY_CHARACTERS = 600;
const CAUSE_CHARACTERS = 300;
/** Longer addresses are refused by some servers. */
const LINK_CHARACTERS = 2000;

/** Arguments whose value stands in the run itself; those from secrets do not, and stay as they are. */
function withArguments(text: string, { spec }: AnalysisRun): string {
  const values = new Map(spec.args?.map(({ name, value }) => [name, value]));
  return text.replace(/\{\{\s*args\.([^{}\s]+)\s*\}\}/g, (whole, name: string) => values.get(name) ?? whole);
}

function conditionOf(metric: Metric | undefined, run: AnalysisRun): MetricEvidence['condition'] {
  const { failureCondition, successCondition } = metric ?? {};
  // Where both are given, what does not succeed is only inconclusive.
  const [expects, text] = failureCondition
    ? (['failure', failureCondition] as const)
    : (['success', successCondition] as const);
  return text ? { expects, text: withArguments(text, run) } : undefined;
}

function metricOf(result: MetricResult, run: AnalysisRun): MetricEvidence {
  const { name, measurements = [], metadata } = result;
  const bad = measurements.filter(({ phase, value }) => phase === 'Failed' && value);
  const condition = conditionOf(
    run.spec.metrics.find((metric) => metric.name === name),
    run,
  );
  const query = metadata?.ResolvedPrometheusQuery;
  return {
    name,
    values: bad.slice(-VALUES_NAMED).map(({ value = '' }) => value),
    ...(condition && { condition }),
    ...(query && { query }),
  };
}

function time(at: string | undefined): number | undefined {
  const milliseconds = Date.parse(at ?? '');
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** The facts, as far as they are still there. */
export function evidenceOf({ cause, run, startedAt, takenOutAt }: EvidenceSources): Evidence {
  const failed = run?.status?.metricResults?.filter(({ phase, dryRun }) => phase === 'Failed' && dryRun !== true) ?? [];
  const times = { startedAt: time(startedAt), abortedAt: time(cause?.at), takenOutAt: time(takenOutAt) };
  const known = { step: cause?.step, weight: cause?.weight, ...times };
  return {
    metrics: run ? failed.slice(0, METRICS_NAMED).map((result) => metricOf(result, run)) : [],
    cause: cause?.message ?? '',
    ...(run && { run: `${run.metadata.namespace}/${run.metadata.name}` }),
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  };
}

const NUMBER = String.raw`[-+]?(?:\d[\d.]*(?:[eE][-+]?\d+)?|NaN|Inf)|true|false|null`;
const NUMBERS = new RegExp(`^\\[?\\s*(?:${NUMBER})?(?:\\s*,\\s*(?:${NUMBER}))*\\s*\\]?$`);

/** Only numbers and truths: what else a backend answered may be anything, and is for those who may read the run. */
function valueText(value: string): string {
  const text = value.trim();
  if (text.length > VALUE_CHARACTERS || !NUMBERS.test(text)) return '(no number)';
  const single = /^\[([^,]*)\]$/.exec(text)?.[1]?.trim();
  return codeSpan(single || text, VALUE_CHARACTERS);
}

/** The query in the place that the template has for it, with nothing in it that could end the link. */
function graphUrl(template: string | undefined, query: string): string | undefined {
  const encoded = encodeURIComponent(query.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const url = template?.replaceAll('{query}', () => encoded);
  return url && url.length <= LINK_CHARACTERS ? linkTarget(url) : undefined;
}

function metricRows({ name, values, condition, query }: MetricEvidence, template: string | undefined): string[][] {
  const graph = query === undefined ? undefined : graphUrl(template, query);
  const rows = [['Metric', codeSpan(name, NAME_CHARACTERS)]];
  if (values.length > 0) rows.push(['Last bad values', values.map(valueText).join(', ')]);
  if (condition) {
    const label = condition.expects === 'success' ? 'Expected' : 'Fails where';
    rows.push([label, codeSpan(condition.text, CONDITION_CHARACTERS)]);
  }
  if (query !== undefined) {
    rows.push(['Query', `${codeSpan(query, QUERY_CHARACTERS)}${graph ? ` (${link('graph', graph)})` : ''}`]);
  }
  return rows;
}

function seconds(from: number | undefined, to: number | undefined): string | undefined {
  return from === undefined || to === undefined || to < from ? undefined : `${Math.round((to - from) / 1000)} s`;
}

function givenUp({ step, weight, startedAt, abortedAt }: Evidence): string {
  const after = seconds(startedAt, abortedAt);
  const parts = [
    step === undefined ? undefined : `at step ${Math.trunc(step)}`,
    weight === undefined ? undefined : `with ${Math.trunc(weight)} % of the traffic`,
    after && `${after} after the update began`,
  ];
  return parts.filter(Boolean).join(', ');
}

/** A table in Markdown: rows of our own words on the left, and what is known on the right. `template`: of a policy, for links to queries. */
export function evidenceTable(evidence: Evidence, template?: string): string {
  const { metrics, cause, run, abortedAt, takenOutAt } = evidence;
  const stopped = givenUp(evidence);
  const later = seconds(abortedAt, takenOutAt);
  const rows = [
    ...metrics.flatMap((metric) => metricRows(metric, template)),
    ...(stopped ? [['Given up', stopped]] : []),
    ...(later ? [['Out of Git', `${later} later`]] : []),
    ...(cause ? [['Why', codeSpan(cause, CAUSE_CHARACTERS)]] : []),
    ...(run ? [['Analysis', codeSpan(run, 2 * NAME_CHARACTERS)]] : []),
  ];
  if (rows.length === 0) return '';
  return ['| | |', '|---|---|', ...rows.map(([label, value]) => `| ${label} | ${value} |`)].join('\n');
}
