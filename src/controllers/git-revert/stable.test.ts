/** What a revert goes back to: that it serves before anything is written, and that the cluster goes there after it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  revertCommits,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { APPROVE } from '../../api/index.ts';
import { gitReverts, gitSources, replicaSets, rollouts } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const STABLE = { namespace: 'shop', name: 'web-aaa' };
const status = () => loop.reverts()[0]?.status;
const told = (reason: string) => loop.told.filter((each) => each.reason === reason);
const condition = (type: string) => status()?.conditions?.find((each) => each.type === type);
const stableHas = (availableReplicas: number, more: object = {}) =>
  loop.api.store.patchStatus(replicaSets, STABLE, { replicas: 1, availableReplicas, ...more });

async function fail(policy: object = {}) {
  allow(loop, policy);
  return failedRelease(loop);
}

describe('where what is stable does not serve', () => {
  it('nothing is written until it does, and a person is told', async () => {
    await fail();
    const failure = { type: 'ReplicaFailure', status: 'True', message: 'quota exceeded' };
    stableHas(0, { conditions: [failure] });
    abort(loop, HASHES);
    await loop.settle(10 * MINUTE);
    expect(status()).toMatchObject({ state: 'pending', reason: 'StableNotServing' });
    expect(status()?.message).toContain(
      'ReplicaSet web-aaa, which is stable, has no available pod of 1 (quota exceeded)',
    );
    expect(told('GitRevertWaiting').map(({ object }) => object)).toEqual([expect.any(String), 'Rollout/web']);
    expect(await revertCommits(loop)).toEqual([]);
    stableHas(1);
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('a person lets it pass', async () => {
    await fail();
    stableHas(0);
    abort(loop, HASHES);
    await loop.settle(1000);
    const { name = '' } = loop.reverts()[0]?.metadata ?? {};
    const body = { metadata: { annotations: { [APPROVE]: 'true' } } };
    loop.api.store.patch(gitReverts, { namespace: 'shop', name }, body);
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('is no reason to wait that its ReplicaSet came from a later commit by now', async () => {
    const { bad } = await fail();
    stableHas(0);
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    loop.api.store.patch(replicaSets, STABLE, { metadata: { annotations: { 'headgate.dev/git-commit': bad } } });
    stableHas(1);
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('because nobody asks for a pod, that is no reason to wait', async () => {
    await fail();
    loop.api.store.patch(rollouts, { namespace: 'shop', name: 'web' }, { spec: { replicas: 0 } });
    stableHas(0);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('after the revert is in Git, nothing is reverted again, and it is told once', async () => {
    await fail();
    abort(loop, HASHES);
    await loop.settle(10_000);
    setStatus(loop, { abort: false, currentPodHash: HASHES.stable, phase: 'Progressing' });
    stableHas(0);
    setStatus(loop, { phase: 'Degraded' });
    await loop.settle(60 * MINUTE);
    expect(status()).toMatchObject({ state: 'landed' });
    expect(condition('StableNotServing')).toMatchObject({ status: 'True' });
    expect(told('StableNotServing').map(({ object }) => object)).toEqual([expect.any(String), 'Rollout/web']);
    expect(await revertCommits(loop)).toHaveLength(1);
    stableHas(1);
    setStatus(loop, { phase: 'Healthy' });
    await loop.settle(1000);
    expect([status()?.state, condition('StableNotServing')?.status]).toEqual(['done', 'False']);
  });
});

describe('a revert that is in Git', () => {
  it('and that the cluster does not follow is told of after a quarter of an hour, once, across restarts', async () => {
    await fail();
    const source = { namespace: 'shop', name: 'web' };
    abort(loop, HASHES);
    loop.api.store.patch(gitSources, source, { spec: { suspend: true } });
    await loop.settle(14 * MINUTE);
    expect(status()).toMatchObject({ state: 'landed' });
    expect(condition('RevertNotSynced')).toBeUndefined();
    await loop.restart();
    await loop.settle(2 * MINUTE);
    const { message } = condition('RevertNotSynced') ?? {};
    expect(message).toMatch(/GitSource web has applied [0-9a-f]{7}, and says Suspended/);
    await loop.restart();
    await loop.settle(30 * MINUTE);
    expect(told('RevertNotSynced')).toMatchObject([{ message }, { object: 'Rollout/web', message }]);
    setStatus(loop, { abort: false, currentPodHash: HASHES.stable, phase: 'Healthy' });
    await loop.settle(1000);
    expect([status()?.state, condition('RevertNotSynced')?.status]).toEqual(['done', 'False']);
  });
});
