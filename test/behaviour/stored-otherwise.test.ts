import { describe, expect } from 'vitest';
import { worlds } from '../worlds/index.ts';
import { FIRST, GOOD, HASH, isHealthy, replicaSets, rolloutYaml } from './fixtures.ts';
import { livePods } from './noticed.ts';

/** The API server turns a timeout of 0 into 1, which the Rollout's own template does not say. */
const PROBE = 'readinessProbe: { httpGet: { port: 8080 }, timeoutSeconds: 0 }, ports:';

/** As another controller leaves it, whose hash of the template was another one. */
const LEFT = `
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: shop-other, labels: { app: shop, ${HASH}: other }, annotations: { rollout.argoproj.io/revision: '3' } }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop, ${HASH}: other } }
  template:
    metadata: { labels: { app: shop, ${HASH}: other } }
    spec:
      containers: [{ name: shop, image: '${FIRST}', ${PROBE} [{ containerPort: 8080 }] }]
`;

describe.each(worlds)('in the $name', ({ it }) => {
  it('knows its ReplicaSet again where the API server stores the template otherwise', async ({ world }) => {
    await world.create(rolloutYaml({ replicas: 2, steps: '[{ setWeight: 50 }]' }).replace('ports:', PROBE));
    await world.until('shop', isHealthy, 60);
    await world.setImage('shop', GOOD);
    await world.until('shop', isHealthy, 60);
    expect(await replicaSets(world)).toHaveLength(2);
  });

  it('asks the API server before it deploys anew what another controller has left, once', async ({ world }) => {
    await world.create(LEFT);
    await world.untilTrue(async () => (await replicaSets(world))[0]?.status?.availableReplicas === 2, 30);
    const before = await livePods(world);
    await world.create(rolloutYaml({ replicas: 2 }).replace('ports:', PROBE));
    const { status } = await world.until('shop', isHealthy, 60);
    expect(status?.stableRS).toBe('other');
    await world.restart();
    await world.pass(3);
    expect((await replicaSets(world)).map(({ metadata }) => metadata.name)).toEqual(['shop-other']);
    expect(await livePods(world)).toEqual(before);
    // What the server is asked for is not what it is told to store: another template is another revision.
    await world.setImage('shop', GOOD);
    await world.until('shop', isHealthy, 60);
    expect(await replicaSets(world)).toHaveLength(2);
  });
});
