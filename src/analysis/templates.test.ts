import { describe, expect, it } from 'vitest';
import type { AnalysisTemplateSpec, Metric } from '../api/index.ts';
import { fieldAt, resolveArguments, substitute } from './arguments.ts';
import { planRun } from './templates.ts';

const metric = (name: string): Metric => ({ name, provider: { prometheus: { query: 'up' } } });

/** Templates by name; those of the cluster begin with `cluster/`. */
function plan(templates: Record<string, AnalysisTemplateSpec>, names: string[], more: object = {}) {
  const refs = names.map((name) => ({
    templateName: name.replace('cluster/', ''),
    ...(name.startsWith('cluster/') && { clusterScope: true }),
  }));
  const lookup = (name: string, clusterScope: boolean) => templates[clusterScope ? `cluster/${name}` : name];
  return planRun({ templates: refs, args: [], ...more }, lookup, 'spec.strategy.canary.analysis');
}

describe('a run from templates', () => {
  it('takes metrics and arguments of all templates, nested ones included, each once', () => {
    const templates = {
      outer: {
        metrics: [metric('a')],
        templates: [{ templateName: 'inner' }, { templateName: 'shared', clusterScope: true }],
      },
      inner: { metrics: [metric('b')], args: [{ name: 'x' }], templates: [{ templateName: 'outer' }] },
      'cluster/shared': { metrics: [metric('c')], args: [{ name: 'y', value: '1' }], dryRun: [{ metricName: 'c' }] },
    };
    const { spec } = plan(templates, ['outer', 'inner', 'cluster/shared'], {
      args: [
        { name: 'x', value: '2' },
        { name: 'unknown', value: '3' },
      ],
    });
    expect(spec).toEqual({
      metrics: [metric('a'), metric('b'), metric('c')],
      args: [
        { name: 'x', value: '2' },
        { name: 'y', value: '1' },
      ],
      dryRun: [{ metricName: 'c' }],
    });
  });

  it("puts the rollout's values before the template's", () => {
    const { spec } = plan({ t: { metrics: [metric('a')], args: [{ name: 'x', value: 'default' }] } }, ['t'], {
      args: [{ name: 'x', value: 'given' }],
    });
    expect(spec?.args).toEqual([{ name: 'x', value: 'given' }]);
  });

  it('keeps references to secrets', () => {
    const args = [{ name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    expect(plan({ t: { metrics: [metric('a')], args } }, ['t']).spec?.args).toEqual(args);
  });

  it.each<[string, Record<string, AnalysisTemplateSpec>, string[], string, string]>([
    ['a missing template', {}, ['nope'], 'templates[0].templateName', "AnalysisTemplate 'nope' not found"],
    [
      'a missing cluster template',
      { nope: {} },
      ['cluster/nope'],
      'templates[0].templateName',
      "ClusterAnalysisTemplate 'nope' not found",
    ],
    [
      'a missing nested template',
      { t: { templates: [{ templateName: 'nope' }] } },
      ['t'],
      'templates[0].templates[0].templateName',
      "AnalysisTemplate 'nope' not found",
    ],
    [
      'equal names',
      { a: { metrics: [metric('m')] }, b: { metrics: [metric('m')] } },
      ['a', 'b'],
      'templates',
      "two metrics have the same name 'm'",
    ],
    [
      'different values',
      { a: { args: [{ name: 'x', value: '1' }] }, b: { args: [{ name: 'x', value: '2' }] } },
      ['a', 'b'],
      'templates',
      "Argument `x` specified multiple times with different values: '1', '2'",
    ],
    ['an argument without a value', { a: { args: [{ name: 'x' }] } }, ['a'], 'args[0]', 'args.x was not resolved'],
  ])('names %s', (_, templates, names, path, message) => {
    expect(plan(templates, names).problems).toEqual([
      { path: `spec.strategy.canary.analysis.${path}`, message: expect.stringContaining(message) },
    ]);
  });
});

describe('arguments', () => {
  const values = new Map([
    ['name', 'a"b\\c'],
    ['empty', ''],
  ]);

  it('are put into the strings of a value, as they are', () => {
    const { value, problems } = substitute(
      { query: 'x{n="{{args.name}}"} + {{ args.empty }}', list: ['{{args.name}}'], number: 5, no: null },
      values,
    );
    expect(value).toEqual({ query: 'x{n="a"b\\c"} + ', list: ['a"b\\c'], number: 5, no: null });
    expect(problems).toEqual([]);
  });

  it('are not looked for in what they bring', () => {
    const { value } = substitute(
      '{{args.a}}',
      new Map([
        ['a', '{{args.b}}'],
        ['b', 'no'],
      ]),
    );
    expect(value).toBe('{{args.b}}');
  });

  it('are named where they have no value', () => {
    expect(substitute({ a: ['{{args.nope}} {{inputs.x}}'] }, values, 'spec').problems).toEqual([
      {
        path: 'spec.a[0]',
        message: 'failed to resolve {{args.nope}}: known are {{args.name}}, {{args.empty}}; add it to args',
      },
      {
        path: 'spec.a[0]',
        message: 'failed to resolve {{inputs.x}}: known are {{args.name}}, {{args.empty}}; add it to args',
      },
    ]);
  });

  it("take a rollout's hashes and fields", () => {
    const rollout = {
      metadata: { labels: { team: 'shop', 'a/b': 'c' }, annotations: { 'x.y': 'z' } },
      spec: { replicas: 3 },
      status: { stableRS: 's1' },
    };
    const from = (fieldPath: string) => ({ name: fieldPath, valueFrom: { fieldRef: { fieldPath } } });
    const args = [
      { name: 'stable', valueFrom: { podTemplateHashValue: 'Stable' as const } },
      { name: 'latest', valueFrom: { podTemplateHashValue: 'Latest' as const } },
      { name: 'plain', value: 'v' },
      from("metadata.labels['a/b']"),
      from('metadata.labels.team'),
      from('metadata.annotations["x.y"]'),
      from('spec.replicas'),
      from('status.stableRS'),
    ];
    const { args: resolved, problems } = resolveArguments(
      args,
      { stableHash: 's1', latestHash: 'n1', rollout },
      'args',
    );
    expect(resolved.map(({ value }) => value)).toEqual(['s1', 'n1', 'v', 'c', 'shop', 'z', '3', 's1']);
    expect(problems).toEqual([]);
  });

  it('say which field is not there', () => {
    const args = [{ name: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.labels.nope' } } }];
    const { problems } = resolveArguments(
      args,
      { stableHash: '', latestHash: '', rollout: { metadata: {} } },
      'spec.args',
    );
    expect(problems).toEqual([
      {
        path: 'spec.args[0].valueFrom.fieldRef.fieldPath',
        message: expect.stringContaining('the rollout has no metadata.labels.nope'),
      },
    ]);
    expect(fieldAt({}, 'constructor.name')).toBeUndefined();
    expect(fieldAt({ a: 'b' }, 'a.length')).toBeUndefined();
  });
});
