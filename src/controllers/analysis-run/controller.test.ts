import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateTime } from '../../analysis/index.ts';
import type { AnalysisRun, AnalysisRunSpec, Metric } from '../../api/index.ts';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import { createCaches } from '../../kube/caches.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { analysisRuns } from '../../kube/resources.ts';
import { reply, startTestServer, status, type TestServer } from '../../kube/test-server.ts';
import { silentLog } from '../../log.ts';
import { createStage } from '../../metrics/conformance.ts';
import { createProviders } from '../../metrics/index.ts';
import { createDialer } from '../../net/index.ts';
import { createAnalysisRunController } from './controller.ts';

const RUNS = '/apis/argoproj.io/v1alpha1/namespaces/shop/analysisruns';
const SECRETS = '/api/v1/namespaces/shop/secrets';
const START = Date.UTC(2026, 0, 1);

const good = answer('0.99');
const bad = answer('0.5');

function answer(value: string) {
  return {
    status: 200,
    body: JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] },
    }),
  };
}

describe('the AnalysisRun controller', () => {
  let server: TestServer;
  let clock: VirtualClock;
  let events: string[];
  let verdicts: string[];
  let stops: (() => Promise<void> | void)[];
  const stage = createStage();
  const other = createStage();

  beforeEach(async () => {
    server = await startTestServer();
    clock = virtualClock(START);
    events = [];
    verdicts = [];
    stops = [() => server.stop()];
    await stage.start();
    await other.start();
    stage.play(good);
    other.play(good);
  });
  afterEach(async () => {
    for (const stop of stops.toReversed()) await stop();
    stage.stop();
    other.stop();
  });

  async function startController() {
    const log = silentLog();
    const connection = createKubeClient({ config: server.config, log, userAgent: 'test', clock });
    const caches = createCaches({ connection, log });
    const runs = caches.cache(analysisRuns);
    await caches.start();
    const dialer = createDialer({ allowLoopback: true });
    const controller = createAnalysisRunController({
      client: connection,
      runs,
      clock,
      log,
      providers: createProviders({ dialer, moments: evaluateTime }),
      emit: (object, { type, reason, message }) => events.push(`${type} ${reason} ${object.metadata.name}: ${message}`),
      onBadVerdict: (run) => verdicts.push(`${run.metadata.name} ${run.status?.phase}`),
    });
    controller.start();
    const stop = async () => {
      await controller.stop();
      await caches.stop();
      connection.close();
    };
    stops.push(stop);
    return { stop };
  }

  function metric(more: Partial<Metric> = {}, address = stage.address()): Metric {
    return {
      name: 'rate',
      interval: '10s',
      successCondition: 'result[0] >= 0.95',
      provider: { prometheus: { address, query: 'rate("{{args.service}}")' } },
      ...more,
    };
  }

  function make(spec: AnalysisRunSpec, more: object = {}): void {
    const args = [{ name: 'service', value: 'web' }];
    server.put(RUNS, { metadata: { name: 'run', namespace: 'shop' }, spec: { args, ...spec }, ...more } as AnalysisRun);
  }

  const run = () => server.get(RUNS, 'run') as AnalysisRun | undefined;
  const ended = () => run()?.status?.completedAt !== undefined;
  const writes = () => server.requests.filter(({ method }) => method === 'PATCH').length;
  /** Lets world time pass, a minute at a time, until something holds. */
  async function until(done: () => boolean): Promise<void> {
    const looked = async () => {
      await clock.run({ until: clock.now() + 60_000, done });
      return done();
    };
    await expect.poll(looked, { interval: 5, timeout: 10_000 }).toBe(true);
  }

  it('measures a run to its verdict, with one write for each step and none when idle', async () => {
    make({ metrics: [metric({ count: 3 })] });
    await startController();
    await until(ended);
    expect(run()?.status).toMatchObject({
      phase: 'Successful',
      metricResults: [{ count: 3, successful: 3, metadata: { ResolvedPrometheusQuery: 'rate("web")' } }],
    });
    expect(events).toEqual([
      "Normal MetricSuccessful run: Metric 'rate' Completed. Result: Successful",
      'Normal AnalysisRunSuccessful run: Analysis Completed. Result: Successful',
    ]);
    expect(writes()).toBe(4);
    await clock.run({ until: clock.now() + 3_600_000 });
    expect(writes()).toBe(4);
    expect(verdicts).toEqual([]);
  });

  it('ends with the first bad metric, and does not wait for one that hangs', async () => {
    stage.play(bad);
    other.play('silence');
    make({ metrics: [metric({ name: 'slow' }, other.address()), metric()] });
    await startController();
    await expect.poll(ended, { interval: 5 }).toBe(true);
    expect(run()?.status).toMatchObject({
      phase: 'Failed',
      message: 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)',
    });
    // Told after the status that the watch has shown.
    await expect
      .poll(() => events.at(-1), { interval: 5 })
      .toBe('Warning AnalysisRunFailed run: Analysis Completed. Result: Failed');
    expect(verdicts).toEqual(['run Failed']);
  });

  it('keeps a measurement through conflicts, and records it once', async () => {
    make({ metrics: [metric({ count: 1 })] });
    const before = stage.asked.length;
    let conflicts = 0;
    server.intercept = ({ method, body }, response) => {
      const measured = JSON.stringify(body ?? '').includes('0.99');
      if (method !== 'PATCH' || !measured || conflicts >= 3) return false;
      conflicts++;
      server.put(RUNS, {
        ...(run() as AnalysisRun),
        metadata: { ...(run() as AnalysisRun).metadata, labels: { touched: String(conflicts) } },
      });
      reply(response, 409, status(409, 'Conflict', 'the object has been modified'));
      return true;
    };
    await startController();
    await until(ended);
    expect(run()?.status).toMatchObject({ phase: 'Successful', metricResults: [{ count: 1 }] });
    expect(run()?.metadata.labels).toEqual({ touched: '3' });
    expect(stage.asked.length).toBe(before + 1);
  });

  it('records a measurement once when the answer to its write is lost', async () => {
    make({ metrics: [metric({ count: 2 })] });
    let lost = false;
    server.intercept = ({ method, body }, response) => {
      if (method !== 'PATCH' || lost || !JSON.stringify(body).includes('0.99')) return false;
      lost = true;
      const { status } = body as AnalysisRun;
      server.put(RUNS, { ...(run() as AnalysisRun), ...(status && { status }) } as AnalysisRun);
      response.destroy();
      return true;
    };
    await startController();
    await until(ended);
    expect(lost).toBe(true);
    expect(run()?.status).toMatchObject({
      phase: 'Successful',
      metricResults: [{ count: 2, measurements: { length: 2 } }],
    });
  });

  it('goes on where another process stopped', async () => {
    make({ metrics: [metric({ count: 3 })] });
    const first = await startController();
    await until(() => (run()?.status?.metricResults?.[0]?.count ?? 0) >= 1);
    await first.stop();
    stops.pop();
    await startController();
    await until(ended);
    expect(run()?.status).toMatchObject({
      phase: 'Successful',
      metricResults: [{ count: 3, measurements: { length: 3 } }],
    });
  });

  it('tells of a bad verdict even where it cannot be written down', async () => {
    stage.play(bad);
    make({ metrics: [metric()] });
    server.intercept = ({ method, body }, response) => {
      if (method !== 'PATCH' || !JSON.stringify(body).includes('"Failed"')) return false;
      reply(response, 500, status(500, 'InternalError', 'etcd is away'));
      return true;
    };
    await startController();
    await expect.poll(() => verdicts[0], { interval: 5 }).toBe('run Failed');
    expect(run()?.status?.phase).toBe('Running');
    expect(events).toEqual([]);
    server.intercept = undefined;
    await expect.poll(ended, { interval: 5 }).toBe(true);
  });

  it('reads secrets when it asks, and shows them nowhere', async () => {
    server.put(SECRETS, {
      metadata: { name: 'tenant', namespace: 'shop' },
      data: { token: Buffer.from('hunter2').toString('base64') },
    } as never);
    const provider = {
      prometheus: {
        address: stage.address(),
        query: 'up{t="{{args.token}}"}',
        headers: [{ key: 'X-Token', value: '{{args.token}}' }],
      },
    };
    make({
      metrics: [metric({ count: 1, provider })],
      args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 'tenant', key: 'token' } } }],
    });
    await startController();
    await until(ended);
    expect(stage.asked.at(-1)?.headers['x-token']).toBe('hunter2');
    expect(run()?.status).toMatchObject({
      phase: 'Successful',
      metricResults: [{ metadata: { ResolvedPrometheusQuery: 'up{t="*****"}' } }],
    });
    expect(JSON.stringify([server.requests.map(({ body }) => body), events])).not.toContain('hunter2');
  });

  it.each([
    ['missing', 'secret "tenant" not found'],
    ['without the key', 'secret "tenant" has no key "token"'],
  ])('says when a secret is %s', async (how, message) => {
    if (how !== 'missing') server.put(SECRETS, { metadata: { name: 'tenant', namespace: 'shop' }, data: {} } as never);
    const provider = { prometheus: { address: stage.address(), query: 'up{t="{{args.token}}"}' } };
    make({
      metrics: [metric({ provider, consecutiveErrorLimit: 0 })],
      args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 'tenant', key: 'token' } } }],
    });
    await startController();
    await until(ended);
    expect(run()?.status).toMatchObject({ phase: 'Error', message: expect.stringContaining(message) });
  });

  it.each<[string, AnalysisRunSpec, string]>([
    [
      'condition',
      { metrics: [metric({ successCondition: 'result[0] >>= 1' }, 'http://p')] },
      'spec.metrics[0].successCondition: "result[0] >>= 1" is not a condition: unexpected operator >= (1:12)',
    ],
    [
      'argument',
      { metrics: [metric({}, 'http://p')], args: [] },
      'spec.metrics[0]: uses {{args.service}}, but args has no service',
    ],
    [
      'argument without a value',
      { metrics: [metric({}, 'http://p')], args: [{ name: 'service' }] },
      'spec.args[0]: args.service was not resolved',
    ],
    [
      'provider',
      { metrics: [metric({ provider: { web: { url: 'http://x' } } }, 'http://p')] },
      'spec.metrics[0].provider.web: the provider web is not driven yet: use one of prometheus',
    ],
    [
      'address',
      { metrics: [metric({}, 'prometheus')] },
      'spec.metrics[0].provider.prometheus.address: "prometheus" is not an http or https URL',
    ],
    [
      'duration',
      { metrics: [metric({ interval: '5 minutes' }, 'http://p')] },
      'spec.metrics[0].interval: "5 minutes" is not a duration',
    ],
    [
      'dry-run rule',
      { metrics: [metric({}, 'http://p')], dryRun: [{ metricName: 'nope' }] },
      "spec.dryRun[0].metricName: Rule didn't match any metric name(s)",
    ],
    ['empty list', { metrics: [] }, 'spec.metrics: no metrics specified'],
  ])('ends a run with a wrong %s at once', async (_, spec, message) => {
    make(spec);
    await startController();
    await until(ended);
    expect(run()?.status?.phase).toBe('Error');
    expect(run()?.status?.message).toContain(`Analysis spec invalid: ${message}`);
    expect(events).toEqual(['Warning AnalysisRunError run: Analysis Completed. Result: Error']);
  });

  it('ends a run when it is told to', async () => {
    make({ metrics: [metric()] });
    await startController();
    await until(() => (run()?.status?.metricResults?.[0]?.count ?? 0) >= 1);
    const current = run() as AnalysisRun;
    server.put(RUNS, { ...current, spec: { ...current.spec, terminate: true } } as AnalysisRun);
    await until(ended);
    expect(run()?.status).toMatchObject({ phase: 'Successful', message: 'Run Terminated' });
  });

  it('deletes a finished run when its time is over', async () => {
    make({ metrics: [metric({ count: 1 })], ttlStrategy: { secondsAfterCompletion: 600 } });
    await startController();
    await until(ended);
    const at = clock.now();
    await until(() => run() === undefined);
    expect(clock.now() - at).toBeGreaterThanOrEqual(600_000);
  });

  it('holds through an outage and goes on by itself', async () => {
    make({ metrics: [metric({ count: 3 })] });
    await startController();
    await until(() => run()?.status?.metricResults?.[0]?.count === 1);
    stage.play({ status: 503 });
    await until(() => (run()?.status?.metricResults?.[0]?.error ?? 0) >= 8);
    expect(run()?.status?.phase).toBe('Running');
    stage.play(good);
    await until(ended);
    expect(run()?.status?.phase).toBe('Successful');
  });
});
