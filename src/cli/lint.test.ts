import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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

describe('lint', () => {
  it('has nothing to say of what is good', async () => {
    expect(await lint(good)).toEqual({ code: 0, stdout: '', stderr: '5 objects in 4 files: 0 problems\n' });
  });

  const replaced = (text: string, from: string, to: string) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  };
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
    'service-missing': () => ({ 'services.yaml': service('web-stable') }),
    'service-selects-others': () => ({
      'services.yaml': `${service('web-stable')}---\n${service('web-canary', 'app: wbe')}`,
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

  it.each([
    ['a rollout', 'rollout.yaml', rollout],
    ['a template', 'template.yaml', template],
    ['a service', 'services.yaml', service('web-canary')],
    ['a route', 'route.yaml', route('web-stable', 'web-canary')],
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
        const { stdout, stderr } = await lint({ ...good, [file]: damaged.join('\n') });
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
