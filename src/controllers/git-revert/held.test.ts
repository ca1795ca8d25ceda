/** What a policy's own measures hold for a person to merge. */
import { afterEach, describe, expect, it } from 'vitest';
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
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { analysisRuns, gitSources, replicaSets } from '../../kube/resources.ts';

let loop: Loop;
afterEach(() => loop.close());

const status = () => loop.reverts().at(-1)?.status;

/** The verdict, by so many failed measurements. */
function judged(failed: number) {
  const metadata = { name: 'web-run', namespace: 'shop' };
  const run = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisRun', metadata, spec: { metrics: [] } };
  loop.api.store.create(analysisRuns, run as never);
  const result = (name: string, phase: string, count: number, dryRun?: true) => ({
    ...{ name, phase, failed: count, ...(dryRun && { dryRun }) },
  });
  const metricResults = [
    result('ok', 'Failed', failed),
    result('other', 'Failed', 9, true),
    result('up', 'Successful', 5),
  ];
  loop.api.store.patchStatus(analysisRuns, metadata, { phase: 'Failed', metricResults });
}

async function failWith(personMerges: object, prepare = () => {}) {
  loop = await startLoop({ github: {} });
  allow(loop, { personMerges });
  prepare();
  const { bad } = await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(20_000);
  return bad;
}

const proposedFor = (reason: string) => ({ state: 'proposed', reason, plan: { cautions: [{ reason }] } });

describe('a commit of a hundred minutes', () => {
  it('is old by a policy that says one hour: a person merges', async () => {
    await failWith({ culpritOlderThanHours: 1 });
    expect(status()).toMatchObject(proposedFor('CulpritTooOld'));
    expect(loop.hosted?.pulls?.[0]?.body).toContain('personMerges.culpritOlderThanHours: 1');
    expect(await revertCommits(loop)).toEqual([]);
  });

  it('is none by one that says a day, nor one of many', async () => {
    await failWith({ culpritOlderThanHours: 24, commitsInRangeOver: 1 });
    expect(status()).toMatchObject({ state: 'landed' });
  });
});

it('a range counts what touched the app', async () => {
  loop = await startLoop({ github: {} });
  allow(loop, { personMerges: { commitsInRangeOver: 1 } });
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Release v1');
  loop.api.store.create(gitSources, gitSource(loop) as never);
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  await loop.commit({ [`${PATH}/README.md`]: 'x' }, 'Words');
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') }, 'Release v2');
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  abort(loop, HASHES);
  await loop.settle(20_000);
  expect(status()).toMatchObject(proposedFor('TooManyCommits'));
});

describe('a verdict', () => {
  it.each([1, undefined])('of %s failed measurements is too little by a policy that says two', async (failed) => {
    await failWith({ failedMeasurementsUnder: 2 }, () => failed && judged(failed));
    expect(status()).toMatchObject(proposedFor('TooFewMeasurements'));
  });

  it('of two is enough', async () => {
    await failWith({ failedMeasurementsUnder: 2 }, () => judged(2));
    expect(status()).toMatchObject({ state: 'landed' });
  });
});

it('the next failure of a Rollout shortly after its revert is held', async () => {
  await failWith({ minutesAfterLastRevert: 30 });
  expect(status()).toMatchObject({ state: 'landed' });
  await loop.settle(2 * MINUTE);
  setStatus(loop, { abort: false, currentPodHash: HASHES.stable, phase: 'Healthy' });
  await loop.settle(10 * MINUTE);
  expect(status()).toMatchObject({ state: 'done' });
  // As the Rollout's controller notes it, once the stable template has come with the revert.
  const annotations = { 'headgate.dev/git-commit': status()?.commit };
  loop.api.store.patch(replicaSets, { namespace: 'shop', name: `web-${HASHES.stable}` }, { metadata: { annotations } });
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v3') }, 'Release v3');
  await loop.settle(MINUTE + 1000);
  raise(loop, 'ccc');
  abort(loop, { stable: HASHES.stable, canary: 'ccc' });
  await loop.settle(20_000);
  expect(loop.reverts()).toHaveLength(2);
  const second = loop.reverts().find(({ spec }) => spec.templates.canary === 'ccc');
  expect(second?.status).toMatchObject(proposedFor('RevertedLately'));
  expect(await revertCommits(loop)).toHaveLength(1);
});
