import { expect, vi } from 'vitest';
import { events } from '../../src/kube/resources.ts';
import { sandboxOnly } from '../worlds/index.ts';
import { GOOD, installed, isHealthy, rolloutYaml } from './fixtures.ts';

/** Only the sandbox's API server fails on demand. */
sandboxOnly.it(
  'a ReplicaSet that the API server does not take is told of, and made once it may be',
  async ({ world }) => {
    await installed(world, rolloutYaml({}));
    world.setFaults(({ verb, path }) =>
      verb === 'create' && path.endsWith('/replicasets') ? { answer: 500 } : undefined,
    );
    await world.setImage('shop', GOOD);
    const progressing = async () =>
      (await world.rollout('shop')).status?.conditions?.find(({ type }) => type === 'Progressing');
    await vi.waitFor(async () => {
      await world.pass(1);
      expect(await progressing()).toMatchObject({ status: 'False', reason: 'ReplicaSetCreateError' });
    });
    expect((await progressing())?.message).toMatch(/^Failed to create new replica set "shop-\w+": /);
    const told = (await world.list(events)).filter(({ reason }) => reason === 'ReplicaSetCreateError');
    expect(told).toEqual([expect.objectContaining({ type: 'Warning', message: (await progressing())?.message })]);
    world.setFaults();
    await vi.waitFor(
      async () => {
        await world.pass(1);
        expect(isHealthy(await world.rollout('shop'))).toBe(true);
      },
      { timeout: 20_000 },
    );
    expect(await progressing()).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  },
);
