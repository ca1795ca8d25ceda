import { describe, expect } from 'vitest';
import { POD_TEMPLATE_HASH } from '../../src/api/index.ts';
import { services } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  canaryWeight,
  FIRST,
  GOOD,
  hashes,
  httpRouteYaml,
  installed,
  isAborted,
  isHealthy,
  isPaused,
  isPausedAt,
  ROUTING,
  rolloutYaml,
  routeWeights,
  routeYaml,
  serviceYaml,
  untilWanted,
  untilWeights,
  wanted,
} from './fixtures.ts';
import { watched } from './noticed.ts';

const promote = (world: TestWorld) => world.patchStatus('shop', { pauseConditions: null });
/** Not together with a delay for former pods: these go as the traffic does. */
const DYNAMIC = `${ROUTING.replace(/ +(abortS|s)caleDownDelaySeconds: 5\n/g, '')}      dynamicStableScale: true\n`;

describe.each(worlds)('in the $name', ({ it }) => {
  it('sets the number of canary pods apart from the traffic, until it follows the traffic again', async ({ world }) => {
    const steps =
      '[{ setCanaryScale: { replicas: 3 } }, { pause: {} }, { setWeight: 25 }, { setCanaryScale: { matchTrafficWeight: true } }, { pause: {} }]';
    const lost = await watched(world, [routeYaml(world), rolloutYaml({ steps, canary: ROUTING })].join('---'));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const { stable, latest } = await hashes(world);
    expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 3 });
    expect(await canaryWeight(world)).toBe(0);
    await promote(world);
    await world.until('shop', isPausedAt(4), 60);
    expect(await wanted(world)).toEqual({ [stable]: 4, [latest]: 1 });
    expect(await canaryWeight(world)).toBe(25);
    await promote(world);
    await world.until('shop', isHealthy, 60);
    expect(lost()).toBe(0);
  });

  it('shrinks stable as the traffic moves, and grows it again before the traffic comes back', async ({ world }) => {
    const steps = '[{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }]';
    const lost = await watched(world, [routeYaml(world), rolloutYaml({ steps, canary: DYNAMIC })].join('---'));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const { stable, latest } = await hashes(world);
    await untilWanted(world, { [stable]: 2, [latest]: 2 });
    await promote(world);
    await world.until('shop', isPausedAt(3), 60);
    await untilWanted(world, { [stable]: 1, [latest]: 3 });
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isAborted, 60);
    await untilWeights(world, AT_HOME);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
    // The template of the stable revision: the way back is no update.
    await world.setImage('shop', FIRST);
    await world.until('shop', isHealthy, 60);
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await world.patchStatus('shop', { promoteFull: true });
    await world.until('shop', isHealthy, 60);
    await untilWanted(world, { [stable]: 0, [latest]: 4 });
    expect(lost()).toBe(0);
  });

  it('lets two Services take turns, and switches none that users are led to', async ({ world }) => {
    const backends = '{ name: shop-ping, port: 80, weight: 100 }, { name: shop-pong, port: 80, weight: 0 }';
    const canary = ROUTING.replace('stableService: shop-stable\n', '').replace(
      'canaryService: shop-canary',
      'pingPong: { pingService: shop-ping, pongService: shop-pong }',
    );
    const rollout = rolloutYaml({ replicas: 2, steps: '[{ setWeight: 50 }, { pause: {} }]', canary });
    const pair = [serviceYaml('shop-ping'), serviceYaml('shop-pong'), httpRouteYaml(world, backends)];
    const lost = await watched(world, [...pair, rollout].join('---'));
    const selected = async () => {
      const all = await world.list(services);
      return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name, spec.selector?.[POD_TEMPLATE_HASH]]));
    };
    const { stable: first } = await hashes(world);
    expect((await world.rollout('shop')).status?.canary?.stablePingPong).toBe('ping');
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    expect(await selected()).toEqual({ 'shop-ping': first, 'shop-pong': latest });
    expect(await routeWeights(world)).toEqual({ 'shop-ping': 50, 'shop-pong': 50 });
    await promote(world);
    const { status } = await world.until('shop', isHealthy, 60);
    expect(status?.canary?.stablePingPong).toBe('pong');
    expect(await routeWeights(world)).toEqual({ 'shop-ping': 0, 'shop-pong': 100 });
    await world.untilTrue(async () => (await selected())['shop-ping'] === latest, 30);
    await untilWanted(world, { [first]: 0, [latest]: 2 });
    expect(lost()).toBe(0);
  });

  it('goes on once enough of the pods are there', async ({ world }) => {
    const canary = `${ROUTING}      replicaProgressThreshold: { type: Pods, value: 1 }\n`;
    const steps = '[{ setWeight: 50 }, { pause: {} }]';
    await installed(world, [routeYaml(world), rolloutYaml({ steps, canary })].join('---'));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    await promote(world);
    await world.until('shop', isHealthy, 60);
  });
});
