import { describe, expect } from 'vitest';
import { events, httpRoutes } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  canaryWeight,
  GOOD,
  isAtStep,
  isPausedAt,
  ROUTING,
  released,
  rolloutYaml,
  routeWeights,
  routeYaml,
  serviceYaml,
  untilWeights,
} from './fixtures.ts';

async function pausedAtQuarter(world: TestWorld, backends = ''): Promise<void> {
  const steps = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }]';
  const parts = [routeYaml(world, backends), rolloutYaml({ steps, canary: ROUTING })];
  if (backends !== '') parts.unshift(serviceYaml('legacy'));
  await released(world, parts.join('---'), GOOD);
  await world.until('shop', isPausedAt(1), 60);
}

/** Why the gateway does not serve the route, in its own words; undefined while it does. */
async function refusal(world: TestWorld): Promise<{ reason: string; message: string } | undefined> {
  const { status } = (await world.get(httpRoutes, 'shop')) as {
    status?: { parents?: { conditions: { type: string; status: string; reason: string; message: string }[] }[] };
  };
  const conditions = (status?.parents ?? []).flatMap((parent) => parent.conditions);
  return conditions.find(({ type, status: is }) => type === 'Accepted' && is === 'False');
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('does not go on while the gateway refuses the route, says so, and goes on when it takes it', async ({ world }) => {
    await pausedAtQuarter(world);
    await world.setGateway('refuses');
    await world.untilTrue(async () => (await refusal(world)) !== undefined, 10);
    const { reason, message } = (await refusal(world)) ?? {};
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isAtStep(2), 30);
    const told = async () => (await world.list(events)).filter((event) => event.reason === 'WeightVerifyError');
    await world.untilTrue(async () => (await told()).length > 0, 60);
    await world.pass(10);
    expect((await told()).map((event) => event.message)).toEqual([expect.stringContaining(`${reason}`)]);
    expect((await told())[0]?.message).toContain(message);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(2);
    await world.setGateway('accepts');
    await world.until('shop', isAtStep(3), 60);
    expect(await routeWeights(world)).toEqual({ 'shop-stable': 25, 'shop-canary': 75 });
  });

  it.for(['refuses', 'ignores'] as const)(
    'takes the traffic away all the same when the gateway %s the route',
    async (attitude, { world }) => {
      await pausedAtQuarter(world);
      await world.setGateway(attitude);
      await world.patchStatus('shop', { abort: true });
      await world.untilTrue(async () => (await canaryWeight(world)) === 0, 5);
      expect(await routeWeights(world)).toEqual(AT_HOME);
    },
  );

  it('keeps the share of a backend that is not its own', async ({ world }) => {
    await pausedAtQuarter(world, '{ name: legacy, port: 80, weight: 50 }, ');
    const share = async () => {
      const weights = await routeWeights(world);
      const total = Object.values(weights).reduce<number>((sum, weight) => sum + (weight ?? 1), 0);
      return (weights.legacy ?? 1) / total;
    };
    const before = await share();
    expect(before).toBeGreaterThan(0.1);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isAtStep(3), 60);
    expect(await share()).toBeCloseTo(before, 2);
    await world.patchStatus('shop', { abort: true });
    await world.untilTrue(async () => (await canaryWeight(world)) === 0, 10);
    expect(await share()).toBeCloseTo(before, 2);
  });

  it('puts back weights that someone changed by hand', async ({ world }) => {
    await pausedAtQuarter(world);
    const { spec } = await world.get(httpRoutes, 'shop');
    const drifted = JSON.parse(JSON.stringify(spec).replaceAll('"weight":25', '"weight":99')) as object;
    await world.patch(httpRoutes, 'shop', { spec: drifted });
    await untilWeights(world, { 'shop-stable': 75, 'shop-canary': 25 });
  });
});
