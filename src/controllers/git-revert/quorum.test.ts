/** A policy that has clusters wait for each other before any of them takes a change out that they share. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  HASHES,
  type Loop,
  MINUTE,
  revertCommits,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { releaseInAll } from '../../../test/git/several-clusters.ts';
import { APPROVE } from '../../api/index.ts';
import { failedRef } from '../../git/hosts/host.ts';
import { gitReverts } from '../../kube/resources.ts';

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
const told = async () => {
  const key = loop.reverts()[0]?.spec.key ?? '';
  const refs = (await loop.bare.git(['for-each-ref', '--format=%(refname)', failedRef(key, '')])).toString();
  return refs.split('\n').flatMap((ref) => (ref === '' ? [] : [ref.slice(failedRef(key, '').length)]));
};

/** The same release in two clusters; nothing has failed yet. */
async function inTwoClusters(policy: object = {}) {
  loop = await startLoop({ github: { pulls: [] } });
  beside = await startLoop({ beside: loop });
  const clusters = { 'eu-1': loop, 'us-1': beside };
  for (const [cluster, each] of Object.entries(clusters)) allow(each, { quorum: { clusters: 2, cluster }, ...policy });
  await releaseInAll([loop, beside]);
  return beside;
}

it.each(['Direct', 'PullRequest'])(
  '%s: one that fails alone waits and says so; with the second, one of them writes',
  async (mode) => {
    const other = await inTwoClusters({ mode });
    abort(loop, HASHES);
    await loop.settle(5 * MINUTE);
    expect(statusIn()).toMatchObject({ state: 'writing', reason: 'QuorumNotReached' });
    expect(statusIn()?.message).toContain('1 of 2 clusters have seen this change fail');
    expect(await told()).toEqual(['eu-1']);
    expect([await revertCommits(loop), loop.hosted?.pulls]).toEqual([[], []]);
    abort(other, HASHES);
    await loop.settle(2 * MINUTE);
    expect(await told()).toEqual(['eu-1', 'us-1']);
    const written = mode === 'Direct' ? await revertCommits(loop) : loop.hosted?.pulls;
    expect(written).toHaveLength(1);
    expect([statusIn()?.state, statusIn(other)?.state]).not.toContain('writing');
  },
);

it('is told once, whatever restarts in between, and counts each cluster once', async () => {
  await inTwoClusters();
  abort(loop, HASHES);
  for (let time = 0; time < 3; time++) {
    await loop.settle(MINUTE);
    await loop.restart();
  }
  await loop.settle(MINUTE);
  expect(await told()).toEqual(['eu-1']);
  expect(statusIn()).toMatchObject({ reason: 'QuorumNotReached' });
});

it('is taken back by a cluster that wants the revert no more', async () => {
  const other = await inTwoClusters();
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  setStatus(loop, { abort: false, phase: 'Progressing' });
  await loop.settle(2 * MINUTE);
  expect(statusIn()).toMatchObject({ state: 'superseded' });
  expect(await told()).toEqual([]);
  abort(other, HASHES);
  await loop.settle(2 * MINUTE);
  expect(statusIn(other)).toMatchObject({ reason: 'QuorumNotReached' });
  expect(await revertCommits(loop)).toEqual([]);
});

it('is let pass by a person who knows better', async () => {
  await inTwoClusters();
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  const { name = '' } = loop.reverts()[0]?.metadata ?? {};
  const body = { metadata: { annotations: { [APPROVE]: 'true' } } };
  loop.api.store.patch(gitReverts, { namespace: 'shop', name }, body);
  await loop.settle(2 * MINUTE);
  expect(await revertCommits(loop)).toHaveLength(1);
});

it('is taken back with the pull request that nobody wants any more', async () => {
  const other = await inTwoClusters({ mode: 'PullRequest' });
  for (const each of [loop, other]) abort(each, HASHES);
  await loop.settle(2 * MINUTE);
  expect(loop.hosted?.pulls).toHaveLength(1);
  setStatus(loop, { abort: false, phase: 'Progressing' });
  await loop.settle(2 * MINUTE);
  expect(statusIn()).toMatchObject({ state: 'superseded' });
  expect(await told()).toEqual(['us-1']);
});
