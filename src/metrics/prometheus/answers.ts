import type { Answer } from '../../net/index.ts';
import type { Reading } from '../provider.ts';

type Sample = [time: number, value: string];

/** A success of Prometheus' HTTP API. */
export interface Payload {
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
export function readingOf({ data }: Payload, metadata: Record<string, string>): Reading {
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

/** The warnings of a success, as notes on the measurement. */
export function warningsOf({ warnings }: Payload): Record<string, string> {
  const words = [warnings].flat().filter((each) => typeof each === 'string');
  return words.length === 0 ? {} : { warnings: words.map((each) => `"${each}"`).join(', ') };
}

/** What an answer that is no success means; undefined for a success. Bodies are quoted only as far as Prometheus speaks in them. */
export function refusalOf({ status, body }: Answer): Reading | undefined {
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
