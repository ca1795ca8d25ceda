import { describe, expect } from 'vitest';
import { POD_TEMPLATE_HASH } from '../../src/api/index.ts';
import { rollouts, services } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  canaryWeight,
  entryYaml,
  FIRST,
  GOOD,
  hashes,
  isDegraded,
  isHealthy,
  type isPaused,
  isPausedAt,
  podsOf,
  ROUTING,
  rolloutYaml,
  routeYaml,
  servedDuring,
  serviceYaml,
  untilWanted,
  untilWeights,
  wanted,
} from './fixtures.ts';
import { abort, fewestUntil, livePods, promote, told, watched } from './noticed.ts';

const STEPS = [{ setWeight: 50 }, { pause: {} }];
const CANARY = { canary: { steps: STEPS, maxSurge: 1, maxUnavailable: 0 } };
/** Its active Service is the one that users' route has led to all the time. */
const BLUE_GREEN = {
  blueGreen: {
    activeService: 'shop',
    previewService: 'shop-preview',
    autoPromotionEnabled: false,
    scaleDownDelaySeconds: 5,
    abortScaleDownDelaySeconds: 5,
  },
};

function shopYaml(world: TestWorld): string {
  const canary = '      maxSurge: 1\n      maxUnavailable: 0';
  return [entryYaml(world), serviceYaml('shop-preview'), rolloutYaml({ steps: JSON.stringify(STEPS), canary })].join(
    '---',
  );
}

async function become(world: TestWorld, strategy: typeof CANARY | typeof BLUE_GREEN): Promise<void> {
  const none = { canary: null, blueGreen: null };
  await world.patch(rollouts, 'shop', { spec: { strategy: { ...none, ...strategy } } });
}

async function selected(world: TestWorld): Promise<Record<string, string | undefined>> {
  const all = await world.list(services);
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name, spec.selector?.[POD_TEMPLATE_HASH]]));
}

async function atRestAsBlueGreen(world: TestWorld): Promise<() => number> {
  const lost = await watched(world, shopYaml(world));
  const { stable } = await hashes(world);
  await become(world, BLUE_GREEN);
  await world.until(
    'shop',
    (rollout) => isHealthy(rollout) && rollout.status?.blueGreen?.activeSelector === stable,
    30,
  );
  return lost;
}

async function pausedCanary(world: TestWorld): Promise<() => number> {
  const lost = await watched(world, shopYaml(world));
  await world.setImage('shop', GOOD);
  await world.until('shop', isPausedAt(1), 60);
  return lost;
}

const isPreviewed = ({ status }: Parameters<typeof isPaused>[0]) => status?.message === 'BlueGreenPause';
const tag = (image: string) => image.split(':')[1];

describe.each(worlds)('the strategy changes in the $name', ({ it }) => {
  it('from canary to blue-green at rest: no pod is replaced, and the next release is previewed', async ({ world }) => {
    const lost = await watched(world, shopYaml(world));
    const before = await livePods(world);
    const { stable } = await hashes(world);
    await become(world, BLUE_GREEN);
    await world.until(
      'shop',
      (rollout) => isHealthy(rollout) && rollout.status?.blueGreen?.activeSelector === stable,
      30,
    );
    expect(await livePods(world)).toEqual(before);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPreviewed, 60);
    const { latest } = await hashes(world);
    expect(await selected(world)).toEqual({ shop: stable, 'shop-preview': latest });
    await promote(world);
    await world.until('shop', isHealthy, 60);
    expect(await selected(world)).toEqual({ shop: latest, 'shop-preview': latest });
    expect(lost()).toBe(0);
  });

  it('from blue-green to canary at rest: no pod is replaced, and the next release follows its steps', async ({
    world,
  }) => {
    const lost = await atRestAsBlueGreen(world);
    const before = await livePods(world);
    await become(world, CANARY);
    // The Service finds all pods again.
    await world.untilTrue(async () => (await selected(world)).shop === undefined, 30);
    await world.until('shop', isHealthy, 30);
    expect(await livePods(world)).toEqual(before);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const { stable, latest } = await hashes(world);
    expect(await wanted(world)).toEqual({ [stable]: 2, [latest]: 2 });
    await promote(world);
    await world.until('shop', isHealthy, 60);
    expect(lost()).toBe(0);
  });

  it('from canary to blue-green in mid-update: users are led to stable, and its pods are all there first', async ({
    world,
  }) => {
    const lost = await pausedCanary(world);
    const { stable, latest } = await hashes(world);
    const canary = (await podsOf(world, latest)).map(({ metadata }) => metadata.uid ?? '');
    await become(world, BLUE_GREEN);
    expect(await fewestUntil(world, isPreviewed)).toBeGreaterThanOrEqual(4);
    await world.untilTrue(async () => (await selected(world)).shop === stable, 30);
    expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 4 });
    expect((await podsOf(world, latest)).map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(canary));
    await world.pass(2);
    expect(await servedDuring(world, 2)).toEqual([tag(FIRST)]);
    await promote(world);
    await world.until('shop', isHealthy, 60);
    await world.pass(2);
    expect(await servedDuring(world, 2)).toEqual([tag(GOOD)]);
    expect(lost()).toBe(0);
  });

  it('from a canary behind a route to blue-green in mid-update: the route leads to stable again', async ({ world }) => {
    const steps = '[{ setWeight: 25 }, { pause: {} }]';
    const preview = serviceYaml('shop-preview');
    const yaml = [routeYaml(world), preview, rolloutYaml({ steps, canary: ROUTING })].join('---');
    const lost = await watched(world, yaml);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const { stable, latest } = await hashes(world);
    expect(await canaryWeight(world)).toBe(25);
    await become(world, { blueGreen: { ...BLUE_GREEN.blueGreen, activeService: 'shop-stable' } });
    await untilWeights(world, AT_HOME);
    await world.until('shop', isPreviewed, 60);
    expect(await selected(world)).toEqual({ 'shop-stable': stable, 'shop-preview': latest });
    await world.pass(2);
    expect(await servedDuring(world, 2)).toEqual([tag(FIRST)]);
    await promote(world);
    await world.until('shop', isHealthy, 60);
    expect((await selected(world))['shop-stable']).toBe(latest);
    expect(lost()).toBe(0);
  });

  it('from blue-green to canary in mid-update: the same pods, from the first step', async ({ world }) => {
    await atRestAsBlueGreen(world);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPreviewed, 60);
    const { stable, latest } = await hashes(world);
    const before = await livePods(world);
    await become(world, CANARY);
    expect(await fewestUntil(world, isPausedAt(1))).toBeGreaterThanOrEqual(4);
    await untilWanted(world, { [stable]: 2, [latest]: 2 });
    expect(before).toEqual(expect.arrayContaining(await livePods(world)));
    await promote(world);
    await world.until('shop', isHealthy, 60);
    expect((await hashes(world)).stable).toBe(latest);
  });

  it('of a canary that was given up: as blue-green it stays given up until it is retried', async ({ world }) => {
    const lost = await pausedCanary(world);
    const { stable, latest } = await hashes(world);
    await abort(world);
    await world.until('shop', isDegraded, 30);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
    await become(world, BLUE_GREEN);
    await world.untilTrue(async () => (await selected(world)).shop === stable, 30);
    await world.pass(3);
    expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 0 });
    expect(isDegraded(await world.rollout('shop'))).toBe(true);
    expect(await told(world, 'RolloutAborted')).toHaveLength(1);
    await world.patchStatus('shop', { abort: false });
    await world.until('shop', isPreviewed, 60);
    expect((await selected(world)).shop).toBe(stable);
    expect(lost()).toBe(0);
  });
});
