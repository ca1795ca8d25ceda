import { afterEach, beforeEach, expect, it } from 'vitest';
import { abort, allow, failedRelease, type Loop, setStatus, startLoop } from '../../../test/git/loop.ts';
import { type GitRevert, SKIP } from '../../api/index.ts';
import { gitReverts } from '../../kube/resources.ts';
import { MOST_KEPT } from './history.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

it.each([
  ['whose failure still stands', {}, {}],
  ['about which a person decided while its template is there', { [SKIP]: 'true' }, { abort: false }],
])('keeps the newest records that have ended, and every one %s', async (_, annotations, change) => {
  allow(loop, { mode: 'DryRun' });
  await failedRelease(loop);
  abort(loop, { stable: 'aaa', canary: 'bbb' });
  await loop.settle(60_000);
  const { name: standingName = '' } = loop.reverts()[0]?.metadata ?? {};
  loop.api.store.patch(gitReverts, { namespace: 'shop', name: standingName }, { metadata: { annotations } });
  setStatus(loop, change);
  await loop.settle(1000);
  const [standing] = loop.reverts();
  if (!standing) throw new Error('there is no record');
  const rollout = { namespace: 'shop', name: 'gone', uid: 'gone' };
  for (let at = 0; at < MOST_KEPT + 3; at++) {
    const name = `old-${at}`;
    const revert = { ...standing, metadata: { name, namespace: 'shop' }, spec: { ...standing.spec, rollout } };
    loop.api.store.create(gitReverts, revert as GitRevert);
    const finishedAt = new Date(Date.parse('2026-11-20T13:00:00Z') + at * 1000).toISOString();
    loop.api.store.patchStatus(gitReverts, { namespace: 'shop', name }, { state: 'done', finishedAt });
  }
  await loop.settle(60_000);
  const names = loop.reverts().map(({ metadata }) => metadata.name);
  expect(names).toHaveLength(MOST_KEPT + 1);
  expect(names).toContain(`old-${MOST_KEPT + 2}`);
  expect(loop.reverts().find(({ metadata }) => metadata.name === standing.metadata.name)?.metadata.uid).toBe(
    standing.metadata.uid,
  );
});
