import { PrometheusDriver } from 'prometheus-query';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import { createSandboxPrometheus, type ExposedSeries, type SandboxPrometheus } from './index.ts';

const START = Date.parse('2026-03-01T12:00:00Z');
const SECONDS = START / 1000;

/** Grows by ten a second from the start on. */
const growing: ExposedSeries = {
  labels: { __name__: 'requests', job: 'web' },
  from: START,
  until: () => undefined,
  value: (time) => (time - START) / 100,
};

/** There for half a minute. */
const passing: ExposedSeries = {
  labels: { __name__: 'requests', job: 'gone' },
  from: START,
  until: () => START + 30_000,
  value: () => Number.NaN,
};

let clock: VirtualClock;
let prometheus: SandboxPrometheus;

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${prometheus.url}${path}`, init);
  const text = await response.text();
  return { code: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
};
const query = (expression: string, more = '') => ask(`/api/v1/query?query=${encodeURIComponent(expression)}${more}`);

beforeEach(async () => {
  clock = virtualClock(START);
  prometheus = await createSandboxPrometheus({ clock, targets: { series: () => [growing, passing] } });
  await clock.run({ until: START + 60_000 });
});

afterEach(() => prometheus.stop());

describe('the query API', () => {
  it('answers with a vector at the present world time', async () => {
    expect(await query('rate(requests{job="web"}[30s])')).toEqual({
      code: 200,
      body: {
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: { job: 'web' }, value: [SECONDS + 60, '10'] }] },
      },
    });
  });

  it('takes forms, Unix and RFC 3339 times', async () => {
    const body = new URLSearchParams({ query: 'requests{job="web"}', time: '2026-03-01T12:00:12Z' });
    const { body: posted } = await ask('/api/v1/query', { method: 'POST', body });
    expect(posted.data.result[0].value).toEqual([SECONDS + 12, '100']);
    const { body: got } = await query('requests{job="web"}', `&time=${SECONDS + 12.5}`);
    expect(got.data.result[0].value).toEqual([SECONDS + 12.5, '100']);
  });

  it('knows nothing of the future', async () => {
    const { body } = await query('requests{job="web"}', `&time=${SECONDS + 120}`);
    expect(body.data.result[0].value[1]).toBe('600');
  });

  it('writes NaN and infinities as Prometheus does', async () => {
    expect((await query('0/0')).body.data).toEqual({ resultType: 'scalar', result: [SECONDS + 60, 'NaN'] });
    expect((await query('vector(-1/0)')).body.data.result[0].value[1]).toBe('-Inf');
    expect((await query('"x"')).body.data).toEqual({ resultType: 'string', result: [SECONDS + 60, 'x'] });
  });

  it('drops a series at the first scrape that misses it', async () => {
    expect((await query('count(requests)', `&time=${SECONDS + 29}`)).body.data.result[0].value[1]).toBe('2');
    expect((await query('count(requests)', `&time=${SECONDS + 30}`)).body.data.result[0].value[1]).toBe('1');
  });

  it('answers ranges step by step', async () => {
    const { body } = await ask(`/api/v1/query_range?query=requests&start=${SECONDS + 10}&end=${SECONDS + 40}&step=15`);
    expect(body.data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'requests', job: 'web' },
          values: [
            [SECONDS + 10, '100'],
            [SECONDS + 25, '250'],
            [SECONDS + 40, '400'],
          ],
        },
        {
          metric: { __name__: 'requests', job: 'gone' },
          values: [
            [SECONDS + 10, 'NaN'],
            [SECONDS + 25, 'NaN'],
          ],
        },
      ],
    });
  });

  it.each([
    ['query?query=foo(requests)', 'invalid parameter "query": 1:1: parse error: unknown function with name "foo"'],
    ['query', 'invalid parameter "query": unknown position: parse error: no expression found in input'],
    ['query?query=1&time=noon', 'invalid parameter "time": cannot parse "noon" to a valid timestamp'],
    [
      'query_range?query=1&start=2&end=1&step=1',
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      'query_range?query=1&start=1&end=2&step=0',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      'query_range?query=a[1m]&start=1&end=2&step=1',
      'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
  ])('refuses %s', async (path, error) => {
    expect(await ask(`/api/v1/${path}`)).toEqual({
      code: 400,
      body: { status: 'error', errorType: 'bad_data', error },
    });
  });

  it('tells what cannot be answered from what is wrong', async () => {
    expect(await query('requests / on() requests', `&time=${SECONDS + 20}`)).toMatchObject({
      code: 422,
      body: { errorType: 'execution' },
    });
  });

  it('lists series, labels and values', async () => {
    expect((await ask('/api/v1/series?match[]=requests{job="web"}')).body.data).toEqual([growing.labels]);
    expect((await ask('/api/v1/labels')).body.data).toEqual(['__name__', 'job']);
    expect((await ask('/api/v1/label/job/values')).body.data).toEqual(['gone', 'web']);
  });

  it('is ready, and knows what it does not know', async () => {
    expect((await ask('/-/ready')).code).toBe(200);
    expect((await ask('/-/healthy')).code).toBe(200);
    expect((await ask('/api/v1/status/buildinfo')).body.status).toBe('success');
    expect((await ask('/api/v1/toString')).code).toBe(404);
  });

  it("answers the stock client's questions", async () => {
    const driver = new PrometheusDriver({ endpoint: prometheus.url });
    const { result } = await driver.instantQuery('sum(requests)', START + 20_000);
    expect(result[0].value.value).toBeNaN();
    const range = await driver.rangeQuery('requests{job="web"}', START + 10_000, START + 20_000, 10);
    expect(range.result[0].values.map((each: { value: number }) => each.value)).toEqual([100, 200]);
  });
});

describe('faults', () => {
  it.each(['refused', 'reset'] as const)('%s: no answer until it is over, then all the data', async (how) => {
    await prometheus.outage(true, how);
    await expect(query('requests')).rejects.toThrow();
    await prometheus.outage(false);
    expect((await query('requests{job="web"}')).body.data.result[0].value[1]).toBe('600');
  });

  it('unavailable: 503', async () => {
    await prometheus.outage(true, 'unavailable');
    expect((await query('requests')).code).toBe(503);
    await prometheus.outage(false);
    expect((await query('requests')).code).toBe(200);
  });

  it('hang: the question stays open, and world time goes on', async () => {
    await prometheus.outage(true, 'hang');
    const asked = query('requests');
    asked.catch(() => {});
    await clock.run({ until: START + 120_000 });
    expect(clock.now()).toBe(START + 120_000);
    await prometheus.outage(false);
    await expect(asked).rejects.toThrow();
  });

  it('empty: no data, which is an answer', async () => {
    prometheus.empty(true);
    expect((await query('requests')).body.data.result).toEqual([]);
    prometheus.empty(false);
    expect((await query('requests')).body.data.result.length).toBe(1);
  });

  it('latency holds world time until the answer is out', async () => {
    prometheus.latency(50);
    let answered = false;
    clock.at(START + 90_000, () => expect(answered).toBe(true));
    const asked = query('requests').then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.run({ until: START + 90_000 });
    await asked;
  });
});
