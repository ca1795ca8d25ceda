import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { BAD, GOOD, isAborted, isHealthy, released } from './fixtures.ts';
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
