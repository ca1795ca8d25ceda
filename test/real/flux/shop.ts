/** A real kustomize-controller, and a shop that it brings to the cluster. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { fieldsOf, listOf, textOf } from '../../../src/api/fields.ts';
import { machineNow } from '../../../src/clock.ts';
import { REQUESTED_AT } from '../../../src/git/provenance/index.ts';
import { fluxLabels } from '../../../src/git/provenance/testing-objects.ts';
import type { Resource } from '../../../src/kube/client.ts';
import { type AnyObject, gitRepositories, kustomizations, replicaSets } from '../../../src/kube/resources.ts';
import { HASH, isHealthy } from '../../behaviour/fixtures.ts';
import { connect } from '../../worlds/real/connect.ts';
import { applyManifests, readManifests } from '../../worlds/real/manifests.ts';
import type { Server } from '../../worlds/real/server.ts';
import { startKustomizeController } from '../../worlds/real/servers/kustomize-controller.ts';
import { readRealWorld } from '../../worlds/real/state.ts';
import { realWorld } from '../../worlds/real/test-world.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { startAsDeployed } from '../loop/controller.ts';
import { foundTeam, type Team } from '../loop/team.ts';
import { followYaml } from './manifests.ts';
import { startSource } from './source.ts';

const PART = 'kustomize-controller';
const state = readRealWorld();
/** Where kustomize-controller is; undefined where it is not built. */
export const flux = state?.parts[PART];

export async function startFlux(): Promise<Server> {
  if (!state || !flux) throw new Error(`there is no ${PART}`);
  const admin = connect(state.kubeconfig, 'stage');
  for (const folder of Object.values(flux.files))
    await applyManifests(admin, await readManifests(join(folder, 'config/crd/bases')));
  admin.close();
  const binary = flux.binaries[PART] ?? '';
  return startKustomizeController({ binary, folder: join(state.folder, 'flux'), kubeconfig: state.kubeconfig });
}

export interface Shop {
  world: TestWorld;
  team: Team;
  /** As a push to a repository with a webhook: Flux looks at once. */
  push(message: string, files: Record<string, string>): Promise<string>;
}

export interface Stage {
  files(world: TestWorld): Record<string, string>;
  /** How often Flux sees to the cluster by itself; left out: never while the story is told. */
  interval?: string;
}

/** A shop whose first release Flux has brought to the cluster, for one story. */
export async function staged({ files, interval }: Stage, story: (shop: Shop) => Promise<void>) {
  if (!state?.gitea) throw new Error('there is no Gitea');
  const [world, team] = await Promise.all([realWorld(startAsDeployed), foundTeam(state.gitea)]);
  const source = await startSource({ world, token: team.readToken });
  const push: Shop['push'] = async (message, changed) => {
    const commit = await team.commit(message, changed);
    const annotations = { [REQUESTED_AT]: new Date(machineNow()).toISOString() };
    await world.patch(gitRepositories, 'deploy', { metadata: { annotations } });
    return commit;
  };
  try {
    await team.commit('Begin', files(world));
    await world.create(followYaml(world, team, interval));
    await world.until('shop', isHealthy, 60);
    await story({ world, team, push });
    expect(await world.refused()).toEqual([]);
  } finally {
    // Its last wish is heard while there is still something to fetch.
    await world.client.delete(kustomizations, { namespace: world.namespace, name: 'shop' });
    await world.untilTrue(async () => (await world.list(kustomizations)).length === 0, 30);
    await source.stop();
    await world.stop();
    await team.close();
  }
}

export async function applied(world: TestWorld): Promise<string | undefined> {
  const { status } = await world.get<AnyObject>(kustomizations, 'shop');
  return textOf(fieldsOf(status).lastAppliedRevision);
}

/** What is noted on the ReplicaSet of a revision. */
async function notedOn(world: TestWorld, hash: string): Promise<Record<string, string>> {
  const sets = await world.list(replicaSets);
  return sets.find(({ metadata }) => metadata.labels?.[HASH] === hash)?.metadata.annotations ?? {};
}

/** When Flux was asked to look at this object, and which request it has heard last. */
export async function asked(world: TestWorld, resource: Resource<AnyObject>, name: string) {
  const { metadata, status } = await world.get(resource, name);
  return { requestedAt: metadata.annotations?.[REQUESTED_AT], heard: fieldsOf(status).lastHandledReconcileAt };
}

export async function expectFluxProvenance(world: TestWorld, hash: string, commit: string): Promise<void> {
  const isNoted = async () => (await notedOn(world, hash))['headgate.dev/git-commit'] === commit;
  await world.untilTrue(isNoted, 30);
  const { namespace } = world;
  expect(await notedOn(world, hash)).toMatchObject({
    'headgate.dev/git-branch': 'main',
    'headgate.dev/git-path': 'apps/shop',
    'headgate.dev/git-source': `Flux/${namespace}/shop`,
  });
  expect((await world.rollout('shop')).metadata.labels).toMatchObject(fluxLabels('shop', namespace));
  const { status } = await world.get<AnyObject>(kustomizations, 'shop');
  const listed = listOf(fieldsOf(fieldsOf(status).inventory).entries).map((entry) => fieldsOf(entry).id);
  expect(listed).toContain(`${namespace}_shop_argoproj.io_Rollout`);
  expect(await applied(world)).toBe(`main@sha1:${commit}`);
}
