import { afterEach, expect, it } from 'vitest';
import { byName, ROUTING, rolloutYaml, routeYaml } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

/** Pods of a ReplicaSet whose name has more than 57 characters carry a shortened prefix: generateName is cut to 58. */
it('ends a promotion with weight 0 also where the name of the Rollout is long', async () => {
  world = await testWorld({ behaviour: byName });
  const name = 'a-rollout-whose-name-is-as-long-as-names-often-get-here';
  const yaml = (image: string) =>
    rolloutYaml({ image, canary: ROUTING, steps: '[{ setWeight: 25 }]' }).replace(
      '{ name: shop }',
      `{ name: ${name} }`,
    );
  world.create([routeYaml(), yaml('registry.example/shop:1.0.0')].join('---'));
  await world.until(name, ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage(name, 'registry.example/shop:1.1.0');
  await world.until(
    name,
    ({ status }) => status?.phase === 'Healthy' && status.stableRS === status.currentPodHash,
    120,
  );
  await world.pass(60);
  const route = world.api.store.list('HTTPRoute' as never) as never as {
    spec: { rules: { backendRefs: unknown[] }[] };
  }[];
  expect(route[0]?.spec.rules[0]?.backendRefs).toMatchObject([{ weight: 100 }, { weight: 0 }]);
});
