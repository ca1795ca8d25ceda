import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import type { AnalysisRun, ReplicaSet } from '../../src/api/index.ts';
import { canaryWeight, ROUTED } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

const bad = (image: string) => ({ errorRate: image.includes('bad') ? 0.6 : 0, latencyMilliseconds: 20 });

it('promotes a good release behind a route, and every request finds a pod', async () => {
  world = await testWorld({ behaviour: bad });
  world.create(ROUTED);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:1.1.0');
  await world.until('shop', ({ status }) => status?.currentStepIndex === 1, 60);
  expect(canaryWeight(world)).toBe(25);
  const before = world.traffic.summary('default', 'shop').unserved;
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 600);
  await world.pass(60);
  expect(canaryWeight(world)).toBe(0);
  expect(world.traffic.summary('default', 'shop').unserved).toBe(before);
  const runs = world.api.store.list<AnalysisRun>('AnalysisRun', 'default');
  expect(runs.map(({ status }) => status?.phase)).toEqual(['Successful']);
});

it('takes the traffic from a bad release and keeps it aborted', async () => {
  world = await testWorld({ behaviour: bad });
  world.create(ROUTED);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:bad');
  const aborted = await world.until('shop', ({ status }) => status?.abort === true, 600);
  expect(canaryWeight(world)).toBe(0);
  expect(aborted.status?.message).toContain(
    'RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed',
  );
  await world.pass(300);
  const replicaSets = world.api.store.list<ReplicaSet>('ReplicaSet', 'default');
  expect(replicaSets.map(({ spec }) => spec.replicas).sort()).toEqual([0, 4]);
  expect(world.rollout('shop').status?.phase).toBe('Degraded');
  world.setImage('shop', 'registry.example/shop:1.0.0');
  const healthy = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  expect(healthy.status?.abort).toBeUndefined();
  expect(world.api.store.list('AnalysisRun', 'default')).toHaveLength(1);
});

it.skipIf(!process.env.SHARED_DATA && !exists('../shared/data/webapp-canary'))(
  'judges the manifests of a team as they are',
  async () => {
    world = await testWorld({ behaviour: bad });
    for (const file of ['analysis-template.yaml', 'rollout.yaml'])
      world.create(readFileSync(`../shared/data/webapp-canary/${file}`, 'utf8'));
    await world.until('webapp', ({ status }) => status?.phase === 'Healthy', 60);
    world.setImage('webapp', 'myapp:bad');
    await world.until('webapp', ({ status }) => status?.abort === true, 900);
    // The template asks for all pods' requests of the last minute: the bad ones must have left that window.
    await world.pass(90);
    // Their query does not tell the revisions apart: a release within its minute would be judged by the bad one's failures.
    await world.pass(120);
    world.setImage('webapp', 'myapp:v2.1');
    await world.until('webapp', ({ status }) => status?.phase === 'Healthy', 3600);
  },
);

it('holds through an outage of Prometheus and goes on by itself', async () => {
  world = await testWorld({ behaviour: bad });
  world.create(ROUTED);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:1.1.0');
  await world.until('shop', ({ status }) => status?.currentStepIndex === 1, 60);
  await world.pass(30);
  await world.prometheus.outage(true);
  // Far longer than the pause and than the progress deadline.
  await world.pass(1200);
  expect(canaryWeight(world)).toBe(25);
  expect(world.rollout('shop').status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
  await world.prometheus.outage(false);
  const done = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 900);
  expect(done.status?.abort).toBeUndefined();
});

function exists(path: string): boolean {
  try {
    readFileSync(`${path}/rollout.yaml`);
    return true;
  } catch {
    return false;
  }
}
