import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { GitRevert } from '../../src/api/index.ts';
import { deployments, events, gitReverts } from '../../src/kube/resources.ts';
import { type BareRepository, openRepository } from '../../src/sandbox/git/index.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  canaryWeight,
  isAborted,
  isDegraded,
  isHealthy,
  isPausedAt,
  routedYaml,
  routeWeights,
  runs,
  servedDuring,
} from './fixtures.ts';

const AUTHOR = 'Ann <ann@example.com>';

/** Who applies what is in Git: one who may do it in this namespace. */
function deployerYaml({ namespace }: TestWorld): string {
  return `
apiVersion: v1
kind: ServiceAccount
metadata: { name: deployer }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: deployer }
rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: deployer }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer }
subjects: [{ kind: ServiceAccount, name: deployer, namespace: ${namespace} }]
`;
}

function sourceYaml(url: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: GitSource
metadata: { name: deploy }
spec:
  repository: { url: '${url}', branch: main }
  path: apps/shop
  interval: 2s
  serviceAccountName: deployer
`;
}

/** Named after the namespace: policies belong to the whole cluster. */
function policyYaml({ namespace }: TestWorld, url: string, mode: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: RevertPolicy
metadata: { name: ${namespace} }
spec:
  namespaces: [${namespace}]
  repository: { host: git, url: '${url}', branch: main, path: apps }
  mode: ${mode}
`;
}

/** A team's repository, which Headgate follows every two seconds and, if the mode is not `none`, may write to. */
async function followed(world: TestWorld, { mode = 'Direct', pause = 60, form = (yaml: string) => yaml } = {}) {
  const repository = await openRepository(join(world.folder, 'repo.git'), process.env.PATH);
  const manifests = (image: string) => form(routedYaml(world, { pause }).replace('shop:1.0.0', image));
  const commit = (files: Record<string, string>, message: string) =>
    repository.commit({ author: AUTHOR, message, time: world.now(), files });
  const release = (image: string, remark = '') =>
    commit({ 'apps/shop/all.yaml': manifests(image) + remark }, `Release ${image}${remark}`);
  await release('shop:1.0.0');
  await world.create([deployerYaml(world), sourceYaml(repository.path)].join('---'));
  if (mode !== 'none') await world.create(policyYaml(world, repository.path, mode));
  await world.until('shop', isHealthy, 60);
  return { repository, manifests, commit, release };
}

/** The same shop, whose pods are those of a Deployment that Git holds with its former size. */
function throughDeployment(yaml: string): string {
  const [template = ''] = /\n {2}template:[\s\S]*$/.exec(yaml) ?? [];
  const reference = 'workloadRef: { apiVersion: apps/v1, kind: Deployment, name: shop, scaleDown: onsuccess }';
  const selector = 'selector: { matchLabels: { app: shop } }';
  return `${yaml.replace(template, '\n').replace(selector, reference)}---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 2
  ${selector}${template}`;
}

async function subjects(repository: BareRepository): Promise<string[]> {
  return (await repository.log()).map(({ message }) => message.split('\n')[0] ?? '');
}

/** How many commits are tried that change nothing of the objects' meaning: each must be seen by a sync of its own. */
const SYNCS = { sandbox: 40, real: 8 };

describe.each(worlds)('in the $name', ({ it, name }) => {
  it('takes a bad commit out of the cluster and out of Git, and leaves everybody else alone', async ({ world }) => {
    const { repository, manifests, commit, release } = await followed(world);
    const revert = async (): Promise<GitRevert | undefined> => (await world.list(gitReverts))[0];
    const culprit = await release('shop:bad');
    await world.until('shop', isPausedAt(1), 60);
    await commit({ 'apps/search/settings.txt': 'ranking: v2' }, 'Search: rank by freshness');
    await world.untilTrue(async () => (await revert())?.status?.state === 'done', 180);
    const told = (await world.rollout('shop')).status?.conditions?.find(({ type }) => type === 'GitReverted');
    const reverted = (await revert())?.status?.commit ?? '';
    expect(told).toMatchObject({ status: 'True', message: expect.stringContaining(reverted.slice(0, 7)) });
    await world.until('shop', isHealthy, 60);
    expect(await routeWeights(world)).toEqual(AT_HOME);
    expect(await subjects(repository)).toEqual([
      `Revert "Release shop:bad" (${world.namespace}/shop)`,
      'Search: rank by freshness',
      'Release shop:bad',
      'Release shop:1.0.0',
    ]);
    expect((await revert())?.spec.culprits).toEqual([culprit]);
    const head = (await repository.head()) ?? '';
    expect((await repository.read(head, 'apps/shop/all.yaml'))?.toString()).toBe(manifests('shop:1.0.0'));
    expect((await repository.read(head, 'apps/search/settings.txt'))?.toString()).toBe('ranking: v2');
    // The way back was no release: nothing was measured for it. What failed was asked of the stable pods, once.
    const owners = (await runs(world)).map(({ metadata }) => metadata.ownerReferences?.[0]?.kind);
    expect(owners.sort()).toEqual(['GitRevert', 'Rollout']);
  });

  it('leaves Git alone where the stable pods fail the same metric', async ({ world }) => {
    const form = (yaml: string) => yaml.replace('result >= 0.95', 'result >= 2');
    const { repository, release } = await followed(world, { form });
    await release('shop:1.1.0');
    const revert = async (): Promise<GitRevert | undefined> => (await world.list(gitReverts))[0];
    await world.untilTrue(async () => (await revert())?.status?.state === 'needsHuman', 180);
    expect((await revert())?.status).toMatchObject({
      reason: 'StableFailsToo',
      message: expect.stringContaining('the stable pods fail the same: success-rate'),
    });
    expect(await routeWeights(world)).toEqual(AT_HOME);
    expect(await subjects(repository)).toEqual(['Release shop:1.1.0', 'Release shop:1.0.0']);
  });

  it('takes a bad commit out of the Deployment that a Rollout names, and never scales that up again', async ({
    world,
  }) => {
    const { repository, release } = await followed(world, { form: throughDeployment });
    const size = async () => ((await world.get(deployments, 'shop')).spec as { replicas: number }).replicas;
    await world.untilTrue(async () => (await size()) === 0, 60);
    const revert = async (): Promise<GitRevert | undefined> => (await world.list(gitReverts))[0];
    const sizes = new Set<number>();
    const culprit = await release('shop:bad');
    const isDone = async () => {
      sizes.add(await size());
      return (await revert())?.status?.state === 'done';
    };
    await world.untilTrue(isDone, 180);
    await world.until('shop', isHealthy, 60);
    expect(await routeWeights(world)).toEqual(AT_HOME);
    expect((await revert())?.spec.culprits).toEqual([culprit]);
    expect(await subjects(repository)).toEqual([
      `Revert "Release shop:bad" (${world.namespace}/shop)`,
      'Release shop:bad',
      'Release shop:1.0.0',
    ]);
    expect([...sizes]).toEqual([0]);
  });

  it('moves no request by many syncs in mid-canary, nor by many after an abort', { timeout: 300_000 }, async ({
    world,
  }) => {
    const { release } = await followed(world, { mode: 'none', pause: 600 });
    await release('shop:1.1.0');
    await world.until('shop', isPausedAt(1), 60);
    const { unserved } = world.requests();
    for (let sync = 0; sync < SYNCS[name]; sync++) {
      await release('shop:1.1.0', `# ${sync}\n`);
      await world.pass(2.5);
      expect([await canaryWeight(world), world.requests().unserved]).toEqual([25, unserved]);
    }
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isDegraded, 60);
    await world.pass(10);
    expect(await servedDuring(world, 2)).toEqual(['1.0.0']);
    for (let sync = 0; sync < SYNCS[name]; sync++) {
      await release('shop:1.1.0', `# again ${sync}\n`);
      expect(await servedDuring(world, 2.5)).toEqual(['1.0.0']);
    }
    expect([await canaryWeight(world), world.requests().unserved]).toEqual([0, unserved]);
    expect((await world.rollout('shop')).status?.phase).toBe('Degraded');
  });

  it.for([
    ['none', 'NoRevertPolicy'],
    ['Off', 'RevertPolicyOff'],
  ] as const)('says why nothing was reverted (policy: %s)', async ([mode, reason], { world }) => {
    const { repository, release } = await followed(world, { mode });
    await release('shop:bad');
    await world.until('shop', isAborted, 120);
    const told = async () => (await world.list(events)).filter((event) => event.reason === reason);
    await world.untilTrue(async () => (await told()).length > 0, 30);
    await world.pass(10);
    expect((await told()).map(({ message }) => message)).toEqual([
      expect.stringContaining('Nothing is reverted in Git'),
    ]);
    expect(await subjects(repository)).toHaveLength(2);
  });
});
