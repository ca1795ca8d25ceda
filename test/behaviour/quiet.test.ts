import { describe, expect } from 'vitest';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { BAD, GOOD, installed, isAborted, isHealthy, ROUTING, released, rolloutYaml, routeYaml } from './fixtures.ts';
import { expectAborted, expectPromoted, judgedYaml } from './judged.ts';

async function expectQuiet(world: TestWorld): Promise<void> {
  const before = await world.writes();
  expect(before.length).toBeGreaterThan(0);
  await world.pass(world.longQuiet);
  expect((await world.writes()).slice(before.length)).toEqual([]);
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('writes nothing once all is settled', async ({ world }) => {
    await released(world, judgedYaml(world), GOOD);
    await world.until('shop', isHealthy, 120);
    await world.pass(20);
    await expectPromoted(world);
    await expectQuiet(world);
  });

  it('writes nothing while a release is aborted', async ({ world }) => {
    await released(world, judgedYaml(world), BAD);
    await world.until('shop', isAborted, 120);
    await world.pass(20);
    await expectAborted(world);
    await expectQuiet(world);
  });
});

sandboxOnly.describe('in the sandbox', () => {
  const { it } = sandboxOnly;

  it('writes a status for each move of a release, and not for every count and weight between them', async ({
    world,
  }) => {
    const steps = '[{ setWeight: 25 }, { setWeight: 50 }, { setWeight: 75 }]';
    await installed(world, [routeYaml(world), rolloutYaml({ replicas: 1, steps, canary: ROUTING })].join('---'));
    await world.pass(20);
    const before = await world.writes();
    await world.setImage('shop', GOOD);
    await world.until('shop', isHealthy, 60);
    await world.pass(20);
    const writes = (await world.writes()).slice(before.length);
    // It begins, its pods come up, three steps, it is promoted, all requests are at home, the old pods are gone.
    expect(writes.filter((line) => line.endsWith('/shop/status'))).toHaveLength(8);
    expect(writes).toHaveLength(19);
  });
});
