import { afterEach, expect, it } from 'vitest';
import { byName, ROUTING, rolloutYaml, routeWeights, routeYaml } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

const LEGACY = `
apiVersion: v1
kind: Service
metadata: { name: legacy }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
`;

async function pausedAtQuarter(backends = '', further = ''): Promise<void> {
  world = await testWorld({ behaviour: byName });
  if (further !== '') world.create(further);
  world.create(
    [
      routeYaml(backends),
      rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }]', canary: ROUTING }),
    ].join('---'),
  );
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:1.1.0');
  await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
}

it('does not go on while the gateway has not accepted the route, says so, and goes on when it has', async () => {
  await pausedAtQuarter();
  const refused = { kind: 'refuses', reason: 'NotAllowedByListeners', message: 'no listener takes this' } as const;
  world.workloads.change({ route: () => refused });
  world.patchStatus('shop', { pauseConditions: null });
  await world.pass(120);
  const { status } = world.rollout('shop');
  expect(status?.currentStepIndex).toBe(2);
  const events = world.api.store.list('Event', 'default') as unknown as { reason: string; message: string }[];
  const told = events.filter(({ reason }) => reason === 'WeightVerifyError');
  expect(told).toHaveLength(1);
  expect(told[0]?.message).toMatch(/NotAllowedByListeners.*no listener takes this/);
  world.workloads.change({ route: () => ({ kind: 'accepts' }) });
  // The gateway looks again when the route changes.
  world.api.store.patch('HTTPRoute', { namespace: 'default', name: 'shop' }, { spec: { hostnames: ['shop.example'] } });
  await world.until('shop', ({ status: now }) => now?.currentStepIndex === 3, 120);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 25, 'shop-canary': 75 });
});

it.each([
  ['refuses', { kind: 'refuses', reason: 'Invalid', message: 'no' } as const],
  ['says nothing of', { kind: 'ignores' } as const],
])('takes the traffic away all the same when the gateway %s the route', async (_, behaviour) => {
  await pausedAtQuarter();
  world.workloads.change({ route: () => behaviour });
  world.patchStatus('shop', { abort: true });
  await world.pass(5);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
});

it('keeps the share of a backend that is not its own', async () => {
  const third = '{ name: legacy, port: 80, weight: 50 }, ';
  await pausedAtQuarter(third, LEGACY);
  const share = () => {
    const weights = routeWeights(world);
    const total = Object.values(weights).reduce<number>((sum, weight) => sum + (weight ?? 1), 0);
    return (weights.legacy ?? 1) / total;
  };
  const before = share();
  expect(before).toBeGreaterThan(0.1);
  world.patchStatus('shop', { pauseConditions: null });
  await world.until('shop', ({ status }) => status?.currentStepIndex === 3, 120);
  expect(share()).toBeCloseTo(before, 2);
  world.patchStatus('shop', { abort: true });
  await world.pass(10);
  expect(share()).toBeCloseTo(before, 2);
  expect(routeWeights(world)['shop-canary']).toBe(0);
});

it('puts back weights that someone changed by hand', async () => {
  await pausedAtQuarter();
  const route = world.api.store.get('HTTPRoute', 'default', 'shop') as unknown as { spec: { rules: object[] } };
  const drifted = JSON.parse(JSON.stringify(route.spec).replaceAll('"weight":25', '"weight":99')) as object;
  world.api.store.patch('HTTPRoute', { namespace: 'default', name: 'shop' }, { spec: drifted });
  await world.pass(10);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 75, 'shop-canary': 25 });
});
