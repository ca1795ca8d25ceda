import { isFields } from '../../api/fields.ts';
import type { JsonObject } from '../../api/kubernetes.ts';
import type { Problem } from '../../errors.ts';

const STEP = /^(?:\d+(?:\.\d+)?|(?:\d+(?:ms|[smhdwy]))+)$/;

/** `metric.provider.prometheus` as far as this provider reads it. */
export interface Settings {
  address: string;
  query: string;
  timeout?: number;
  insecure?: boolean;
  headers?: { key: string; value: string }[];
  authentication?: { basicAuth?: { username?: string; password?: string } };
  rangeQuery?: { start?: string; end?: string; step?: string };
}

/** An empty address counts as none. */
export function withoutEmpty(provider: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(provider).filter(([, value]) => value !== '' && value !== null));
}

/** What is wrong with the settings of a metric. */
export function problemsOf(provider: JsonObject, defaultAddress: string | undefined): Problem[] {
  const { address, query, timeout, rangeQuery, authentication } = withoutEmpty(provider);
  return [
    ...addressProblems(address ?? defaultAddress),
    ...(typeof query === 'string' ? [] : [{ path: 'query', message: 'a query in PromQL is needed' }]),
    ...(typeof timeout === 'number' && timeout < 0
      ? [{ path: 'timeout', message: `${timeout} is not allowed: seconds, 0 or more` }]
      : []),
    ...(isFields(rangeQuery) ? rangeProblems(rangeQuery) : []),
    ...(isFields(authentication) ? authenticationProblems(authentication) : []),
  ];
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
    if (!isFields(settings) || Object.keys(withoutEmpty(settings)).length === 0) return [];
    return [{ path: `authentication.${kind}`, message: `${kind} is not supported yet; basicAuth and headers are` }];
  });
}
