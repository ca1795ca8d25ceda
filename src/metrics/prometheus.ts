import { type PrometheusConnectionOptions, PrometheusDriver, type QueryResult } from 'prometheus-query';
import type { JsonObject } from '../api/kubernetes.ts';
import { messageOf, type Problem } from '../errors.ts';
import { type Answer, type Dialer, Unreachable } from '../net/index.ts';
import type { MeasureRequest, MetricProvider, Reading } from './provider.ts';

/** Works out a moment from an expression such as `now() - duration("5m")`; milliseconds since the epoch. */
export type Moments = (expression: string, now: number) => { ok: true; time: number } | { ok: false; message: string };

export interface PrometheusOptions {
  dialer: Dialer;
  /** Asked where a metric names no address of its own. */
  defaultAddress?: string;
  moments: Moments;
}

const DEFAULT_TIMEOUT_SECONDS = 30;
/** Queries longer than this do not fit every server's limit for URLs. */
const LONGEST_URL_QUERY = 4000;
const STEP = /^(?:\d+(?:\.\d+)?|(?:\d+(?:ms|[smhdwy]))+)$/;

/** `metric.provider.prometheus` as far as this provider reads it. */
interface Settings {
  address: string;
  query: string;
  timeout?: number;
  insecure?: boolean;
  headers?: { key: string; value: string }[];
  authentication?: { basicAuth?: { username?: string; password?: string } };
  rangeQuery?: { start?: string; end?: string; step?: string };
}

/** Asks a Prometheus, or whatever speaks its HTTP API. */
export function createPrometheusProvider({ dialer, defaultAddress, moments }: PrometheusOptions): MetricProvider {
  return {
    key: 'prometheus',
    validate: (provider) => problemsOf(provider, defaultAddress),
    async measure(request) {
      const settings = { address: defaultAddress ?? '', ...withoutEmpty(request.provider) } as unknown as Settings;
      const metadata = { ResolvedPrometheusQuery: settings.query };
      try {
        const conversation = { settings, request, dialer, moments, metadata };
        return await ask(conversation);
      } catch (error) {
        return { kind: error instanceof Unreachable ? 'unreachable' : 'rejected', message: messageOf(error) };
      }
    },
  };
}

/** An empty address counts as none. */
function withoutEmpty(provider: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(provider).filter(([, value]) => value !== '' && value !== null));
}

interface Conversation {
  settings: Settings;
  request: MeasureRequest;
  dialer: Dialer;
  moments: Moments;
  metadata: Record<string, string>;
}

async function ask(conversation: Conversation): Promise<Reading> {
  const { settings, request, moments } = conversation;
  const wire = wireOf(conversation);
  const driver = new PrometheusDriver({
    endpoint: settings.address,
    preferPost: settings.query.length > LONGEST_URL_QUERY,
    requestInterceptor: { onFulfilled: (config) => ({ ...config, adapter: wire.adapter }) },
  });
  const query = async (): Promise<QueryResult | Reading> => {
    if (settings.rangeQuery === undefined) return driver.instantQuery(settings.query, request.now);
    const start = moments(settings.rangeQuery.start ?? '', request.now);
    const end = moments(settings.rangeQuery.end ?? '', request.now);
    if (!start.ok) return { kind: 'rejected', message: `failed to parse rangeQuery.start as time: ${start.message}` };
    if (!end.ok) return { kind: 'rejected', message: `failed to parse rangeQuery.end as time: ${end.message}` };
    return driver.rangeQuery(settings.query, start.time, end.time, settings.rangeQuery.step ?? '1m');
  };
  try {
    const answered = await query();
    if ('kind' in answered) return answered;
    return readingOf(wire.payload(), { ...conversation.metadata, ...warningsOf(wire.payload()) });
  } catch (error) {
    if (wire.failed() !== undefined) throw wire.failed();
    const refusal = wire.refusal();
    if (refusal !== undefined) return refusal;
    return { kind: 'rejected', message: `the answer is not one of Prometheus: ${messageOf(wordOf(error))}` };
  }
}

function wordOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'error' in error ? error.error : error;
}

type Interceptor = NonNullable<PrometheusConnectionOptions['requestInterceptor']>['onFulfilled'];
type Config = Parameters<Interceptor>[0];
type Adapter = Extract<NonNullable<Config['adapter']>, (...args: never[]) => unknown>;

/** Carries the driver's requests over the dialer and keeps what the driver drops: warnings and the kind of failure. */
function wireOf({ settings, request, dialer }: Conversation) {
  let failure: unknown;
  let answer: Answer | undefined;
  let payload: Payload = {};
  const adapter: Adapter = async (config) => {
    const post = config.method?.toUpperCase() === 'POST';
    try {
      answer = await dialer.request({
        method: post ? 'POST' : 'GET',
        url: `${config.baseURL}${config.url}${post ? '' : `?${config.params}`}`,
        headers: headersOf(settings, post),
        timeoutMilliseconds: timeoutOf(settings, request),
        ...(post && { body: String(config.data) }),
        ...(settings.insecure && { insecure: true }),
      });
    } catch (error) {
      failure = error;
      throw error;
    }
    if (refusalOf(answer) !== undefined) throw new Error('refused');
    payload = JSON.parse(answer.body) ?? {};
    return { data: payload, status: answer.status, statusText: '', headers: answer.headers, config };
  };
  return {
    adapter,
    failed: () => failure,
    refusal: () => (answer === undefined ? undefined : refusalOf(answer)),
    payload: () => payload,
  };
}

function warningsOf({ warnings }: Payload): Record<string, string> {
  const words = [warnings].flat().filter((each) => typeof each === 'string');
  return words.length === 0 ? {} : { warnings: words.map((each) => `"${each}"`).join(', ') };
}

function timeoutOf({ timeout }: Settings, { timeoutMilliseconds }: MeasureRequest): number {
  const own = (timeout || DEFAULT_TIMEOUT_SECONDS) * 1000;
  return Math.min(own, timeoutMilliseconds);
}

function headersOf({ headers = [], authentication }: Settings, post: boolean): Record<string, string> {
  const { username = '', password = '' } = authentication?.basicAuth ?? {};
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    accept: 'application/json',
    ...(post && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...((username || password) && { authorization: `Basic ${basic}` }),
    ...Object.fromEntries(headers.map(({ key, value }) => [key.toLowerCase(), value])),
  };
}

/** What an answer that is no success means; undefined for a success. Bodies are quoted only as far as Prometheus speaks in them. */
function refusalOf({ status, body }: Answer): Reading | undefined {
  if (status >= 200 && status < 300) return undefined;
  const { type, text } = errorIn(body);
  const said = type === '' ? '' : `: ${type}: ${text}`;
  const message = `Prometheus answered ${status}${said}`;
  if (status === 429 || status >= 500 || status === 408) return { kind: 'unreachable', message };
  if (type === 'timeout' || type === 'canceled') return { kind: 'unreachable', message };
  if (status >= 300 && status < 400) {
    return { kind: 'rejected', message: `${message}: redirects are not followed; name the final address` };
  }
  if (status === 401 || status === 403) {
    return { kind: 'rejected', message: `${message}: check the metric's headers or authentication` };
  }
  return { kind: 'rejected', message };
}

const ERROR_TYPES = new Set([
  'bad_data',
  'canceled',
  'execution',
  'internal',
  'not_acceptable',
  'not_found',
  'timeout',
  'unavailable',
]);

/** Prometheus' own words, where it is Prometheus that speaks: no other body is ever quoted. */
function errorIn(body: string): { type: string; text: string } {
  const none = { type: '', text: '' };
  try {
    const { errorType, error } = JSON.parse(body) as { errorType?: unknown; error?: unknown };
    if (typeof errorType !== 'string' || typeof error !== 'string' || !ERROR_TYPES.has(errorType)) return none;
    return { type: errorType, text: error.slice(0, 400) };
  } catch {
    return none;
  }
}

type Sample = [time: number, value: string];

/** A success of Prometheus' HTTP API. */
interface Payload {
  data?: { resultType?: string; result?: unknown };
  warnings?: unknown;
}

/** One series of a vector or matrix; histograms stand in fields of their own. */
interface Series {
  value?: Sample;
  values?: Sample[];
}

/**
 * The samples of a successful answer, which the driver has checked for its shape. Read from the answer itself: the
 * driver knows no infinities, and the server's own digits are what people look for.
 */
function readingOf({ data }: Payload, metadata: Record<string, string>): Reading {
  if (data?.resultType === 'scalar') {
    const [, text] = data.result as Sample;
    return { kind: 'value', value: numberOf(text), text, metadata };
  }
  if (data?.resultType !== 'vector' && data?.resultType !== 'matrix') {
    return { kind: 'rejected', message: `Prometheus metric type not supported: ${data?.resultType}` };
  }
  const texts = (data.result as Series[]).flatMap(({ value, values = [] }) =>
    (value === undefined ? values : [value]).map(([, text]) => text),
  );
  if (texts.length === 0) return { kind: 'noData', message: 'the query found no series', metadata };
  return { kind: 'value', value: texts.map(numberOf), text: `[${texts.join(',')}]`, metadata };
}

function numberOf(text: string): number {
  return Number.parseFloat(text.replace(/^([+-]?)Inf$/, '$1Infinity'));
}

function problemsOf(provider: JsonObject, defaultAddress: string | undefined): Problem[] {
  const { address, query, timeout, rangeQuery, authentication } = withoutEmpty(provider);
  return [
    ...addressProblems(address ?? defaultAddress),
    ...(typeof query === 'string' ? [] : [{ path: 'query', message: 'a query in PromQL is needed' }]),
    ...(typeof timeout === 'number' && timeout < 0
      ? [{ path: 'timeout', message: `${timeout} is not allowed: seconds, 0 or more` }]
      : []),
    ...(isObject(rangeQuery) ? rangeProblems(rangeQuery) : []),
    ...(isObject(authentication) ? authenticationProblems(authentication) : []),
  ];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text that holds an argument can only be judged once that is known. */
function isOpen(text: string): boolean {
  return text.includes('{{');
}

function addressProblems(address: unknown): Problem[] {
  if (address === undefined) {
    const message =
      'prometheus address is not configured: set it here, or start the controller with --prometheus-address';
    return [{ path: 'address', message }];
  }
  if (typeof address === 'string' && (isOpen(address) || /^https?:\/\/[^/]/i.test(address))) return [];
  return [
    { path: 'address', message: `"${address}" is not an http or https URL, as in http://prometheus.monitoring:9090` },
  ];
}

function rangeProblems({ start, end, step }: JsonObject): Problem[] {
  const missing = Object.entries({ start, end, step }).filter(([, value]) => typeof value !== 'string' || value === '');
  const problems = missing.map(([field]) => ({
    path: `rangeQuery.${field}`,
    message: `a range query needs start, end and step; ${field} is missing`,
  }));
  if (typeof step === 'string' && step !== '' && !isOpen(step) && !STEP.test(step)) {
    problems.push({
      path: 'rangeQuery.step',
      message: `"${step}" is not a step: a number of seconds, or a duration as in 30s or 1m`,
    });
  }
  return problems;
}

function authenticationProblems(authentication: JsonObject): Problem[] {
  return ['sigv4', 'oauth2'].flatMap((kind) => {
    const settings = authentication[kind];
    if (!isObject(settings) || Object.keys(withoutEmpty(settings)).length === 0) return [];
    return [{ path: `authentication.${kind}`, message: `${kind} is not supported yet; basicAuth and headers are` }];
  });
}
