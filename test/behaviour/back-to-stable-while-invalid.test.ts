import { afterEach, expect, it } from 'vitest';
import { byName, ROUTING, rolloutYaml, routeWeights, routeYaml } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

it.each([
  ['with a router', true],
  ['without a router', false],
])(
  'takes the traffic home when the template returns to the stable one, also while the steps are invalid: %s',
  async (_, routed) => {
    world = await testWorld({ behaviour: byName });
    const steps = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }]';
    world.create(
      routed ? [routeYaml(), rolloutYaml({ steps, canary: ROUTING })].join('---\n') : rolloutYaml({ steps }),
    );
    await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
    world.setImage('shop', 'registry.example/shop:1.1.0');
    await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
    // A bad edit of the steps in mid-canary ...
    world.api.store.patch(
      'Rollout',
      { namespace: 'default', name: 'shop' } as never,
      {
        spec: { strategy: { canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 500 }] } } },
      } as never,
    );
    const invalid = await world.until('shop', ({ status }) => status?.phase === 'Degraded', 60);
    expect(invalid.status?.message).toContain('InvalidSpec');
    // ... and then `undo`: the stable template again.
    world.setImage('shop', 'registry.example/shop:1.0.0');
    await world.pass(30);
    if (routed) expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
    const served = world.traffic
      .summary('default', 'shop')
      .revisions.filter(({ requestsPerSecond }) => requestsPerSecond > 0);
    expect(served.map(({ image }) => image)).toEqual(['1.0.0']);
  },
);
