import { expect, vi } from 'vitest';
import { sandboxOnly } from '../worlds/index.ts';
import { BAD, canaryWeight, isAtStep, released, routedYaml, runs } from './fixtures.ts';

/** Only the sandbox's API server refuses on demand. */
sandboxOnly.describe('in the sandbox', () => {
  sandboxOnly.it('takes the traffic away even while the verdict cannot be written down', async ({ world }) => {
    await released(world, routedYaml(world, { pause: 120 }), BAD);
    await world.until('shop', isAtStep(1), 60);
    const failures = async () => (await runs(world))[0]?.status?.metricResults?.[0]?.failed ?? 0;
    await world.untilTrue(async () => (await failures()) === 1, 90);
    // The second failure is the verdict, and it does not get through.
    let refused = 0;
    world.setFaults(({ verb, resource }) => {
      if (verb !== 'patch' || resource !== 'analysisruns') return undefined;
      refused++;
      return { answer: 500 };
    });
    await world.untilTrue(async () => (await canaryWeight(world)) === 0, 90);
    expect(refused).toBeGreaterThan(0);
    expect((await world.rollout('shop')).status?.abort).toBeUndefined();
    world.setFaults();
    // The next attempt comes after a delay of machine time, which virtual time does not wait for.
    await vi.waitFor(
      async () => {
        await world.pass(1);
        expect((await world.rollout('shop')).status?.abort).toBe(true);
      },
      { timeout: 10_000 },
    );
    expect(await canaryWeight(world)).toBe(0);
  });
});
