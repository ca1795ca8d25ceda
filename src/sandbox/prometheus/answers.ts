import { evaluate, evaluateAt } from './evaluate.ts';
import { durationMilliseconds, parseError } from './lexer.ts';
import { createMatcher } from './matchers.ts';
import { parse } from './parser.ts';
import type { Expression } from './syntax.ts';
import { check, typeName } from './types.ts';
import {
  type Labels,
  type Matcher,
  METRIC_NAME,
  numberText,
  QueryError,
  type SampleStore,
  signature,
  type Value,
} from './values.ts';

const MOST_POINTS = 11_000;

/** The parameters of a request and the world they are asked in. */
export interface Question {
  parameters: URLSearchParams;
  store: SampleStore;
  /** World time, milliseconds. */
  now: number;
}

/** What the HTTP API puts under `data`, for each path below /api/v1. Throws QueryError for what it refuses. */
export const ANSWERS: Record<string, (question: Question) => unknown> = {
  query,
  query_range: queryRange,
  series: (question) => distinct(selected(question)),
  labels: (question) => sortedSet(selected(question).flatMap((labels) => Object.keys(labels))),
  'status/buildinfo': () => ({
    version: '3.5.0',
    revision: 'sandbox',
    branch: 'sandbox',
    buildUser: '',
    buildDate: '',
    goVersion: '',
  }),
};

export function labelValues(name: string, question: Question): string[] {
  return sortedSet(selected(question).flatMap((labels) => (labels[name] ? [labels[name]] : [])));
}

function query({ parameters, store, now }: Question): unknown {
  const time = instant(parameters, 'time', now);
  const expression = parsed(parameters);
  return valueJson(evaluate(expression, { store, time, start: time, end: time }), time);
}

function valueJson(value: Value, time: number): unknown {
  const point = (at: number, number: number) => [at / 1000, numberText(number)];
  switch (value.type) {
    case 'scalar':
      return { resultType: 'scalar', result: point(time, value.value) };
    case 'string':
      return { resultType: 'string', result: [time / 1000, value.value] };
    case 'vector': {
      const result = value.samples.map((sample) => ({ metric: sample.labels, value: point(time, sample.value) }));
      return { resultType: 'vector', result };
    }
    case 'matrix': {
      const values = (points: { time: number; value: number }[]) => points.map((each) => point(each.time, each.value));
      const result = value.series.map(({ labels, points }) => ({ metric: labels, values: values(points) }));
      return { resultType: 'matrix', result };
    }
  }
}

function queryRange({ parameters, store }: Question): unknown {
  const start = instant(parameters, 'start');
  const end = instant(parameters, 'end');
  if (end < start) throw invalid('end', 'end timestamp must not be before start time');
  const step = stepMilliseconds(parameters.get('step') ?? '');
  if ((end - start) / step > MOST_POINTS) {
    const limit =
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)';
    throw new QueryError('bad_data', limit);
  }
  const expression = parsed(parameters);
  const type = check(expression, (message) => parseError('', 0, message));
  if (type === 'matrix' || type === 'string') {
    throw invalid(
      'query',
      `invalid expression type "${typeName(type)}" for range query, must be Scalar or instant Vector`,
    );
  }
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);
  return valueJson({ type: 'matrix', series: evaluateAt(expression, times, { store, time: start, start, end }) }, end);
}

function invalid(parameter: string, message: string): QueryError {
  return new QueryError('bad_data', `invalid parameter "${parameter}": ${message}`);
}

function parsed(parameters: URLSearchParams): Expression {
  try {
    return parse(parameters.get('query') ?? '');
  } catch (error) {
    if (error instanceof QueryError) throw invalid('query', error.message);
    throw error;
  }
}

/** Unix seconds or RFC 3339. */
function instant(parameters: URLSearchParams, name: string, fallback?: number): number {
  const text = parameters.get(name) ?? '';
  if (text === '' && fallback !== undefined) return fallback;
  const seconds = text === '' ? Number.NaN : Number(text);
  const milliseconds = Number.isNaN(seconds) ? Date.parse(text) : Math.round(seconds * 1000);
  if (Number.isNaN(milliseconds)) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return milliseconds;
}

function stepMilliseconds(text: string): number {
  const seconds = text === '' ? Number.NaN : Number(text);
  const step = Number.isNaN(seconds) ? durationMilliseconds(text) : seconds * 1000;
  if (step === undefined) throw invalid('step', `cannot parse ${JSON.stringify(text)} to a valid duration`);
  if (step <= 0) {
    throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  }
  return step;
}

/** The label sets of the series that any `match[]` selects, or of all where there is none. */
function selected({ parameters, store, now }: Question): Labels[] {
  const from = instant(parameters, 'start', 0);
  const to = instant(parameters, 'end', now);
  const selectors = parameters.getAll('match[]');
  const sets = selectors.length > 0 ? selectors.map(matchersOf) : [[createMatcher(METRIC_NAME, '!=', '')]];
  return sets
    .flatMap((matchers) => store.select(matchers, Math.max(from, to - 3_600_000), to))
    .map(({ labels }) => labels);
}

function matchersOf(selector: string): Matcher[] {
  const expression = parse(selector);
  if (expression.kind !== 'selector') throw invalid('match[]', 'expected a series selector');
  return expression.matchers;
}

function distinct(sets: Labels[]): Labels[] {
  return [...new Map(sets.map((labels) => [signature(labels), labels])).values()];
}

function sortedSet(texts: string[]): string[] {
  return [...new Set(texts)].sort();
}
