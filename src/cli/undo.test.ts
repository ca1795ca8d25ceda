import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replicaSet, rollout, type SandboxCluster, sandboxCluster, template } from '../../test/sandbox-cluster.ts';
import type { ReplicaSet, Rollout } from '../api/index.ts';
import { EPHEMERAL_METADATA } from '../api/index.ts';
import type { AnyObject } from '../kube/resources.ts';

const image = (tag: number) => `registry.example/web:${tag}`;
const key = { namespace: 'default', name: 'web' };

let cluster: SandboxCluster;
beforeEach(async () => {
  cluster = await sandboxCluster();
});
afterEach(() => cluster.stop());

/** A Rollout whose spec is at revision 3. */
function threeRevisions(change: (spec: Rollout['spec']) => void = () => {}): Rollout {
  const wanted = rollout(image(3));
  change(wanted.spec);
  const created = cluster.api.store.create('Rollout', wanted);
  for (const revision of [1, 2, 3]) {
    cluster.api.store.create('ReplicaSet', replicaSet(created, { revision, image: image(revision) }));
  }
  return created;
}

const imageNow = () =>
  cluster.api.store.get<Rollout>('Rollout', 'default', 'web')?.spec.template?.spec?.containers[0]?.image;
const changeTemplate = (tag: number) =>
  cluster.api.store.patch('Rollout', key, { spec: { template: { spec: template(image(tag)).spec } } });

describe('undo', () => {
  it('goes back to the revision before the newest', async () => {
    threeRevisions();
    expect(await cluster.run(['undo', 'web'])).toEqual({ code: 0, stdout: "rollout 'web' undo\n", stderr: '' });
    expect(imageNow()).toBe(image(2));
  });

  it('sends the template of the revision without the hash, as a patch that holds for the Rollout as it was seen', async () => {
    const { metadata } = threeRevisions();
    expect((await cluster.run(['undo', 'web', '--to-revision=1'])).code).toBe(0);
    const source = cluster.api.store.get<ReplicaSet>('ReplicaSet', 'default', 'web-hash1');
    const operations = [
      { op: 'test', path: '/metadata/generation', value: metadata.generation },
      {
        op: 'replace',
        path: '/spec/template',
        value: { spec: source?.spec.template.spec, metadata: { labels: { app: 'web' } } },
      },
    ];
    expect(cluster.patches).toEqual([`json rollouts/web ${JSON.stringify(operations)}`]);
  });

  it('leaves out what a controller gave the pods for their part in the update', async () => {
    const created = cluster.api.store.create('Rollout', rollout(image(2)));
    const annotations = { [EPHEMERAL_METADATA]: JSON.stringify({ labels: { role: 'stable' } }) };
    cluster.api.store.create(
      'ReplicaSet',
      replicaSet(created, { revision: 1, image: image(1), annotations, extra: { role: 'stable' } }),
    );
    cluster.api.store.create('ReplicaSet', replicaSet(created, { revision: 2, image: image(2) }));
    expect((await cluster.run(['undo', 'web'])).code).toBe(0);
    const labels = cluster.api.store.get<Rollout>('Rollout', 'default', 'web')?.spec.template?.metadata?.labels;
    expect(labels).toEqual({ app: 'web' });
  });

  it('writes nothing where the template is the current one, also where the server filled it in', async () => {
    threeRevisions();
    expect(await cluster.run(['undo', 'web', '--to-revision', '3'])).toEqual({
      code: 0,
      stdout: 'skipped rollback (current template already matches revision 3)\n',
      stderr: '',
    });
    expect(cluster.patches).toEqual([]);
  });

  it('goes on where only the replicas were changed meanwhile', async () => {
    threeRevisions();
    cluster.beforePatch = () => {
      if (cluster.patches.length < 2)
        cluster.api.store.patch('Rollout', key, { spec: { replicas: 5 + cluster.patches.length } });
    };
    expect((await cluster.run(['undo', 'web'])).stdout).toBe("rollout 'web' undo\n");
    expect(cluster.patches).toHaveLength(3);
    expect(cluster.api.store.get<Rollout>('Rollout', 'default', 'web')?.spec.replicas).toBe(6);
  });

  it('gives up where others never stop', async () => {
    threeRevisions();
    cluster.beforePatch = () =>
      cluster.api.store.patch('Rollout', key, { spec: { replicas: 10 + cluster.patches.length } });
    const { code, stderr } = await cluster.run(['undo', 'web']);
    expect(code).toBe(1);
    expect(stderr).toContain('others keep changing rollout "web", so nothing was written; try again');
    expect(cluster.patches).toHaveLength(5);
  });

  it("overwrites nobody's change of the template", async () => {
    threeRevisions();
    cluster.beforePatch = () => changeTemplate(4);
    expect(await cluster.run(['undo', 'web'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'Error: failed restoring revision 2: the template of rollout "web" was changed by someone else meanwhile, so nothing was written; look at it and try again\n',
    });
    expect(imageNow()).toBe(image(4));
  });

  it("says in the server's words why it refuses the template", async () => {
    threeRevisions();
    cluster.api.faults = ({ verb }) => (verb === 'patch' ? { answer: 422 } : undefined);
    const refused = await cluster.run(['undo', 'web']);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Error: failed restoring revision 2: .*422/),
    });
    cluster.api.faults = undefined;
    cluster.beforePatch = () => cluster.api.store.delete('Rollout', 'default', 'web');
    const gone = await cluster.run(['undo', 'web']);
    expect(gone.stderr).toBe('Error: failed restoring revision 2: rollouts.argoproj.io "web" not found\n');
  });

  it.each([
    [
      'that revision',
      ['undo', 'web', '--to-revision=9'],
      'unable to find specified revision 9 in history; its ReplicaSets have revisions: 3, 2, 1',
    ],
    ['that Rollout', ['undo', 'card'], 'rollout.argoproj.io "card" not found in namespace "default"'],
  ])('says that there is not %s', async (_, args, message) => {
    threeRevisions();
    expect(await cluster.run(args)).toEqual({ code: 1, stdout: '', stderr: `Error: ${message}\n` });
  });

  it('says that there is nothing to go back to, whatever other Rollouts have', async () => {
    const created = cluster.api.store.create('Rollout', rollout(image(1)));
    cluster.api.store.create('ReplicaSet', replicaSet(created, { revision: 1, image: image(1) }));
    const foreign = { ...created, metadata: { ...created.metadata, uid: 'another' } };
    cluster.api.store.create('ReplicaSet', replicaSet(foreign, { revision: 2, image: image(2) }));
    const { code, stderr } = await cluster.run(['undo', 'web']);
    expect(code).toBe(1);
    expect(stderr).toContain('no revision found for rollout "web"; its ReplicaSets have revisions: 1');
  });

  it.each([
    [['undo'], 'undo needs the name of a Rollout'],
    [['undo', 'web', 'card'], 'undo takes one name, not also card'],
    [['undo', 'web', '--to-revision=-1'], '--to-revision "-1" is not a whole number above 0'],
    [['undo', 'web', '--to-revision=first'], '--to-revision "first" is not a whole number above 0'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cluster.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('undo of a Rollout that refers to a workload', () => {
  const refer = (kind: string) =>
    threeRevisions((spec) => {
      delete spec.template;
      delete spec.selector;
      spec.workloadRef = { apiVersion: 'apps/v1', kind, name: 'backend' };
    });
  const workload = (kind: string) =>
    cluster.api.store.create(kind, {
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace: 'default', name: 'backend' },
      spec: { replicas: 0, selector: { matchLabels: { app: 'web' } }, template: template(image(3)) },
    } as unknown as AnyObject);

  it.each(['Deployment', 'ReplicaSet'])('patches the %s', async (kind) => {
    workload(kind);
    refer(kind);
    expect((await cluster.run(['undo', 'web'])).stdout).toBe("rollout 'web' undo\n");
    expect(cluster.patches[0]).toMatch(new RegExp(`^json ${kind.toLowerCase()}s/backend `));
    const { spec } = cluster.api.store.get(kind, 'default', 'backend') as unknown as ReplicaSet;
    expect(spec.template.spec?.containers[0]?.image).toBe(image(2));
    expect((await cluster.run(['undo', 'web'])).stdout).toContain('skipped rollback');
  });

  it.each([
    [
      'StatefulSet',
      'workload of type StatefulSet is not supported: spec.workloadRef.kind may be Deployment, ReplicaSet, PodTemplate',
    ],
    [
      'Deployment',
      'deployment.apps "backend" not found in namespace "default": spec.workloadRef of rollout "web" names it',
    ],
  ])('says what is wrong with the reference to a %s', async (kind, message) => {
    refer(kind);
    const { code, stderr } = await cluster.run(['undo', 'web']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `Error: failed restoring revision 2: ${message}\n` });
  });
});
