import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import { GOOD, isHealthy, isPaused, released, rolloutYaml } from './fixtures.ts';

describe.each(worlds)('in the $name', ({ it }) => {
  it('installs, pauses, is promoted by a person and completes', async ({ world }) => {
    const steps = '[{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: { duration: 5 } }]';
    await released(world, rolloutYaml({ replicas: 5, steps }), GOOD);
    const paused = await world.until('shop', isPaused, 60);
    expect(paused.status?.message).toBe('CanaryPauseStep');
    expect(paused.status?.updatedReplicas).toBe(1);
    await world.patchStatus('shop', { pauseConditions: null });
    const done = await world.until('shop', isHealthy, 60);
    expect(done.status?.currentPodHash).toBe(done.status?.stableRS);
  });
});
