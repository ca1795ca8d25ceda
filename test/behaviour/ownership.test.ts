import { describe, expect } from 'vitest';
import { replicaSets as replicaSetsKind, rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import { HASH, installed, isHealthy, replicaSets, rolloutYaml } from './fixtures.ts';

describe.each(worlds)('in the $name', ({ it }) => {
  it('takes in the ReplicaSets that a former Rollout of the same name has left, and restarts no pod', async ({
    world,
  }) => {
    await installed(world, rolloutYaml({ replicas: 2 }));
    const shop = { namespace: world.namespace, name: 'shop' };
    const [left] = await replicaSets(world);
    await world.client.delete(rollouts, shop, { propagation: 'Orphan' });
    await world.untilTrue(async () => ((await replicaSets(world))[0]?.metadata.ownerReferences ?? []).length === 0, 60);
    // The ReplicaSets are let go before the Rollout's last finalizer is taken off: until then its name is taken.
    await world.untilTrue(async () => !(await world.client.get(rollouts, shop)), 60);
    await world.create(rolloutYaml({ replicas: 2 }));
    const { metadata } = await world.until('shop', isHealthy, 60);
    const [taken, ...more] = await replicaSets(world);
    expect(more).toEqual([]);
    expect(taken?.metadata.uid).toBe(left?.metadata.uid);
    expect(taken?.metadata.ownerReferences).toMatchObject([{ uid: metadata.uid, controller: true }]);
  });

  it('lets a ReplicaSet go that its selector does not find any more, and makes another', async ({ world }) => {
    await installed(world, rolloutYaml({ replicas: 1 }));
    const [first] = await replicaSets(world);
    const name = first?.metadata.name ?? '';
    await world.patch(replicaSetsKind, name, { metadata: { labels: { app: 'something-else' } } });
    await world.untilTrue(async () => (await replicaSets(world)).length === 2, 60);
    const released = (await replicaSets(world)).find(({ metadata }) => metadata.name === name);
    expect(released?.metadata.ownerReferences ?? []).toEqual([]);
    const { status } = await world.until(
      'shop',
      (rollout) => isHealthy(rollout) && rollout.status?.collisionCount === 1,
      60,
    );
    expect(status?.currentPodHash).not.toBe(first?.metadata.labels?.[HASH]);
  });

  it('writes down how many pods an omitted number means', async ({ world }) => {
    await world.create(rolloutYaml().replace('  replicas: 4\n', ''));
    const { spec } = await world.until('shop', isHealthy, 60);
    expect(spec.replicas).toBe(1);
  });
});
