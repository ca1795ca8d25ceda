/** What deploy/ lets people do: those who may view or edit a namespace's objects, by the roles that Kubernetes brings. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { KubeObject } from '../../src/api/index.ts';
import type { KubeClient, Resource } from '../../src/kube/client.ts';
import { GOOD, installed, isDegraded, isHealthy, isPausedAt, rolloutYaml } from '../behaviour/fixtures.ts';
import { runToEnd } from '../command-line.ts';
import { worlds } from '../worlds/index.ts';
import { readRealWorld } from '../worlds/real/state.ts';
import type { TestWorld } from '../worlds/world.ts';

const ROLES = ['view', 'edit', 'admin'] as const;
type RoleName = (typeof ROLES)[number];

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const KINDS = {
  'argoproj.io': [
    ...['rollouts', 'rollouts/status', 'rollouts/scale', 'rollouts/finalizers'],
    ...['analysisruns', 'analysistemplates', 'clusteranalysistemplates', 'experiments'],
  ],
  'headgate.dev': [
    ...['gitreverts', 'gitreverts/status', 'gitsources', 'gitsources/status'],
    ...['revertpolicies', 'revertpolicies/status'],
  ],
};
const READABLE = ['rollouts', 'analysisruns', 'analysistemplates', 'experiments', 'gitreverts', 'gitsources'];
const WRITABLE = [
  ...['rollouts', 'rollouts/status', 'rollouts/scale'],
  ...['analysisruns', 'analysistemplates', 'experiments', 'gitsources'],
];

interface Review extends KubeObject {
  spec: object;
  status?: { allowed: boolean };
}

const reviews: Resource<Review> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
};

/** One person for each role, who has it in the story's namespace. */
function peopleYaml({ namespace }: TestWorld): string {
  const bindings = ROLES.map(
    (role) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: people-${role} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role} }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: '${namespace}:${role}' }]
`,
  );
  return bindings.join('---');
}

async function may(client: KubeClient, user: string, attributes: object): Promise<boolean> {
  const spec = { user, groups: ['system:authenticated'], resourceAttributes: attributes };
  const { status } = await client.create(reviews, { metadata: { name: '' }, spec });
  return status?.allowed === true;
}

/** `verb kind`, for all that the role allows of the kinds that deploy/ speaks of. */
async function allowed({ client, namespace }: TestWorld, role: RoleName): Promise<string[]> {
  const found: string[] = [];
  for (const [group, kinds] of Object.entries(KINDS)) {
    for (const kind of kinds) {
      const [resource, subresource] = kind.split('/');
      for (const verb of [...READ, ...WRITE]) {
        const attributes = { namespace, verb, group, resource, ...(subresource && { subresource }) };
        if (await may(client, `${namespace}:${role}`, attributes)) found.push(`${verb} ${kind}`);
      }
    }
  }
  return found.sort();
}

function product(verbs: string[], kinds: string[]): string[] {
  return kinds.flatMap((kind) => verbs.map((verb) => `${verb} ${kind}`)).sort();
}

/** The command line of a person, by a kubeconfig that speaks for them. */
async function commandLine({ namespace, folder }: TestWorld, role: RoleName) {
  const config = JSON.parse(await readFile(readRealWorld()?.kubeconfig ?? '', 'utf8')) as { users: { user: object }[] };
  const users = config.users.map((each) => ({ ...each, user: { ...each.user, as: `${namespace}:${role}` } }));
  const path = join(folder, `${role}.kubeconfig`);
  await writeFile(path, JSON.stringify({ ...config, users }), { mode: 0o600 });
  return (...args: string[]) => runToEnd(['--kubeconfig', path, '-n', namespace, ...args]);
}

describe.each(worlds)('people in the $name world', ({ it }) => {
  it('may do what their role says and no more', async ({ world }) => {
    await world.create(peopleYaml(world));
    expect(await allowed(world, 'view')).toEqual(product(READ, READABLE));
    const whole = [...product(READ, READABLE), ...product(WRITE, WRITABLE)].sort();
    expect(await allowed(world, 'edit')).toEqual(whole);
    expect(await allowed(world, 'admin')).toEqual(whole);
  });

  it('look with the role view, and promote, abort and retry with the role edit', async ({ world }) => {
    await world.create(peopleYaml(world));
    const viewer = await commandLine(world, 'view');
    const editor = await commandLine(world, 'edit');
    await installed(world, rolloutYaml({ steps: '[{ setWeight: 50 }, { pause: {} }]' }));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const looks = [
      ['get', 'rollout', 'shop'],
      ['list', 'rollouts'],
      ['status', 'shop', '--no-watch'],
    ];
    for (const look of looks) expect(await viewer(...look)).toMatchObject({ code: 0, stderr: '' });
    const wishes = [
      ['promote', 'shop'],
      ['promote', 'shop', '--full'],
      ['abort', 'shop'],
      ['retry', 'rollout', 'shop'],
    ];
    for (const wish of wishes) {
      expect(await viewer(...wish)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('cannot patch resource'),
      });
    }
    expect(isPausedAt(1)(await world.rollout('shop'))).toBe(true);
    expect(await editor('abort', 'shop')).toMatchObject({ code: 0 });
    await world.until('shop', isDegraded, 60);
    expect(await editor('retry', 'rollout', 'shop')).toMatchObject({ code: 0 });
    await world.until('shop', isPausedAt(1), 60);
    expect(await editor('promote', 'shop')).toMatchObject({ code: 0 });
    await world.until('shop', isHealthy, 60);
  });
});
