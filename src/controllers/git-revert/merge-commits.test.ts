/** Changes that came by a merge commit: what is said of them stands beside the branch's own line. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  startLoop,
} from '../../../test/git/loop.ts';
import type { GitRevert } from '../../api/index.ts';
import { gitReverts, gitSources } from '../../kube/resources.ts';

const FILE = `${PATH}/rollout.yaml`;
const PEOPLE = { author: 'Ann <ann@example.com>' };
let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;

/** Makes a commit on a branch beside main, and merges it by a merge commit. */
async function merge(files: Record<string, string>, message: string, title: string) {
  const time = loop.clock.now();
  const start = (await loop.bare.head()) ?? '';
  const head = await loop.bare.commit({ ...PEOPLE, time, message, branch: `topic-${start}`, start, files });
  await loop.bare.merge({ ...PEOPLE, into: 'main', head, keepsParent: true, message: title, time });
  return head;
}

/** v2 comes by a merge, and fails. */
async function fail(
  message: string,
  title = 'Merge pull request #8 from ann/topic\n\nRelease v2',
  policy: object = {},
) {
  allow(loop, policy);
  await loop.commit({ [FILE]: rolloutYaml('web:v1') }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop));
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  await merge({ [FILE]: rolloutYaml('web:v2') }, message, title);
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  abort(loop, HASHES);
  await loop.settle(2 * MINUTE);
}

describe('a failed release that came by a merge', () => {
  it('is taken out where nothing speaks against it', async () => {
    await fail('Release v2');
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('stays where a commit of it has opted out', async () => {
    await fail('Release v2\n\nAuto-Revert: disable');
    expect(status()).toMatchObject({ state: 'skipped', reason: 'OptedOut' });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('is left to a person where it takes a revert back', async () => {
    const again = `Revert "Revert "Release v2""\n\nThis reverts commit ${'a'.repeat(40)}.`;
    await fail(again);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'CulpritIsRevert' });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('is proposed to a person where a commit of it closes a hole', async () => {
    await fail('Fix CVE-2026-1234 in web');
    expect(status()?.plan?.cautions).toMatchObject([{ reason: 'Sensitive', personMerges: true }]);
    expect(await revertCommits(loop)).toEqual([]);
  });
});

it('a revert that a person merged is seen, and what put it back is not reverted twice', async () => {
  allow(loop);
  const { bad } = await failedRelease(loop);
  const revert = `Revert "Release v2"\n\nThis reverts commit ${bad}.`;
  await merge({ [FILE]: rolloutYaml('web:v1') }, revert, 'Merge pull request #9 from ann/revert-8');
  await loop.commit({ [FILE]: rolloutYaml('web:v2') }, 'Release v2 after all');
  abort(loop, HASHES);
  await loop.settle(10_000);
  expect(status()).toMatchObject({ state: 'skipped', reason: 'RevertedBefore' });
  expect(await revertCommits(loop)).toEqual([]);
});

/** v2 has failed at a host with pull requests; answers its commit. */
async function failWhereProposed(policy: object = {}): Promise<string> {
  await loop.close();
  loop = await startLoop({ github: { pulls: [] } });
  allow(loop, { mode: 'PullRequest', ...policy });
  const { bad } = await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(10_000);
  return bad;
}

it('a person merges another revert while ours waits: it is named as the branch has it, by the merge', async () => {
  const bad = await failWhereProposed();
  expect(status()?.state).toBe('proposed');
  const revert = `Revert "Release v2"\n\nThis reverts commit ${bad}.`;
  await merge({ [FILE]: rolloutYaml('web:v1') }, revert, 'Merge pull request #9 from ann/revert-8');
  await loop.settle(2 * MINUTE);
  expect(status()).toMatchObject({ commit: await loop.bare.head() });
  expect(loop.hosted?.pulls?.map(({ state }) => state)).toEqual(['closed']);
});

it('a revert that was merged, and then forgotten, is found again as the merge', async () => {
  await failWhereProposed({ pullRequests: { autoMerge: true } });
  const { plan, startedAt } = status() ?? {};
  const merged = await loop.bare.head();
  expect(status()).toMatchObject({ state: 'merged', commit: merged });
  // As a process leaves it that dies between the merge and its status.
  const { metadata } = loop.reverts()[0] as GitRevert;
  const before = { state: 'writing', plan, startedAt, commit: null, proposal: null, reason: null, takenOutAt: null };
  loop.api.store.patchStatus(gitReverts, metadata as { namespace: string; name: string }, before);
  await loop.settle(10_000);
  expect(status()?.commit).toBe(merged);
});
