import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  canaryWeight,
  entryYaml,
  FIRST,
  GOOD,
  hashes,
  isAtStep,
  isDegraded,
  isPausedAt,
  LATEST,
  MISSING,
  ROUTING,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runPhases,
  servedDuring,
  successRateYaml,
  untilWanted,
  wanted,
} from './fixtures.ts';
import { abort, fewestUntil, told, watched } from './noticed.ts';

const LIMITS = '      maxSurge: 1\n      maxUnavailable: 0';
const ABORTED = 'RolloutAborted: Rollout aborted update to revision 2';
const tag = (image: string) => image.split(':')[1];

const plain = (world: TestWorld, steps: string, more = '') =>
  [entryYaml(world), more, rolloutYaml({ steps, canary: LIMITS })].filter(Boolean).join('---');
const routed = (world: TestWorld, steps: string) =>
  [routeYaml(world), rolloutYaml({ steps, canary: ROUTING })].join('---');

/** Gives the update up; all of its pods go, and none of those that users need. */
async function expectGivenUp(world: TestWorld): Promise<void> {
  const { stable, latest } = await hashes(world);
  await abort(world);
  expect(await fewestUntil(world, isDegraded, 20)).toBeGreaterThanOrEqual(4);
  await untilWanted(world, { [stable]: 4, [latest]: 0 });
  const { status } = await world.rollout('shop');
  expect(status).toMatchObject({ message: ABORTED, abort: true, stableRS: stable, currentStepIndex: 0 });
  expect(status?.pauseConditions ?? []).toEqual([]);
  expect(await told(world, 'RolloutAborted')).toEqual(['Rollout aborted update to revision 2']);
  await world.pass(2);
  expect(await servedDuring(world, 1)).toEqual([tag(FIRST)]);
}

describe.each(worlds)('given up in the $name', ({ it }) => {
  it('while the pods of a weight are awaited', async ({ world }) => {
    const lost = await watched(world, plain(world, '[{ setWeight: 25 }, { pause: {} }]'));
    await world.setImage('shop', MISSING);
    await world.until('shop', ({ status }) => status?.updatedReplicas === 1, 30);
    await expectGivenUp(world);
    expect(lost()).toBe(0);
  });

  it('in a timed pause, which never ends then', async ({ world }) => {
    const lost = await watched(
      world,
      plain(world, '[{ setWeight: 25 }, { pause: { duration: 6 } }, { setWeight: 50 }]'),
    );
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await expectGivenUp(world);
    await world.pass(6);
    const { stable, latest } = await hashes(world);
    expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 0 });
    expect(lost()).toBe(0);
  });

  it('in an analysis, which ends with it', async ({ world }) => {
    const use = `{ templates: [{ templateName: success-rate }], ${LATEST} }`;
    const template = successRateYaml(world, 'interval: 5s, count: 20, successCondition: result >= 0.95');
    const lost = await watched(world, plain(world, `[{ setWeight: 25 }, { analysis: ${use} }]`, template));
    await world.setImage('shop', GOOD);
    await world.untilTrue(async () => (await runPhases(world))[0] === 'Running', 30);
    await expectGivenUp(world);
    await world.untilTrue(async () => (await runPhases(world))[0] === 'Successful', 20);
    expect(lost()).toBe(0);
  });

  it('while a number of canary pods is awaited: traffic comes home first', async ({ world }) => {
    const steps = '[{ setWeight: 25 }, { setCanaryScale: { replicas: 3 } }, { pause: {} }]';
    const lost = await watched(world, routed(world, steps));
    await world.setImage('shop', GOOD);
    await world.until('shop', isAtStep(1), 60);
    expect(await canaryWeight(world)).toBe(25);
    await expectGivenUp(world);
    expect(await routeWeights(world)).toEqual(AT_HOME);
    expect(lost()).toBe(0);
  });

  it('while the gateway is yet to take a weight', async ({ world }) => {
    await watched(world, routed(world, '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }]'));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await world.setGateway('ignores');
    await world.patchStatus('shop', { pauseConditions: null });
    await world.untilTrue(async () => (await canaryWeight(world)) === 50, 30);
    await abort(world);
    await world.until('shop', isDegraded, 20);
    expect(await routeWeights(world)).toEqual(AT_HOME);
    expect(isAtStep(0)(await world.rollout('shop'))).toBe(true);
    await world.setGateway('accepts');
    const { stable, latest } = await hashes(world);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
  });
});
