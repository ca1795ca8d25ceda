/**
 * What somebody who may write the status of GitRevert, and nothing else, can have Headgate write to Git. A real repository: only
 * there can a plan be such as Headgate would have made it.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { GitRevertStatus } from '../../src/api/index.ts';
import { digestOf } from '../../src/controllers/git-revert/task.ts';
import { proposalBranch } from '../../src/git/hosts/host.ts';
import { gitReverts, gitSources, revertPolicies } from '../../src/kube/resources.ts';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  startLoop,
} from '../git/loop.ts';

let loop: Loop;
afterEach(() => loop.close());

const FILE = `${PATH}/rollout.yaml`;
const CONFIG = `${PATH}/config.yaml`;
const status = () => loop.reverts()[0]?.status;
const image = async () => /image: (.*)/.exec(String(await loop.bare.read((await loop.bare.head()) ?? '', FILE)))?.[1];
const configMap = (a: string, b: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: "${a}", b: "${b}"}\n`;

interface Story {
  good?: Record<string, string>;
  bad?: Record<string, string>;
  later?: Record<string, string>;
  message?: string;
  policy?: object;
  github?: boolean;
}

/** v1 is stable and v2 fails. */
async function fail({ good, bad, later, message = 'Release v2', policy, github = false }: Story) {
  loop = await startLoop(github ? { github: { pulls: [] } } : {});
  allow(loop, policy);
  const first = await loop.commit({ [FILE]: rolloutYaml('web:v1'), ...good }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const culprit = await loop.commit({ [FILE]: rolloutYaml('web:v2'), ...bad }, message);
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  if (later) await loop.commit(later, 'Later');
  abort(loop, HASHES);
  await loop.settle(10_000);
  return { good: first, bad: culprit };
}

/** As a merge patch on the status subresource: null takes a field away. */
function forge(part: object) {
  const { name = '' } = loop.reverts()[0]?.metadata ?? {};
  loop.api.store.patchStatus(gitReverts, { namespace: 'shop', name }, part);
}

/** The plan that takes v2 out where nothing else was changed: nobody needs Headgate to find it. */
async function planOf({ good, bad }: Record<'good' | 'bad', string>): Promise<GitRevertStatus['plan']> {
  const tree = (await loop.bare.git(['rev-parse', `${good}^{tree}`])).toString().trim();
  const content = Buffer.from(rolloutYaml('web:v1'));
  const patchDigest = digestOf([{ path: FILE, mode: '100644', content }]);
  return { expectedHead: bad, tree, patchDigest, files: [FILE], attempt: 1, plannedAt: '2026-11-20T12:00:00Z' };
}

describe('a status that says that a plan is proved', () => {
  it.each(['verified', 'writing'])('(%s) has nothing written that is not proved', async (state) => {
    const [good, bad] = [{ [CONFIG]: configMap('x', '0') }, { [CONFIG]: configMap('y', '0') }];
    await fail({ good, bad, later: { [CONFIG]: configMap('y', '1') } });
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'NotProved' });
    forge({ state, reason: null, way: 'Direct', plan: { cautions: null } });
    await loop.settle(5 * MINUTE);
    expect(await revertCommits(loop)).toEqual([]);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'NotProved' });
  });

  it('and leaves out what the plan found has nothing written, whether a new process finds it or the one that planned', async () => {
    const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n';
    await fail({ bad: { 'infra/role.yaml': role } });
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'Sensitive' });
    for (const begin of [() => Promise.resolve(), () => loop.restart()]) {
      forge({ state: 'writing', reason: null, way: 'Direct', plan: { cautions: null } });
      await begin();
      await loop.settle(2 * MINUTE);
      expect(await revertCommits(loop)).toEqual([]);
      expect(status()).toMatchObject({ state: 'needsHuman', reason: 'Sensitive' });
    }
  });

  it('has nothing written of a commit whose author wants none of it', async () => {
    const commits = await fail({ message: 'Release v2\n\nAuto-Revert: disable' });
    expect(status()).toMatchObject({ state: 'skipped', reason: 'OptedOut' });
    forge({ state: 'writing', reason: null, way: 'Direct', plan: await planOf(commits) });
    await loop.settle(5 * MINUTE);
    expect(await revertCommits(loop)).toEqual([]);
    expect(status()).toMatchObject({ state: 'skipped', reason: 'OptedOut' });
  });

  it('of a plan that is right has it written: what is found by ourselves says the same', async () => {
    const commits = await fail({ policy: { mode: 'DryRun' } });
    loop.api.store.patch(revertPolicies, { name: 'shop' } as never, { spec: { mode: 'Direct' } } as never);
    forge({ state: 'writing', reason: null, way: 'Direct', plan: { ...(await planOf(commits)), diff: null } });
    await loop.settle(MINUTE);
    expect([status()?.state, await image()]).toEqual(['landed', 'web:v1']);
  });
});

describe('a status that says that a pull request is open', () => {
  const policy = { mode: 'PullRequest', pullRequests: { autoMerge: true } };
  const autoMerge = () => loop.api.store.patch(revertPolicies, { name: 'shop' } as never, { spec: policy } as never);

  it("has nobody else's commit merged", async () => {
    await fail({ github: true, policy: { mode: 'PullRequest' } });
    const { proposal } = status() ?? {};
    const branch = proposalBranch(loop.reverts()[0]?.spec.key ?? '');
    const by = { author: 'Eve <eve@example.com>', time: 0, message: 'more', branch };
    const head = await loop.bare.commit({ ...by, files: { 'infra/x.yaml': 'x' } });
    forge({ proposal: { ...proposal, head } });
    autoMerge();
    await loop.settle(2 * MINUTE);
    const message = expect.stringContaining('not merged by itself');
    expect(status()).toMatchObject({ state: 'proposed', proposal: { message } });
    expect(loop.hosted?.pulls?.[0]?.state).toBe('open');
  });

  it.each(['the same process', 'another one'])('without what the plan found has it not merged by %s', async (which) => {
    const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n';
    await fail({ github: true, policy, bad: { 'infra/role.yaml': role } });
    expect(status()).toMatchObject({ state: 'proposed', reason: 'Sensitive' });
    if (which === 'another one') await loop.restart();
    forge({ plan: { cautions: null } });
    await loop.settle(2 * MINUTE);
    expect(loop.hosted?.pulls?.[0]?.state).toBe('open');
    expect(status()?.proposal?.message).toContain('not merged by itself');
  });
});
