/** A person asks that a change stays in Git, before anything is written. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  failAgain,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  START,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { type GitRevertState, SKIP, STATE } from '../../api/index.ts';
import { gitReverts, replicaSets } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const nameOf = () => loop.reverts()[0]?.metadata.name ?? '';
const skip = (value: string | null = 'true') =>
  loop.api.store.patch(
    gitReverts,
    { namespace: 'shop', name: nameOf() },
    { metadata: { annotations: { [SKIP]: value } } },
  );
const freeze = {
  from: new Date(START).toISOString(),
  to: new Date(START + 30 * MINUTE).toISOString(),
  reason: 'a holiday',
};

/** It fails, and waits for the end of a freeze. */
async function failFrozen() {
  allow(loop, { freeze: [freeze] });
  const commits = await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(1000);
  expect(loop.reverts()).toMatchObject([{ status: { reason: 'Frozen' } }]);
  return commits;
}

it('writes nothing then, nor when the freeze is over, nor for a later attempt of the template', async () => {
  await failFrozen();
  skip();
  await loop.settle(1000);
  expect(loop.reverts()).toMatchObject([
    { status: { state: 'skipped', reason: 'SkippedByPerson', message: expect.stringContaining('stays in Git') } },
  ]);
  await loop.settle(35 * MINUTE);
  const { uid } = loop.reverts()[0]?.metadata ?? {};
  setStatus(loop, { abort: false, phase: 'Progressing' });
  await loop.settle(MINUTE);
  failAgain(loop);
  await loop.settle(MINUTE);
  expect(loop.reverts()).toMatchObject([{ metadata: { uid }, status: { state: 'skipped' } }]);
  expect(await revertCommits(loop)).toEqual([]);
  const told = loop.told.filter(({ object, reason }) => object === 'Rollout/web' && reason === 'SkippedByPerson');
  expect(told).toEqual([expect.objectContaining({ message: expect.stringContaining(nameOf()) })]);
});

it('goes on as ever where the annotation says anything else', async () => {
  await failFrozen();
  skip('no');
  await loop.settle(31 * MINUTE);
  expect(loop.reverts()).toMatchObject([{ status: { state: 'landed' } }]);
});

it('lets a later attempt be reverted again once a person takes the annotation away', async () => {
  await failFrozen();
  skip();
  await loop.settle(31 * MINUTE);
  skip(null);
  await loop.settle(MINUTE);
  expect(loop.reverts()).toMatchObject([{ status: { state: 'skipped' } }]);
  failAgain(loop);
  await loop.settle(MINUTE);
  expect(loop.reverts()).toMatchObject([{ status: { state: 'landed' } }]);
});

it('is taken up anew when the record is deleted', async () => {
  await failFrozen();
  skip();
  await loop.settle(31 * MINUTE);
  loop.api.store.delete(gitReverts, 'shop', nameOf());
  await loop.settle(MINUTE);
  expect(loop.reverts()).toMatchObject([{ status: { state: 'landed' } }]);
});

it('says nothing of another change', async () => {
  await failFrozen();
  skip();
  await loop.settle(31 * MINUTE);
  const other = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v3') }, 'Release v3');
  setStatus(loop, { abort: false, phase: 'Progressing' });
  await loop.settle(MINUTE + 1000);
  raise(loop, 'ccc');
  // What the stable revision came from is the change before: the skipped one lies between the two.
  loop.api.store.patch(
    replicaSets,
    { namespace: 'shop', name: 'web-bbb' },
    { metadata: { annotations: { [STATE]: '{}' } } },
  );
  abort(loop, { stable: 'bbb', canary: 'ccc' });
  await loop.settle(MINUTE);
  expect(loop.reverts().map(({ spec, status }) => [spec.culprits, status?.state])).toContainEqual([[other], 'landed']);
});

it.each<GitRevertState>(['pending', 'planned', 'verified', 'writing'])(
  'ends a revert that is %s without a write',
  async (state) => {
    allow(loop);
    await failedRelease(loop);
    const end = loop.api.store.watch(gitReverts, (_, { status, metadata }) => {
      if (status?.state === state && metadata.annotations?.[SKIP] === undefined) {
        end();
        skip();
      }
    });
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    expect(loop.reverts()).toMatchObject([{ status: { state: 'skipped', reason: 'SkippedByPerson' } }]);
    expect(await revertCommits(loop)).toEqual([]);
  },
);
