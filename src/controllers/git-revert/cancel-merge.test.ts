/** A merge that the host already waits for is called off when it is not to be any more, and asked for again when it is. */
import { afterEach, describe, expect, it } from 'vitest';
import { handsOn } from '../../../test/conformance/github-proposals.ts';
import { abort, allow, failedRelease, HASHES, type Loop, MINUTE, startLoop } from '../../../test/git/loop.ts';
import { AUTO_REVERT, SKIP } from '../../api/index.ts';
import type { GitHost } from '../../git/hosts/host.ts';
import { configMaps, gitReverts, revertPolicies, rollouts } from '../../kube/resources.ts';
import type { PullRequest } from '../../sandbox/git/index.ts';

let loop: Loop;
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const pull = () => loop.hosted?.pulls?.[0] as PullRequest;
const image = async () => {
  const file = await loop.bare.read(String(await loop.bare.head()), 'apps/web/rollout.yaml');
  return /image: (.*)/.exec(file?.toString() ?? '')?.[1];
};

/** A release fails whose revert GitHub cannot merge before a check. */
async function started(wrap?: (host: GitHost) => GitHost) {
  const rules = { protectedBranches: new Set(['main']), requiredChecks: new Map([['main', ['ci']]]) };
  loop = await startLoop({ github: { pulls: [], ...rules, allowsAutoMerge: true }, ...(wrap && { wrap }) });
  allow(loop, { mode: 'PullRequest', pullRequests: { autoMerge: true } });
  await failedRelease(loop);
  abort(loop, HASHES);
}

/** GitHub waits for the check, with a revert that it was told to merge. */
async function armed(wrap?: (host: GitHost) => GitHost) {
  await started(wrap);
  await loop.settle(MINUTE);
  expect([status()?.state, status()?.proposal?.autoMerge, pull().armed !== undefined]).toEqual([
    'proposed',
    true,
    true,
  ]);
}

const pause = () =>
  loop.api.store.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'headgate', namespace: 'headgate' },
    data: { reverts: 'paused' },
  });
const goOn = () => loop.api.store.delete(configMaps, 'headgate', 'headgate');
const annotate = (value: string | null) =>
  loop.api.store.patch(
    rollouts,
    { namespace: 'shop', name: 'web' },
    { metadata: { annotations: { [AUTO_REVERT]: value } } },
  );
const setPolicy = (spec: object) => loop.api.store.patch(revertPolicies.kind, { name: 'shop' }, { spec });
const skip = () => {
  const { name = '' } = loop.reverts()[0]?.metadata ?? {};
  loop.api.store.patch(gitReverts, { namespace: 'shop', name }, { metadata: { annotations: { [SKIP]: 'true' } } });
};
const turnGreen = () =>
  handsOn(loop.url)('POST', `statuses/${pull().head}`, { state: 'success', context: 'ci', description: 'green' });

/** It is left to a person, also when nothing is missing any more. */
async function expectLeftAlone() {
  expect(pull().armed).toBeUndefined();
  await turnGreen();
  await loop.settle(2 * MINUTE);
  expect([pull().state, await image()]).toEqual(['open', 'web:v2']);
}

describe('the kill switch', () => {
  it('calls it off at once, and it is asked for again when the switch is taken back', async () => {
    await armed();
    pause();
    await loop.settle(2000);
    expect(status()).toMatchObject({ state: 'proposed', message: expect.stringContaining('an administrator paused') });
    expect(status()?.proposal?.autoMerge).toBeUndefined();
    await expectLeftAlone();
    goOn();
    await loop.settle(MINUTE);
    expect([pull().state, await image(), status()?.state]).toEqual(['merged', 'web:v1', 'merged']);
  });

  it('has it armed again where the check is still missing', async () => {
    await armed();
    pause();
    await loop.settle(MINUTE);
    expect(pull().armed).toBeUndefined();
    goOn();
    await loop.settle(MINUTE);
    expect([pull().armed?.method, status()?.proposal?.autoMerge]).toEqual(['merge', true]);
  });

  it('calls it off where the process died right after it was asked for', async () => {
    await armed();
    loop.api.faults = ({ verb }) => (verb === 'patch' ? { answer: 503 } : undefined);
    await loop.settle(1000);
    loop.api.faults = undefined;
    pause();
    await loop.restart();
    await loop.settle(MINUTE);
    await expectLeftAlone();
  });

  it('calls it off once more where the host did not answer, and says meanwhile that it may be merged', async () => {
    let answers = false;
    const wrap = (host: GitHost): GitHost => {
      const { proposals } = host;
      if (!proposals) return host;
      const cancelMerge: typeof proposals.cancelMerge = async (...args) =>
        answers ? proposals.cancelMerge(...args) : { kind: 'unknown', message: 'no answer' };
      return { ...host, proposals: { ...proposals, cancelMerge } };
    };
    await armed(wrap);
    pause();
    await loop.settle(MINUTE);
    const message = expect.stringContaining('the host may still merge pull request 1');
    expect(status()).toMatchObject({
      state: 'proposed',
      reason: 'OutcomeUnknown',
      message,
      proposal: { autoMerge: true },
    });
    answers = true;
    await loop.settle(MINUTE);
    await expectLeftAlone();
  });

  it('calls it off at once where it comes while the host is being asked', async () => {
    let isPaused = false;
    const wrap = (host: GitHost): GitHost => {
      const { proposals } = host;
      if (!proposals) return host;
      const merge: typeof proposals.merge = async (...args) => {
        const outcome = await proposals.merge(...args);
        if (!isPaused) pause();
        isPaused = true;
        return outcome;
      };
      return { ...host, proposals: { ...proposals, merge } };
    };
    await started(wrap);
    await loop.settle(5000);
    expect(isPaused).toBe(true);
    await expectLeftAlone();
  });

  it('leaves nothing that is waited for where a person asks for a skip that has to wait', async () => {
    await armed();
    pause();
    skip();
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'proposed', reason: 'Paused' });
    await expectLeftAlone();
    goOn();
    await loop.settle(MINUTE);
    expect([status()?.state, pull().state]).toEqual(['skipped', 'closed']);
  });
});

it('a policy that takes autoMerge back calls it off, and asks again when it is given again', async () => {
  await armed();
  setPolicy({ pullRequests: { autoMerge: false } });
  await loop.settle(2000);
  expect(status()).toMatchObject({ state: 'proposed' });
  expect(pull().armed).toBeUndefined();
  setPolicy({ pullRequests: { autoMerge: true } });
  await loop.settle(MINUTE);
  expect(pull().armed?.method).toBe('merge');
  setPolicy({ pullRequests: null });
  await loop.settle(2000);
  await expectLeftAlone();
});

it.each<[string, () => unknown]>([
  ["the Rollout's annotation", () => annotate('disable')],
  ['a policy that is switched off', () => setPolicy({ mode: 'Off' })],
])('%s calls it off before the record ends', async (_, optOut) => {
  await armed();
  optOut();
  await loop.settle(2000);
  expect([status()?.state, status()?.proposal?.autoMerge]).toEqual(['skipped', undefined]);
  await expectLeftAlone();
});

it('a word in the repository calls it off, and it is asked for again when that is gone', async () => {
  await armed();
  await loop.commit({ '.headgate.yaml': 'autoRevert: disable' }, 'Hold');
  await loop.settle(MINUTE);
  expect(status()?.proposal?.message).toContain('not merged by itself: .headgate.yaml says');
  expect(pull().armed).toBeUndefined();
  await loop.commit({ '.headgate.yaml': null }, 'Go on');
  await loop.settle(MINUTE);
  expect(pull().armed?.method).toBe('merge');
});

it('nothing is asked of the host where it was never asked to merge', async () => {
  const asked: string[] = [];
  const wrap = (host: GitHost): GitHost => {
    const { proposals } = host;
    if (!proposals) return host;
    const cancelMerge: typeof proposals.cancelMerge = (...args) => {
      asked.push('cancelMerge');
      return proposals.cancelMerge(...args);
    };
    return { ...host, proposals: { ...proposals, cancelMerge } };
  };
  loop = await startLoop({ github: { pulls: [] }, wrap });
  allow(loop, { mode: 'PullRequest' });
  await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(MINUTE);
  pause();
  await loop.settle(MINUTE);
  annotate('disable');
  await loop.settle(MINUTE);
  expect([status()?.state, pull().state, asked]).toEqual(['skipped', 'open', []]);
});
