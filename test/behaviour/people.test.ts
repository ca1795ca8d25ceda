import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  GOOD,
  hashes,
  installed,
  isAtStep,
  isDegraded,
  isHealthy,
  isPaused,
  isPausedAt,
  MISSING,
  NEWEST,
  ROUTING,
  released,
  rolloutYaml,
  routeWeights,
  routeYaml,
  untilWanted,
  untilWeights,
  wanted,
} from './fixtures.ts';

const TWO_PAUSES = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]';
const QUARTER = { 'shop-stable': 75, 'shop-canary': 25 };

async function paused(world: TestWorld, yaml: string): Promise<void> {
  await released(world, yaml, GOOD);
  await world.until('shop', isPaused, 60);
}

function routed(world: TestWorld): string {
  return [routeYaml(world), rolloutYaml({ steps: TWO_PAUSES, canary: ROUTING })].join('---');
}

async function expectAllOnLatest(world: TestWorld): Promise<void> {
  const { stable, latest } = await hashes(world);
  expect(stable).toBe(latest);
}

describe.each(worlds)('a person in the $name', ({ it }) => {
  it('aborts, which takes the traffic away and keeps the spec; a retry begins at the first step', async ({ world }) => {
    await paused(world, routed(world));
    expect(await routeWeights(world)).toEqual(QUARTER);
    await world.patchStatus('shop', { abort: true });
    const aborted = await world.until('shop', isDegraded, 60);
    expect(aborted.status?.message).toBe('RolloutAborted: Rollout aborted update to revision 2');
    expect(aborted.status?.abortedAt).toBeDefined();
    expect(aborted.status?.pauseConditions ?? []).toEqual([]);
    expect(aborted.spec.template?.spec?.containers?.[0]).toMatchObject({ image: GOOD });
    expect(await routeWeights(world)).toEqual(AT_HOME);
    const { stable, latest } = await hashes(world);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
    await world.patchStatus('shop', { abort: false });
    const again = await world.until('shop', isPaused, 60);
    expect(again.status?.currentStepIndex).toBe(1);
    expect(await routeWeights(world)).toEqual(QUARTER);
  });

  it('promotes, which ends one pause, or passes one step where nothing is paused', async ({ world }) => {
    await paused(world, rolloutYaml({ steps: TWO_PAUSES }));
    await world.patchStatus('shop', { pauseConditions: null });
    const second = await world.until('shop', isAtStep(3), 60);
    expect(second.status?.stableRS).not.toBe(second.status?.currentPodHash);
    await world.until('shop', isPaused, 60);
    await world.patchStatus('shop', { pauseConditions: null, currentStepIndex: 4 });
    await world.until('shop', isHealthy, 60);
  });

  it('skips as many steps as the status says', async ({ world }) => {
    await paused(world, rolloutYaml({ steps: TWO_PAUSES }));
    await world.patchStatus('shop', { currentStepIndex: 4 });
    await world.until('shop', isHealthy, 60);
    await expectAllOnLatest(world);
  });

  it('promotes in full, which passes all that is left and is consumed', async ({ world }) => {
    await paused(world, routed(world));
    await world.patchStatus('shop', { promoteFull: true });
    const done = await world.until('shop', isHealthy, 60);
    await expectAllOnLatest(world);
    expect(done.status?.promoteFull).toBeFalsy();
    await untilWeights(world, AT_HOME);
  });

  it('promotes in full after an abort what was given up', async ({ world }) => {
    await paused(world, rolloutYaml({ steps: TWO_PAUSES }));
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isDegraded, 60);
    await world.patchStatus('shop', { promoteFull: true });
    const done = await world.until('shop', isHealthy, 60);
    await expectAllOnLatest(world);
    expect(done.status?.abort).toBeFalsy();
  });

  it('needs three promotes for pause, setWeight, pause, setWeight, pause with one replica', async ({ world }) => {
    const steps = '[{ pause: {} }, { setWeight: 30 }, { pause: {} }, { setWeight: 60 }, { pause: {} }]';
    await paused(world, rolloutYaml({ replicas: 1, steps }));
    for (const next of [isPausedAt(2), isPausedAt(4), isHealthy]) {
      await world.patchStatus('shop', { pauseConditions: null });
      await world.until('shop', next, 60);
      await world.pass(5);
      expect(next(await world.rollout('shop'))).toBe(true);
    }
  });

  it('holds every raise and every step by spec.paused, but no abort, and lets go on', async ({ world }) => {
    await paused(world, routed(world));
    await world.patch(rollouts, 'shop', { spec: { paused: true } });
    await world.patchStatus('shop', { pauseConditions: null });
    await world.pass(10);
    expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Paused', message: 'manually paused' });
    expect(await routeWeights(world)).toEqual(QUARTER);
    await world.patchStatus('shop', { abort: true });
    await untilWeights(world, AT_HOME);
    await world.patch(rollouts, 'shop', { spec: { paused: null } });
    await world.until('shop', isDegraded, 60);
    expect(await routeWeights(world)).toEqual(AT_HOME);
  });

  it('takes spec.paused back, and the release goes on from where it was', async ({ world }) => {
    await paused(world, rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: { duration: 8 } }, { setWeight: 50 }]' }));
    await world.patch(rollouts, 'shop', { spec: { paused: true } });
    await world.pass(20);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(1);
    await world.patch(rollouts, 'shop', { spec: { paused: false } });
    await world.until('shop', isHealthy, 60);
  });

  it('releases under spec.paused, which makes a ReplicaSet without pods', async ({ world }) => {
    await installed(world, rolloutYaml({ steps: TWO_PAUSES }));
    await world.patch(rollouts, 'shop', { spec: { paused: true } });
    await world.setImage('shop', GOOD);
    await world.until('shop', ({ status }) => status?.currentPodHash !== status?.stableRS, 60);
    await world.pass(10);
    const { stable, latest } = await hashes(world);
    expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 0 });
  });

  it('scales in mid-canary, both sides in proportion, without leaving its step', async ({ world }) => {
    await paused(world, rolloutYaml({ replicas: 4, steps: '[{ setWeight: 25 }, { pause: {} }]' }));
    const { stable, latest } = await hashes(world);
    for (const [replicas, canary] of [
      [8, 2],
      [4, 1],
    ] as const) {
      await world.patch(rollouts, 'shop', { spec: { replicas } });
      await untilWanted(world, { [stable]: replicas - canary, [latest]: canary });
      await world.until('shop', (rollout) => isPausedAt(1)(rollout) && rollout.status?.replicas === replicas, 60);
    }
  });

  it('scales to zero and back while it is settled', async ({ world }) => {
    await installed(world, rolloutYaml());
    const { stable } = await hashes(world);
    for (const replicas of [0, 3]) {
      await world.patch(rollouts, 'shop', { spec: { replicas } });
      await untilWanted(world, { [stable]: replicas });
      await world.until('shop', (rollout) => isHealthy(rollout) && (rollout.status?.replicas ?? 0) === replicas, 60);
    }
  });

  it.for([
    [false, 'ProgressDeadlineExceeded'],
    [true, 'RolloutAborted'],
  ] as const)(
    'hears that an image cannot be pulled once the deadline has passed (progressDeadlineAbort %s)',
    async ([abort, reason], { world }) => {
      const spec = `  progressDeadlineSeconds: 20\n  progressDeadlineAbort: ${abort}`;
      await released(world, rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: { duration: 5 } }]', spec }), MISSING);
      const degraded = await world.until('shop', isDegraded, 120);
      const { stable, latest } = await hashes(world);
      expect(degraded.status?.message).toContain(`${reason}: `);
      expect(degraded.status?.message).toContain(`ReplicaSet "shop-${latest}" has timed out progressing.`);
      expect(degraded.status?.abort ?? false).toBe(abort);
      await untilWanted(world, abort ? { [stable]: 4, [latest]: 0 } : { [stable]: 3, [latest]: 1 });
      await world.pass(10);
      await world.setImage('shop', NEWEST);
      await world.until('shop', isHealthy, 60);
      expect((await hashes(world)).stable).not.toBe(stable);
    },
  );
});
