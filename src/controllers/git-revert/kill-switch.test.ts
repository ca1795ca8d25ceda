/** An administrator has all writes to Git wait, and go on. */
import { afterEach, describe, expect, it } from 'vitest';
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
import { SKIP } from '../../api/index.ts';
import { configMaps, gitReverts } from '../../kube/resources.ts';
import { createKillSwitch } from './kill-switch.ts';

let loop: Loop | undefined;
afterEach(async () => {
  await loop?.close();
  loop = undefined;
});

const status = (of: Loop) => of.reverts()[0]?.status;
const pause = (of: Loop, reverts = 'paused', name = 'headgate', namespace = 'headgate') =>
  of.api.store.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { reverts },
  });
const goOn = (of: Loop) => of.api.store.delete(configMaps, 'headgate', 'headgate');

async function failPaused(of: Loop) {
  allow(of);
  await failedRelease(of);
  pause(of);
  abort(of, HASHES);
  await of.settle(10 * MINUTE);
}

describe('the ConfigMap', () => {
  it('has a revert wait, also across a restart, and go on when it is gone', async () => {
    loop = await startLoop();
    await failPaused(loop);
    expect(status(loop)).toMatchObject({ reason: 'Paused', message: expect.stringContaining('ConfigMap headgate') });
    const waits = loop.told.filter(({ object, reason }) => object === 'Rollout/web' && reason === 'GitRevertWaiting');
    expect(waits).toMatchObject([{ message: expect.stringContaining('paused all reverts') }]);
    loop.audit.length = 0;
    await loop.restart();
    await loop.settle(MINUTE);
    expect(await revertCommits(loop)).toEqual([]);
    // A restart says nothing else meanwhile.
    expect(loop.audit.filter(({ verb, resource }) => verb === 'patch' && resource === 'gitreverts')).toEqual([]);
    goOn(loop);
    await loop.settle(10_000);
    expect(status(loop)).toMatchObject({ state: 'landed' });
  });

  it('is that of the own namespace and of that name, and no other', async () => {
    loop = await startLoop();
    pause(loop, 'paused', 'headgate', 'shop');
    pause(loop, 'paused', 'other');
    pause(loop, 'running');
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(status(loop)).toMatchObject({ state: 'landed' });
  });

  it('keeps an open pull request as it is: neither merged nor closed', async () => {
    loop = await startLoop({ github: { pulls: [] } });
    allow(loop, { mode: 'PullRequest' });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(10_000);
    pause(loop);
    loop.api.store.patch('RevertPolicy', { name: 'shop' }, { spec: { pullRequests: { autoMerge: true } } });
    await loop.settle(2 * MINUTE);
    const message = expect.stringContaining('an administrator paused');
    expect(status(loop)).toMatchObject({ state: 'proposed', message, proposal: { message } });
    expect(loop.hosted?.pulls).toMatchObject([{ state: 'open' }]);
    const { name = '' } = loop.reverts()[0]?.metadata ?? {};
    loop.api.store.patch(gitReverts, { namespace: 'shop', name }, { metadata: { annotations: { [SKIP]: 'true' } } });
    await loop.settle(2 * MINUTE);
    expect(status(loop)).toMatchObject({ state: 'proposed', reason: 'Paused' });
    expect(loop.hosted?.pulls).toMatchObject([{ state: 'open' }]);
    goOn(loop);
    await loop.settle(MINUTE);
    expect(status(loop)).toMatchObject({ state: 'skipped' });
    expect(loop.hosted?.pulls).toMatchObject([{ state: 'closed' }]);
  });

  it('that may not be looked for pauses reverts, says what is missing, and stops nothing else', async () => {
    loop = await startLoop();
    loop.api.faults = ({ resource }) => (resource === 'configmaps' ? { answer: 403 } : undefined);
    await loop.restart();
    allow(loop);
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(MINUTE);
    const message = expect.stringContaining('Role headgate-home');
    expect(status(loop)).toMatchObject({ reason: 'Paused', message });
  });
});

it('the flag pauses whatever the ConfigMap says', () => {
  const nothing = { start: () => {}, synced: Promise.resolve(), get: () => undefined, onChange: () => () => {} };
  const clock = { now: () => 0 };
  const killSwitch = createKillSwitch({ configMaps: nothing, namespace: 'headgate', pauseReverts: true, clock });
  expect(killSwitch.paused()).toContain('--pause-reverts');
});
