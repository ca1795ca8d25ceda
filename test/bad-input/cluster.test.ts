import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byName,
  LATEST,
  ROUTING,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runs,
  successRateYaml,
} from '../behaviour/fixtures.ts';
import { PROMETHEUS, type TestWorld, testWorld } from '../behaviour/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ behaviour: byName });
});
afterEach(() => world.stop());

const NAME = { namespace: 'default', name: 'shop' };
const CANARY = 'spec.strategy.canary';
const PLUGIN = `${CANARY}.trafficRouting.plugins."argoproj-labs/gatewayAPI"`;
const ANALYSIS = `      analysis: { startingStep: 1, templates: [{ templateName: success-rate }], ${LATEST} }`;
const STEPS = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }]';

const template = successRateYaml('interval: 10s, successCondition: result >= 0.95');
const parts = {
  template,
  route: routeYaml(),
  rollout: rolloutYaml({ steps: STEPS, canary: `${ROUTING}\n${ANALYSIS}` }),
};

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
  'two kinds in one step': {
    change: steps({ setWeight: 25, pause: {} }),
    says: [`${CANARY}.steps[0]`, 'setWeight and pause', 'exactly one'],
  },
  'weight 101': {
    change: steps({ setWeight: 101 }),
    says: [`${CANARY}.steps[0].setWeight`, '101', 'between 0 and 100'],
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

function originalOf({ kind = 'Rollout', name = 'shop' }: Mistake): object {
  const { spec } = world.api.store.get(kind, 'default', name) as unknown as { spec: object };
  return structuredClone(spec);
}

function mend({ kind = 'Rollout', name = 'shop', change }: Mistake, spec: object): void {
  const apiVersion = kind === 'Service' ? 'v1' : 'gateway.networking.k8s.io/v1';
  const object = { apiVersion, kind, metadata: { namespace: 'default', name } };
  if (change === 'delete') world.api.store.create(kind, { ...object, spec } as never);
  else {
    const now = world.api.store.get(kind, 'default', name);
    world.api.store.update(kind, { ...now, spec } as never);
  }
}

describe.each(Object.entries(MISTAKES))('%s', (_, mistake) => {
  const { kind = 'Rollout', name = 'shop', change, says } = mistake;

  it('is told, touches nothing, and is forgotten once mended', async () => {
    world.create([parts.template, parts.route, parts.rollout].join('---'));
    await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
    const before = { sets: replicaSets(world).map(({ spec }) => spec.replicas), runs: runs(world).length };
    const weights = routeWeights(world);
    const spec = originalOf(mistake);
    if (change === 'delete') world.api.store.delete(kind, 'default', name);
    else world.api.store.patch(kind, { namespace: 'default', name }, change);
    world.setImage('shop', 'registry.example/shop:1.1.0');
    const { status } = await world.until('shop', (rollout) => rollout.status?.phase === 'Degraded', 60);
    expect(status?.message).toMatch(/^InvalidSpec: /);
    for (const text of says) expect.soft(status?.message).toContain(text);
    const invalid = status?.conditions?.find(({ type }) => type === 'InvalidSpec');
    expect(invalid).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
    await world.pass(120);
    expect({ sets: replicaSets(world).map(({ spec: set }) => set.replicas), runs: runs(world).length }).toEqual(before);
    if (kind !== 'HTTPRoute') expect(routeWeights(world)).toEqual(weights);

    mend(mistake, spec);
    if (kind !== 'Rollout') await world.until('shop', ({ status: now }) => now?.phase === 'Paused', 120);
    else {
      world.setImage('shop', 'registry.example/shop:1.1.0');
      await world.until('shop', ({ status: now }) => now?.phase === 'Paused', 120);
    }
    const mended = world.rollout('shop').status;
    expect(mended?.conditions?.some(({ type }) => type === 'InvalidSpec')).toBe(false);
  });
});

it('refuses at birth what can never run, and creates nothing for it', async () => {
  world.create(rolloutYaml({ steps: '[{ setWeight: 101 }]' }));
  const { status } = await world.until('shop', (rollout) => rollout.status?.phase === 'Degraded', 60);
  expect(status?.message).toContain('InvalidSpec: ');
  expect(replicaSets(world)).toEqual([]);
  world.api.store.patch('Rollout', NAME, steps({ setWeight: 10 }));
  await world.until('shop', (rollout) => rollout.status?.phase === 'Healthy', 60);
});

it('names the selector and the template that do not fit', async () => {
  world.create(rolloutYaml().replace('matchLabels: { app: shop }', 'matchLabels: { app: other }'));
  const { status } = await world.until('shop', (rollout) => rollout.status?.phase === 'Degraded', 60);
  for (const text of ['InvalidSpec: spec.template.metadata.labels', '{"app":"shop"}', 'selector asks for'])
    expect(status?.message).toContain(text);
  expect(replicaSets(world)).toEqual([]);
});

it.each(['http://127.0.0.1:9090', 'http://169.254.169.254/latest', 'http://localhost:9090', 'http://[::1]:9090'])(
  'never asks an address on this machine or link: %s',
  async (address) => {
    const yaml = template
      .replace(`http://${PROMETHEUS}`, address)
      .replace('successCondition', 'consecutiveErrorLimit: 0, successCondition');
    const rollout = rolloutYaml({
      steps: `[{ setWeight: 25 }, { analysis: { templates: [{ templateName: success-rate }], ${LATEST} } }]`,
    });
    world.create([yaml, rollout].join('---'));
    await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
    world.setImage('shop', 'registry.example/shop:1.1.0');
    await world.until('shop', ({ status }) => status?.abort === true, 600);
    const [run] = runs(world);
    const told = JSON.stringify(run?.status);
    expect(run?.status?.phase).toBe('Error');
    expect(told).toMatch(/loopback|link-local/);
    expect(told).toContain(new URL(address).hostname.replace(/^\[|\]$/g, ''));
    expect(told).toMatch(/--|allow|use /);
  },
);
