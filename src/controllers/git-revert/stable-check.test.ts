/** Whether what failed fails for the stable side too: asked before anything is planned. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  revertCommits,
  startLoop,
} from '../../../test/git/loop.ts';
import { type AnalysisRun, APPROVE, type MetricResult } from '../../api/index.ts';
import { analysisRuns, gitReverts } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const runs = () => loop.api.store.list<AnalysisRun>(analysisRuns.kind);
const check = () => runs().find(({ metadata }) => metadata.name.includes('-stable-'));
const phase = (each: 'Failed' | 'Successful' | 'Error'): MetricResult => ({ name: 'rate', phase: each });

/** v2 fails by an analysis, whose run stays there. */
async function fail(value: string = HASHES.canary) {
  allow(loop);
  await failedRelease(loop);
  const provider = { prometheus: { query: 'rate{hash="{{args.hash}}"}' } };
  const metrics = [{ name: 'rate', provider, successCondition: 'result[0] > 0' }];
  const labels = { 'argo-rollouts.argoproj.io/controller-instance-id': 'blue' };
  loop.api.store.create(analysisRuns, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'web-run', namespace: 'shop', labels },
    spec: { metrics, args: [{ name: 'hash', value }] },
    status: { phase: 'Failed', metricResults: [phase('Failed')] },
  } as AnalysisRun);
  abort(loop, HASHES);
  await loop.settle(1000);
}

function answer(result: MetricResult) {
  const key = { namespace: 'shop', name: check()?.metadata.name ?? '' };
  loop.api.store.patch(analysisRuns, key, { status: { phase: 'Successful', metricResults: [result] } });
}

describe('a metric that failed for the pods of the release', () => {
  it('is asked of the stable ones, by a run of its own that goes with the record', async () => {
    await fail();
    expect(status()).toMatchObject({ state: 'pending', reason: 'StableAsked' });
    const { metadata, spec } = check() ?? {};
    expect(spec).toMatchObject({
      args: [{ name: 'hash', value: HASHES.stable }],
      metrics: [{ name: 'rate', count: 1 }],
    });
    expect(metadata?.ownerReferences).toMatchObject([{ kind: 'GitRevert', uid: loop.reverts()[0]?.metadata.uid }]);
    expect(metadata?.labels).toEqual({ 'argo-rollouts.argoproj.io/controller-instance-id': 'blue' });
  });

  it.each(['Successful', 'Error'] as const)('and is %s for them: it is reverted', async (each) => {
    await fail();
    answer(phase(each));
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('and fails for them too: nothing is written until a person approves, across restarts', async () => {
    await fail();
    await loop.restart();
    answer(phase('Failed'));
    await loop.settle(MINUTE);
    await loop.restart();
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'StableFailsToo' });
    expect(status()?.message).toContain(`the stable pods fail the same: rate (AnalysisRun ${check()?.metadata.name})`);
    expect(await revertCommits(loop)).toEqual([]);
    expect(runs()).toHaveLength(2);
    const { name = '' } = loop.reverts()[0]?.metadata ?? {};
    const body = { metadata: { annotations: { [APPROVE]: 'true' } } };
    loop.api.store.patch(gitReverts, { namespace: 'shop', name }, body);
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('and fails for them too: a status that says that it is planned has nothing written', async () => {
    await fail();
    answer(phase('Failed'));
    await loop.settle(10_000);
    const { name = '' } = loop.reverts()[0]?.metadata ?? {};
    const tree = (await loop.bare.git(['rev-parse', 'main~1^{tree}'])).toString().trim();
    const plan = { expectedHead: (await loop.bare.head()) ?? '', tree, patchDigest: 'x', files: [], attempt: 1 };
    const forged = { state: 'writing', way: 'Direct', plan: { ...plan, plannedAt: '2026-11-20T12:00:00Z' } };
    loop.api.store.patchStatus(gitReverts, { namespace: 'shop', name }, forged);
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'needsHuman', reason: 'StableFailsToo' });
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('and is not answered within half a minute: it is reverted', async () => {
    await fail();
    await loop.settle(25_000);
    expect(status()).toMatchObject({ state: 'pending', reason: 'StableAsked' });
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
  });

  it('and does not single them out is not asked again', async () => {
    await fail('web');
    await loop.settle(10_000);
    expect(status()).toMatchObject({ state: 'landed' });
    expect(runs()).toHaveLength(1);
  });
});
