import { describe, expect, it } from 'vitest';
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus, Metric } from '../api/index.ts';
import { decide } from './decide.ts';
import { failingOnOtherSide, otherSideSpec, type Sides } from './other-side.ts';
import type { Answer } from './verdict.ts';

const SIDES: Sides = [
  ['bbb', 'aaa'],
  ['web-canary', 'web-stable'],
];
const metric = (name: string, query: string, more: Partial<Metric> = {}): Metric => ({
  ...{ name, interval: '10s', count: 5, failureLimit: 2, consecutiveErrorLimit: 9, initialDelay: '1m' },
  ...{ successCondition: 'result[0] >= 0.95', provider: { prometheus: { address: 'http://p', query } } },
  ...more,
});
const byHash = metric('rate', 'rate{hash="{{args.hash}}"}');
const byService = metric('latency', 'latency{to="{{ args.to }}"}');
const ofAll = metric('errors', 'errors{app="{{args.app}}"}');
const args = [
  { name: 'hash', value: 'bbb' },
  { name: 'to', value: 'web-canary.shop.svc.cluster.local' },
  { name: 'app', value: 'web' },
  { name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
];
/** A run in which these metrics failed. */
function run(metrics: Metric[], failed: readonly string[], spec: Partial<AnalysisRunSpec> = {}): AnalysisRun {
  const metricResults = metrics.map(({ name }) => ({
    ...{ name, phase: failed.includes(name) ? ('Failed' as const) : ('Successful' as const) },
  }));
  return { metadata: { name: 'run' }, spec: { metrics, args, ...spec }, status: { phase: 'Failed', metricResults } };
}

describe('the other side is asked', () => {
  it('what failed, once, in the same words but for who is meant', () => {
    const spec = otherSideSpec(run([byHash, byService, ofAll], ['rate', 'latency']), SIDES);
    expect(spec?.metrics.map(({ name }) => name)).toEqual(['rate', 'latency']);
    expect(spec?.metrics[0]).toEqual({
      ...{ name: 'rate', provider: byHash.provider, successCondition: 'result[0] >= 0.95' },
      ...{ count: 1, consecutiveErrorLimit: 0 },
    });
    expect(spec?.args).toEqual([
      { name: 'hash', value: 'aaa' },
      { name: 'to', value: 'web-stable.shop.svc.cluster.local' },
      ...args.slice(2),
    ]);
  });

  it.each<[string, AnalysisRun]>([
    ['where nothing failed', run([byHash], [])],
    ['where a metric that failed is of both sides', run([byHash, ofAll], ['rate', 'errors'])],
    ['where what failed did not count', { ...run([byHash], []), status: dryRunFailed() }],
    ['of a Job', run([metric('job', '', { provider: { job: { spec: {} }, x: '{{args.hash}}' } as never })], ['job'])],
    [
      'of a web address',
      run([metric('web', '', { provider: { web: { url: 'http://x/{{args.hash}}' } } as never })], ['web']),
    ],
    [
      'where a name only begins alike',
      run([byService], ['latency'], { args: [{ name: 'to', value: 'web-canary-2' }] }),
    ],
    ['before there is a result', { ...run([byHash], ['rate']), status: { phase: 'Running' } }],
  ])('nothing %s', (_, failed) => {
    expect(otherSideSpec(failed, SIDES)).toBeUndefined();
  });
});

function dryRunFailed(): AnalysisRunStatus {
  return { phase: 'Failed', metricResults: [{ name: 'rate', phase: 'Failed', dryRun: true }] };
}

describe('what the other side answers', () => {
  const good: Answer = { kind: 'value', value: [1], text: '[1]' };
  const bad: Answer = { kind: 'value', value: [0], text: '[0]' };
  const down: Answer = { kind: 'unreachable', message: 'down' };
  const empty: Answer = { kind: 'noData', message: 'no series' };

  /** Each metric is answered as it is asked, one after the other; then the run says what it came to. */
  function answered(...answers: Answer[]) {
    const metrics = [byHash, byService].slice(0, answers.length);
    const spec = otherSideSpec(run(metrics, ['rate', 'latency']), SIDES) as AnalysisRunSpec;
    const asked: AnalysisRun = { metadata: { name: 'asked' }, spec };
    const now = Date.UTC(2026, 0, 1);
    const pass = (finished: Parameters<typeof decide>[0]['finished']) => {
      const decision = decide({ run: asked, now, finished, inFlight: new Set(), problems: [], outages: 'hold' });
      asked.status = decision.status;
      return decision;
    };
    const { measure } = pass([]);
    expect(measure).toHaveLength(answers.length);
    measure.forEach((name, at) => {
      expect(failingOnOtherSide(asked.status as AnalysisRunStatus)).toBeUndefined();
      const answer = answers[at] as Answer;
      pass([{ metric: name, startedAt: now, finishedAt: now, answer, args: new Map(), secrets: [] }]);
    });
    return { phase: asked.status?.phase, failing: failingOnOtherSide(asked.status as AnalysisRunStatus) };
  }

  it.each<[string, Answer[], string[]]>([
    ['fails it too', [bad], ['rate']],
    ['fails all of it too', [bad, bad], ['rate', 'latency']],
    ['passes', [good], []],
    ['passes one of them', [bad, good], []],
    ['is not to be had', [down], []],
    ['is nothing', [empty], []],
  ])('%s', (_, answers, failing) => {
    expect(answered(...answers)).toEqual({ phase: 'Successful', failing });
  });
});
