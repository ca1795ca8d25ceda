/** Whoever applies from Git may do what its service account may, no less and no more; so may Headgate. */
import { randomBytes } from 'node:crypto';
import { it as base, describe, expect } from 'vitest';
import type { Resource } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { type AnyObject, events, gitSources, namespaces } from '../../src/kube/resources.ts';
import { silentLog } from '../../src/log.ts';
import { isHealthy, rolloutYaml } from '../behaviour/fixtures.ts';
import { auditedIn } from '../worlds/real/audit.ts';
import { PROVOKED } from '../worlds/real/rbac-audit.ts';
import { CONTROLLER } from '../worlds/real/servers/api-server.ts';
import { readRealWorld } from '../worlds/real/state.ts';
import { realWorld } from '../worlds/real/test-world.ts';
import type { TestWorld } from '../worlds/world.ts';
import { accountYaml, grantYaml, sourceStatus, sourceYaml, teamRepository, untilSource } from './deploying.ts';

const core = { group: '', version: 'v1', namespaced: true };
const configMaps: Resource<AnyObject> = { ...core, plural: 'configmaps', kind: 'ConfigMap' };
const serviceAccounts: Resource = { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount' };

const ROLLOUTS = "apiGroups: [argoproj.io], resources: [rollouts], verbs: ['*']";
const CONFIG_MAPS = "apiGroups: [''], resources: [configmaps], verbs: [get, create, patch]";

/** A world of the story's own. Unlike in other stories, refusals are what is expected: each says which. */
const it = base.extend('world', async ({ task: _ }, { onCleanup }) => {
  const world = await realWorld();
  onCleanup(() => world.stop());
  return world as TestWorld;
});

function settingsYaml(namespace?: string): string {
  const placed = namespace === undefined ? '' : `, namespace: ${namespace}`;
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings${placed} }\ndata: { ranking: fresh }\n`;
}

/** In whose names something was asked for in a namespace, the controller's own name among them. */
async function speakersIn(namespace: string): Promise<string[]> {
  const asked = await auditedIn(readRealWorld()?.auditLog ?? '', namespace, 0);
  const ours = asked.filter(({ user }) => user.username === CONTROLLER);
  return [...new Set(ours.map(({ user, impersonatedUser }) => (impersonatedUser ?? user).username))].sort();
}

/** Paths of what was refused, without repetitions. */
async function refusedPaths(world: TestWorld): Promise<string[]> {
  return [...new Set((await world.refused()).map((line) => line.replace(/\?.*/, '')))];
}

async function newNeighbour({ client }: TestWorld): Promise<string> {
  const name = `neighbour-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

describe('a GitSource', () => {
  it('says which object its account may not apply, applies the rest, and that one once it may', async ({ world }) => {
    const { namespace, client } = world;
    const repository = await teamRepository(world);
    const head = await repository.release({ 'all.yaml': `${rolloutYaml()}---\n${settingsYaml()}` });
    await world.create([accountYaml(), grantYaml(namespace, { rule: ROLLOUTS }), sourceYaml(repository)].join('---'));
    await world.until('shop', isHealthy, 60);
    const forbidden = await untilSource(world, 'Forbidden');
    const line = rolloutYaml().split('\n').length + 1;
    const message = expect.stringMatching(/^ConfigMap settings was refused: .*cannot get resource "configmaps"/);
    expect(forbidden.files).toEqual([{ path: `apps/shop/all.yaml:${line}`, message }]);
    expect(forbidden.lastSeenCommit).toBe(head);
    expect(forbidden.lastAppliedCommit).toBeUndefined();
    // Each look is refused, and tells nobody again.
    await world.pass(6);
    expect(await refusedPaths(world)).toEqual([`403 get /api/v1/namespaces/${namespace}/configmaps/settings`]);
    expect((await world.refused()).length).toBeGreaterThan(2);
    expect((await world.list(events)).filter(({ reason }) => reason === 'Forbidden')).toHaveLength(1);
    await world.create(grantYaml(namespace, { role: 'settings', rule: CONFIG_MAPS }));
    const applied = await untilSource(world, 'Applied');
    expect(applied).toMatchObject({ files: [], lastAppliedCommit: head, objects: 2 });
    expect(await client.get(configMaps, { namespace, name: 'settings' })).toMatchObject({ data: { ranking: 'fresh' } });
  });

  it('takes no account of another namespace, by whatever name, and none that has the same name there', async ({
    world,
  }) => {
    const neighbour = await newNeighbour(world);
    const repository = await teamRepository(world);
    await repository.release({ 'all.yaml': settingsYaml() });
    // The neighbour's account may do everything, in both namespaces.
    await world.client.create(serviceAccounts, { metadata: { name: 'deployer', namespace: neighbour } });
    const binding = grantYaml(neighbour, { role: 'neighbour' });
    await world.create([accountYaml(), binding, sourceYaml(repository)].join('---'));
    await untilSource(world, 'Forbidden');
    for (const name of [`${neighbour}:deployer`, `${neighbour}/deployer`, `../${neighbour}/deployer`]) {
      await world.patch(gitSources, 'deploy', { spec: { serviceAccountName: name } });
      const saysSo = async () => (await sourceStatus(world)).conditions?.[0]?.message?.includes(`"${name}"`) === true;
      await world.untilTrue(saysSo, 30);
      expect((await sourceStatus(world)).conditions?.[0]?.reason).toBe('InvalidSpec');
    }
    expect(await world.client.get(configMaps, { namespace: world.namespace, name: 'settings' })).toBeUndefined();
    const own = `system:serviceaccount:${world.namespace}:deployer`;
    expect(await speakersIn(world.namespace)).toEqual([CONTROLLER, own]);
    expect(await speakersIn(neighbour)).toEqual([]);
  });

  it('reaches into no other namespace', async ({ world }) => {
    const neighbour = await newNeighbour(world);
    const repository = await teamRepository(world);
    await repository.release({ 'own.yaml': settingsYaml(), 'theirs.yaml': settingsYaml(neighbour) });
    await world.create([accountYaml(), grantYaml(world.namespace), sourceYaml(repository)].join('---'));
    const { files } = await untilSource(world, 'Forbidden');
    expect(files?.map(({ path }) => path)).toEqual(['apps/shop/theirs.yaml:1']);
    expect(await world.client.get(configMaps, { namespace: neighbour, name: 'settings' })).toBeUndefined();
    expect(await speakersIn(neighbour)).toEqual([`system:serviceaccount:${world.namespace}:deployer`]);
    const own = { namespace: world.namespace, name: 'settings' };
    expect(await world.client.get(configMaps, own)).toMatchObject({ data: { ranking: 'fresh' } });
  });
});

/** A client with the controller's identity, whose requests are refused on purpose. */
const asController = base.extend('controller', async ({ task: _ }, { onCleanup }) => {
  const config = loadKubeConfig({ kubeconfig: readRealWorld()?.controllerKubeconfig ?? '' });
  const controller = createKubeClient({ config, log: silentLog(), userAgent: PROVOKED });
  onCleanup(() => controller.close());
  return controller;
});

describe('the controller', () => {
  const namespace = 'default';

  asController.for(['admin', 'system:kube-controller-manager', 'system:node:emulated', 'system:anonymous'])(
    'may not speak for %s',
    async (user, { controller }) => {
      await expect(controller.as(user).list(configMaps, { namespace })).rejects.toThrow(/cannot impersonate/);
    },
  );

  asController('gains nothing by speaking for an account that may nothing', async ({ controller }) => {
    const nobody = controller.as('system:serviceaccount:default:nobody');
    const message = /"system:serviceaccount:default:nobody" cannot list resource "configmaps"/;
    await expect(nobody.list(configMaps, { namespace })).rejects.toThrow(message);
  });

  asController.for(['configmaps', 'serviceaccounts', 'secrets'])('may not list %s', async (plural, { controller }) => {
    const refusal = controller.list({ ...configMaps, plural }, { namespace });
    await expect(refusal).rejects.toThrow(`cannot list resource "${plural}"`);
  });
});
