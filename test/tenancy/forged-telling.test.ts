/**
 * Whom somebody who may write GitReverts and their status can have Headgate speak to with the policy's token. Told are those who
 * stand behind commits of the release, and nobody else.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { canonicalRepository } from '../../src/git/url.ts';
import { gitReverts, gitSources } from '../../src/kube/resources.ts';
import { revertKey, revertName } from '../../src/revert/index.ts';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  rolloutYaml,
  startLoop,
} from '../git/loop.ts';

let loop: Loop;
afterEach(() => loop.close());

const FILE = `${PATH}/rollout.yaml`;

interface Commits {
  good: string;
  bad: string;
  /** Of another team, before the stable revision and between the two. */
  before: string;
  between: string;
}

/** A release that is about to fail, in a repository that other teams use too. Each commit came by a pull request of its own. */
async function release(): Promise<Commits> {
  loop = await startLoop({ github: { pulls: [] } });
  allow(loop, {
    repository: { branch: 'main', path: PATH, host: 'github', url: loop.url, secretRef: { name: 'host' } },
  });
  await loop.commit({ 'README.md': 'Shop' }, 'Begin');
  const before = await loop.commit({ 'infra/pay.yaml': 'a: 1\n' }, 'Pay 1');
  const good = await loop.commit({ [FILE]: rolloutYaml('web:v1') }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop));
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const between = await loop.commit({ 'infra/pay.yaml': 'a: 2\n' }, 'Pay 2');
  const bad = await loop.commit({ [FILE]: rolloutYaml('web:v2') }, 'Release v2');
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  const time = loop.clock.now();
  const pulls = [before, good, between, bad].map((head) => ({
    ...{ title: 'A change', body: '', from: `of-${head}`, into: 'main', author: 'ann', comments: [], reviews: [] },
    ...{ state: 'merged' as const, head, mergeCommit: head, createdAt: time, mergedAt: time },
  }));
  loop.hosted?.pulls?.push(...pulls);
  return { good, bad, before, between };
}

/** The record as a tenant writes it, in the name of their own Rollout. */
function forge(culprits: string[], { good, bad }: Pick<Commits, 'good' | 'bad'>) {
  const about = { repository: loop.url, branch: 'main', path: PATH, culprits };
  const key = revertKey({ ...about, repository: canonicalRepository(loop.url) });
  const rollout = { namespace: 'shop', name: 'web', uid: loop.rollout().metadata.uid ?? '' };
  const name = revertName(key);
  loop.api.store.create(gitReverts, {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitRevert',
    metadata: { name, namespace: 'shop' },
    spec: {
      ...about,
      ...{ goodRevision: good, badRevision: bad, key, policy: 'shop', rollout, templates: HASHES },
      ...{ stableReplicaSet: 'web-aaa', canaryReplicaSet: 'web-bbb' },
    },
  });
  return { namespace: 'shop', name };
}

/** Below which pull requests something was said, by the commit that each has brought. */
const spokenTo = () =>
  (loop.hosted?.pulls ?? []).filter(({ comments = [] }) => comments.length > 0).map(({ head }) => head);
const statusesOn = () => [...new Set((loop.hosted?.statuses ?? []).map(({ commit }) => commit))];

describe('with a record that somebody else wrote', () => {
  it('those behind the release are told, as with any other', async () => {
    const { bad } = await release();
    abort(loop, HASHES);
    await loop.settle(3 * MINUTE);
    expect(spokenTo()).toEqual([bad]);
    expect(statusesOn()).toContain(bad);
  });

  it.each(['before', 'between'] as const)('nobody behind a commit of another team is, that lies %s', async (which) => {
    const commits = await release();
    forge([commits[which]], commits);
    abort(loop, HASHES);
    await loop.settle(5 * MINUTE);
    expect(spokenTo()).not.toContain(commits[which]);
    expect(statusesOn()).not.toContain(commits[which]);
  });

  it('nobody is where it goes back to another revision than the stable one', async () => {
    const commits = await release();
    forge([commits.good], { ...commits, good: commits.before });
    abort(loop, HASHES);
    await loop.settle(5 * MINUTE);
    expect(spokenTo()).not.toContain(commits.good);
    expect(statusesOn()).not.toContain(commits.good);
  });

  it('a status that names another pull request, or another commit, tells nobody there', async () => {
    const commits = await release();
    const key = forge([commits.bad], commits);
    const number = 1 + (loop.hosted?.pulls ?? []).findIndex(({ head }) => head === commits.between);
    const pullRequest = { number, url: `${loop.url}/pull/${number}`, author: 'ann' };
    const status = { state: 'landed' as const, commit: commits.between, culprit: { author: 'Ann', pullRequest } };
    loop.api.store.patchStatus(gitReverts, key, status);
    abort(loop, HASHES);
    await loop.settle(5 * MINUTE);
    expect(spokenTo()).not.toContain(commits.between);
    expect(statusesOn()).not.toContain(commits.between);
    loop.api.store.patchStatus(gitReverts, key, { commit: null, state: 'needsHuman' } as never);
    await loop.settle(5 * MINUTE);
    expect(spokenTo()).not.toContain(commits.between);
  });
});
