import { afterEach, expect, it, vi } from 'vitest';
import type { AnalysisRun } from '../../src/api/index.ts';
import { canaryWeight, ROUTED } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

it('takes the traffic away even while the verdict cannot be written down', async () => {
  world = await testWorld({
    behaviour: (image) => ({ errorRate: image.includes('bad') ? 0.6 : 0, latencyMilliseconds: 20 }),
  });
  world.create(ROUTED);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:bad');
  await world.until('shop', ({ status }) => status?.currentStepIndex === 1, 60);
  const failures = () => {
    const [run] = world.api.store.list<AnalysisRun>('AnalysisRun', 'default');
    return run?.status?.metricResults?.[0]?.failed ?? 0;
  };
  await world.clock.run({ until: world.clock.now() + 90_000, done: () => failures() === 1 });
  // The second failure is the verdict, and it does not get through.
  let refused = 0;
  world.api.faults = ({ verb, resource }) => {
    if (verb !== 'patch' || resource !== 'analysisruns') return undefined;
    refused++;
    return { answer: 500 };
  };
  await world.clock.run({ until: world.clock.now() + 90_000, done: () => canaryWeight(world) === 0 });
  expect(refused).toBeGreaterThan(0);
  expect(canaryWeight(world)).toBe(0);
  expect(world.rollout('shop').status?.abort).toBeUndefined();
  world.api.faults = undefined;
  // The next attempt comes after a delay of machine time, which virtual time does not wait for.
  await vi.waitFor(
    async () => {
      await world.pass(1);
      expect(world.rollout('shop').status?.abort).toBe(true);
    },
    { timeout: 10_000 },
  );
  expect(canaryWeight(world)).toBe(0);
});
