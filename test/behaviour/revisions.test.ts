import { afterEach, expect, it } from 'vitest';
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
  wanted,
} from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

async function pausedAt(step: number, yaml: string): Promise<void> {
  world = await testWorld({ behaviour: byName });
  world.create(yaml);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:1.1.0');
  await world.until('shop', ({ status }) => status?.phase === 'Paused' && status.currentStepIndex === step, 600);
}

it('starts anew with the newest revision when one comes in mid-flight, and stable stays', async () => {
  await pausedAt(1, rolloutYaml({ steps: '[{ setWeight: 50 }, { pause: {} }]' }));
  const { stableRS = '', currentPodHash: second = '' } = world.rollout('shop').status ?? {};
  expect(wanted(world)).toEqual({ [stableRS]: 2, [second]: 2 });
  world.setImage('shop', 'registry.example/shop:1.2.0');
  const paused = await world.until(
    'shop',
    ({ status }) => status?.phase === 'Paused' && status.currentPodHash !== second,
    120,
  );
  const third = paused.status?.currentPodHash ?? '';
  expect(paused.status?.stableRS).toBe(stableRS);
  expect(paused.status?.currentStepIndex).toBe(1);
  expect(wanted(world)).toEqual({ [stableRS]: 2, [second]: 0, [third]: 2 });
  world.patchStatus('shop', { pauseConditions: null });
  const done = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  expect(done.status?.stableRS).toBe(third);
  expect(wanted(world)).toEqual({ [stableRS]: 0, [second]: 0, [third]: 4 });
});

it('ends the analysis of a revision that was overtaken, and judges the next by its own', async () => {
  await pausedAt(
    1,
    successRateYaml('interval: 10s, successCondition: result >= 0.95').concat(
      '---',
      rolloutYaml({
        steps: '[{ setWeight: 50 }, { pause: {} }]',
        canary: `      analysis: { startingStep: 1, templates: [{ templateName: success-rate }], ${LATEST} }`,
      }),
    ),
  );
  await world.pass(30);
  world.setImage('shop', 'registry.example/shop:1.2.0');
  await world.pass(60);
  const [first, second, ...others] = runs(world).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const byRevision = runs(world).map(({ metadata }) => metadata.annotations?.['rollout.argoproj.io/revision']);
  expect(byRevision.sort()).toEqual(['2', '3']);
  expect(others).toEqual([]);
  expect([first?.status?.phase, second?.status?.phase].sort()).toEqual(['Running', 'Successful']);
});

it.each([
  ['without a router', '', rolloutYaml({ steps: '[{ setWeight: 50 }, { pause: {} }]' })],
  ['with a router', ROUTING, ''],
])('goes back at once, without a canary, when the spec returns to stable: %s', async (_, routing, plain) => {
  const routed = [routeYaml(), rolloutYaml({ steps: '[{ setWeight: 50 }, { pause: {} }]', canary: routing })].join(
    '---',
  );
  await pausedAt(1, plain === '' ? routed : plain);
  const { stableRS } = world.rollout('shop').status ?? {};
  world.setImage('shop', 'registry.example/shop:1.0.0');
  const steps: (number | undefined)[] = [];
  const healthy = await world.until(
    'shop',
    ({ status }) => {
      if (status?.phase === 'Paused') steps.push(status.currentStepIndex);
      return status?.phase === 'Healthy';
    },
    90,
  );
  expect(healthy.status?.stableRS).toBe(stableRS);
  expect(healthy.status?.currentPodHash).toBe(stableRS);
  expect(healthy.status?.currentStepIndex).toBe(2);
  if (plain === '') expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
  await world.pass(120);
  expect(
    replicaSets(world)
      .map(({ spec }) => spec.replicas)
      .sort(),
  ).toEqual([0, 4]);
});

it('returns to stable out of an abort without a canary', async () => {
  await pausedAt(1, rolloutYaml({ steps: '[{ setWeight: 50 }, { pause: {} }]' }));
  world.patchStatus('shop', { abort: true });
  await world.until('shop', ({ status }) => status?.phase === 'Degraded', 60);
  world.setImage('shop', 'registry.example/shop:1.0.0');
  const healthy = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  expect(healthy.status?.abort).toBeFalsy();
  expect(replicaSets(world)).toHaveLength(2);
});
