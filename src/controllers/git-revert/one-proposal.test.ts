/** One open pull request for one change, also where clusters count its failures differently, and one veto for all of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handsOn } from '../../../test/conformance/github-proposals.ts';
import {
  abort,
  allow,
  failAgain,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  rolloutYaml,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { releaseInAll } from '../../../test/git/several-clusters.ts';
import { type GitHost, type Proposals, proposalBranch, proposalTime } from '../../git/hosts/host.ts';
import { gitReverts, revertPolicies } from '../../kube/resources.ts';

let loop: Loop;
let beside: Loop | undefined;
beforeEach(() => {
  beside = undefined;
});
afterEach(async () => {
  await beside?.close();
  await loop.close();
});

const statusIn = (cluster: Loop | undefined = loop) => cluster?.reverts()[0]?.status;
const pulls = () => (loop.hosted?.pulls ?? []).map(({ from, state }) => [from.replace(/^.*\/\w{12}/, ''), state]);
const byHand = (method: string, path: string, body: object = {}) => handsOn(loop.url)(method, path, body);
const closeByHand = (number: number) => byHand('PATCH', `pulls/${number}`, { state: 'closed' });
const image = async () => {
  const file = await loop.bare.read((await loop.bare.head()) ?? '', `${PATH}/rollout.yaml`);
  return /image: (.*)/.exec(file?.toString() ?? '')?.[1];
};

const POLICY = { mode: 'PullRequest' };

/** The same release stands in two clusters, each with what is between it and the host. */
async function inTwoClusters(policy: object = POLICY, wraps: ((host: GitHost) => GitHost)[] = []) {
  const [first, second] = wraps;
  loop = await startLoop({ github: { pulls: [] }, ...(first && { wrap: first }) });
  beside = await startLoop({ beside: loop, ...(second && { wrap: second }) });
  for (const each of [loop, beside]) allow(each, policy);
  await releaseInAll([loop, beside]);
}

/** In a cluster in which somebody had tried once more, without a record of the time before. */
function failSecondTime(cluster: Loop | undefined = beside) {
  if (!cluster) throw new Error('there is one cluster only');
  setStatus(cluster, { phase: 'Progressing', stableRS: HASHES.stable, currentPodHash: HASHES.canary });
  failAgain(cluster);
}

const retryIn = (cluster: Loop) => setStatus(cluster, { abort: false, phase: 'Progressing' });

describe('two clusters on different attempts', () => {
  it('share the pull request of the one that was first, and its merge', async () => {
    await inTwoClusters();
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    failSecondTime();
    await loop.settle(2 * MINUTE);
    expect(pulls()).toEqual([['', 'open']]);
    expect(statusIn(beside)).toMatchObject({ state: 'proposed', proposal: { number: 1 } });
    expect(statusIn(beside)?.proposal?.branch).toBe(statusIn()?.proposal?.branch);
    await byHand('PUT', 'pulls/1/merge');
    await loop.settle(MINUTE);
    expect([statusIn()?.state, statusIn(beside)?.state]).toEqual(['merged', 'merged']);
    expect(await image()).toBe('web:v1');
  });

  it('share it where the one on the later attempt was first', async () => {
    await inTwoClusters();
    failSecondTime();
    await loop.settle(MINUTE);
    abort(loop, HASHES);
    await loop.settle(2 * MINUTE);
    expect(pulls()).toEqual([['-2', 'open']]);
    expect(statusIn()).toMatchObject({ state: 'proposed', proposal: { number: 1 } });
  });

  it('have it merged by the host once, where the policy says so', async () => {
    const rules = { requiredChecks: new Map([['main', ['ci']]]), protectedBranches: new Set(['main']) };
    await inTwoClusters({ ...POLICY, pullRequests: { autoMerge: true } });
    Object.assign(loop.hosted ?? {}, { ...rules, allowsAutoMerge: true });
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    failSecondTime();
    await loop.settle(MINUTE);
    expect(statusIn(beside)).toMatchObject({ state: 'proposed', proposal: { number: 1, autoMerge: true } });
    const { head } = loop.hosted?.pulls?.[0] ?? {};
    await byHand('POST', `statuses/${head}`, { state: 'success', context: 'ci', description: 'green' });
    await loop.settle(2 * MINUTE);
    expect(pulls()).toEqual([['', 'merged']]);
    expect([statusIn()?.state, statusIn(beside)?.state]).toEqual(['merged', 'merged']);
  });

  it('share a veto: nothing is opened for a later attempt elsewhere', async () => {
    await inTwoClusters();
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    await closeByHand(1);
    await loop.settle(MINUTE);
    failSecondTime();
    await loop.settle(2 * MINUTE);
    expect(pulls()).toEqual([['', 'closed']]);
    expect(statusIn(beside)).toMatchObject({ state: 'vetoed', reason: 'Vetoed', proposal: { number: 1 } });
  });

  it('share a veto of what both have taken for theirs', async () => {
    await inTwoClusters();
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    failSecondTime();
    await loop.settle(MINUTE);
    await closeByHand(1);
    await loop.settle(6 * MINUTE);
    expect([statusIn()?.state, statusIn(beside)?.state]).toEqual(['vetoed', 'vetoed']);
    expect(pulls()).toEqual([['', 'closed']]);
  });

  it('do not take what one of them has withdrawn for a veto', async () => {
    await inTwoClusters();
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    retryIn(loop);
    await loop.settle(MINUTE);
    expect(pulls()).toEqual([['', 'closed']]);
    failSecondTime();
    await loop.settle(2 * MINUTE);
    expect(pulls()).toEqual([
      ['', 'closed'],
      ['-2', 'open'],
    ]);
  });

  it('leave the pull request of the other alone where the policy of the second allows none', async () => {
    await inTwoClusters();
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    beside?.api.store.patch(revertPolicies.kind, { name: 'shop' }, { spec: { mode: 'DryRun' } });
    failSecondTime();
    await loop.settle(2 * MINUTE);
    expect(statusIn(beside)?.state).toBe('dryRun');
    expect(pulls()).toEqual([['', 'open']]);
  });
});

/** Has the proposals of a cluster wait, when they are about to be opened, until `among` have come so far. */
function together(among: number) {
  let [come, letGo] = [0, () => {}];
  const all = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const held = ({ open, ...more }: Proposals): Proposals => ({
    ...more,
    async open(access, request) {
      if (++come >= among) letGo();
      await all;
      return open(access, request);
    },
  });
  return (host: GitHost): GitHost => (host.proposals ? { ...host, proposals: held(host.proposals) } : host);
}

describe('two clusters that open at the same moment', () => {
  it.each([false, true])('end with that of the lower attempt (merged by the host: %s)', async (autoMerge) => {
    const wrap = together(2);
    await inTwoClusters({ ...POLICY, pullRequests: { autoMerge } }, [wrap, wrap]);
    abort(loop, HASHES);
    failSecondTime();
    await loop.settle(3 * MINUTE);
    const left = pulls().filter(([, state]) => state !== 'closed');
    expect(left).toHaveLength(1);
    expect(left[0]?.[1]).toBe(autoMerge ? 'merged' : 'open');
    if (!autoMerge) expect(left[0]?.[0]).toBe('');
    expect(['proposed', 'merged', 'landed']).toContain(statusIn()?.state);
    expect(statusIn()?.state === 'proposed').toBe(!autoMerge);
    expect(statusIn(beside)?.state === 'proposed').toBe(!autoMerge);
    expect(await image()).toBe(autoMerge ? 'web:v1' : 'web:v2');
  });

  it('end with one where the later one is done before the earlier one has begun to open', async () => {
    const late = ({ open, ...more }: Proposals): Proposals => ({
      ...more,
      open: async (access, request) => {
        // No time passes in the world meanwhile.
        for (let tries = 0; tries < 2000 && statusIn(beside)?.state !== 'proposed'; tries++) await pause(10);
        expect(pulls()).toEqual([['-2', 'open']]);
        return open(access, request);
      },
    });
    await inTwoClusters(POLICY, [(host) => (host.proposals ? { ...host, proposals: late(host.proposals) } : host)]);
    abort(loop, HASHES);
    failSecondTime();
    await loop.settle(2 * MINUTE);
    expect(pulls()).toEqual([
      ['-2', 'closed'],
      ['', 'open'],
    ]);
    expect(loop.hosted?.pulls?.[0]?.comments.at(-1)?.body).toContain('pull request 2');
    for (const each of [loop, beside])
      expect(statusIn(each)).toMatchObject({ state: 'proposed', proposal: { number: 2 } });
  });
});

describe('one cluster', () => {
  async function fail() {
    loop = await startLoop({ github: { pulls: [] } });
    allow(loop, POLICY);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(1000);
  }
  const branch = () => loop.hosted?.pulls?.[0]?.from ?? '';

  it('opens a new one after its own was withdrawn, though that has left its branch', async () => {
    await fail();
    const by = { author: 'Ann <ann@example.com>', time: 0, message: 'More to take back' };
    await loop.bare.commit({ ...by, branch: branch(), files: { 'apps/web/extra.txt': 'x' } });
    retryIn(loop);
    await loop.settle(MINUTE);
    expect([statusIn()?.state, pulls()]).toEqual(['superseded', [['', 'closed']]]);
    failAgain(loop);
    await loop.settle(MINUTE);
    expect(pulls()).toEqual([
      ['', 'closed'],
      ['-2', 'open'],
    ]);
  });

  it('goes on from its own that was left open when the policy was switched off', async () => {
    await fail();
    const setMode = (mode: string) => loop.api.store.patch(revertPolicies.kind, { name: 'shop' }, { spec: { mode } });
    setMode('Off');
    await loop.settle(MINUTE);
    expect([statusIn()?.state, pulls()]).toEqual(['skipped', [['', 'open']]]);
    retryIn(loop);
    setMode('PullRequest');
    await loop.settle(MINUTE);
    failAgain(loop);
    await loop.settle(MINUTE);
    expect(pulls()).toEqual([['', 'open']]);
    expect(statusIn()).toMatchObject({ state: 'proposed', proposal: { number: 1 } });
  });

  it('asks nothing of a branch that somebody else wrote into its status', async () => {
    await fail();
    const { name = '' } = loop.reverts()[0]?.metadata ?? {};
    const own = branch();
    const head = (await loop.bare.head('main')) ?? '';
    await loop.bare.git(['update-ref', 'refs/heads/topic', head]);
    const by = { author: 'Ann <ann@example.com>', time: 0, message: 'A topic', branch: 'topic' };
    const topic = await loop.bare.commit({ ...by, files: { 'apps/other/x.txt': 'x' } });
    await byHand('POST', 'pulls', { title: 'Topic', body: '', head: 'topic', base: 'main' });
    const forged = { branch: 'topic', number: 2, url: 'https://x', head: topic };
    loop.api.store.patchStatus(gitReverts, { namespace: 'shop', name }, { proposal: forged });
    retryIn(loop);
    await loop.settle(MINUTE);
    const states = loop.hosted?.pulls?.map(({ from, state }) => [from, state]);
    expect(states).toEqual([
      [own, 'closed'],
      ['topic', 'open'],
    ]);
    expect(await loop.bare.head('topic')).toBe(topic);
  });

  it('closes what it had opened without knowing where the change is taken out meanwhile', async () => {
    let isLost = true;
    const losing = ({ open, ...more }: Proposals): Proposals => ({
      ...more,
      async open(access, request) {
        const outcome = await open(access, request);
        return isLost ? { kind: 'unknown', message: 'no answer' } : outcome;
      },
    });
    const wrap = (host: GitHost) => (host.proposals ? { ...host, proposals: losing(host.proposals) } : host);
    loop = await startLoop({ github: { pulls: [] }, wrap });
    allow(loop, POLICY);
    const { bad } = await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(1000);
    expect([statusIn()?.state, pulls()]).toEqual(['writing', [['', 'open']]]);
    const message = `Back\n\nThis reverts commit ${bad}.\n`;
    await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, message);
    isLost = false;
    await loop.settle(2 * MINUTE);
    expect([statusIn()?.state, pulls()]).toEqual(['landed', [['', 'closed']]]);
  });

  it('takes a closed one for no veto where the change was taken out before that was seen', async () => {
    await fail();
    const { culprits = [] } = loop.reverts()[0]?.spec ?? {};
    const message = `Back\n\nThis reverts commit ${culprits[0]}.\n`;
    await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, message);
    await closeByHand(1);
    await loop.settle(MINUTE);
    expect(statusIn()).toMatchObject({ state: 'landed', reason: 'AlreadyReverted' });
  });
});

it('a name tells which time it was made for, and only that of its key', () => {
  const key = 'c0ffee012345'.repeat(5);
  expect([1, 2, 17].map((time) => proposalTime(key, proposalBranch(key, time)))).toEqual([1, 2, 17]);
  const others = [
    'main',
    `${proposalBranch(key)}-1`,
    `${proposalBranch(key)}-02`,
    `${proposalBranch(key)}-x`,
    proposalBranch('d'),
  ];
  expect(others.map((name) => proposalTime(key, name))).toEqual(others.map(() => undefined));
});
