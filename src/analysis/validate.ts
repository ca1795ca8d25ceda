/** What can be known to be wrong with a template or a run before anything is measured. */
import { RE2JS } from 're2js';
import { durationMilliseconds } from '../api/durations.ts';
import type { AnalysisRunSpec, AnalysisTemplateSpec, Argument, Metric } from '../api/index.ts';
import type { JsonObject } from '../api/kubernetes.ts';
import { messageOf, type Problem } from '../errors.ts';
import { type ArgumentValues, namesIn, plainValues, substitute, unresolvedArguments } from './arguments.ts';
import { parseCondition } from './condition/index.ts';
import { nameMatches, parseInteger } from './settings.ts';

/** What each provider that can be driven says about its own part of a metric; keyed as below `metric.provider`. */
export type ProviderChecks = ReadonlyMap<string, { validate(provider: JsonObject): Problem[] }>;

/** Everything wrong with a run's spec; such a run ends as an Error before its first measurement. */
export function validateRun(spec: AnalysisRunSpec, providers: ProviderChecks): Problem[] {
  const args = spec.args ?? [];
  const problems = [
    ...((spec.metrics ?? []).length === 0 ? [{ path: 'spec.metrics', message: 'no metrics specified' }] : []),
    ...unresolvedArguments(args, 'spec.args'),
    ...(spec.metrics ?? []).flatMap((metric, index) => undeclared(metric, args, `spec.metrics[${index}]`)),
  ];
  return [...problems, ...commonProblems(spec, providers)];
}

/** Everything wrong with a template; arguments may still be without a value. */
export function validateTemplate(spec: AnalysisTemplateSpec, providers: ProviderChecks): Problem[] {
  const own = (spec.templates ?? []).length > 0 ? [] : (spec.metrics ?? []);
  const open = own.flatMap((metric, index) => undeclared(metric, spec.args ?? [], `spec.metrics[${index}]`));
  return [...open, ...commonProblems(spec, providers)];
}

/** Problems in the conditions of a template or run alone; `at` is the path of a metric. */
export function validateConditions(
  spec: AnalysisTemplateSpec | AnalysisRunSpec,
  at = (index: number) => `spec.metrics[${index}]`,
): Problem[] {
  const args = plainValues(spec.args ?? []);
  return (spec.metrics ?? []).flatMap((metric, index) => conditionProblems(metric, args, at(index)));
}

function commonProblems(spec: AnalysisTemplateSpec | AnalysisRunSpec, providers: ProviderChecks): Problem[] {
  const metrics = spec.metrics ?? [];
  const args = plainValues(spec.args ?? []);
  const names = metrics.map(({ name }) => name);
  // The metrics of templates taken in are not known here.
  const known = 'templates' in spec && (spec.templates ?? []).length > 0 ? undefined : names;
  return [
    ...metrics.flatMap((metric, index) => {
      const path = `spec.metrics[${index}]`;
      const twice = names.indexOf(metric.name) !== index;
      return [
        ...(twice
          ? [{ path: `${path}.name`, message: `two metrics have the same name '${metric.name}': rename one` }]
          : []),
        ...numberProblems(metric, args, path),
        ...timeProblems(metric, args, path),
        ...conditionProblems(metric, args, path),
        ...providerProblems(metric, args, providers, `${path}.provider`),
      ];
    }),
    ...ruleProblems('dryRun', spec.dryRun ?? [], known),
    ...ruleProblems('measurementRetention', spec.measurementRetention ?? [], known),
  ];
}

/** Arguments that a metric uses but nobody declares. */
function undeclared(metric: Metric, args: readonly Argument[], path: string): Problem[] {
  const declared = new Set(args.map(({ name }) => name));
  return [...namesIn(metric)]
    .filter((name) => !declared.has(name))
    .map((name) => ({ path, message: `uses {{args.${name}}}, but args has no ${name}: add it to spec.args` }));
}

const NUMBERS = [
  'count',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
] as const;

function numberProblems(metric: Metric, args: ArgumentValues, path: string): Problem[] {
  const problems = NUMBERS.flatMap((field) => {
    const raw = metric[field];
    const value = typeof raw === 'string' ? substitute(raw, args).value : raw;
    if (value === undefined || isOpen(value)) return [];
    const number = parseInteger(value);
    const negative = number !== undefined && number < 0 && field !== 'failureLimit';
    if (number !== undefined && !negative) return [];
    return [{ path: `${path}.${field}`, message: `"${value}" is not allowed: a whole number, 0 or more` }];
  });
  const count = parseInteger(metric.count);
  if (count !== undefined && count > 1 && metric.interval === undefined) {
    problems.push({ path: `${path}.interval`, message: `interval must be specified when count > 1, as in 30s` });
  }
  return problems;
}

function timeProblems(metric: Metric, args: ArgumentValues, path: string): Problem[] {
  return (['interval', 'initialDelay'] as const).flatMap((field) => {
    const text = metric[field] === undefined ? undefined : substitute(metric[field], args).value;
    const time = text === undefined ? 0 : durationMilliseconds(text);
    if (text === undefined || isOpen(text) || (time !== undefined && time >= 0)) return [];
    return [{ path: `${path}.${field}`, message: `"${text}" is not a duration: as in 30s, 5m or 1h30m` }];
  });
}

/** Whether text still holds an argument that has no value yet. */
function isOpen(text: unknown): boolean {
  return typeof text === 'string' && text.includes('{{');
}

function conditionProblems(metric: Metric, args: ArgumentValues, path: string): Problem[] {
  return (['successCondition', 'failureCondition'] as const).flatMap((field) => {
    const source = metric[field] ?? '';
    if (source === '') return [];
    const resolved = substitute(source, args).value;
    const parsed = parseCondition(resolved);
    // A condition whose arguments have no value yet can only be judged where any value would do.
    if (parsed.ok || isOpen(resolved)) return [];
    return [
      {
        path: `${path}.${field}`,
        message: `"${resolved.slice(0, 200)}" is not a condition: ${parsed.problem.message}`,
      },
    ];
  });
}

function providerProblems(metric: Metric, args: ArgumentValues, providers: ProviderChecks, path: string): Problem[] {
  const chosen = Object.entries(metric.provider ?? {}).filter(
    ([, settings]) => settings !== undefined && settings !== null,
  );
  const known = [...providers.keys()].join(', ');
  const [first] = chosen;
  if (first === undefined) return [{ path, message: `no provider specified: name one of ${known}` }];
  if (chosen.length > 1) {
    return [{ path, message: `multiple providers specified (${chosen.map(([key]) => key).join(', ')}): keep one` }];
  }
  const [key, settings] = first;
  const provider = providers.get(key);
  if (provider === undefined) {
    return [{ path: `${path}.${key}`, message: `the provider ${key} is not driven yet: use one of ${known}` }];
  }
  const resolved = substitute(settings as JsonObject, args).value;
  return provider.validate(resolved).map((problem) => ({ ...problem, path: `${path}.${key}.${problem.path}` }));
}

function ruleProblems(field: string, rules: readonly { metricName: string }[], names?: string[]): Problem[] {
  return rules.flatMap(({ metricName }, index) => {
    const path = `spec.${field}[${index}].metricName`;
    try {
      RE2JS.compile(metricName);
    } catch (error) {
      return [{ path, message: `"${metricName}" is not a regular expression: ${messageOf(error)}` }];
    }
    if (names === undefined || names.some((name) => nameMatches(metricName, name))) return [];
    return [{ path, message: `Rule didn't match any metric name(s): ${metricName} (metrics: ${names.join(', ')})` }];
  });
}
