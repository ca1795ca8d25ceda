import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  GOOD,
  hashes,
  isAtStep,
  isDegraded,
  isHealthy,
  isPaused,
  isPausedAt,
  MISSING,
  ROUTING,
  released,
  rolloutYaml,
  routeWeights,
  routeYaml,
  untilWanted,
  untilWeights,
} from './fixtures.ts';
import { abort, fewestUntil, promote, scale, told, watched } from './noticed.ts';

const HALF = '[{ setWeight: 50 }, { pause: {} }]';
const QUARTER = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]';
const EVEN = { 'shop-stable': 50, 'shop-canary': 50 };

const has = (replicas: number) => (rollout: Parameters<typeof isPaused>[0]) =>
  isPaused(rollout) && rollout.status?.availableReplicas === replicas;

async function quarter(world: TestWorld): Promise<() => number> {
  const lost = await watched(world, [routeYaml(world), rolloutYaml({ steps: QUARTER, canary: ROUTING })].join('---'));
  await world.setImage('shop', GOOD);
  await world.until('shop', isPausedAt(1), 60);
  return lost;
}

describe.each(worlds)('an autoscaler in the $name', ({ it }) => {
  it('scales up and down in a pause: the share stays, and so do step and pods', async ({ world }) => {
    await released(world, rolloutYaml({ replicas: 4, steps: HALF }), GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const { stable, latest } = await hashes(world);
    for (const [before, replicas] of [
      [4, 8],
      [8, 2],
      [2, 6],
    ] as const) {
      await scale(world, replicas);
      expect(await fewestUntil(world, has(replicas))).toBeGreaterThanOrEqual(Math.min(before, replicas));
      await untilWanted(world, { [stable]: replicas / 2, [latest]: replicas / 2 });
    }
    expect(await told(world, 'RolloutStepCompleted')).toHaveLength(1);
  });

  it('scales while the pods of a weight are awaited, and what serves stays', async ({ world }) => {
    const shape = { replicas: 4, steps: HALF, canary: '      maxSurge: 1\n      maxUnavailable: 0' };
    await released(world, rolloutYaml(shape), MISSING);
    await world.until('shop', ({ status }) => status?.updatedReplicas === 1, 30);
    const { stable, latest } = await hashes(world);
    await scale(world, 8);
    await untilWanted(world, { [stable]: 4, [latest]: 4 });
    expect(await fewestUntil(world, ({ status }) => status?.updatedReplicas === 4)).toBe(4);
    await scale(world, 2);
    const fewest = await fewestUntil(world, ({ status }) => status?.replicas === 3);
    expect(fewest).toBeGreaterThanOrEqual(2);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(0);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
  });

  it('scales beside a route: the weight stays while pods come and go, and rises when there are enough', async ({
    world,
  }) => {
    await quarter(world);
    const { stable, latest } = await hashes(world);
    for (const [replicas, canary] of [
      [8, 2],
      [4, 1],
    ] as const) {
      await scale(world, replicas);
      expect(await fewestUntil(world, has(replicas + canary))).toBeGreaterThanOrEqual(5);
      await untilWanted(world, { [stable]: replicas, [latest]: canary });
      expect(await routeWeights(world)).toEqual({ 'shop-stable': 75, 'shop-canary': 25 });
    }
    await promote(world);
    await scale(world, 6);
    await world.until('shop', isPausedAt(3), 60);
    expect(await routeWeights(world)).toEqual(EVEN);
    await untilWanted(world, { [stable]: 6, [latest]: 3 });
  });

  it('scales while the last pods are replaced, which ends with as many as it asks for', async ({ world }) => {
    const lost = await quarter(world);
    const { stable, latest } = await hashes(world);
    await world.patchStatus('shop', { promoteFull: true });
    await scale(world, 7);
    await world.until('shop', ({ status }) => isHealthy({ status } as never) && status?.stableRS === latest, 60);
    await untilWanted(world, { [stable]: 0, [latest]: 7 });
    await untilWeights(world, AT_HOME);
    expect(lost()).toBe(0);
  });

  it('scales what was given up: stable follows, and the canary gets no pods', async ({ world }) => {
    const lost = await quarter(world);
    const { stable, latest } = await hashes(world);
    await abort(world);
    await world.until('shop', isDegraded, 30);
    await scale(world, 6);
    await untilWanted(world, { [stable]: 6, [latest]: 0 });
    expect(await routeWeights(world)).toEqual(AT_HOME);
    expect((await world.rollout('shop')).status?.message).toBe('RolloutAborted: Rollout aborted update to revision 2');
    expect(lost()).toBe(0);
  });

  it('scales to nothing and back in a pause, and no weight rises before the pods are there', async ({ world }) => {
    await quarter(world);
    const { stable, latest } = await hashes(world);
    await scale(world, 0);
    await untilWanted(world, { [stable]: 0, [latest]: 0 });
    await untilWeights(world, AT_HOME);
    await scale(world, 4);
    await untilWanted(world, { [stable]: 4, [latest]: 1 });
    await untilWeights(world, { 'shop-stable': 75, 'shop-canary': 25 });
    expect(isAtStep(1)(await world.rollout('shop'))).toBe(true);
    expect(await told(world, 'RolloutStepCompleted')).toHaveLength(1);
  });
});
