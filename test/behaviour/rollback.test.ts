import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { FIRST, GOOD, hashes, installed, isHealthy, isPausedAt, NEWEST, replicaSets, rolloutYaml } from './fixtures.ts';
import { fewestUntil, told } from './noticed.ts';

const shape = (revisions: number) => ({
  steps: '[{ setWeight: 25 }, { pause: {} }]',
  canary: '      maxSurge: 1\n      maxUnavailable: 0',
  spec: `  rollbackWindow: { revisions: ${revisions} }`,
});

/** Releases the image in full. Whole seconds tell which ReplicaSet is the older one. */
async function releasedInFull(world: TestWorld, image: string): Promise<void> {
  await world.pass(1.1);
  await world.setImage('shop', image);
  await world.until('shop', isPausedAt(1), 30);
  await world.patchStatus('shop', { promoteFull: true });
  await world.until('shop', isHealthy, 30);
}

describe.each(worlds)('going back in the $name', ({ it }) => {
  it('within the rollback window needs no steps, and enough pods serve all the time', async ({ world }) => {
    await installed(world, rolloutYaml(shape(1)));
    const { stable: first } = await hashes(world);
    await releasedInFull(world, GOOD);
    await world.setImage('shop', FIRST);
    const isBack = ({ status }: Parameters<typeof isHealthy>[0]) => status?.stableRS === first;
    expect(await fewestUntil(world, isBack, 30)).toBeGreaterThanOrEqual(4);
    await world.until('shop', isHealthy, 30);
    expect(await told(world, 'SkipSteps')).toEqual(['Rollback to active ReplicaSets within RollbackWindow']);
    expect(await replicaSets(world)).toHaveLength(2);
  });

  it('further than the rollback window follows the steps', async ({ world }) => {
    await installed(world, rolloutYaml(shape(1)));
    const { stable: first } = await hashes(world);
    await releasedInFull(world, GOOD);
    await releasedInFull(world, NEWEST);
    await releasedInFull(world, 'registry.example/shop:1.3.0');
    await world.setImage('shop', FIRST);
    const paused = await world.until('shop', isPausedAt(1), 30);
    expect(paused.status?.currentPodHash).toBe(first);
    expect(await told(world, 'SkipSteps')).toEqual([]);
    expect(await replicaSets(world)).toHaveLength(4);
  });
});
