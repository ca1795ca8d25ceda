/** A real Traefik, and a shop whose route is its own. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { isHealthy, ROUTING, rolloutYaml, routeYaml } from '../../behaviour/fixtures.ts';
import { connect } from '../../worlds/real/connect.ts';
import type { Load } from '../../worlds/real/load.ts';
import { applyManifests } from '../../worlds/real/manifests.ts';
import type { Server } from '../../worlds/real/server.ts';
import { startTraefik as start, TRAEFIK_GATEWAY, TRAEFIK_OBJECTS } from '../../worlds/real/servers/traefik.ts';
import { type RealWorldState, readRealWorld } from '../../worlds/real/state.ts';
import { realWorld } from '../../worlds/real/test-world.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { startAsDeployed } from '../loop/controller.ts';
import { measuredShareYaml, shareSeen } from '../loop/measured-share.ts';
import { withLoad } from '../loop/traffic.ts';
import { followMoves, type Move } from './moves.ts';

const PART = 'traefik';
const state = readRealWorld();
/** Where Traefik is; undefined where it is not built. */
export const traefik = state?.parts[PART];

/** The canary's weight at each step, each of which waits until Prometheus has seen that share. */
export const WEIGHTS = [20, 50, 80];

export const REQUESTS_PER_SECOND = 200;

export interface Traefik {
  server: Server;
  gateway: RealWorldState['gateway'];
}

export async function startTraefik(): Promise<Traefik> {
  if (!state || !traefik) throw new Error(`there is no ${PART}`);
  const { kubeconfig } = state;
  const admin = connect(kubeconfig, 'stage');
  await applyManifests(admin, TRAEFIK_OBJECTS);
  admin.close();
  const binary = traefik.binaries[PART] ?? '';
  const { server, address } = await start({ binary, folder: join(state.folder, PART), kubeconfig });
  return { server, gateway: { address, ...TRAEFIK_GATEWAY } };
}

export interface Shop {
  world: TestWorld;
  /** Users who are there for as long as the story is told. */
  load: Load;
  moves: readonly Move[];
}

/** A shop whose first release is served by way of Traefik, for one story. */
export async function staged({ gateway }: Traefik, story: (shop: Shop) => Promise<void>): Promise<void> {
  const world = await realWorld(startAsDeployed, gateway);
  try {
    const steps = JSON.stringify(WEIGHTS.flatMap((setWeight) => [{ setWeight }, shareSeen(setWeight)]));
    const rollout = rolloutYaml({ steps, canary: ROUTING });
    await world.create([routeYaml(world), measuredShareYaml(), rollout].join('---\n'));
    await world.until('shop', isHealthy, 60);
    await world.untilTrue(async () => (await world.answers({})).includes('1.0.0'), 30);
    const route = await followMoves(world);
    const users = { address: gateway.address, requestsPerSecond: REQUESTS_PER_SECOND };
    await withLoad(world, users, (load) => story({ world, load, moves: route.moves })).finally(route.stop);
    // Whatever the story: the rights of deploy/ are enough.
    expect(await world.refused()).toEqual([]);
  } finally {
    await world.stop();
  }
}
