import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runToEnd } from '../../test/command-line.ts';
import { expectGolden } from '../../test/golden.ts';
import { segments } from './lint/documents.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-lint-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function lint(files: Record<string, string>, path = '') {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const { code, stdout, stderr } = await runToEnd(['lint', '-f', join(folder, path)]);
  return { code, stdout: stdout.replaceAll(`${folder}/`, ''), stderr };
}

const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:1
  strategy:
    canary:
      canaryService: web-canary
      stableService: web-stable
      trafficRouting:
        plugins:
          argoproj-labs/gatewayAPI:
            httpRoute: web
      analysis:
        templates:
        - templateName: success-rate
        args:
        - name: service
          value: web
      steps:
      - setWeight: 20
      - pause: {duration: 5m}
`;

const template = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success-rate
spec:
  args:
  - name: service
  - name: threshold
    value: "0.95"
  metrics:
  - name: success-rate
    interval: 1m
    successCondition: result[0] >= {{args.threshold}}
    provider:
      prometheus:
        address: http://prometheus:9090
        query: rate({{args.service}})
`;

const service = (name: string, selector = 'app: web') => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: {${selector}}
  ports:
  - port: 80
`;

const route = (...services: string[]) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  rules:
  - backendRefs:
${services.map((name) => `    - name: ${name}\n      port: 80\n`).join('')}`;

const good = {
  'rollout.yaml': rollout,
  'template.yaml': template,
  'services.yaml': `${service('web-stable')}---\n${service('web-canary')}`,
  'route.yaml': route('web-stable', 'web-canary'),
};

/** The same pods, from a Deployment. */
const [inline = ''] = / {2}selector:[\s\S]*(?= {2}strategy:)/.exec(rollout) ?? [];
const referring = rollout.replace(inline, '  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n');
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
${inline}`;

function replaced(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

describe('lint', () => {
  it('has nothing to say of pods that come from a Deployment', async () => {
    const files = { ...good, 'rollout.yaml': referring, 'deployment.yaml': deployment };
    expect(await lint(files)).toMatchObject({ code: 0, stdout: '' });
    const wrong = { ...files, 'rollout.yaml': replaced(referring, 'setWeight: 20', 'setWeight: 101') };
    expect((await lint(wrong)).stderr).toContain(': 1 problem\n');
  });

  it('has nothing to say of what is good', async () => {
    expect(await lint(good)).toEqual({ code: 0, stdout: '', stderr: '5 objects in 4 files: 0 problems\n' });
  });

  it('tells what an HTTPRoute cannot do of the routes that steps add, and that the example can be done', async () => {
    const example = await readFile(new URL('../../examples/header-route.yaml', import.meta.url), 'utf8');
    const traffic = await readFile(new URL('../../examples/shop/traffic.yaml', import.meta.url), 'utf8');
    const header = replaced(example, 'useHeaderRoutes: true', 'useHeaderRoutes: false');
    expect((await lint({ 'a.yaml': example, 'b.yaml': traffic })).code).toBe(0);
    expect((await lint({ 'a.yaml': header, 'b.yaml': traffic })).stdout).toContain(
      'spec.strategy.canary.steps[1].setHeaderRoute: no HTTPRoute takes routes by header',
    );
    const mirror = 'setMirrorRoute: { name: testers, match: [{ method: { regex: P.* } }] }\n';
    const mirrored = example.replace(/setHeaderRoute:[\s\S]*?\n(?= {6}- pause)/, mirror);
    expect((await lint({ 'a.yaml': mirrored, 'b.yaml': traffic })).stdout).toContain(
      'spec.strategy.canary.steps[1].setMirrorRoute.match[0].method: an HTTPRoute compares methods exactly',
    );
  });

  const bad: Record<string, () => Record<string, string>> = {
    tab: () => ({ 'rollout.yaml': replaced(rollout, '  name: web\n', '\tname: web\n') }),
    'duplicate-key': () => ({ 'rollout.yaml': replaced(rollout, 'kind: Rollout\n', 'kind: Rollout\nkind: Rollout\n') }),
    'duplicate-object': () => ({ 'rollout.yaml': `${rollout}---\n${rollout}` }),
    'not-yaml': () => ({ 'rollout.yaml': replaced(rollout, 'kind: Rollout', 'kind: "Rollout') }),
    'two-kinds-in-a-step': () => ({
      'rollout.yaml': replaced(rollout, '- setWeight: 20', '- setWeight: 20\n        pause: {}'),
    }),
    'weight-101': () => ({ 'rollout.yaml': replaced(rollout, 'setWeight: 20', 'setWeight: 101') }),
    duration: () => ({ 'rollout.yaml': replaced(rollout, 'duration: 5m', 'duration: 5 minutes') }),
    'unknown-field': () => ({ 'template.yaml': replaced(template, 'interval: 1m', 'intervall: 1m') }),
    'unknown-router': () => ({ 'rollout.yaml': replaced(rollout, 'argoproj-labs/gatewayAPI', 'acme/mesh') }),
    'router-configuration': () => ({ 'rollout.yaml': replaced(rollout, 'httpRoute: web', 'tcpRoute: web') }),
    'template-missing': () => ({
      'rollout.yaml': replaced(rollout, 'templateName: success-rate', 'templateName: sucess-rate'),
    }),
    'argument-unresolved': () => ({ 'rollout.yaml': replaced(rollout, '- name: service', '- name: servce') }),
    'condition-syntax': () => ({ 'template.yaml': replaced(template, 'result[0] >=', 'result[0] >==') }),
    'condition-number': () => ({
      'template.yaml': replaced(template, 'result[0] >= {{args.threshold}}', 'len(result)'),
    }),
    'workload-missing': () => ({
      'rollout.yaml': referring,
      'deployment.yaml': replaced(deployment, 'name: web', 'name: wbe'),
    }),
    'workload-selects-others': () => ({
      'rollout.yaml': referring,
      'deployment.yaml': deployment.replaceAll('app: web', 'app: wbe'),
    }),
    'workload-pods': () => ({
      'rollout.yaml': referring,
      'deployment.yaml': replaced(deployment, 'image: web:1', 'image: ""'),
    }),
    'service-missing': () => ({ 'services.yaml': service('web-stable') }),
    'service-selects-others': () => ({
      'services.yaml': `${service('web-stable')}---\n${service('web-canary', 'app: wbe')}`,
    }),
    'service-of-another': () => ({
      'services.yaml': replaced(
        good['services.yaml'],
        'name: web-canary\n',
        'name: web-canary\n  annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: shop}\n',
      ),
    }),
    'service-shared': () => ({
      'other.yaml': replaced(rollout, 'name: web\n', 'name: other\n').replace(
        'stableService: web-stable',
        'stableService: other',
      ),
      'others.yaml': service('other'),
    }),
    'analysis-without-end': () => ({
      'rollout.yaml': replaced(
        rollout,
        '- setWeight: 20',
        '- analysis:\n          templates:\n          - templateName: success-rate\n          args:\n          - name: service\n            value: web',
      ),
    }),
    'route-missing': () => ({
      'route.yaml': replaced(route('web-stable', 'web-canary'), 'name: web\n', 'name: shop\n'),
    }),
    'route-without-service': () => ({ 'route.yaml': route('web-stable', 'other') }),
    'not-an-object': () => ({ 'values.yaml': 'replicas: 3\n', 'list.yaml': '- a\n' }),
    'alias-bomb': () => ({
      'bomb.yaml': `a: &a [x, x]\n${[...'bcdefgh'].map((key, index) => `${key}: &${key} [${`*${'abcdefg'.charAt(index)}, `.repeat(9)}]\n`).join('')}`,
    }),
  };

  it.each(Object.keys(bad))('tells where and what: %s', async (name) => {
    const { code, stdout, stderr } = await lint({ ...good, ...bad[name]?.() });
    expect(code).toBe(1);
    expectGolden(import.meta.url, `lint-${name}`, stdout + stderr);
  });

  /** The Rollout with another strategy; its first line is line 16. */
  const withStrategy = (strategy: string) => rollout.replace(/(?<= {2}strategy:\n).*$/s, strategy);
  const routed = `    canary:
      canaryService: web-canary
      stableService: web-stable
      trafficRouting:
        managedRoutes:
        - name: beta
        plugins:
          argoproj-labs/gatewayAPI:
            httpRoute: web
      steps:
      - setHeaderRoute:
          name: alpha
          match:
          - headerName: x
            headerValue:
              exact: a
              prefix: b
      - setMirrorRoute:
          name: beta
          percentage: 101
      - setWeight: 60
      - experiment:
          templates:
          - name: one
            specRef: stable
            weight: 50
          - name: one
            specRef: canary
`;

  it.each([
    [
      'a blue-green pair',
      '    blueGreen:\n      previewService: web-stable\n      activeService: web-stable\n',
      ['18: spec.strategy.blueGreen.activeService: "web-stable": This rollout uses the same service for the active'],
    ],
    [
      'a blue-green history and analysis',
      `    blueGreen:
      activeService: web-stable
      scaleDownDelayRevisionLimit: 11
      postPromotionAnalysis:
        args:
        - name: team
          valueFrom:
            fieldRef:
              fieldPath: metadata.generation
      antiAffinity: {}
`,
      [
        "18: spec.strategy.blueGreen.scaleDownDelayRevisionLimit: 11: This rollout's revision history limit can not be",
        '19: spec.strategy.blueGreen.postPromotionAnalysis.templates: templates is required',
        '24: spec.strategy.blueGreen.postPromotionAnalysis.args[0].valueFrom.fieldRef.fieldPath: "metadata.generation": Analyses arguments must refer to',
        '25: spec.strategy.blueGreen.antiAffinity: AntiAffinity must have exactly one strategy listed',
      ],
    ],
    [
      'a canary without a router',
      `    canary:
      maxSurge: 0
      maxUnavailable: 0
      scaleDownDelaySeconds: 30
      dynamicStableScale: true
      pingPong:
        pingService: a
        pongService: a
      replicaProgressThreshold:
        type: Percent
        value: 101
      steps:
      - setCanaryScale:
          replicas: 1
      - pause:
          duration: 1d
`,
      [
        '17: spec.strategy.canary.maxSurge: MaxSurge and MaxUnavailable both can not be zero',
        '19: spec.strategy.canary.scaleDownDelaySeconds: Canary scaleDownDelaySeconds can only be used with traffic routing',
        '20: spec.strategy.canary.dynamicStableScale: Canary dynamicStableScale can only be used with traffic routing',
        '23: spec.strategy.canary.pingPong.pongService: "a": This rollout uses the same service for the ping and pong',
        '26: spec.strategy.canary.replicaProgressThreshold.value: 101 percent',
        '28: spec.strategy.canary.steps[0].setCanaryScale: SetCanaryScale requires TrafficRouting to be set',
        '31: spec.strategy.canary.steps[1].pause.duration: "1d" is no duration: Duration needs to be greater than 0',
      ],
    ],
    [
      'routes and experiments in steps',
      routed,
      [
        '27: spec.strategy.canary.steps[0].setHeaderRoute.name: "alpha": Steps define a route that does not exist in',
        '30: spec.strategy.canary.steps[0].setHeaderRoute.match[0].headerValue: has exact and prefix: StringMatch match',
        '35: spec.strategy.canary.steps[1].setMirrorRoute.percentage: 101 is no percentage',
        "38: spec.strategy.canary.steps[3].experiment.templates: the templates' weights are 50 and the canary's is 60",
        '42: spec.strategy.canary.steps[3].experiment.templates[1].name: duplicate template name "one"',
      ],
    ],
    [
      'what a router needs to know',
      routed.replace(/ {8}managedRoutes.*?httpRoute: web\n/s, '        nginx: {}\n        maxTrafficWeight: 0\n'),
      [
        '20: spec.strategy.canary.trafficRouting.nginx: Either StableIngress or StableIngresses must be configured.',
        '21: spec.strategy.canary.trafficRouting.maxTrafficWeight: 0 cannot mean all traffic',
        "19: spec.strategy.canary.trafficRouting.managedRoutes: Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'",
        '23: spec.strategy.canary.steps[0].setHeaderRoute: SetHeaderRoute requires TrafficRouting, supports Istio and ALB',
      ],
    ],
  ])('tells the line of %s', async (_, strategy, lines) => {
    const { code, stdout } = await lint({ ...good, 'rollout.yaml': withStrategy(strategy) });
    expect(code).toBe(1);
    for (const line of lines) expect.soft(stdout).toContain(`rollout.yaml:${line}`);
  });

  it('tells the line of what is wrong in the pods', async () => {
    const text = replaced(
      rollout,
      'image: web:1',
      'image: web:1\n        volumeMounts:\n        - name: data\n          mountPath: /data',
    );
    const { stdout } = await lint({ ...good, 'rollout.yaml': text });
    expect(stdout).toBe(
      'rollout.yaml:16: spec.template.spec.containers[0].volumeMounts[0].name: "data" is not found among spec.volumes: there are none; add the volume or correct the name\n',
    );
  });

  it('tells of Services that a blue-green Rollout names and nobody has', async () => {
    const text = withStrategy('    blueGreen:\n      activeService: web-stable\n      previewService: web-preview\n');
    const { stdout } = await lint({ ...good, 'rollout.yaml': text });
    expect(stdout).toContain(
      'rollout.yaml:18: spec.strategy.blueGreen.previewService: Service "web-preview" is not among',
    );
  });

  it.each([
    ['a rollout', 'rollout.yaml', rollout],
    ['a template', 'template.yaml', template],
    ['a service', 'services.yaml', service('web-canary')],
    ['a route', 'route.yaml', route('web-stable', 'web-canary')],
    ['a Deployment', 'deployment.yaml', deployment],
    ['a Rollout that names it', 'rollout.yaml', referring],
  ])('survives whatever is in the place of a part of %s', async (_, file, text) => {
    const lines = text.split('\n');
    for (const damage of ['5', 'null', 'text', '[1, {}]', '[null]', '{a: {}}']) {
      for (const [index, line] of lines.entries()) {
        const [, start] = /^([ -]*[^ :]+:)/.exec(line) ?? [];
        if (start === undefined) continue;
        const indent = line.search(/[^ -]/);
        const after = lines.slice(index + 1);
        const end = after.findIndex((next) => next.search(/[^ -]/) <= indent);
        const damaged = [...lines.slice(0, index), `${start} ${damage}`, ...after.slice(end < 0 ? after.length : end)];
        const all = { ...good, ...(file === 'deployment.yaml' && { 'rollout.yaml': referring }) };
        const { stdout, stderr } = await lint({ ...all, 'deployment.yaml': deployment, [file]: damaged.join('\n') });
        expect(stdout + stderr).toMatch(/ files: /);
        expect(stderr).not.toContain('Error:');
      }
    }
  });

  it('only warns of what a single file refers to and does not hold', async () => {
    const { code, stdout, stderr } = await lint(good, 'rollout.yaml');
    expect(code).toBe(0);
    expectGolden(import.meta.url, 'lint-single-file', stdout + stderr);
  });

  it('reads Lists, and names the place in them', async () => {
    const { stdout } = await lint({
      'list.json': JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'List',
          items: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: {} }],
        },
        null,
        1,
      ),
    });
    expect(stdout).toMatch(/^list\.json:8: metadata\.name: name is required/m);
  });

  it('names what the controller would leave out of the pods', async () => {
    const resources = '        resources: {requests: {memory: invalid, cpu: 100m}}';
    const { code, stdout } = await lint({
      'rollout.yaml': rollout.replace('        image: web:1', `        image: web:1\n${resources}`),
    });
    expect(code).toBe(1);
    expect(stdout).toContain(
      'rollout.yaml:15: spec.template.spec.containers[0].resources.requests.memory: "invalid" is no quantity, so pods are made without it: write a number',
    );
  });

  it('passes over patches of a kustomization, hidden folders and other kinds of files', async () => {
    const result = await lint({
      ...good,
      'kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n- path: patch.yaml\n',
      'patch.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n',
      '.git/config.yaml': '\tx',
      'README.md': '\tx',
    });
    expect(result).toEqual({ code: 0, stdout: '', stderr: '6 objects in 6 files: 0 problems\n' });
  });

  it('takes the same name in another folder for a variant', async () => {
    expect((await lint({ 'dev/service.yaml': service('a'), 'prod/service.yaml': service('a') })).code).toBe(0);
  });

  it('says that there is no such file', async () => {
    const { code, stderr } = await lint({}, 'nothing.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('nothing.yaml cannot be read');
  });
});

it.each([
  ['spec.steps[12].setWeight', ['spec', 'steps', 12, 'setWeight']],
  ['spec.plugins."argoproj-labs/gatewayAPI".httpRoute', ['spec', 'plugins', 'argoproj-labs/gatewayAPI', 'httpRoute']],
  ['a."with \\" quote"', ['a', 'with " quote']],
  ['', []],
])('a path has its parts: %s', (path, parts) => {
  expect(segments(path)).toEqual(parts);
});
