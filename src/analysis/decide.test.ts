import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalysisRun, AnalysisRunSpec, Metric } from '../api/index.ts';
import { isCompleted, type OutagePolicy } from './assess.ts';
import { type Decision, decide, nextMeasurementAt } from './decide.ts';
import { troubleOf } from './trouble.ts';
import type { Answer, Finished } from './verdict.ts';

const START = Date.UTC(2026, 0, 1);

function metric(more: Partial<Metric> = {}): Metric {
  return {
    name: 'rate',
    interval: '10s',
    successCondition: 'result >= 0.95',
    provider: { prometheus: { query: 'q' } },
    ...more,
  };
}

const value = (number: number): Answer => ({ kind: 'value', value: [number], text: `[${number}]` });
const good = value(0.99);
const bad = value(0.5);
const down: Answer = { kind: 'unreachable', message: 'connection refused' };
const empty: Answer = { kind: 'noData', message: 'the query found no series' };
const rejected: Answer = { kind: 'rejected', message: 'parse error' };

/** Plays a run: each metric's answers are given one after the other, at the times the run asks for them. */
function play(
  spec: AnalysisRunSpec,
  answers: Record<string, Answer[]>,
  options: { outages?: OutagePolicy; passes?: number } = {},
) {
  const run: AnalysisRun = { metadata: { name: 'run', namespace: 'shop' }, spec };
  const log: string[] = [];
  let now = START;
  let finished: Finished[] = [];
  let decision: Decision | undefined;
  for (let pass = 0; pass < (options.passes ?? 100); pass++) {
    const seen = { run, now, finished, inFlight: new Set<string>(), problems: [], outages: options.outages ?? 'hold' };
    decision = decide(seen);
    run.status = decision.status;
    for (const each of decision.transitions) {
      const at = `+${(now - START) / 1000}s`;
      log.push(
        each.of === 'run'
          ? `${at} run ${each.phase}${each.message && `: ${each.message}`}`
          : `${at} ${each.metric} ${each.phase}`,
      );
    }
    finished = decision.measure.flatMap((name) => {
      const answer = answers[name]?.shift();
      return answer ? [{ metric: name, startedAt: now, finishedAt: now, answer, args: new Map(), secrets: [] }] : [];
    });
    if (decision.ended || (finished.length === 0 && decision.lookAgainAt === undefined)) break;
    if (finished.length === 0) now = decision.lookAgainAt ?? now;
  }
  return { run, log, decision: decision as Decision, result: run.status?.metricResults?.[0] };
}

const phases = (run: AnalysisRun) => run.status?.metricResults?.[0]?.measurements?.map(({ phase }) => phase);

describe('a run', () => {
  it('measures at its interval until the count is reached', () => {
    const { log, run } = play({ metrics: [metric({ count: 3 })] }, { rate: [good, good, good] });
    expect(log).toEqual(['+0s run Running', '+20s rate Successful', '+20s run Successful']);
    expect(run.status).toEqual({
      phase: 'Successful',
      startedAt: '2026-01-01T00:00:00Z',
      completedAt: '2026-01-01T00:00:20Z',
      metricResults: [
        {
          name: 'rate',
          phase: 'Successful',
          count: 3,
          successful: 3,
          consecutiveSuccess: 3,
          consecutiveError: 0,
          measurements: [0, 10, 20].map((second) => {
            const at = `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
            return { phase: 'Successful', value: '[0.99]', startedAt: at, finishedAt: at };
          }),
        },
      ],
      runSummary: { count: 1, successful: 1 },
      dryRunSummary: {},
    });
  });

  it('measures once without count and interval', () => {
    const { interval: _, ...once } = metric();
    expect(play({ metrics: [once] }, { rate: [good] }).run.status?.phase).toBe('Successful');
  });

  it('goes on for ever with an interval and no count', () => {
    const { run, decision } = play({ metrics: [metric()] }, { rate: [good, good] });
    expect(run.status?.phase).toBe('Running');
    expect(decision.measure).toEqual(['rate']);
  });

  it('waits for the initial delay', () => {
    const { log } = play({ metrics: [metric({ initialDelay: '1m', count: 1 })] }, { rate: [good] });
    expect(log).toEqual(['+0s run Running', '+60s rate Successful', '+60s run Successful']);
  });

  it('says when it measures next', () => {
    const { run } = play({ metrics: [metric()] }, { rate: [good] });
    expect(nextMeasurementAt(run, 'rate')).toBe(START + 10_000);
    expect(nextMeasurementAt(run, 'other')).toBeUndefined();
  });

  it('reads limits from arguments', () => {
    const spec = {
      metrics: [metric({ failureLimit: '{{args.limit}}', count: '{{args.count}}' })],
      args: [
        { name: 'limit', value: '1' },
        { name: 'count', value: '3' },
      ],
    };
    expect(play(spec, { rate: [bad, good, good] }).run.status?.phase).toBe('Successful');
    expect(play(spec, { rate: [bad, bad] }).run.status?.message).toBe(
      'Metric "rate" assessed Failed due to failed (2) > failureLimit (1)',
    );
  });

  it('keeps as many measurements as it is told, 10 otherwise', () => {
    const many = () => ({ rate: Array.from({ length: 15 }, () => good) });
    expect(play({ metrics: [metric()] }, many()).result).toMatchObject({ count: 15, measurements: { length: 10 } });
    const spec = { metrics: [metric()], measurementRetention: [{ metricName: 'ra.*', limit: 3 }] };
    expect(play(spec, many()).result).toMatchObject({ count: 15, measurements: { length: 3 } });
  });
});

describe('limits', () => {
  it.each<[string, Partial<Metric>, Answer[], string, string]>([
    ['failureLimit', {}, [good, bad], 'Failed', 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)'],
    ['a failureLimit that is reached, not passed', { failureLimit: 1, count: 3 }, [good, bad, good], 'Successful', ''],
    ['a negative failureLimit', { failureLimit: -1, count: 3 }, [bad, bad, bad], 'Successful', ''],
    [
      'inconclusiveLimit',
      { failureCondition: 'result < 0.6', inconclusiveLimit: 1 },
      [value(0.7), value(0.7)],
      'Inconclusive',
      'Metric "rate" assessed Inconclusive due to inconclusive (2) > inconclusiveLimit (1)',
    ],
    [
      'the default consecutiveErrorLimit',
      {},
      [rejected, rejected, rejected, rejected, rejected],
      'Error',
      'Metric "rate" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: parse error"',
    ],
    [
      'a consecutiveErrorLimit of its own',
      { consecutiveErrorLimit: 0 },
      [rejected],
      'Error',
      'Metric "rate" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0): "Error Message: parse error"',
    ],
    [
      'errors that are not in a row',
      { consecutiveErrorLimit: 1, count: 2 },
      [rejected, good, rejected, good],
      'Successful',
      '',
    ],
    [
      'consecutiveSuccessLimit',
      { consecutiveSuccessLimit: 2, failureLimit: 5 },
      [good, bad, good, good],
      'Successful',
      '',
    ],
    [
      'consecutiveSuccessLimit not reached by the count',
      { consecutiveSuccessLimit: 3, failureLimit: 5, count: 3 },
      [good, bad, good],
      'Inconclusive',
      'Metric "rate" assessed Inconclusive due to consecutiveSuccess (1) < consecutiveSuccessLimit (3) when count (3) was reached',
    ],
    [
      'the same with only that limit',
      { consecutiveSuccessLimit: 3, failureLimit: -1, count: 3 },
      [good, bad, good],
      'Failed',
      'Metric "rate" assessed Failed due to consecutiveSuccess (1) < consecutiveSuccessLimit (3) when count (3) was reached',
    ],
  ])('%s', (_, more, answers, phase, message) => {
    const { run } = play({ metrics: [metric(more)] }, { rate: answers });
    expect(run.status?.phase).toBe(phase);
    expect(run.status?.message ?? '').toBe(message);
  });

  it('assesses errors before inconclusive before failed', () => {
    const run: AnalysisRun = {
      metadata: { name: 'run' },
      spec: { metrics: [metric()] },
      status: {
        phase: 'Running',
        startedAt: '2026-01-01T00:00:00Z',
        metricResults: [
          { name: 'rate', phase: 'Running', failed: 1, inconclusive: 1, measurements: [{ phase: 'Failed' }] },
        ],
      },
    };
    const seen = { run, now: START, finished: [], inFlight: new Set<string>(), problems: [], outages: 'hold' as const };
    expect(decide(seen).status.phase).toBe('Inconclusive');
  });

  it('measures again where another controller left a measurement under way', () => {
    const at = '2026-01-01T00:00:00Z';
    const measurements = [{ phase: 'Running' as const, startedAt: at }];
    const status = {
      phase: 'Running' as const,
      startedAt: at,
      metricResults: [{ name: 'rate', phase: 'Running' as const, measurements }],
    };
    const run: AnalysisRun = { metadata: { name: 'run' }, spec: { metrics: [metric()] }, status };
    const seen = {
      run,
      now: START + 10_000,
      finished: [],
      inFlight: new Set<string>(),
      problems: [],
      outages: 'hold' as const,
    };
    expect(decide(seen).measure).toEqual(['rate']);
  });

  it('retries an error after 10 s without an interval', () => {
    const { interval: _, ...once } = metric();
    const { log } = play({ metrics: [once] }, { rate: [rejected, rejected, good] });
    expect(log.at(-1)).toBe('+20s run Successful');
  });
});

describe('several metrics', () => {
  const two = (more: Partial<Metric> = {}) => ({ metrics: [metric({ name: 'a', ...more }), metric({ name: 'b' })] });

  it('end with the first that is bad, in the same pass', () => {
    const { log, run } = play(two({ initialDelay: '5s' }), { a: [bad], b: [good] });
    expect(log).toEqual([
      '+0s run Running',
      '+5s a Failed',
      '+5s b Successful',
      '+5s run Failed: Metric "a" assessed Failed due to failed (1) > failureLimit (0)',
    ]);
    expect(run.status?.runSummary).toEqual({ count: 2, failed: 1, successful: 1 });
  });

  it('end although one was never measured', () => {
    const { run } = play({ metrics: [metric({ name: 'a' }), metric({ name: 'b', initialDelay: '1h' })] }, { a: [bad] });
    expect(run.status).toMatchObject({ phase: 'Failed', metricResults: [{ name: 'a' }] });
  });

  it('take the worst verdict', () => {
    const { run } = play(two({ consecutiveErrorLimit: 0 }), { a: [rejected], b: [bad] });
    expect(run.status?.phase).toBe('Failed');
    expect(run.status?.message).toContain('Metric "b" assessed Failed');
  });

  it('do not mind those in dry-run', () => {
    const { run } = play(
      {
        ...two({ count: 1 }),
        dryRun: [{ metricName: 'a' }],
        metrics: [metric({ name: 'a' }), metric({ name: 'b', count: 2 })],
      },
      { a: [bad], b: [good, good] },
    );
    expect(run.status).toMatchObject({
      phase: 'Successful',
      runSummary: { count: 1, successful: 1 },
      dryRunSummary: { count: 1, failed: 1 },
      metricResults: [
        { name: 'a', phase: 'Failed', dryRun: true },
        { name: 'b', phase: 'Successful' },
      ],
    });
  });
});

describe('outages', () => {
  const outage = (answer: Answer, length: number) => [good, ...Array.from({ length }, () => answer), good];

  it.each([
    ['no answer', down],
    ['an empty answer', empty],
    ['NaN', value(Number.NaN)],
  ])('%s leaves the run running, and it goes on by itself', (_, answer) => {
    const { run, result } = play({ metrics: [metric({ count: 2 })] }, { rate: outage(answer, 8) });
    expect(run.status?.phase).toBe('Successful');
    expect(phases(run)).toEqual(['Successful', ...Array.from({ length: 8 }, () => 'Error'), 'Successful']);
    expect(result).toMatchObject({ count: 2, successful: 2, error: 8, consecutiveError: 0 });
  });

  it('read as a story', () => {
    const { run, log } = play(
      { metrics: [metric({ count: 3 })] },
      { rate: [good, down, empty, value(Number.NaN), down, down, down, good, good] },
    );
    const told = run.status?.metricResults?.[0]?.measurements?.map(
      ({ startedAt = '', phase, value: shown = '-', message = '' }) =>
        `${startedAt.slice(14, 19)} ${phase} ${shown} ${message}`.trim(),
    );
    const nothing = 'could not evaluate successCondition "result >= 0.95": ';
    expect([...(told ?? []), ...log]).toEqual([
      '00:00 Successful [0.99]',
      '00:10 Error - connection refused',
      `00:20 Error [] ${nothing}metric result is nil or empty: no data returned from the metric provider`,
      `00:30 Error [NaN] ${nothing}no data: the result is NaN or infinite, and the condition does not say what that means (isNaN, isInf or default)`,
      '00:40 Error - connection refused',
      '00:50 Error - connection refused',
      '01:00 Error - connection refused',
      '01:10 Successful [0.99]',
      '01:20 Successful [0.99]',
      '+0s run Running',
      '+80s rate Successful',
      '+80s run Successful',
    ]);
  });

  it('says what is the matter meanwhile', () => {
    const { run } = play({ metrics: [metric()] }, { rate: [good, down] });
    expect(troubleOf(run)).toBe('metric rate: connection refused');
  });

  it.each([
    ['no answer', down],
    ['an empty answer', empty],
  ])('%s counts where the metric sets consecutiveErrorLimit', (_, answer) => {
    const { run } = play({ metrics: [metric({ consecutiveErrorLimit: 2 })] }, { rate: outage(answer, 8) });
    expect(run.status).toMatchObject({ phase: 'Error', metricResults: [{ error: 3 }] });
  });

  it("counts with the flag, as is the reference's way", () => {
    const { run, log } = play({ metrics: [metric()] }, { rate: outage(down, 8) }, { outages: 'count' });
    expect(run.status?.message).toBe(
      'Metric "rate" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: connection refused"',
    );
    expect(log.at(-1)).toContain('+50s run Error');
  });

  it('is no excuse for conditions that cannot be evaluated', () => {
    const { run } = play(
      { metrics: [metric({ successCondition: 'result.rate > 1' })] },
      { rate: Array.from({ length: 8 }, () => good) },
    );
    expect(run.status?.phase).toBe('Error');
    expect(run.status?.message).toContain(
      'could not evaluate successCondition "result.rate > 1": cannot fetch rate from []interface {} (1:8)"',
    );
  });
});

describe('conditions and answers', () => {
  it.each<[Partial<Metric>, Answer, string]>([
    [{ successCondition: '' }, bad, 'Successful'],
    [{ successCondition: 'result > 0.9' }, good, 'Successful'],
    [{ successCondition: 'result > 0.9' }, bad, 'Failed'],
    [{ successCondition: '', failureCondition: 'result < 0.9' }, good, 'Successful'],
    [{ successCondition: '', failureCondition: 'result < 0.9' }, bad, 'Failed'],
    [{ successCondition: 'result > 0', failureCondition: 'result > 0' }, good, 'Failed'],
    [{ successCondition: 'result > 2', failureCondition: 'result > 2' }, good, 'Inconclusive'],
    [{ successCondition: 'len(result) == 0 || result[0] > 0.9' }, empty, 'Successful'],
    [{ successCondition: 'len(result) > 0 && result[0] > 0.9' }, empty, 'Failed'],
    [{ successCondition: 'isNil(result) || result[0] > 0.9' }, empty, 'Successful'],
    [{ successCondition: 'default(result, 1) > 0.9' }, empty, 'Successful'],
    [{ successCondition: 'all(result, # > 0.9)' }, empty, 'Error'],
    [{ successCondition: '' }, empty, 'Error'],
    [{ successCondition: 'isNaN(result[0]) || result[0] > 0.9' }, value(Number.NaN), 'Successful'],
    [{ successCondition: '', failureCondition: 'result[0] > 0.1' }, value(Number.NaN), 'Error'],
    [{ successCondition: 'result >' }, good, 'Error'],
    [{ successCondition: '1 + result[0]' }, good, 'Error'],
  ])('%j', (more, answer, phase) => {
    const { run } = play(
      { metrics: [metric({ ...more, failureLimit: 100, inconclusiveLimit: 100 })] },
      { rate: [answer] },
    );
    expect(phases(run)).toEqual([phase]);
  });

  it('says in the words of the reference that there is no data', () => {
    const { run } = play({ metrics: [metric({ successCondition: 'result[0] > 1' })] }, { rate: [empty] });
    expect(run.status?.metricResults?.[0]?.measurements?.[0]).toMatchObject({
      value: '[]',
      message:
        'could not evaluate successCondition "result[0] > 1": metric result is nil or empty: no data returned from the metric provider',
    });
  });

  it('shows no secret', () => {
    const spec = { metrics: [metric({ successCondition: 'result == "{{args.token}}!"' })] };
    const run: AnalysisRun = { metadata: { name: 'run' }, spec };
    const answer: Answer = {
      kind: 'value',
      value: 5,
      text: 'hunter2',
      metadata: { ResolvedPrometheusQuery: 'a{b="hunter2"}', warnings: 'hunter2' },
    };
    const finished = [
      {
        metric: 'rate',
        startedAt: START,
        finishedAt: START,
        answer,
        args: new Map([['token', 'hunter2']]),
        secrets: ['hunter2'],
      },
    ];
    const { status } = decide({ run, now: START, finished, inFlight: new Set(), problems: [], outages: 'hold' });
    expect(JSON.stringify(status)).not.toContain('hunter2');
    expect(status.metricResults?.[0]).toMatchObject({
      metadata: { ResolvedPrometheusQuery: 'a{b="*****"}' },
      measurements: [
        { value: '*****', metadata: { warnings: '*****' }, message: expect.stringContaining('result == "*****!"') },
      ],
    });
  });
});

describe('the end', () => {
  const spec = { metrics: [metric()] };

  it('comes when asked for, with what was measured', () => {
    const { run } = play(spec, { rate: [good] });
    const seen = {
      run: { ...run, spec: { ...spec, terminate: true } },
      now: START,
      finished: [],
      inFlight: new Set<string>(),
      problems: [],
      outages: 'hold' as const,
    };
    expect(decide(seen)).toMatchObject({
      ended: true,
      measure: [],
      status: { phase: 'Successful', message: 'Run Terminated' },
    });
  });

  it('comes when asked for before anything was measured', () => {
    const { run } = play({ ...spec, terminate: true }, {});
    expect(run.status).toMatchObject({ phase: 'Successful', message: 'Run Terminated', metricResults: [] });
  });

  it('comes at once for a spec that cannot be measured', () => {
    const run: AnalysisRun = { metadata: { name: 'run' }, spec };
    const problems = [{ path: 'spec.metrics[0].successCondition', message: 'unexpected end (1:3)' }];
    const decision = decide({ run, now: START, finished: [], inFlight: new Set(), problems, outages: 'hold' });
    expect(decision).toMatchObject({
      ended: true,
      status: {
        phase: 'Error',
        message: 'Analysis spec invalid: spec.metrics[0].successCondition: unexpected end (1:3)',
      },
    });
  });

  it('is final: nothing changes a finished run', () => {
    const { run } = play({ metrics: [metric({ count: 1 })] }, { rate: [good] });
    const finished = [
      { metric: 'rate', startedAt: START + 1e6, finishedAt: START + 1e6, answer: bad, args: new Map(), secrets: [] },
    ];
    const decision = decide({
      run,
      now: START,
      finished,
      inFlight: new Set(),
      problems: [{ path: '', message: 'x' }],
      outages: 'hold',
    });
    expect(decision.status).toBe(run.status);
    expect(decision.transitions).toEqual([]);
  });

  it.each<[string, AnalysisRunSpec['ttlStrategy'], Answer, number | undefined]>([
    ['for good', undefined, good, undefined],
    ['after its completion', { secondsAfterCompletion: 60 }, bad, 60],
    ['after a success', { secondsAfterCompletion: 60, secondsAfterSuccess: 30 }, good, 30],
    ['after a failure', { secondsAfterCompletion: 60, secondsAfterFailure: 90 }, bad, 90],
    ['after a failure only', { secondsAfterFailure: 90 }, good, undefined],
  ])('is kept %s', (_, ttlStrategy, answer, seconds) => {
    const { run } = play({ metrics: [metric({ count: 1 })], ...(ttlStrategy && { ttlStrategy }) }, { rate: [answer] });
    const at = (now: number) => decide({ run, now, finished: [], inFlight: new Set(), problems: [], outages: 'hold' });
    expect(at(START).lookAgainAt).toBe(seconds === undefined ? undefined : START + seconds * 1000);
    expect(at(START + 89_999).expired).toBe(seconds !== undefined && seconds < 90);
    expect(at(START + 1e9).expired).toBe(seconds !== undefined);
  });
});

describe('passes that are repeated', () => {
  it('record a measurement once, also when the answer to the write was lost', () => {
    const { run } = play({ metrics: [metric()] }, { rate: [good] });
    const finished = [
      { metric: 'rate', startedAt: START, finishedAt: START, answer: good, args: new Map(), secrets: [] },
    ];
    const { status } = decide({ run, now: START + 1, finished, inFlight: new Set(), problems: [], outages: 'hold' });
    expect(status).toEqual(run.status);
  });

  it('change nothing where nothing happened', () => {
    const answer = fc.constantFrom(good, bad, down, empty, rejected, value(0.7), value(Number.NaN));
    const limits = fc.record(
      {
        failureLimit: fc.integer({ min: -1, max: 3 }),
        consecutiveErrorLimit: fc.integer({ min: 0, max: 3 }),
        count: fc.integer({ min: 1, max: 8 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(limits, fc.array(answer, { maxLength: 12 }), fc.array(answer, { maxLength: 12 }), (more, a, b) => {
        const spec = {
          metrics: [metric({ name: 'a', ...more }), metric({ name: 'b', failureCondition: 'result < 0.6' })],
          dryRun: [{ metricName: 'b' }],
        };
        const { run, decision } = play(spec as AnalysisRunSpec, { a, b });
        const now = Date.parse(run.status?.completedAt ?? run.status?.startedAt ?? '');
        const again = decide({ run, now, finished: [], inFlight: new Set(['a', 'b']), problems: [], outages: 'hold' });
        expect(again.status).toEqual(decision.status);
        expect(again.transitions).toEqual([]);
        const result = run.status?.metricResults?.[0];
        expect(result?.count ?? 0).toBe(
          (result?.successful ?? 0) + (result?.failed ?? 0) + (result?.inconclusive ?? 0),
        );
        if (decision.ended) expect(isCompleted(run.status?.phase)).toBe(true);
      }),
    );
  });
});
