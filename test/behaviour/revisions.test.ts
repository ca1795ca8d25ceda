import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  background,
  ENDLESS,
  entryYaml,
  FIRST,
  GOOD,
  hashes,
  isDegraded,
  isHealthy,
  isPaused,
  isPausedAt,
  NEWEST,
  ROUTING,
  released,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runs,
  successRateYaml,
  untilWanted,
  wanted,
} from './fixtures.ts';

const HALF = '[{ setWeight: 50 }, { pause: {} }]';

async function pausedAtHalf(world: TestWorld, yaml: string): Promise<void> {
  await released(world, yaml, GOOD);
  await world.until('shop', isPausedAt(1), 60);
}

async function runsByRevision(world: TestWorld): Promise<Record<string, string | undefined>> {
  const all = await runs(world);
  return Object.fromEntries(
    all.map(({ metadata, status }) => [metadata.annotations?.['rollout.argoproj.io/revision'], status?.phase]),
  );
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('starts anew with the newest revision when one comes in mid-flight, and stable stays', async ({ world }) => {
    await pausedAtHalf(world, rolloutYaml({ steps: HALF }));
    const { stable, latest: second } = await hashes(world);
    expect(await wanted(world)).toEqual({ [stable]: 2, [second]: 2 });
    await world.setImage('shop', NEWEST);
    await world.until('shop', (rollout) => isPausedAt(1)(rollout) && rollout.status?.currentPodHash !== second, 60);
    const third = (await hashes(world)).latest;
    expect((await hashes(world)).stable).toBe(stable);
    expect(await wanted(world)).toEqual({ [stable]: 2, [second]: 0, [third]: 2 });
    await world.patchStatus('shop', { pauseConditions: null });
    const done = await world.until('shop', isHealthy, 60);
    expect(done.status?.stableRS).toBe(third);
    await untilWanted(world, { [stable]: 0, [second]: 0, [third]: 4 });
  });

  it('ends the analysis of a revision that was overtaken, and judges the next by its own', async ({ world }) => {
    await pausedAtHalf(
      world,
      [entryYaml(world), successRateYaml(world, ENDLESS), rolloutYaml({ steps: HALF, canary: background(1) })].join(
        '---',
      ),
    );
    await world.untilTrue(async () => (await runsByRevision(world))['2'] === 'Running', 30);
    await world.pass(10);
    await world.setImage('shop', NEWEST);
    await world.untilTrue(async () => (await runsByRevision(world))['3'] === 'Running', 60);
    await world.untilTrue(async () => (await runsByRevision(world))['2'] === 'Successful', 30);
    expect(await runs(world)).toHaveLength(2);
  });

  it.for([
    ['without a router', false],
    ['with a router', true],
  ] as const)(
    'goes back at once, without a canary, when the spec returns to stable: %s',
    async ([, routed], { world }) => {
      const plain = rolloutYaml({ steps: HALF, canary: routed ? ROUTING : '' });
      await pausedAtHalf(world, routed ? [routeYaml(world), plain].join('---') : plain);
      const { stable } = await hashes(world);
      await world.setImage('shop', FIRST);
      const pauses: (number | undefined)[] = [];
      const healthy = await world.until(
        'shop',
        (rollout) => {
          if (isPaused(rollout)) pauses.push(rollout.status?.currentStepIndex);
          return isHealthy(rollout);
        },
        60,
      );
      expect(pauses).toEqual([]);
      expect(healthy.status).toMatchObject({ stableRS: stable, currentPodHash: stable, currentStepIndex: 2 });
      if (routed) expect(await routeWeights(world)).toEqual(AT_HOME);
      const pods = async () => (await replicaSets(world)).map(({ spec }) => spec.replicas ?? 0).sort();
      await world.untilTrue(async () => (await pods()).join() === '0,4', 60);
    },
  );

  it('returns to stable out of an abort without a canary', async ({ world }) => {
    await pausedAtHalf(world, rolloutYaml({ steps: HALF }));
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isDegraded, 60);
    await world.setImage('shop', FIRST);
    const healthy = await world.until('shop', isHealthy, 60);
    expect(healthy.status?.abort).toBeFalsy();
    expect(await replicaSets(world)).toHaveLength(2);
  });
});
