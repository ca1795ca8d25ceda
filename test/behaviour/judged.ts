import { expect } from 'vitest';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  hashes,
  LATEST,
  ROUTING,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runPhases,
  successRateYaml,
  wanted,
} from './fixtures.ts';

/** A release that a step's analysis judges half way: what must come out is the same whatever happens meanwhile. */
export function judgedYaml(world: TestWorld): string {
  const judge = `{ analysis: { templates: [{ templateName: success-rate }], ${LATEST} } }`;
  const steps = `[{ setWeight: 25 }, { pause: { duration: 10 } }, ${judge}, { setWeight: 50 }]`;
  return [successRateYaml(world), routeYaml(world), rolloutYaml({ steps, canary: ROUTING })].join('---');
}

/** What must be so at the end of a good release. */
export async function expectPromoted(world: TestWorld): Promise<void> {
  const { stable, latest } = await hashes(world);
  expect(stable).toBe(latest);
  expect((await world.rollout('shop')).status?.abort).toBeFalsy();
  expect(await replicaSets(world)).toHaveLength(2);
  expect((await wanted(world))[stable]).toBe(4);
  expect(await runPhases(world)).toEqual(['Successful']);
  expect(await routeWeights(world)).toEqual(AT_HOME);
}

export async function expectAborted(world: TestWorld): Promise<void> {
  const { stable, latest } = await hashes(world);
  expect((await world.rollout('shop')).status?.abort).toBe(true);
  expect(await replicaSets(world)).toHaveLength(2);
  expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 0 });
  expect(await runPhases(world)).toEqual(['Failed']);
  expect(await routeWeights(world)).toEqual(AT_HOME);
}
