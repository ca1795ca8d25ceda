/** Who sets back what a Rollout decides, as Events tell it, and what becomes of it. */
import { expect } from 'vitest';
import { fieldsOf, listOf } from '../../../src/api/fields.ts';
import { type AnyObject, events, httpRoutes, kustomizations, services } from '../../../src/kube/resources.ts';
import { canaryWeight, HASH, hashes } from '../../behaviour/fixtures.ts';
import type { TestWorld } from '../../worlds/world.ts';
import type { Additions } from './manifests.ts';

const CONTESTED = /^(?:Route|Service)Contested$/;

/** What Events say of contests, by the object that is contested. */
export async function contests(world: TestWorld): Promise<Record<string, string>> {
  const told = (await world.list(events)).filter(({ reason = '' }) => CONTESTED.test(reason));
  return Object.fromEntries(
    told.map(({ message = '' }) => [/ of (\S+ \S+) back /.exec(message)?.[1] ?? message, message]),
  );
}

/** The controller's writes so far to what is contested. */
async function writesToTraffic(world: TestWorld): Promise<string[]> {
  return (await world.writes()).filter((write) => /\/(httproutes|services)\/shop/.test(write));
}

/** What each Event says is to be added in Git, by the object. */
export function linesOf({ namespace }: TestWorld, told: Record<string, string>): Additions {
  const parts: Record<string, string> = {
    'HTTPRoute shop': 'weights',
    'Service shop-stable': 'selector',
    'Service shop-canary': 'selector',
  };
  expect(Object.keys(told).sort()).toEqual(Object.keys(parts).sort());
  const lines = Object.entries(told).map(([object, message]) => {
    const who = `Kustomization ${namespace}/shop (kustomize-controller)`;
    expect(message).toContain(`${who} has set the ${parts[object]} of ${object} back 3 times since `);
    const [, line = ''] = message.split(`add to ${object} in Git: `);
    return [object, line] as const;
  });
  return Object.fromEntries(lines);
}

/** Longer than it takes Flux to look five times. */
const WATCHED_SECONDS = 25;

/** What gives the canary more is written no more than once in half a minute, and no step completes. */
export async function expectNoFight(world: TestWorld): Promise<void> {
  const raising = async () => (await writesToTraffic(world)).filter((write) => !write.includes('/shop-stable'));
  const before = await raising();
  await world.pass(WATCHED_SECONDS);
  // The route, and the canary's Service.
  expect((await raising()).length - before.length).toBeLessThanOrEqual(2);
  expect((await world.rollout('shop')).status?.currentStepIndex).toBe(1);
}

/** How often Flux has looked at the cluster with the commit that it has. */
async function passesOf(world: TestWorld): Promise<number> {
  const { status } = await world.get<AnyObject>(kustomizations, 'shop');
  return Number(fieldsOf(listOf(fieldsOf(status).history)[0]).totalReconciliations);
}

/** Waits until the pair gets the traffic as the Rollout has it; from then on nobody writes there, while Flux looks again and again. */
export async function expectLeftAlone(world: TestWorld, weight: number): Promise<void> {
  const { stable, latest } = await hashes(world);
  const pair = async () => Promise.all(['shop-stable', 'shop-canary'].map((name) => world.get(services, name)));
  const isRight = async () => {
    const selected = (await pair()).map(({ spec }) => spec.selector?.[HASH]);
    return (await canaryWeight(world)) === weight && String(selected) === String([stable, latest]);
  };
  await world.untilTrue(isRight, 60);
  const versions = async () =>
    [...(await pair()), await world.get(httpRoutes, 'shop')].map(
      ({ metadata }) => metadata.generation ?? metadata.resourceVersion,
    );
  const [before, passes] = [await versions(), await passesOf(world)];
  await world.pass(WATCHED_SECONDS);
  expect(await passesOf(world)).toBeGreaterThan(passes + 2);
  expect(await versions()).toEqual(before);
}
