/** Who lets a revert's pull request wait is reminded of it, where the policy says so. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { abort, allow, failedRelease, HASHES, type Loop, MINUTE, startLoop } from '../../../test/git/loop.ts';
import { gitReverts } from '../../kube/resources.ts';

const HOUR = 60 * MINUTE;

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop({ github: { pulls: [] } });
});
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const said = (pull = 0) => (loop.hosted?.pulls?.[pull]?.comments ?? []).map(({ body }) => body);

async function propose(policy: object = { telling: { remind: true } }) {
  allow(loop, { mode: 'PullRequest', ...policy });
  await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  expect(status()?.state).toBe('proposed');
}

/** As if it had been opened so much earlier: each look of that time would be one at the host. */
function age(milliseconds: number, more: object = {}) {
  const { name = '' } = loop.reverts()[0]?.metadata ?? {};
  const plannedAt = new Date(Date.parse(status()?.plan?.plannedAt ?? '') - milliseconds).toISOString();
  loop.api.store.patchStatus(gitReverts, { namespace: 'shop', name }, { plan: { plannedAt }, ...more } as never);
}

it('says it after an hour and after a day, each once, and no more; a restart changes nothing', async () => {
  await propose();
  age(57 * MINUTE);
  await loop.settle(MINUTE);
  expect(said()).toEqual([]);
  await loop.restart();
  await loop.settle(2 * MINUTE);
  expect(said()).toEqual([expect.stringContaining('This has waited for a person for an hour.')]);
  await loop.restart();
  await loop.settle(MINUTE);
  expect([said().length, status()?.reported?.reminders]).toEqual([1, 1]);
  age(24 * HOUR);
  await loop.settle(MINUTE);
  expect(said().slice(1)).toEqual([expect.stringContaining('This has waited for a person for a day.')]);
  age(24 * HOUR);
  await loop.settle(MINUTE);
  expect([said().length, status()?.reported?.reminders]).toEqual([2, 2]);
});

it('says nothing where the policy does not ask for it', async () => {
  await propose({});
  age(2 * HOUR);
  await loop.settle(MINUTE);
  expect(said()).toEqual([]);
});

it('says nothing of what the host merges as soon as its rules allow', async () => {
  await loop.close();
  loop = await startLoop({ github: { pulls: [], requiredChecks: new Map([['main', ['ci']]]), allowsAutoMerge: true } });
  await propose({ telling: { remind: true }, pullRequests: { autoMerge: true } });
  age(2 * HOUR);
  await loop.settle(MINUTE);
  expect([status()?.proposal?.autoMerge, said()]).toEqual([true, []]);
});

it('says it on its own pull request, whatever number the status names', async () => {
  await propose();
  const other = { title: 'Other', body: '', from: 'other', into: 'main', author: 'ann', comments: [] };
  loop.hosted?.pulls?.push({ ...other, state: 'open', head: (await loop.bare.head()) ?? '', createdAt: 0 });
  age(2 * HOUR, { proposal: { number: 2 } });
  expect(status()?.proposal?.number).toBe(2);
  await loop.settle(MINUTE);
  expect([said(0).length, said(1).length]).toEqual([1, 0]);
});
