import { existsSync, readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import {
  AT_HOME,
  BAD,
  canaryWeight,
  FIRST,
  GOOD,
  hashes,
  isAborted,
  isAtStep,
  isHealthy,
  isPausedAt,
  released,
  routedYaml,
  runPhases,
  untilWanted,
  untilWeights,
} from './fixtures.ts';

describe.each(worlds)('in the $name', ({ it }) => {
  it('promotes a good release behind a route, and every request finds a pod', async ({ world }) => {
    await released(world, routedYaml(world), GOOD);
    await world.until('shop', isAtStep(1), 60);
    expect(await canaryWeight(world)).toBe(25);
    const before = world.requests().unserved;
    await world.until('shop', isHealthy, 180);
    await untilWeights(world, AT_HOME);
    await world.untilTrue(async () => (await world.rollout('shop')).status?.replicas === 4, 60);
    await world.pass(3);
    expect(world.requests().unserved).toBe(before);
    expect(world.requests().served).toMatchObject({ '1.0.0': expect.any(Number), '1.1.0': expect.any(Number) });
    expect(await runPhases(world)).toEqual(['Successful']);
  });

  it('takes the traffic from a bad release and keeps it aborted', async ({ world }) => {
    await released(world, routedYaml(world, { pause: 120 }), BAD);
    const aborted = await world.until('shop', isAborted, 120);
    expect(await canaryWeight(world)).toBe(0);
    expect(aborted.status?.message).toContain(
      'RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed',
    );
    const { stable, latest } = await hashes(world);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
    await world.pass(15);
    expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Degraded', abort: true });
    await world.setImage('shop', FIRST);
    const healthy = await world.until('shop', isHealthy, 60);
    expect(healthy.status?.abort).toBeUndefined();
    expect(await runPhases(world)).toEqual(['Failed']);
  });

  it('holds through an outage of Prometheus and goes on by itself', async ({ world }) => {
    await released(world, routedYaml(world, { spec: '  progressDeadlineSeconds: 20' }), GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await world.pass(5);
    await world.setPrometheus('down');
    // Longer than the pause and than the progress deadline.
    await world.pass(40);
    expect(await canaryWeight(world)).toBe(25);
    expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    await world.setPrometheus('up');
    const done = await world.until('shop', isHealthy, 180);
    expect(done.status?.abort).toBeUndefined();
  });
});

const TEAM = '../shared/data/webapp-canary';

sandboxOnly.describe('on virtual time', () => {
  sandboxOnly.it.skipIf(!existsSync(TEAM))('judges the manifests of a team as they are', async ({ world }) => {
    for (const file of ['analysis-template.yaml', 'rollout.yaml'])
      await world.create(readFileSync(`${TEAM}/${file}`, 'utf8'));
    await world.until('webapp', isHealthy, 60);
    await world.setImage('webapp', 'myapp:bad');
    await world.until('webapp', isAborted, 900);
    // The template asks for all pods' requests of the last minute: the bad ones must have left that window.
    await world.pass(90);
    // Their query does not tell the revisions apart: a release within its minute would be judged by the bad one's failures.
    await world.pass(120);
    await world.setImage('webapp', 'myapp:v2.1');
    await world.until('webapp', isHealthy, 3600);
  });

  sandboxOnly.it('holds through an outage of Prometheus of twenty minutes', async ({ world }) => {
    await released(world, routedYaml(world), GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await world.setPrometheus('down');
    await world.pass(1200);
    expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    await world.setPrometheus('up');
    const done = await world.until('shop', isHealthy, 180);
    expect(done.status?.abort).toBeUndefined();
  });
});
