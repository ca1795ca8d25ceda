import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollout, type SandboxCluster, sandboxCluster, template } from '../../test/sandbox-cluster.ts';
import type { PodTemplateSpec, ReplicaSet, Rollout } from '../api/index.ts';
import type { AnyObject } from '../kube/resources.ts';

const key = { namespace: 'default', name: 'web' };

let cluster: SandboxCluster;
let created: Rollout;
beforeEach(async () => {
  cluster = await sandboxCluster();
  created = cluster.api.store.create('Rollout', rollout('registry.example/web:1'));
});
afterEach(() => cluster.stop());

function imagesIn({ spec }: PodTemplateSpec): Record<string, unknown> {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = (spec ?? {}) as Record<string, object[]>;
  const all = [...initContainers, ...containers, ...ephemeralContainers] as { name: string; image: string }[];
  return Object.fromEntries(all.map(({ name, image }) => [name, image]));
}

const images = () => imagesIn(cluster.api.store.get<Rollout>('Rollout', 'default', 'web')?.spec.template ?? {});

describe('set image', () => {
  it('changes one container, by a patch that holds for the Rollout as it was seen', async () => {
    expect(await cluster.run(['set', 'image', 'web', 'web=registry.example/web:2'])).toEqual({
      code: 0,
      stdout: 'rollout "web" image updated\n',
      stderr: '',
    });
    expect(cluster.patches).toEqual([
      `json rollouts/web [{"op":"test","path":"/metadata/generation","value":${created.metadata.generation}},${JSON.stringify({ op: 'add', path: '/spec/template/spec/containers/0/image', value: 'registry.example/web:2' })}]`,
    ]);
    expect(images()).toEqual({
      migrate: 'registry.example/migrate:1',
      web: 'registry.example/web:2',
      proxy: 'registry.example/proxy:1',
    });
  });

  it('changes several, init containers among them', async () => {
    const args = ['web=registry.example/web:2', 'migrate=registry.example/migrate@sha256:0123'];
    expect((await cluster.run(['set', 'image', 'web', ...args])).code).toBe(0);
    expect(images()).toMatchObject({ web: 'registry.example/web:2', migrate: 'registry.example/migrate@sha256:0123' });
  });

  it('changes all, ephemeral containers among them', async () => {
    const { spec } = template('registry.example/web:1');
    const ephemeralContainers = [{ name: 'debug', image: 'debug:1' }];
    cluster.api.store.patch('Rollout', key, { spec: { template: { spec: { ...spec, ephemeralContainers } } } });
    expect((await cluster.run(['set', 'image', 'web', '*=all:2'])).code).toBe(0);
    expect(images()).toEqual({ migrate: 'all:2', web: 'all:2', proxy: 'all:2', debug: 'all:2' });
  });

  it('sets an image where there was none', async () => {
    cluster.api.store.patch('Rollout', key, { spec: { template: { spec: { containers: [{ name: 'web' }] } } } });
    expect((await cluster.run(['set', 'image', 'web', 'web=registry.example/web:2'])).code).toBe(0);
    expect(images()).toMatchObject({ web: 'registry.example/web:2' });
  });

  it("keeps another's change of the template made meanwhile", async () => {
    cluster.beforePatch = () => {
      if (cluster.patches.length > 0) return;
      const containers = [{ name: 'new', image: 'new:1' }, ...template('registry.example/web:1').spec.containers];
      cluster.api.store.patch('Rollout', key, { spec: { template: { spec: { containers } } } });
    };
    expect((await cluster.run(['set', 'image', 'web', 'proxy=registry.example/proxy:2'])).code).toBe(0);
    expect(images()).toMatchObject({ new: 'new:1', web: 'registry.example/web:1', proxy: 'registry.example/proxy:2' });
  });

  it('gives up where others never stop', async () => {
    cluster.beforePatch = () => {
      const { spec } = template(`registry.example/web:1.${cluster.patches.length}`);
      cluster.api.store.patch('Rollout', key, { spec: { template: { spec } } });
    };
    expect(await cluster.run(['set', 'image', 'web', 'proxy=registry.example/proxy:2'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: others keep changing rollout "web", so nothing was written; try again\n',
    });
    expect(cluster.patches).toHaveLength(5);
    expect(images()).toMatchObject({ proxy: 'registry.example/proxy:1' });
  });

  it('patches the Deployment that the Rollout refers to', async () => {
    cluster.api.store.create('Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'default', name: 'backend' },
      spec: { replicas: 0, selector: { matchLabels: { app: 'web' } }, template: template('registry.example/web:1') },
    } as AnyObject);
    cluster.api.store.delete('Rollout', 'default', 'web');
    const { template: _template, selector: _selector, ...spec } = created.spec;
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'backend' };
    cluster.api.store.create('Rollout', { ...rollout(''), spec: { ...spec, workloadRef } });
    expect((await cluster.run(['set', 'image', 'web', 'web=registry.example/web:2'])).stdout).toBe(
      'deployment "backend" image updated\n',
    );
    const changed = cluster.api.store.get<ReplicaSet>('Deployment', 'default', 'backend');
    expect(imagesIn(changed?.spec.template ?? {})).toMatchObject({ web: 'registry.example/web:2' });
  });

  it.each([
    ['container', ['web', 'wbe=x'], 'unable to find container named "wbe"; known are migrate, web, proxy'],
    ['Rollout', ['card', 'web=x'], 'rollout.argoproj.io "card" not found in namespace "default"'],
  ])('says that there is no such %s', async (_, args, message) => {
    expect(await cluster.run(['set', 'image', ...args])).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error: ${message}\n`,
    });
    expect(cluster.patches).toEqual([]);
  });

  it.each([
    [['set'], 'set needs to know what; known is image'],
    [['set', 'replicas', 'web'], '"replicas" cannot be used with set; known is image'],
    [['set', 'image', 'web'], 'set image needs the name of a Rollout, and at least one CONTAINER=IMAGE'],
    [['set', 'image', 'web', 'web'], '"web" is not CONTAINER=IMAGE'],
    [['set', 'image', 'web', 'a=b=c'], '"a=b=c" is not CONTAINER=IMAGE'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cluster.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
