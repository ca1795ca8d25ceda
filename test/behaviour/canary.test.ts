import { afterEach, expect, it } from 'vitest';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 5
  selector: { matchLabels: { app: shop } }
  strategy:
    canary:
      steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: { duration: 10 } }]
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers: [{ name: shop, image: 'registry.example/shop:1.0.0' }]
`;

it('installs, pauses, is promoted by a person and completes', async () => {
  world = await testWorld();
  world.create(ROLLOUT);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:1.1.0');
  const paused = await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
  expect(paused.status?.message).toBe('CanaryPauseStep');
  expect(paused.status?.updatedReplicas).toBe(1);
  world.patchStatus('shop', { pauseConditions: null });
  const done = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  expect(done.status?.currentPodHash).toBe(done.status?.stableRS);
});
