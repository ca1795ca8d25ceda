import { describe, expect } from 'vitest';
import { REVISION } from '../../src/api/index.ts';
import { events, rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { FIRST, GOOD, isHealthy, replicaSets, rolloutYaml, withPod } from './fixtures.ts';

const resources = { requests: { memory: 'invalid', cpu: '1m' } };

/** What nobody can read: a quantity of the container, and one that takes the ephemeral container with it. */
const podOf = (image: string) => ({
  containers: [{ name: 'shop', image, resources }],
  ephemeralContainers: [{ name: 'shop', image, resources }],
});

const readPodOf = (image: string) => ({
  containers: [{ name: 'shop', image, resources: { requests: { cpu: '1m' } } }],
});

async function told(world: TestWorld): Promise<[message: string | undefined, count: number | undefined][]> {
  const found = (await world.list(events)).filter(({ reason }) => reason === 'UnreadableTemplate');
  return found.map(({ message, count }) => [message, count]);
}

async function templates(world: TestWorld) {
  return (await replicaSets(world)).map(({ spec }) => spec.template.spec);
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('makes pods without what cannot be read of a template, and says so once for each', async ({ world }) => {
    await world.create(withPod(rolloutYaml({ replicas: 1 }), podOf(FIRST)));
    await world.until('shop', isHealthy, 60);
    expect(await templates(world)).toEqual([
      expect.objectContaining({ containers: [expect.objectContaining({ resources: { requests: { cpu: '1m' } } })] }),
    ]);
    expect((await templates(world))[0]).not.toHaveProperty('ephemeralContainers');
    const message = expect.stringMatching(
      /^spec\.template\.spec\.containers\[0\]\.resources\.requests\.memory: "invalid" is no quantity.*ephemeralContainers/,
    );
    expect(await told(world)).toEqual([[message, 1]]);

    // What the API server holds can be read by typed clients from now on.
    expect((await world.rollout('shop')).spec.template?.spec).toEqual(readPodOf(FIRST));

    // A tool that insists on what it wrote is let be.
    await world.patch(rollouts, 'shop', { spec: { replicas: 2, template: { spec: podOf(FIRST) } } });
    const { spec } = await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.replicas === 2, 60);
    await world.pass(10);
    expect(spec.template?.spec).toEqual(podOf(FIRST));
    expect(await templates(world)).toHaveLength(1);
    expect(await told(world)).toEqual([[message, 1]]);

    await world.patch(rollouts, 'shop', { spec: { template: { spec: podOf(GOOD) } } });
    const updated = await world.until(
      'shop',
      (rollout) => isHealthy(rollout) && rollout.metadata.annotations?.[REVISION] === '2',
      60,
    );
    expect(updated.spec.template?.spec).toEqual(readPodOf(GOOD));
    expect(await templates(world)).toHaveLength(2);
    await world.pass(10);
    expect(await told(world)).toEqual([[message, 2]]);
  });
});
