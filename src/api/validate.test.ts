import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from './kubernetes.ts';
import type { Rollout } from './rollout.ts';
import { typeProblems, unknownFields } from './shape.ts';
import { validate, validateWithWorkload } from './validate.ts';

const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop, namespace: default}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: shop, image: 'registry.example/shop:1'}]
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop-stable
      trafficRouting:
        plugins:
          argoproj-labs/gatewayAPI: {httpRoute: shop, namespace: default}
      steps:
        - setWeight: 20
        - pause: {duration: 1m}
        - analysis: {templates: [{templateName: errors}]}
`;

const template = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: errors}
spec:
  args: [{name: service}]
  metrics:
    - name: errors
      interval: 10s
      count: 3
      successCondition: result[0] < 0.01
      provider: {prometheus: {address: 'http://prometheus:9090', query: 'errors{service="{{args.service}}"}'}}
`;

const run = template
  .replace('AnalysisTemplate', 'AnalysisRun')
  .replace('{name: service}', '{name: service, value: shop}');

const experiment = `
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: compare}
spec:
  duration: 5m
  templates:
    - name: one
      selector: {matchLabels: {app: one}}
      template:
        metadata: {labels: {app: one}}
        spec: {containers: [{name: one, image: 'registry.example/shop:1'}]}
`;

const policy = `
apiVersion: headgate.dev/v1alpha1
kind: RevertPolicy
metadata: {name: shop}
spec:
  namespaces: [shop]
  mode: Direct
  repository: {host: github, url: 'https://github.com/example/shop', branch: main, path: apps/shop, secretRef: {name: token}}
`;

const source = `
apiVersion: headgate.dev/v1alpha1
kind: GitSource
metadata: {name: shop}
spec:
  repository: {url: /srv/shop.git, branch: main}
  path: apps/shop
  interval: 30s
  serviceAccountName: deployer
`;

const plainGit = policy.replace('host: github', 'host: git');
const valid = { rollout, template, run, experiment, policy, plainGit, source };
type Base = keyof typeof valid;

/** The object with the value at a path put in, or taken out where it is undefined. */
function changed(base: Base, path: string, value: unknown): Partial<KubeObject> {
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  return replaced(parse(valid[base]), names, value);
}

function replaced(object: Partial<KubeObject>, path: string[], value: unknown): Partial<KubeObject> {
  const names = [...path];
  const last = names.pop() ?? '';
  let place = object as Record<string, unknown>;
  for (const name of names) {
    place[name] ??= {};
    place = place[name] as Record<string, unknown>;
  }
  if (value === undefined) delete place[last];
  else place[last] = value;
  return object;
}

const canary = 'spec.strategy.canary';
const steps = `${canary}.steps`;

/** [object, what is changed, to what, where the problem is, what its message holds] */
const bad: [Base, string, unknown, string, ...string[]][] = [
  ['rollout', `${steps}[0].pause`, {}, `${steps}[0]`, 'setWeight and pause', 'exactly one'],
  ['rollout', `${steps}[0]`, {}, `${steps}[0]`, 'is empty', 'setCanaryScale'],
  ['rollout', `${steps}[0]`, null, `${steps}[0]`, 'is empty'],
  ['rollout', `${steps}[0]`, { setWait: 3 }, `${steps}[0]`, 'setWait', 'exactly one'],
  ['rollout', `${steps}[0].setWeight`, 101, `${steps}[0].setWeight`, '101', 'SetWeight needs to be between 0 and 100'],
  ['rollout', `${steps}[0].setWeight`, -1, `${steps}[0].setWeight`, '-1', 'between 0 and 100'],
  ['rollout', `${steps}[0].setWeight`, '20', `${steps}[0].setWeight`, '"20"', 'whole number'],
  ['rollout', `${steps}[0].setWeight`, 2.5, `${steps}[0].setWeight`, '2.5', 'whole number'],
  ['rollout', `${steps}[1].pause.duration`, '5 minutes', `${steps}[1].pause.duration`, '"5 minutes"', '5m'],
  ['rollout', `${steps}[1].pause.duration`, -1, `${steps}[1].pause.duration`, '-1', 'greater than 0'],
  ['rollout', `${steps}[2].analysis.templates`, [], `${steps}[2].analysis.templates`, 'required'],
  ['rollout', `${steps}[0]`, { setCanaryScale: {} }, `${steps}[0].setCanaryScale`, 'matchTrafficWeight'],
  ['rollout', steps, 'fast', steps, '"fast"', 'list'],
  [
    'rollout',
    `${canary}.canaryService`,
    'shop-stable',
    `${canary}.stableService`,
    '"shop-stable"',
    'two different services',
  ],
  ['rollout', `${canary}.canaryService`, undefined, `${canary}.canaryService`, 'Canary service and Stable service'],
  ['rollout', `${canary}.maxSurge`, 'a lot', `${canary}.maxSurge`, '"a lot"', '25%'],
  ['rollout', `${canary}.maxUnavailable`, -1, `${canary}.maxUnavailable`, '-1'],
  [
    'rollout',
    `${canary}.trafficRouting`,
    { nginz: {} },
    `${canary}.trafficRouting.nginz`,
    '"nginz"',
    'istio, nginx',
    'plugins',
  ],
  ['rollout', `${canary}.trafficRouting`, {}, `${canary}.trafficRouting`, 'names no router', 'istio, nginx'],
  [
    'rollout',
    `${canary}.trafficRouting.plugins`,
    { 'acme/router': {} },
    `${canary}.trafficRouting.plugins."acme/router"`,
    '"acme/router"',
    'argoproj-labs/gatewayAPI',
  ],
  [
    'rollout',
    `${canary}.trafficRouting`,
    { istio: {} },
    `${canary}.trafficRouting.istio`,
    'not supported',
    'gatewayAPI',
  ],
  [
    'rollout',
    `${canary}.trafficRouting.maxTrafficWeight`,
    0,
    `${canary}.trafficRouting.maxTrafficWeight`,
    '0',
    'at least 1',
  ],
  [
    'rollout',
    `${canary}.pingPong`,
    { pingService: 'a', pongService: 'a' },
    `${canary}.pingPong.pongService`,
    'two different',
  ],
  ['rollout', `${canary}.antiAffinity`, {}, `${canary}.antiAffinity`, 'exactly one strategy'],
  ['rollout', `${canary}.analysis`, { startingStep: 1 }, `${canary}.analysis.templates`, 'required'],
  ['rollout', `${canary}.analysis`, { startingStep: -1 }, `${canary}.analysis.startingStep`, '-1'],
  ['rollout', 'spec.strategy', {}, 'spec.strategy', 'canary', 'blueGreen', 'exactly one'],
  ['rollout', 'spec.strategy.blueGreen', { activeService: 'a' }, 'spec.strategy', 'Multiple Strategies'],
  [
    'rollout',
    'spec.strategy',
    { blueGreen: { activeService: 'a', previewService: 'a' } },
    'spec.strategy.blueGreen.activeService',
    'same service',
  ],
  ['rollout', 'spec.selector', undefined, 'spec.selector', 'missing'],
  ['rollout', 'spec.selector', {}, 'spec.selector', 'empty selector'],
  [
    'rollout',
    'spec.selector.matchLabels.tier',
    'web',
    'spec.template.metadata.labels',
    '`selector` does not match template `labels`',
  ],
  [
    'rollout',
    'spec.selector.matchExpressions',
    [{ key: 'app', operator: 'Is' }],
    'spec.selector.matchExpressions[0].operator',
    '"Is"',
    'NotIn',
  ],
  [
    'rollout',
    'spec.selector.matchExpressions',
    [{ key: 'app', operator: 'In' }],
    'spec.selector.matchExpressions[0].values',
    'value',
  ],
  ['rollout', 'spec.template', undefined, 'spec.template', 'missing'],
  ['rollout', 'spec.template.spec.restartPolicy', 'Never', 'spec.template.spec.restartPolicy', '"Never"', 'Always'],
  ['rollout', 'spec.template.spec.containers', [], 'spec.template.spec.containers', 'at least one'],
  [
    'rollout',
    'spec.template.spec.containers[0].image',
    undefined,
    'spec.template.spec.containers[0].image',
    'required',
  ],
  [
    'rollout',
    'spec.template.spec.containers[1]',
    { name: 'shop', image: 'x' },
    'spec.template.spec.containers[1]',
    '"shop"',
    'duplicate',
  ],
  [
    'rollout',
    'spec.template.spec.containers[0].ports',
    [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }],
    'spec.template.spec.containers[0].ports[1]',
    'duplicate',
    '80',
  ],
  ['rollout', 'spec.workloadRef', { kind: 'Deployment', name: 'shop' }, 'spec.workloadRef', 'not supported'],
  ['rollout', 'spec.replicas', -1, 'spec.replicas', '-1', '0'],
  ['rollout', 'spec.minReadySeconds', 600, 'spec.progressDeadlineSeconds', '600', 'greater than minReadySeconds'],
  ['rollout', 'spec.paused', 'yes', 'spec.paused', '"yes"', 'true or false'],
  ['rollout', 'spec.restartAt', 'soon', 'spec.restartAt', '"soon"', 'RFC 3339'],
  ['rollout', 'spec', undefined, 'spec', 'required'],
  ['rollout', 'metadata.name', undefined, 'metadata.name', 'required'],

  ['template', 'spec.metrics', [], 'spec.metrics', 'no metrics specified'],
  ['template', 'spec.metrics[0].name', '', 'spec.metrics[0].name', 'required'],
  [
    'template',
    'spec.metrics[1]',
    { name: 'errors', provider: { prometheus: {} } },
    'spec.metrics[1].name',
    'duplicate',
    '"errors"',
  ],
  ['template', 'spec.metrics[0].provider', {}, 'spec.metrics[0].provider', 'no provider specified', 'prometheus'],
  ['template', 'spec.metrics[0].provider', { promtheus: {} }, 'spec.metrics[0].provider', 'promtheus', 'prometheus'],
  [
    'template',
    'spec.metrics[0].provider.web',
    { url: 'http://a' },
    'spec.metrics[0].provider',
    'multiple providers',
    'prometheus and web',
  ],
  [
    'template',
    'spec.metrics[0].provider',
    { web: { url: 'http://a' } },
    'spec.metrics[0].provider.web',
    'not supported',
    'prometheus',
  ],
  ['template', 'spec.metrics[0].interval', '5 minutes', 'spec.metrics[0].interval', '"5 minutes"', 'invalid', '5m'],
  ['template', 'spec.metrics[0].interval', '60', 'spec.metrics[0].interval', '"60"', 'unit'],
  ['template', 'spec.metrics[0].interval', undefined, 'spec.metrics[0].interval', 'count > 1'],
  ['template', 'spec.metrics[0].initialDelay', '-1s', 'spec.metrics[0].initialDelay', 'negative'],
  ['template', 'spec.metrics[0].failureLimit', 4, 'spec.metrics[0].count', 'must be >= failureLimit'],
  ['template', 'spec.metrics[0].failureLimit', -2, 'spec.metrics[0].failureLimit', '-2', '-1 to be disabled'],
  ['template', 'spec.metrics[0].failureLimit', -1, 'spec.metrics[0].failureLimit', 'cannot both be disabled'],
  ['template', 'spec.metrics[0].inconclusiveLimit', 4, 'spec.metrics[0].count', 'inconclusiveLimit (4)'],
  ['template', 'spec.metrics[0].inconclusiveLimit', -1, 'spec.metrics[0].inconclusiveLimit', '-1'],
  ['template', 'spec.metrics[0].count', 'three', 'spec.metrics[0].count', '"three"', 'whole number'],
  [
    'template',
    'spec.args[0].name',
    'app',
    'spec.metrics[0].provider.prometheus.query',
    '{{args.service}}',
    'app',
    'spec.args',
  ],
  ['template', 'spec.args[1]', { name: 'service' }, 'spec.args[1].name', 'duplicate'],
  ['template', 'spec.args[0].valueFrom', {}, 'spec.args[0].valueFrom', 'secretKeyRef'],
  ['template', 'spec.args[0].value', 5, 'spec.args[0].value', '5 is not text', 'quotes'],

  ['run', 'spec.args[0].value', undefined, 'spec.args[0]', 'args.service was not resolved'],
  ['run', 'spec.dryRun', [{ metricName: 'latency' }], 'spec.dryRun[0].metricName', '"latency"', 'errors'],
  ['run', 'spec.dryRun', [{ metricName: '(' }], 'spec.dryRun[0].metricName', 'regular expression'],
  ['run', 'spec.measurementRetention', [{ metricName: '.*' }], 'spec.measurementRetention[0].limit', 'required'],

  ['experiment', 'spec.duration', '5 minutes', 'spec.duration', '"5 minutes"'],
  [
    'experiment',
    'spec.templates[0].template.metadata.labels.app',
    'two',
    'spec.templates[0].template.metadata.labels',
    'selector',
  ],
  ['experiment', 'spec.templates[0].minReadySeconds', 600, 'spec.templates[0].minReadySeconds', '600'],

  [
    'policy',
    'spec.repository.secretRef.namespace',
    'other',
    'spec.repository.secretRef.namespace',
    '"other"',
    'must not be set',
  ],
  [
    'policy',
    'spec.repository.host',
    'gitbucket',
    'spec.repository.host',
    '"gitbucket"',
    'git, github, gitea, gitlab, bitbucket-cloud, bitbucket-data-center or azure-devops',
  ],
  ['policy', 'spec.repository.url', '--upload-pack=x', 'spec.repository.url', '--upload-pack', 'https://'],
  ['policy', 'spec.repository.url', 'ext::sh -c x', 'spec.repository.url', 'ext::', 'https://'],
  ['policy', 'spec.repository.url', 'https://-x/y/z', 'spec.repository.url', 'https://HOST/PATH'],
  ['policy', 'spec.repository.url', 'https://github.com/example', 'spec.repository.url', 'OWNER/NAME'],
  ['policy', 'spec.repository.branch', 'refs/heads/main', 'spec.repository.branch', 'short name'],
  ['policy', 'spec.repository.path', '../other', 'spec.repository.path', 'leaves the repository'],
  ['policy', 'spec.namespaces', ['*'], 'spec.namespaces[0]', '"*"', 'one by one'],
  ['policy', 'spec.namespaces', [], 'spec.namespaces', 'at least one'],
  ['policy', 'spec.mode', 'Always', 'spec.mode', '"Always"', 'Direct, PullRequest, DryRun or Off'],
  ['plainGit', 'spec.mode', undefined, 'spec.mode', 'without a mode', 'host git knows no pull requests', 'Direct'],
  ['plainGit', 'spec.mode', 'PullRequest', 'spec.mode', '"PullRequest"', 'host git knows no pull requests', 'Direct'],
  ['plainGit', 'spec.pullRequests', { autoMerge: true }, 'spec.pullRequests', 'host git', 'remove'],
  ['plainGit', 'spec.telling', { comment: false }, 'spec.telling', 'host git', 'remove'],
  ['policy', 'spec.telling', { graphUrl: 'http://p.example/?q={query}' }, 'spec.telling.graphUrl', 'http:', 'https://'],
  ['policy', 'spec.telling', { graphUrl: 'https://{query}/x' }, 'spec.telling.graphUrl', '{query}', 'https://HOST/'],
  ['policy', 'spec.telling', { graphUrl: 'https://u:p@p.example/{query}' }, 'spec.telling.graphUrl', 'https://HOST/'],
  ['policy', 'spec.telling', { graphUrl: 'https://p.example/' }, 'spec.telling.graphUrl', '{query} once'],
  ['policy', 'spec.telling', { graphUrl: 'https://p.example/{query}/{query}' }, 'spec.telling.graphUrl', 'once'],
  ['policy', 'spec.telling', { graphUrl: 'https://p.example/)[x](y)?{query}' }, 'spec.telling.graphUrl', 'https://'],
  ['policy', 'spec.budget', { directPerDay: -1 }, 'spec.budget.directPerDay', '-1'],
  ['policy', 'spec.breaker', { failures: 1 }, 'spec.breaker.failures', '1 is not between 2'],
  ['policy', 'spec.breaker', { withinMinutes: 0 }, 'spec.breaker.withinMinutes', '0 is not between 1'],
  [
    'policy',
    'spec.freeze',
    [{ from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z', reason: 'x' }],
    'spec.freeze[0].to',
    'not after',
  ],

  ['source', 'spec.serviceAccountName', undefined, 'spec.serviceAccountName', 'required', 'ServiceAccount'],
  ['source', 'spec.serviceAccountName', '', 'spec.serviceAccountName', 'ServiceAccount'],
  ['source', 'spec.path', 'apps/../../etc', 'spec.path', 'leaves the repository'],
  ['source', 'spec.path', '/etc', 'spec.path', 'absolute'],
  ['source', 'spec.path', 'apps//shop', 'spec.path', 'single slashes'],
  ['source', 'spec.interval', '5 minutes', 'spec.interval', '"5 minutes"'],
  ['source', 'spec.interval', '0s', 'spec.interval', 'positive'],
  [
    'source',
    'spec.repository.secretRef',
    { name: 'a', namespace: 'b' },
    'spec.repository.secretRef.namespace',
    'must not be set',
  ],
];

describe('bad input', () => {
  it.each(bad)('%s with %s = %j: a problem at %s', (base, path, value, where, ...words) => {
    const problems = validate(changed(base, path, value));
    const here = problems.filter((problem) => problem.path === where).map((problem) => problem.message);
    expect(here, JSON.stringify(problems, null, 2)).not.toEqual([]);
    for (const word of words) expect(here.join('\n')).toContain(word);
  });
});

describe('good input', () => {
  it.each(['rollout', 'template', 'run', 'policy', 'plainGit', 'source'] as const)(
    'a plain %s has no problems',
    (base) => {
      expect(validate(parse(valid[base]))).toEqual([]);
      expect(unknownFields(parse(valid[base]))).toEqual([]);
    },
  );

  it.each<[Base, string, unknown]>([
    ['rollout', `${steps}[1].pause`, {}],
    ['rollout', `${steps}[1].pause.duration`, 10],
    ['rollout', `${steps}[1].pause.duration`, '10'],
    ['rollout', `${canary}.maxSurge`, '30%'],
    ['rollout', `${canary}.dynamicStableScale`, false],
    ['rollout', 'spec.workloadRef', null],
    ['rollout', 'metadata.creationTimestamp', null],
    ['rollout', 'spec.template.metadata.creationTimestamp', null],
    ['rollout', 'spec.template.spec.tolerations', [{ operator: 'Exists' }]],
    ['template', 'spec.metrics[0].count', '{{args.service}}'],
    [
      'template',
      'spec.metrics[0]',
      { name: 'a', failureLimit: -1, consecutiveSuccessLimit: 2, provider: { prometheus: {} } },
    ],
    ['template', 'spec.metrics[0].interval', '{{ args.service }}'],
    ['run', 'spec.dryRun', [{ metricName: 'err.*' }]],
    ['policy', 'spec.repository.path', ''],
    ['source', 'spec.path', undefined],
    ['source', 'spec.interval', undefined],
  ])('%s with %s = %j', (base, path, value) => {
    expect(validate(changed(base, path, value))).toEqual([]);
  });

  it('knows nothing against kinds that are not ours', () => {
    expect(validate({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' } })).toEqual([]);
  });
});

describe('a Rollout that names a workload', () => {
  const naming = (kind: string, spec: object = {}) => {
    const { spec: all, ...object } = parse(valid.rollout) as Rollout;
    const { template: pods = {}, selector: labels = {}, ...rest } = all;
    const workloadRef = { apiVersion: kind === 'PodTemplate' ? 'v1' : 'apps/v1', kind, name: 'web' };
    return { written: { ...object, spec: { ...rest, workloadRef, ...spec } }, pods, labels };
  };

  it.each(['Deployment', 'ReplicaSet', 'PodTemplate'])('of kind %s has no problem with it', (kind) => {
    const { written, pods, labels } = naming(kind);
    expect(validate(written)).toEqual([]);
    const whole = { ...written, spec: { ...written.spec, selector: labels, template: pods } };
    expect(validateWithWorkload(whole)).toEqual([]);
  });

  it.each([
    ['Deployment', 'Deployment "web", spec.template.spec.containers: containers is required'],
    ['PodTemplate', 'PodTemplate "web", template.spec.containers: containers is required'],
  ])('of kind %s is told what is wrong with the pods there', (kind, expected) => {
    const { written, labels } = naming(kind);
    const template = { metadata: { labels: { app: 'shop' } }, spec: { containers: [] } };
    const problems = validateWithWorkload({ ...written, spec: { ...written.spec, selector: labels, template } });
    expect(problems).toEqual([{ path: 'spec.workloadRef', message: expect.stringContaining(expected) }]);
  });

  it('needs a selector where the workload has none, and one that selects the pods', () => {
    const { written, pods } = naming('PodTemplate');
    const whole = (spec: object) => ({ ...written, spec: { ...written.spec, template: pods, ...spec } });
    expect(validateWithWorkload(whole({}))).toMatchObject([
      { path: 'spec.selector', message: expect.stringContaining("'.spec.selector'") },
    ]);
    expect(validateWithWorkload(whole({ selector: { matchLabels: { app: 'other' } } }))).toMatchObject([
      { path: 'spec.workloadRef', message: expect.stringContaining('`selector` does not match template `labels`') },
    ]);
  });
});

/** Every place in a value, as the names that lead there. */
function placesIn(value: unknown, names: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [names];
  return [names, ...Object.entries(value).flatMap(([name, each]) => placesIn(each, [...names, name]))];
}

it('a list that is longer than the API server takes is told as one problem', () => {
  const problems = validate(changed('rollout', steps, Array(10_001).fill({ setWeight: 1 })));
  expect(problems).toEqual([{ path: steps, message: 'has 10001 items: list at most 10000' }]);
});

describe('anything that a server could hold', () => {
  it.each(Object.keys(valid) as Base[])('is judged without stumbling: %s', (base) => {
    const places = placesIn(parse(valid[base])).filter((names) => names.length > 0);
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (names, value) => {
        const problems = validate(replaced(parse(valid[base]), names, value));
        for (const { path, message } of problems) expect([typeof path, message.length > 0]).toEqual(['string', true]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what must never be shown', () => {
  it('is not in a message about its type', () => {
    const basicAuth = { username: 'u', password: 424242 };
    const provider = { prometheus: { authentication: { basicAuth } } };
    const problems = typeProblems(changed('template', 'spec.metrics[0].provider', provider));
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('424242');
  });

  it('is not in a message about an address', () => {
    const problems = validate(changed('policy', 'spec.repository.url', 'https://user:hunter2@github.com/a/b'));
    expect(problems.map(({ path }) => path)).toEqual(['spec.repository.url']);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('unknown fields', () => {
  it('are listed with what is known there', () => {
    const problems = unknownFields(changed('rollout', 'spec.replica', 3));
    expect(problems.map(({ path }) => path)).toEqual(['spec.replica']);
    expect(problems[0]?.message).toContain('replicas');
  });

  it('are listed even where every object inherits one of that name', () => {
    const problems = unknownFields(changed('rollout', 'spec.constructor', 3));
    expect(problems.map(({ path }) => path)).toEqual(['spec.constructor']);
  });

  it('are no problem of the object, nor of free parts', () => {
    expect(validate(changed('rollout', 'spec.replica', 3))).toEqual([]);
    expect(unknownFields(changed('rollout', 'spec.template.spec.anything', { goes: 1 }))).toEqual([]);
  });
});
