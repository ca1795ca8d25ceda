import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import { GOOD, isHealthy, replicaSets, rolloutYaml } from './fixtures.ts';

/** The API server turns a timeout of 0 into 1, which the Rollout's own template does not say. */
const PROBE = 'readinessProbe: { httpGet: { port: 8080 }, timeoutSeconds: 0 }, ports:';

describe.each(worlds)('in the $name', ({ it }) => {
  it('knows its ReplicaSet again where the API server stores the template otherwise', async ({ world }) => {
    await world.create(rolloutYaml({ replicas: 2, steps: '[{ setWeight: 50 }]' }).replace('ports:', PROBE));
    await world.until('shop', isHealthy, 60);
    await world.setImage('shop', GOOD);
    await world.until('shop', isHealthy, 60);
    expect(await replicaSets(world)).toHaveLength(2);
  });
});
