import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import {
  AT_HOME,
  entryYaml,
  FIRST,
  GOOD,
  isDegraded,
  isPaused,
  ROUTING,
  released,
  rolloutYaml,
  routeYaml,
  servedDuring,
  untilWeights,
} from './fixtures.ts';

describe.each(worlds)('in the $name', ({ it }) => {
  it.for([
    ['with a router', true],
    ['without a router', false],
  ] as const)(
    'takes the traffic home when the template returns to the stable one, also while the steps are invalid: %s',
    async ([, routed], { world }) => {
      const steps = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }]';
      const parts = routed
        ? [routeYaml(world), rolloutYaml({ steps, canary: ROUTING })]
        : [entryYaml(world), rolloutYaml({ steps })];
      await released(world, parts.join('---'), GOOD);
      await world.until('shop', isPaused, 60);
      // A bad edit of the steps in mid-canary, such as the API server cannot tell ...
      const mistaken = [{ setWeight: 25 }, { pause: {} }, { pause: { duration: 'a while' } }];
      await world.patch(rollouts, 'shop', { spec: { strategy: { canary: { steps: mistaken } } } });
      const invalid = await world.until('shop', isDegraded, 60);
      expect(invalid.status?.message).toContain('InvalidSpec');
      // ... and then `undo`: the stable template again.
      await world.setImage('shop', FIRST);
      if (routed) await untilWeights(world, AT_HOME);
      await world.pass(15);
      expect(await servedDuring(world, 3)).toEqual(['1.0.0']);
    },
  );
});
