import { describe } from 'vitest';
import { worlds } from '../worlds/index.ts';
import { AT_HOME, GOOD, isHealthy, ROUTING, rolloutYaml, routeYaml, untilWeights } from './fixtures.ts';

/** Pods of a ReplicaSet whose name has more than 57 characters carry a shortened prefix: generateName is cut to 58. */
describe.each(worlds)('in the $name', ({ it }) => {
  it('ends a promotion with weight 0 also where the name of the Rollout is long', async ({ world }) => {
    const name = 'a-rollout-whose-name-is-as-long-as-names-often-get-here';
    const yaml = rolloutYaml({ canary: ROUTING, steps: '[{ setWeight: 25 }]' });
    await world.create([routeYaml(world), yaml.replace('{ name: shop }', `{ name: ${name} }`)].join('---'));
    await world.until(name, isHealthy, 60);
    await world.setImage(name, GOOD);
    await world.until(name, isHealthy, 60);
    await untilWeights(world, AT_HOME);
  });
});
