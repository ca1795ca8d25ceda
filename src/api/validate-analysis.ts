/** The rules of metrics, arguments, templates and runs that go beyond the types of their fields. */
import { RE2JS } from 're2js';
import type { AnalysisRun } from './analysis-run.ts';
import type { AnalysisTemplateSpec, Argument, Metric } from './analysis-template.ts';
import { DURATION_HELP, durationSeconds } from './durations.ts';
import { isFields } from './fields.ts';
import { providers } from './metric-providers.ts';
import { duplicates, inside, listed, type Problem, problem, setFields, show } from './problems.ts';
import { analysisArgumentProblems } from './validate-arguments.ts';
import { negatives } from './validate-values.ts';

type Limit = 'count' | 'failureLimit' | 'inconclusiveLimit' | 'consecutiveErrorLimit' | 'consecutiveSuccessLimit';
const limits: readonly Limit[] = [
  'count',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
];

/** The number, or undefined where it is not set or only known once arguments are put in. */
function numberOf(value: number | string | undefined): number | undefined {
  if (value === undefined || (typeof value === 'string' && value.includes('{{'))) return undefined;
  return Number(value);
}

const LIMIT_HELP = 'give one, or an argument as in "{{args.limit}}"';

function limitProblems(path: string, metric: Metric): Problem[] {
  const failureLimit = numberOf(metric.failureLimit) ?? 0;
  const endless = failureLimit === -1 && (numberOf(metric.consecutiveSuccessLimit) ?? 0) === 0;
  const least = (field: Limit) => (field === 'failureLimit' ? -1 : 0);
  const problems = limits.flatMap((field) => {
    const value = numberOf(metric[field]);
    if (value === undefined) return [];
    const at = inside(path, field);
    if (!Number.isInteger(value)) return [problem(at, `${show(metric[field])} is not a whole number: ${LIMIT_HELP}`)];
    const disabled = field === 'failureLimit' ? ', or -1 to be disabled' : '';
    return value >= least(field) ? [] : [problem(at, `${value} is too little: ${field} must be >= 0${disabled}`)];
  });
  if (!endless) return problems;
  const message =
    'failureLimit and consecutiveSuccessLimit cannot both be disabled: the metric could never be decided; set one of them';
  return [...problems, problem(`${path}.failureLimit`, message)];
}

/** The count must leave room for the limits to be reached. */
function countProblems(path: string, metric: Metric): Problem[] {
  const count = numberOf(metric.count) ?? 0;
  if (count <= 0) return [];
  const failures = Math.max(0, numberOf(metric.failureLimit) ?? 0);
  const successes = numberOf(metric.consecutiveSuccessLimit) ?? 0;
  const inconclusive = numberOf(metric.inconclusiveLimit) ?? 0;
  const problems: Problem[] = [];
  if (count < failures + successes) {
    const sum = 'failureLimit + consecutiveSuccessLimit';
    problems.push(
      problem(
        `${path}.count`,
        `count (${count}) must be >= ${sum} (${failures} + ${successes}): raise count or lower a limit`,
      ),
    );
  }
  if (count < inconclusive) {
    problems.push(
      problem(
        `${path}.count`,
        `count (${count}) must be >= inconclusiveLimit (${inconclusive}): raise count or lower the limit`,
      ),
    );
  }
  if (count > 1 && (metric.interval ?? '') === '') {
    problems.push(
      problem(`${path}.interval`, `interval must be specified when count > 1, and count is ${count}: ${DURATION_HELP}`),
    );
  }
  return problems;
}

function timeProblems(path: string, metric: Metric): Problem[] {
  return (['interval', 'initialDelay'] as const).flatMap((field) => {
    const value = metric[field];
    if (value === undefined || value === '' || value.includes('{{')) return [];
    const seconds = durationSeconds(value);
    if (seconds === undefined)
      return [problem(`${path}.${field}`, `invalid ${field} string ${show(value)}: ${DURATION_HELP}`)];
    return seconds < 0 ? [problem(`${path}.${field}`, `${show(value)} is negative: ${field} must be >= 0`)] : [];
  });
}

function providerProblems(path: string, metric: Metric): Problem[] {
  const known = Object.keys(providers);
  const set = setFields(metric.provider, known);
  if (set.length === 1) return [];
  const strange = Object.keys(metric.provider).filter((key) => !known.includes(key));
  const what = set.length > 1 ? `multiple providers specified (${listed(set)})` : 'no provider specified';
  const extra = strange.length > 0 ? `, and ${listed(strange)} is not known` : '';
  return [problem(path, `${what}${extra}: set exactly one of ${listed(known, 'or')}`)];
}

/** Every `{{...}}` in the text leaves of a value, with the path of the leaf. */
function placeholders(path: string, value: unknown): { path: string; tag: string }[] {
  if (typeof value === 'string') {
    return [...value.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, tag = '']) => ({ path, tag: tag.trim() }));
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => placeholders(`${path}[${index}]`, item));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => placeholders(inside(path, key), each));
}

function referenceProblems(path: string, metrics: Metric[], args: Argument[]): Problem[] {
  const declared = args.map(({ name }) => name);
  return placeholders(path, metrics)
    .filter(({ tag }) => !tag.startsWith('args.') || !declared.includes(tag.slice('args.'.length)))
    .map(({ path: at, tag }) => {
      const known = declared.length === 0 ? 'there are no args' : `args are ${listed(declared)}`;
      return problem(at, `failed to resolve {{${tag}}}: ${known}; declare it in spec.args or correct the name`);
    });
}

export function metricProblems(path: string, metrics: Metric[]): Problem[] {
  return [
    ...duplicates(
      metrics.map(({ name }) => name),
      (index) => `${path}[${index}].name`,
      'metric name',
    ),
    ...metrics.flatMap((metric, index) => {
      const at = `${path}[${index}]`;
      const named =
        metric.name === '' ? [problem(`${at}.name`, 'name is required: give the metric a name of its own')] : [];
      return [
        ...named,
        ...limitProblems(at, metric),
        ...countProblems(at, metric),
        ...timeProblems(at, metric),
        ...providerProblems(`${at}.provider`, metric),
      ];
    }),
  ];
}

const NO_METRICS = 'no metrics specified: list at least one metric';

/** An AnalysisTemplate or a ClusterAnalysisTemplate. */
export function templateSpecProblems(spec: AnalysisTemplateSpec): Problem[] {
  const { metrics = [], args = [], templates = [] } = spec;
  const empty = metrics.length === 0 && templates.length === 0;
  return [
    ...(empty ? [problem('spec.metrics', `${NO_METRICS}, or take some in by spec.templates`)] : []),
    ...metricProblems('spec.metrics', metrics),
    ...analysisArgumentProblems('spec.args', args),
    // What a template takes in may declare arguments that its own metrics use.
    ...(templates.length === 0 ? referenceProblems('spec.metrics', metrics, args) : []),
  ];
}

/** Rules that name metrics by a regular expression must each name one. */
function ruleProblems(path: string, rules: { metricName: string }[], metrics: Metric[]): Problem[] {
  return rules.flatMap(({ metricName }, index) => {
    const at = `${path}[${index}].metricName`;
    try {
      const pattern = RE2JS.compile(metricName);
      if (metrics.some(({ name }) => pattern.matcher(name).find())) return [];
    } catch {
      return [problem(at, `${show(metricName)} is no regular expression: use RE2 syntax, as in "success.*"`)];
    }
    return [
      problem(
        at,
        `${show(metricName)}: Rule didn't match any metric name(s), which are ${listed(metrics.map(({ name }) => name))}`,
      ),
    ];
  });
}

export function analysisRunProblems({ spec }: AnalysisRun): Problem[] {
  const { metrics = [], args = [] } = spec;
  const unresolved = args.flatMap(({ name, value, valueFrom }, index) =>
    value === undefined && valueFrom === undefined
      ? [problem(`spec.args[${index}]`, `args.${name} was not resolved: give it a value or valueFrom`)]
      : [],
  );
  return [
    ...(metrics.length === 0 ? [problem('spec.metrics', NO_METRICS)] : []),
    ...metricProblems('spec.metrics', metrics),
    ...analysisArgumentProblems('spec.args', args),
    ...unresolved,
    ...referenceProblems('spec.metrics', metrics, args),
    ...ruleProblems('spec.dryRun', spec.dryRun ?? [], metrics),
    ...ruleProblems('spec.measurementRetention', spec.measurementRetention ?? [], metrics),
    ...negatives('spec.ttlStrategy', spec.ttlStrategy ?? {}, [
      'secondsAfterCompletion',
      'secondsAfterFailure',
      'secondsAfterSuccess',
    ]),
  ];
}
