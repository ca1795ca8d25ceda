import { type PrometheusConnectionOptions, PrometheusDriver, type QueryResult } from 'prometheus-query';
import { messageOf } from '../errors.ts';
import { type Answer, type Dialer, Unreachable } from '../net/index.ts';
import { type Payload, readingOf, refusalOf, warningsOf } from './prometheus/answers.ts';
import { problemsOf, type Settings, withoutEmpty } from './prometheus/settings.ts';
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
    requestInterceptor: { onFulfilled: (config) => ({ ...atServersTime(config), adapter: wire.adapter }) },
  });
  const query = async (): Promise<QueryResult | Reading> => {
    if (settings.rangeQuery === undefined) return driver.instantQuery(settings.query);
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

/**
 * An instant query without a moment is answered for the server's own now. The samples carry the server's time: with a
 * clock that is some minutes off, this side would ask for a moment that has none.
 */
function atServersTime(config: Config): Config {
  for (const parameters of [config.params, config.data] as (URLSearchParams | undefined)[]) parameters?.delete('time');
  return config;
}

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
