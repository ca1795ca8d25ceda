import { describe, expect, it } from 'vitest';
import type { AnalysisRunSpec, Metric } from '../api/index.ts';
import { validateConditions, validateRun, validateTemplate } from './validate.ts';

const providers = new Map([
  [
    'prometheus',
    { validate: (settings: object) => ('query' in settings ? [] : [{ path: 'query', message: 'needed' }]) },
  ],
]);
const metric = (more: object = {}): Metric =>
  ({ name: 'm', provider: { prometheus: { query: 'up' } }, ...more }) as Metric;
const check = (more: object, spec: object = {}) =>
  validateRun({ metrics: [metric(more)], ...spec } as AnalysisRunSpec, providers);

describe('a spec', () => {
  it.each<[object, object?]>([
    [{ successCondition: 'result[0] > {{args.x}}' }, { args: [{ name: 'x', value: '0.5' }] }],
    [
      { count: '{{args.x}}', interval: '{{args.y}}' },
      {
        args: [
          { name: 'x', value: '3' },
          { name: 'y', value: '1m' },
        ],
      },
    ],
    [{ failureLimit: -1, count: 3, interval: '1m30s', initialDelay: '0' }],
    [{}, { dryRun: [{ metricName: '^m$' }], measurementRetention: [{ metricName: '.*', limit: 5 }] }],
    [
      { provider: { prometheus: { query: '{{args.x}}' } } },
      { args: [{ name: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    ],
  ])('%j is valid', (more, spec) => {
    expect(check(more, spec)).toEqual([]);
  });

  it.each<[object, object, string, string]>([
    [
      { successCondition: 'result[0] >' },
      {},
      'spec.metrics[0].successCondition',
      '"result[0] >" is not a condition: unexpected end of the condition (1:12)',
    ],
    [
      { failureCondition: 'result[0] + 1 * 2' },
      {},
      'spec.metrics[0].failureCondition',
      'expected bool, but got a number',
    ],
    [
      { successCondition: 'resutl > {{args.x}}' },
      { args: [{ name: 'x', value: '1' }] },
      'spec.metrics[0].successCondition',
      'unknown name resutl (known are result',
    ],
    [{ count: 'three' }, {}, 'spec.metrics[0].count', '"three" is not allowed: a whole number, 0 or more'],
    [{ consecutiveErrorLimit: -1 }, {}, 'spec.metrics[0].consecutiveErrorLimit', '"-1" is not allowed'],
    [{ count: 2 }, {}, 'spec.metrics[0].interval', 'interval must be specified when count > 1'],
    [{ initialDelay: '-5s' }, {}, 'spec.metrics[0].initialDelay', '"-5s" is not a duration'],
    [{ provider: {} }, {}, 'spec.metrics[0].provider', 'no provider specified: name one of prometheus'],
    [
      { provider: { prometheus: { query: 'a' }, job: {} } },
      {},
      'spec.metrics[0].provider',
      'multiple providers specified (prometheus, job)',
    ],
    [
      { provider: { datadog: {} } },
      {},
      'spec.metrics[0].provider.datadog',
      'the provider datadog is not driven yet: use one of prometheus',
    ],
    [{ provider: { prometheus: {} } }, {}, 'spec.metrics[0].provider.prometheus.query', 'needed'],
    [{ count: '{{args.x}}' }, {}, 'spec.metrics[0]', 'uses {{args.x}}, but args has no x'],
    [{}, { dryRun: [{ metricName: '(' }] }, 'spec.dryRun[0].metricName', '"(" is not a regular expression'],
    [
      {},
      { args: [{ name: 'x', value: '1', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      'spec.args[0]',
      'arg x has both value and valueFrom',
    ],
  ])('%j %j is not', (more, spec, path, message) => {
    expect(check(more, spec)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('names two metrics with one name', () => {
    expect(validateRun({ metrics: [metric(), metric()] }, providers)).toEqual([
      { path: 'spec.metrics[1].name', message: expect.stringContaining("the same name 'm'") },
    ]);
  });

  it('may leave arguments open in a template', () => {
    const spec = {
      metrics: [metric({ successCondition: 'result[0] {{args.operator}} {{args.x}}', count: '{{args.x}}' })],
      args: [{ name: 'x' }, { name: 'operator' }],
    };
    expect(validateTemplate(spec, providers)).toEqual([]);
    expect(validateTemplate({ ...spec, args: [{ name: 'x' }] }, providers)).toEqual([
      { path: 'spec.metrics[0]', message: 'uses {{args.operator}}, but args has no operator: add it to spec.args' },
    ]);
  });

  it('may take its arguments and metrics from other templates', () => {
    const spec = {
      metrics: [metric({ count: '{{args.x}}' })],
      templates: [{ templateName: 'other' }],
      dryRun: [{ metricName: 'theirs' }],
    };
    expect(validateTemplate(spec, providers)).toEqual([]);
  });

  it('can be asked about its conditions alone', () => {
    expect(
      validateConditions({ metrics: [metric({ successCondition: '1' })] }, (at) => `inline.metrics[${at}]`),
    ).toEqual([
      {
        path: 'inline.metrics[0].successCondition',
        message: '"1" is not a condition: expected bool, but got int (1:1)',
      },
    ]);
  });
});
