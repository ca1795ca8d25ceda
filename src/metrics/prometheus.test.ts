import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDialer } from '../net/index.ts';
import { createStage, providerConformance } from './conformance.ts';
import { createPrometheusProvider, type Moments } from './prometheus.ts';

const NOW = 1_767_225_600_000;
const moments: Moments = (expression, now) =>
  expression === 'now()'
    ? { ok: true, time: now }
    : expression === 'before'
      ? { ok: true, time: now - 60_000 }
      : { ok: false, message: 'no time' };

function success(resultType: string, result: unknown, more: object = {}) {
  return { status: 200, body: JSON.stringify({ status: 'success', data: { resultType, result }, ...more }) };
}

providerConformance('prometheus', {
  create: (dialer) => createPrometheusProvider({ dialer, moments }),
  settings: (address) => ({ address, query: 'up' }),
  value: success('vector', [{ metric: {}, value: [1, '0.95'] }]),
  empty: success('vector', []),
});

describe('prometheus', () => {
  const stage = createStage();
  beforeAll(stage.start);
  afterAll(stage.stop);
  const dialer = createDialer({ allowLoopback: true });
  const provider = createPrometheusProvider({ dialer, moments });
  const measure = (more: object = {}) =>
    provider.measure({
      provider: { address: stage.address(), query: 'up', ...more },
      now: NOW,
      timeoutMilliseconds: 5000,
    });

  it.each<[string, unknown, unknown, string]>([
    ['scalar', [1, '0.95'], 0.95, '0.95'],
    ['scalar', [1, 'NaN'], Number.NaN, 'NaN'],
    [
      'vector',
      [
        { metric: { a: 'b' }, value: [1, '0.000001'] },
        { metric: {}, value: [1, '+Inf'] },
      ],
      [1e-6, Number.POSITIVE_INFINITY],
      '[0.000001,+Inf]',
    ],
    ['vector', [{ metric: {}, value: [1, '-Inf'] }], [Number.NEGATIVE_INFINITY], '[-Inf]'],
    [
      'matrix',
      [
        {
          metric: {},
          values: [
            [1, '1'],
            [2, '2'],
          ],
        },
        { metric: {}, values: [[1, '3']] },
      ],
      [1, 2, 3],
      '[1,2,3]',
    ],
  ])('reads a %s', async (type, result, value, text) => {
    stage.play(success(type, result));
    expect(await measure()).toEqual({ kind: 'value', value, text, metadata: { ResolvedPrometheusQuery: 'up' } });
  });

  it('keeps warnings', async () => {
    stage.play(success('vector', [{ metric: {}, value: [1, '1'] }], { warnings: ['a', 'b'] }));
    expect(await measure()).toMatchObject({ metadata: { warnings: '"a", "b"' } });
  });

  it('leaves the moment to the server, with headers and basic authentication', async () => {
    stage.play(success('scalar', [1, '1']));
    const headers = [{ key: 'X-Scope-OrgID', value: 'shop' }];
    await measure({
      headers,
      authentication: { basicAuth: { username: 'u', password: 'p' }, oauth2: {}, sigv4: {} },
      query: 'a{b="c"} + 1',
    });
    const asked = stage.asked.at(-1);
    expect(asked?.method).toBe('GET');
    const url = new URL(asked?.url ?? '', 'http://x');
    expect(url.pathname).toBe('/api/v1/query');
    expect(Object.fromEntries(url.searchParams)).toEqual({ query: 'a{b="c"} + 1' });
    expect(asked?.headers).toMatchObject({ 'x-scope-orgid': 'shop', authorization: 'Basic dTpw' });
  });

  it('sends long queries in a body', async () => {
    stage.play(success('scalar', [1, '1']));
    const query = `up{a="${'x'.repeat(5000)}"}`;
    expect(await measure({ query })).toMatchObject({ kind: 'value' });
    expect(Object.fromEntries(new URLSearchParams(stage.asked.at(-1)?.body))).toEqual({ query });
  });

  it('keeps a path in the address', async () => {
    stage.play(success('scalar', [1, '1']));
    await measure({ address: `${stage.address()}/select/0/prometheus/` });
    expect(stage.asked.at(-1)?.url).toMatch(/^\/select\/0\/prometheus\/api\/v1\/query\?/);
  });

  it('asks for a range', async () => {
    stage.play(success('matrix', [{ metric: {}, values: [[1, '1']] }]));
    expect(await measure({ rangeQuery: { start: 'before', end: 'now()', step: '30s' } })).toMatchObject({
      kind: 'value',
      text: '[1]',
    });
    const url = new URL(stage.asked.at(-1)?.url ?? '', 'http://x');
    expect(url.pathname).toBe('/api/v1/query_range');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: 'up',
      start: String(NOW / 1000 - 60),
      end: String(NOW / 1000),
      step: '30s',
    });
  });

  it('says which end of a range is wrong', async () => {
    expect(await measure({ rangeQuery: { start: 'now()', end: '5 minutes', step: '1m' } })).toEqual({
      kind: 'rejected',
      message: 'failed to parse rangeQuery.end as time: no time',
    });
  });

  it.each<[number, string, string, string]>([
    [400, 'bad_data', 'rejected', 'Prometheus answered 400: bad_data: parse error'],
    [422, 'execution', 'rejected', 'Prometheus answered 422: execution: parse error'],
    [422, 'timeout', 'unreachable', 'Prometheus answered 422: timeout: parse error'],
    [503, 'timeout', 'unreachable', 'Prometheus answered 503: timeout: parse error'],
  ])('%d %s is %s', async (status, errorType, kind, message) => {
    stage.play({ status, body: JSON.stringify({ status: 'error', errorType, error: 'parse error' }) });
    expect(await measure()).toEqual({ kind, message });
  });

  it('does not judge what it does not know', async () => {
    stage.play(success('string', [1, 'a']));
    expect(await measure()).toMatchObject({
      kind: 'rejected',
      message: 'Prometheus metric type not supported: string',
    });
    stage.play({ status: 200, body: '{"status":"success"}' });
    expect((await measure()).kind).toBe('rejected');
    stage.play({ status: 200, body: 'null' });
    expect((await measure()).kind).toBe('rejected');
  });

  it('asks the default address where the metric names none', async () => {
    stage.play(success('scalar', [1, '1']));
    const other = createPrometheusProvider({ dialer, moments, defaultAddress: stage.address() });
    expect(other.validate({ query: 'up' })).toEqual([]);
    expect(
      await other.measure({ provider: { address: '', query: 'up' }, now: NOW, timeoutMilliseconds: 1000 }),
    ).toMatchObject({ kind: 'value' });
  });

  it.each<[object, string, string]>([
    [{ query: 'up' }, 'address', 'prometheus address is not configured'],
    [{ address: 'prometheus:9090', query: 'up' }, 'address', '"prometheus:9090" is not an http or https URL'],
    [{ address: 'http://p' }, 'query', 'a query in PromQL is needed'],
    [{ address: 'http://p', query: 'up', timeout: -1 }, 'timeout', '-1 is not allowed'],
    [
      { address: 'http://p', query: 'up', rangeQuery: { start: 'now()', end: 'now()' } },
      'rangeQuery.step',
      'step is missing',
    ],
    [
      { address: 'http://p', query: 'up', rangeQuery: { start: 'a', end: 'b', step: 'often' } },
      'rangeQuery.step',
      '"often" is not a step',
    ],
    [
      { address: 'http://p', query: 'up', authentication: { sigv4: { region: 'eu' } } },
      'authentication.sigv4',
      'not supported yet',
    ],
  ])('%j is invalid', (settings, path, message) => {
    expect(provider.validate(settings as never)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });
});
