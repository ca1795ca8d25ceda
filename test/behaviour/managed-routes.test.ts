import { describe, expect } from 'vitest';
import { httpRoutes, rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  canaryWeight,
  FIRST,
  GOOD,
  isAborted,
  isAtStep,
  isHealthy,
  isPausedAt,
  NEWEST,
  released,
  rolloutYaml,
  routeYaml,
} from './fixtures.ts';

const ROUTED = `
      stableService: shop-stable
      canaryService: shop-canary
      scaleDownDelaySeconds: 5
      abortScaleDownDelaySeconds: 5
      trafficRouting:
        managedRoutes: [{ name: testers }, { name: shadow }]
        plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop } }
`;
const HEADER =
  '{ setHeaderRoute: { name: testers, match: [{ headerName: X-Tester, headerValue: { exact: "yes" } }] } }';
const TESTER = { headers: { 'X-Tester': 'yes' } };
const tag = (image: string) => image.split(':').at(-1) ?? '';

async function rules(world: TestWorld): Promise<object[]> {
  return ((await world.get(httpRoutes, 'shop')) as unknown as { spec: { rules: object[] } }).spec.rules;
}

/** Lets time pass until such requests are answered by these images and no others. */
async function untilAnswered(world: TestWorld, request: Parameters<TestWorld['answers']>[0], ...images: string[]) {
  const wanted = images.map(tag).sort().join();
  await world.untilTrue(async () => (await world.answers(request)).sort().join() === wanted, 20);
}

/** Paused with a pod of the new revision that only requests with the header reach. */
async function tested(world: TestWorld, more = ''): Promise<void> {
  const steps = `[{ setCanaryScale: { replicas: 1 } }, ${HEADER}, { pause: {} }, { setCanaryScale: { matchTrafficWeight: true } }, { setWeight: 50 }, { pause: {} }${more}]`;
  await released(world, [routeYaml(world), rolloutYaml({ steps, canary: ROUTED })].join('---'), GOOD);
  await world.until('shop', isPausedAt(2), 60);
  await untilAnswered(world, TESTER, GOOD);
}

/** All is as a person wrote it, but for the pair's weights. */
async function untilHome(world: TestWorld, before: object[]): Promise<void> {
  await world.untilTrue(async () => (await rules(world)).length === 1 && (await canaryWeight(world)) === 0, 20);
  const bare = (all: object[]) => JSON.stringify(all).replaceAll(/,"weight":\d+/g, '');
  expect(bare(await rules(world))).toBe(bare(before.slice(0, 1)));
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('requests with the header go to the canary, all others by weight, and after the promotion nothing is left', async ({
    world,
  }) => {
    await tested(world);
    const before = await rules(world);
    expect(await world.answers({})).toEqual([tag(FIRST)]);
    expect(await world.answers({ headers: { 'X-Tester': 'no' } })).toEqual([tag(FIRST)]);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(5), 60);
    await untilAnswered(world, {}, FIRST, GOOD);
    await untilAnswered(world, TESTER, GOOD);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    await untilHome(world, before);
    await untilAnswered(world, TESTER, GOOD);
  });

  it('an abort takes the header route away with the weight', async ({ world }) => {
    await tested(world);
    const before = await rules(world);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(5), 60);
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isAborted, 30);
    await world.untilTrue(async () => (await rules(world)).length === 1, 20);
    expect(await canaryWeight(world)).toBe(0);
    await untilHome(world, before);
    await untilAnswered(world, TESTER, FIRST);
  });

  it('a step takes the route away, and the next update begins without', async ({ world }) => {
    await tested(world, ', { setHeaderRoute: { name: testers } }, { pause: {} }');
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(5), 60);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(7), 60);
    expect(await rules(world)).toHaveLength(1);
    await untilAnswered(world, TESTER, FIRST, GOOD);
    await world.setImage('shop', NEWEST);
    await world.until('shop', isPausedAt(2), 60);
    await untilAnswered(world, TESTER, NEWEST);
    await untilAnswered(world, {}, FIRST);
  });

  it('back to the stable template, and a Rollout that is deleted: the header route goes', async ({ world }) => {
    await tested(world);
    const before = await rules(world);
    await world.setImage('shop', FIRST);
    await untilHome(world, before);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(2), 60);
    await untilAnswered(world, TESTER, GOOD);
    await world.client.delete(rollouts, { namespace: world.namespace, name: 'shop' }, { propagation: 'Background' });
    await untilHome(world, before);
  });

  it('a step is not done before the gateway serves its route; what somebody deletes comes back; a restart loses nothing', async ({
    world,
  }) => {
    await tested(world, `, { setHeaderRoute: { name: testers } }, ${HEADER}, { pause: {} }`);
    await world.patch(httpRoutes, 'shop', { spec: { rules: (await rules(world)).slice(0, 1) } });
    await world.untilTrue(async () => (await rules(world)).length === 2, 20);
    await world.restart();
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(5), 60);
    await world.setGateway('ignores');
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isAtStep(6), 30);
    await world.pass(5);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(6);
    await world.setGateway('accepts');
    await world.until('shop', isPausedAt(8), 60);
    await untilAnswered(world, TESTER, GOOD);
  });

  it('a mirror leaves the answers alone and goes with the promotion', async ({ world }) => {
    const mirror = '{ setMirrorRoute: { name: shadow, match: [{ path: { prefix: / } }] } }';
    const steps = `[{ setCanaryScale: { replicas: 1 } }, ${mirror}, { pause: {} }, { setCanaryScale: { matchTrafficWeight: true } }, { setWeight: 50 }, { pause: {} }]`;
    await released(world, [routeYaml(world), rolloutYaml({ steps, canary: ROUTED })].join('---'), GOOD);
    await world.until('shop', isPausedAt(2), 60);
    const [copy, own] = (await rules(world)) as { filters?: object[] }[];
    expect([copy?.filters?.length, own?.filters]).toEqual([1, undefined]);
    await untilAnswered(world, {}, FIRST);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(5), 60);
    await untilAnswered(world, {}, FIRST, GOOD);
    await world.patchStatus('shop', { promoteFull: true });
    await world.until('shop', isHealthy, 60);
    await untilHome(world, [own ?? {}]);
  });
});
