import { describe } from 'vitest';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { BAD, GOOD, isAborted, isHealthy, released } from './fixtures.ts';
import { expectAborted, expectPromoted, judgedYaml } from './judged.ts';

async function restartedOnce(world: TestWorld, at: number): Promise<void> {
  await released(world, judgedYaml(world), GOOD);
  await world.pass(at);
  await world.restart();
  await world.until('shop', isHealthy, 150);
  await world.pass(10);
  await expectPromoted(world);
}

async function restartedEvery(world: TestWorld, seconds: number, during: number): Promise<void> {
  await released(world, judgedYaml(world), BAD);
  for (let at = 0; at < during; at += seconds) {
    await world.pass(seconds);
    await world.restart();
  }
  await world.until('shop', isAborted, 90);
  await world.pass(10);
  await expectAborted(world);
}

describe.each(worlds)('the controller is restarted in the $name', ({ it }) => {
  it.for([2, 8, 20])('once, %i s into a good release', (at, { world }) => restartedOnce(world, at));

  it('every 3 s of a bad release', ({ world }) => restartedEvery(world, 3, 30));
});

/** Many moments, each to the second. */
sandboxOnly.describe('the controller is restarted on virtual time', { timeout: 120_000 }, () => {
  const moments = [0, 1, 3, 4, 5, 6, 7, 9, 10, 12, 15, 18, 25, 30, 40, 50];

  sandboxOnly.it.for(moments)('once, %i s into a good release', (at, { world }) => restartedOnce(world, at));

  sandboxOnly.it('every second of a bad release', ({ world }) => restartedEvery(world, 1, 60));
});
