import { describe, expect } from 'vitest';
import { INSTANCE_ID, MANAGED_BY } from '../../src/api/index.ts';
import type { DeleteOptions } from '../../src/kube/client.ts';
import { events, rollouts, services } from '../../src/kube/resources.ts';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  GOOD,
  HASH,
  installed,
  isPausedAt,
  ROUTING,
  released,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  untilWeights,
  wanted,
} from './fixtures.ts';

const HALF_WAY = { 'shop-stable': 75, 'shop-canary': 25 };

async function halfWay(world: TestWorld): Promise<void> {
  const rollout = rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: {} }]', canary: ROUTING });
  await released(world, [routeYaml(world), rollout].join('---'), GOOD);
  await world.until('shop', isPausedAt(1), 60);
  expect(await routeWeights(world)).toEqual(HALF_WAY);
}

function remove(world: TestWorld, propagation: DeleteOptions['propagation'] & string): Promise<void> {
  return world.client.delete(rollouts, { namespace: world.namespace, name: 'shop' }, { propagation });
}

/** Of the pair, in this order: the revision that each selects, and who manages it. */
async function pair(world: TestWorld) {
  const both = await Promise.all(['shop-stable', 'shop-canary'].map((name) => world.get(services, name)));
  return both.map(({ metadata, spec }) => [spec?.selector?.[HASH], metadata.annotations?.[MANAGED_BY]]);
}

async function toldOfEnd(world: TestWorld): Promise<(string | undefined)[]> {
  const ends = (await world.list(events)).filter(({ reason }) => reason === 'RolloutDeleted');
  return ends.map(({ message }) => message);
}

const NOBODYS = [
  [undefined, undefined],
  [undefined, undefined],
];

async function untilReleased(world: TestWorld): Promise<void> {
  await world.untilTrue(async () => (await pair(world)).flat().every((one) => one === undefined), 30);
  const { spec } = await world.get(services, 'shop-stable');
  expect(spec?.selector).toEqual({ app: 'shop' });
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('a Rollout that is deleted without its ReplicaSets leaves them as they are, and nothing half-way', async ({
    world,
  }) => {
    await halfWay(world);
    const before = await wanted(world);
    await remove(world, 'Orphan');
    await untilWeights(world, AT_HOME);
    await untilReleased(world);
    expect(await wanted(world)).toEqual(before);
  });

  it('a Rollout that is deleted with everything leaves its Services and its route as they were before it', async ({
    world,
  }) => {
    await halfWay(world);
    await remove(world, 'Background');
    await untilWeights(world, AT_HOME);
    await untilReleased(world);
    await world.untilTrue(async () => (await replicaSets(world)).length === 0, 60);
    await world.untilTrue(async () => (await toldOfEnd(world)).length > 0, 30);
    expect(await toldOfEnd(world)).toEqual([`Rollout shop/${world.namespace} is deleted.`]);
  });

  it('a Rollout that no longer names its Services lets go of them', async ({ world }) => {
    const named = '      stableService: shop-stable\n      canaryService: shop-canary\n';
    await installed(world, [routeYaml(world), rolloutYaml({ canary: named })].join('---'));
    expect(await pair(world)).not.toEqual(NOBODYS);
    const canary = { stableService: null, canaryService: null };
    await world.patch(rollouts, 'shop', { spec: { strategy: { canary } } });
    await untilReleased(world);
  });

  it('a Rollout that goes to another instance keeps its Services and its route', async ({ world }) => {
    await halfWay(world);
    const before = await pair(world);
    const written = (await world.writes()).length;
    await world.patch(rollouts, 'shop', { metadata: { labels: { [INSTANCE_ID]: 'other' } } });
    await world.pass(10);
    expect(await pair(world)).toEqual(before);
    expect(await routeWeights(world)).toEqual(HALF_WAY);
    expect((await world.writes()).slice(written)).toEqual([]);
    expect(await toldOfEnd(world)).toEqual([]);
  });
});

sandboxOnly.describe('while no controller runs', () => {
  sandboxOnly.it('a Rollout is deleted: the next controller still lets its Services go', async ({ world }) => {
    await halfWay(world);
    await world.restart({ observeOnly: true });
    await remove(world, 'Orphan');
    await world.pass(10);
    expect(await pair(world)).not.toEqual(NOBODYS);
    await world.restart();
    await untilReleased(world);
  });

  sandboxOnly.it("a Rollout is deleted and made anew: its Services are the new one's", async ({ world }) => {
    await halfWay(world);
    const before = await pair(world);
    await world.restart({ observeOnly: true });
    await remove(world, 'Orphan');
    await world.pass(10);
    await world.create(rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: {} }]', canary: ROUTING }));
    await world.restart();
    await world.pass(10);
    expect((await pair(world))[0]).toEqual(before[0]);
  });
});
