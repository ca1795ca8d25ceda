import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import {
  background,
  ENDLESS,
  GOOD,
  isAborted,
  isDegraded,
  isHealthy,
  isPaused,
  LATEST,
  ROUTING,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runs,
  successRateYaml,
} from '../behaviour/fixtures.ts';
import { sandboxOnly } from '../worlds/index.ts';
import type { SandboxWorld } from '../worlds/sandbox.ts';
import { PROMETHEUS, type TestWorld } from '../worlds/world.ts';

const { it } = sandboxOnly;

const CANARY = 'spec.strategy.canary';
const PLUGIN = `${CANARY}.trafficRouting.plugins."argoproj-labs/gatewayAPI"`;
const STEPS = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }]';

function storyYaml(world: TestWorld): string {
  const rollout = rolloutYaml({ steps: STEPS, canary: `${ROUTING}\n${background(1)}` });
  return [successRateYaml(world, ENDLESS), routeYaml(world), rollout].join('---');
}

interface Mistake {
  /** What someone changes, in which object. */
  kind?: 'Rollout' | 'AnalysisTemplate' | 'Service' | 'HTTPRoute';
  name?: string;
  change: object | 'delete';
  /** What the message must say: where, what, what is allowed. */
  says: string[];
}

const canary = (change: object) => ({ spec: { strategy: { canary: change } } });
const steps = (...list: object[]) => canary({ steps: list });
const metric = (change: object) => ({
  spec: {
    metrics: [
      {
        name: 'success-rate',
        interval: '10s',
        successCondition: 'result >= 0.95',
        provider: { prometheus: { address: `http://${PROMETHEUS}`, query: 'up' } },
        ...change,
      },
    ],
  },
});
const AN_TEMPLATE = { kind: 'AnalysisTemplate', name: 'success-rate' } as const;

const MISTAKES: Record<string, Mistake> = {
  'an amount in words': {
    change: canary({ maxSurge: 'a lot' }),
    says: [`${CANARY}.maxSurge`, '"a lot"', '25%'],
  },
  'an analysis of nothing': {
    change: steps({ analysis: { templates: [] } }),
    says: [`${CANARY}.steps[0].analysis.templates`, 'required', 'at least one'],
  },
  'an unknown router': {
    change: canary({ trafficRouting: { plugins: { 'acme/mesh': {} } } }),
    says: [`${CANARY}.trafficRouting.plugins."acme/mesh"`, 'known', 'argoproj-labs/gatewayAPI'],
  },
  'a template that is not there': {
    change: canary({ analysis: { templates: [{ templateName: 'sucess-rate' }] } }),
    says: [`${CANARY}.analysis.templates[0].templateName`, 'sucess-rate', 'not found'],
  },
  'an argument without a value': {
    change: canary({ analysis: { args: null } }),
    says: [`${CANARY}.analysis`, 'hash', 'was not resolved'],
  },
  'a duration in words': {
    change: steps({ pause: { duration: '5 minutes' } }),
    says: [`${CANARY}.steps[0].pause.duration`, '5 minutes', '5m'],
  },
  'a condition that does not parse': {
    ...AN_TEMPLATE,
    change: metric({ successCondition: 'result >== 0.95' }),
    says: ['success-rate', 'spec.metrics[0].successCondition', 'result >== 0.95', '(1:10)'],
  },
  'a condition that yields a number': {
    ...AN_TEMPLATE,
    change: metric({ successCondition: 'len(result)' }),
    says: ['success-rate', 'spec.metrics[0].successCondition', 'len(result)', 'bool'],
  },
  'a condition that is too long': {
    ...AN_TEMPLATE,
    change: metric({ successCondition: `result >= 0.95 ${' || result >= 0.95'.repeat(400)}` }),
    says: ['success-rate', 'spec.metrics[0].successCondition', '4'],
  },
  'a condition that is too deep': {
    ...AN_TEMPLATE,
    change: metric({ successCondition: `${'('.repeat(80)}result >= 0.95${')'.repeat(80)}` }),
    says: ['success-rate', 'spec.metrics[0].successCondition', '64'],
  },
  'a Service that is not there': {
    kind: 'Service',
    name: 'shop-canary',
    change: 'delete',
    says: [`${CANARY}.canaryService`, 'shop-canary', 'not found', 'create it or correct the name'],
  },
  'a Service that selects others': {
    kind: 'Service',
    name: 'shop-canary',
    change: { spec: { selector: { app: 'other' } } },
    says: [`${CANARY}.canaryService`, 'shop-canary', 'app', 'other'],
  },
  'a route that is not there': {
    kind: 'HTTPRoute',
    name: 'shop',
    change: 'delete',
    says: [`${PLUGIN}.httpRoute`, 'HTTPRoute "shop"', 'is not in namespace "default"', 'create it'],
  },
  'a route that does not refer to the Service': {
    kind: 'HTTPRoute',
    name: 'shop',
    change: { spec: { rules: [{ backendRefs: [{ name: 'shop-stable', port: 80 }] }] } },
    says: [PLUGIN, 'shop', 'does not refer to', 'shop-canary', 'backendRefs'],
  },
};

function originalOf({ api }: SandboxWorld, { kind = 'Rollout', name = 'shop' }: Mistake): object {
  const { spec } = api.store.get(kind, 'default', name) as unknown as { spec: object };
  return structuredClone(spec);
}

function make({ api }: SandboxWorld, { kind = 'Rollout', name = 'shop', change }: Mistake): void {
  if (change === 'delete') api.store.delete(kind, 'default', name);
  else api.store.patch(kind, { namespace: 'default', name }, change);
}

function mend({ api }: SandboxWorld, { kind = 'Rollout', name = 'shop', change }: Mistake, spec: object): void {
  const apiVersion = kind === 'Service' ? 'v1' : 'gateway.networking.k8s.io/v1';
  const object = { apiVersion, kind, metadata: { namespace: 'default', name } };
  if (change === 'delete') api.store.create(kind, { ...object, spec } as never);
  else {
    const now = api.store.get(kind, 'default', name);
    api.store.update(kind, { ...now, spec } as never);
  }
}

/** What must not change while the Rollout is invalid. */
async function footprint(world: SandboxWorld, { kind }: Mistake) {
  const pods = (await replicaSets(world)).map(({ spec }) => spec.replicas);
  const weights = kind === 'HTTPRoute' ? undefined : await routeWeights(world);
  return { pods, runs: (await runs(world)).length, weights };
}

describe.each(Object.entries(MISTAKES))('%s', (_, mistake) => {
  it('is told, touches nothing, and is forgotten once mended', async ({ world }) => {
    await world.create(storyYaml(world));
    await world.until('shop', isHealthy, 60);
    const before = await footprint(world, mistake);
    const spec = originalOf(world, mistake);
    make(world, mistake);
    await world.setImage('shop', GOOD);
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toMatch(/^InvalidSpec: /);
    for (const text of mistake.says) expect.soft(status?.message).toContain(text);
    const invalid = status?.conditions?.find(({ type }) => type === 'InvalidSpec');
    expect(invalid).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
    await world.pass(120);
    expect(await footprint(world, mistake)).toEqual(before);

    mend(world, mistake, spec);
    if ((mistake.kind ?? 'Rollout') === 'Rollout') await world.setImage('shop', GOOD);
    const mended = await world.until('shop', isPaused, 120);
    expect(mended.status?.conditions?.some(({ type }) => type === 'InvalidSpec')).toBe(false);
  });
});

it('refuses at birth what can never run, and creates nothing for it', async ({ world }) => {
  await world.create(rolloutYaml({ steps: '[{ pause: { duration: 5 minutes } }]' }));
  const { status } = await world.until('shop', isDegraded, 60);
  expect(status?.message).toContain('InvalidSpec: ');
  expect(await replicaSets(world)).toEqual([]);
  await world.patch(rollouts, 'shop', steps({ setWeight: 10 }));
  await world.until('shop', isHealthy, 60);
});

it('names the selector and the template that do not fit', async ({ world }) => {
  await world.create(rolloutYaml().replace('matchLabels: { app: shop }', 'matchLabels: { app: other }'));
  const { status } = await world.until('shop', isDegraded, 60);
  for (const text of [
    'InvalidSpec: The Rollout "shop" is invalid: spec.template.metadata.labels',
    '{"app":"shop"}',
    'selector asks for',
  ])
    expect(status?.message).toContain(text);
  expect(await replicaSets(world)).toEqual([]);
});

const deployment = (change: object = {}) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', ...change });

it.for<[what: string, workloadRef: object, says: string[]]>([
  [
    'nowhere',
    deployment(),
    ['spec.workloadRef.name', 'deployments.apps "default/shop" not found', 'create it or correct'],
  ],
  [
    'a kind without pods',
    deployment({ kind: 'Service', apiVersion: 'v1' }),
    ['spec.workloadRef', '/Service', 'a PodTemplate of v1'],
  ],
  [
    'a kind of another group',
    deployment({ apiVersion: 'acme.io/v1' }),
    ['spec.workloadRef', 'acme.io/Deployment', 'apps/v1'],
  ],
  ['what has no name', deployment({ name: null }), ['spec.workloadRef.name', 'required', 'same namespace']],
  [
    'pods that the selector does not select',
    deployment({ name: 'other' }),
    ['spec.workloadRef', 'Deployment "other"', 'does not match'],
  ],
  [
    'pods that end',
    { apiVersion: 'v1', kind: 'PodTemplate', name: 'job' },
    ['PodTemplate "job", template.spec.restartPolicy', 'Always'],
  ],
])(
  'takes no pods from %s, keeps those that it has, and forgets the mistake once mended',
  async ([, workloadRef, says], { world }) => {
    const labels = 'metadata: { labels: { app: other } }';
    const pods = (more = '') => `spec: { ${more}containers: [{ name: shop, image: 'registry.example/shop:1.0.0' }] }`;
    const other = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: other }
spec: { replicas: 0, selector: { matchLabels: { app: other } }, template: { ${labels}, ${pods()} } }
`;
    const job = `
apiVersion: v1
kind: PodTemplate
metadata: { name: job }
template: { metadata: { labels: { app: shop } }, ${pods('restartPolicy: Never, ')} }
`;
    await world.create([rolloutYaml(), other, job].join('---'));
    const { spec } = await world.until('shop', isHealthy, 60);
    const ownSets = async () => (await replicaSets(world)).filter(({ metadata }) => metadata.name.startsWith('shop-'));
    const wantedPods = async () => (await ownSets()).map(({ spec: { replicas } }) => replicas);
    await world.patch(rollouts, 'shop', { spec: { template: null, workloadRef } });
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toMatch(/^InvalidSpec: /);
    for (const text of says) expect.soft(status?.message).toContain(text);
    await world.pass(60);
    expect(await wantedPods()).toEqual([4]);
    await world.patch(rollouts, 'shop', { spec: { template: spec.template, workloadRef: null } });
    await world.until('shop', isHealthy, 60);
    expect(await wantedPods()).toEqual([4]);
  },
);

it.for(['http://127.0.0.1:9090', 'http://169.254.169.254/latest', 'http://localhost:9090', 'http://[::1]:9090'])(
  'never asks an address on this machine or link: %s',
  async (address, { world }) => {
    const metric = `consecutiveErrorLimit: 0, count: 3, ${ENDLESS}`;
    const yaml = successRateYaml(world, metric).replace(`http://${PROMETHEUS}`, address);
    const rollout = rolloutYaml({
      steps: `[{ setWeight: 25 }, { analysis: { templates: [{ templateName: success-rate }], ${LATEST} } }]`,
    });
    await world.create([yaml, rollout].join('---'));
    await world.until('shop', isHealthy, 60);
    await world.setImage('shop', GOOD);
    await world.until('shop', isAborted, 600);
    const [run] = await runs(world);
    const told = JSON.stringify(run?.status);
    expect(run?.status?.phase).toBe('Error');
    expect(told).toMatch(/loopback|link-local/);
    expect(told).toContain(new URL(address).hostname.replace(/^\[|\]$/g, ''));
    expect(told).toMatch(/--|allow|use /);
  },
);
