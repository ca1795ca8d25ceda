import { describe, expect } from 'vitest';
import { events } from '../../src/kube/resources.ts';
import { createLog } from '../../src/log.ts';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { canaryWeight, GOOD, hashes, isHealthy, isPausedAt, released, routedYaml, runs } from './fixtures.ts';
import { halfWays, load } from './left-half-way.ts';

interface Line {
  msg: string;
  rollout: string;
  transitions: { kind: string }[];
  effects: string[];
  status: Record<string, unknown>;
}

/** Another controller takes over, which only looks; what it says from now on. */
async function observed(world: TestWorld): Promise<Line[]> {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  await world.restart({ observeOnly: true, log: createLog({ level: 'info', destination }) });
  return lines;
}

/** Everything that was written so far, Events and other controllers' ReplicaSets included. */
async function written(world: TestWorld) {
  return {
    writes: (await world.writes()).length,
    events: (await world.list(events)).length,
    runs: (await runs(world)).map(({ metadata }) => metadata.resourceVersion),
    rollout: (await world.rollout('shop')).metadata.resourceVersion,
  };
}

sandboxOnly.describe('a controller that only observes', () => {
  sandboxOnly.it('tells once that it would leave a settled Rollout alone', async ({ world }) => {
    await released(world, routedYaml(world, { pause: 5 }), GOOD);
    await world.until('shop', isHealthy, 120);
    await world.pass(30);
    const before = await written(world);
    const lines = await observed(world);
    await world.pass(600);
    expect(lines).toMatchObject([
      { msg: 'would do', rollout: 'default/shop', transitions: [], effects: [], status: {} },
    ]);
    expect(await written(world)).toEqual(before);
  });

  sandboxOnly.it(
    'tells what it would do when a pause is over, and neither does it nor asks a metric',
    async ({ world }) => {
      await released(world, routedYaml(world, { pause: 60 }), GOOD);
      await world.until('shop', isPausedAt(1), 60);
      await world.pass(10);
      const lines = await observed(world);
      await world.pass(1);
      const before = await written(world);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({ transitions: [], effects: [] });
      await world.pass(600);
      expect(await written(world)).toEqual(before);
      expect(await canaryWeight(world)).toBe(25);
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatchObject({ status: { currentStepIndex: 2, pauseConditions: null } });
    },
  );

  sandboxOnly.it('tells of a new release what it would make', async ({ world }) => {
    await released(world, routedYaml(world, { pause: 5 }), GOOD);
    await world.until('shop', isHealthy, 120);
    await world.pass(30);
    const { latest } = await hashes(world);
    const lines = await observed(world);
    await world.setImage('shop', 'registry.example/shop:1.2.0');
    await world.pass(60);
    expect(lines.at(-1)?.effects).toContainEqual(
      expect.stringMatching(/^create ReplicaSet shop-\w+ with \d replicas$/),
    );
    expect((await hashes(world)).latest).toBe(latest);
  });
});

describe.each(worlds)('a controller that only observes what another left half-way: $name', ({ it }) => {
  for (const halfWay of halfWays.filter(({ undriven }) => undriven.length === 0)) {
    it(`would do nothing to pods or traffic of ${halfWay.name}`, async ({ world }) => {
      const lines = await observed(world);
      const loaded = await load(world, halfWay);
      expect(lines).toEqual([]);
      await loaded.takeOver();
      await world.pass(10);
      expect(
        lines.flatMap(({ effects }) => effects).filter((effect) => !/^write headgate\.dev\/state on/.test(effect)),
      ).toEqual([]);
      expect(lines.map(({ transitions, status }) => ({ transitions, status }))).toEqual([
        { transitions: [], status: {} },
      ]);
      expect(await world.writes()).toEqual([]);
    });
  }
});
