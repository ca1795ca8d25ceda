/** Reverts that people or rules decide about: with pull requests, on a GitHub. */
import { afterEach, describe, expect, it } from 'vitest';
import { handsOn } from '../../../test/conformance/github-proposals.ts';
import {
  abort,
  allow,
  failAgain,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import { SKIP } from '../../api/index.ts';
import { type GitHost, type ProposalRequest, type Proposals, proposalBranch } from '../../git/hosts/host.ts';
import { gitReverts, revertPolicies } from '../../kube/resources.ts';
import { revertKey } from '../../revert/index.ts';
import type { HostedRepository } from '../../sandbox/git/index.ts';

let loop: Loop;
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const pulls = () => loop.hosted?.pulls ?? [];
const isProtected = () => ({ protectedBranches: new Set(['main']) });
const back = () => setStatus(loop, { phase: 'Healthy', abort: false, currentPodHash: 'aaa', stableRS: 'aaa' });

async function start(policy: object, github: Omit<HostedRepository, 'bare'>) {
  loop = await startLoop({ github: { pulls: [], ...github } });
  allow(loop, policy);
  return failedRelease(loop);
}

/** A release fails; the policy is so. */
async function fail(policy: object, github: Omit<HostedRepository, 'bare'> = {}) {
  const commits = await start(policy, github);
  abort(loop, HASHES);
  await loop.settle(1000);
  return commits;
}

const image = async (branch: string) => {
  const file = await loop.bare.read((await loop.bare.head(branch)) ?? '', 'apps/web/rollout.yaml');
  return /image: (.*)/.exec(file?.toString() ?? '')?.[1];
};

/** As `revert skip` writes it. */
function skip() {
  const { name = '' } = loop.reverts()[0]?.metadata ?? {};
  loop.api.store.patch(gitReverts, { namespace: 'shop', name }, { metadata: { annotations: { [SKIP]: 'true' } } });
}

/** As a person does on the host's page. */
const byHand = (method: string, path: string, body: object = {}) => handsOn(loop.url)(method, path, body);

describe('a policy that asks for pull requests', () => {
  it('has one opened, and goes on when a person merges it', async () => {
    const { bad } = await fail({ mode: 'PullRequest' });
    expect(pulls()).toMatchObject([
      { state: 'open', into: 'main', title: expect.stringContaining('Revert "Release v2"') },
    ]);
    expect(pulls()[0]?.body).toContain(`This reverts commit ${bad}.`);
    expect(pulls()[0]?.labels).toBeUndefined();
    expect(status()).toMatchObject({ state: 'proposed', way: 'PullRequest', proposal: { number: 1 } });
    expect([await image('main'), await image(pulls()[0]?.from ?? '')]).toEqual(['web:v2', 'web:v1']);
    expect(loop.told).toContainEqual(expect.objectContaining({ reason: 'GitRevertProposed', object: 'Rollout/web' }));
    await loop.settle(2 * MINUTE);
    await byHand('PUT', 'pulls/1/merge');
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'merged', commit: await loop.bare.head('main') });
    back();
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'done' });
    expect(pulls()).toHaveLength(1);
  });

  it('has it merged by the host, also where the branch takes nothing else', async () => {
    await fail({ mode: 'PullRequest', pullRequests: { autoMerge: true } }, isProtected());
    await loop.settle(MINUTE);
    expect(pulls()).toMatchObject([{ state: 'merged' }]);
    expect([status()?.state, await image('main')]).toEqual(['merged', 'web:v1']);
  });

  it('waits with the host for a check, and is merged when that is there', async () => {
    const requiredChecks = new Map([['main', ['ci']]]);
    const github = { ...isProtected(), requiredChecks, allowsAutoMerge: true };
    await fail({ mode: 'PullRequest', pullRequests: { autoMerge: true } }, github);
    await loop.settle(MINUTE);
    expect([status()?.state, pulls()[0]?.armed?.method]).toEqual(['proposed', 'merge']);
    await byHand('POST', `statuses/${pulls()[0]?.head}`, { state: 'success', context: 'ci', description: 'green' });
    await loop.settle(MINUTE);
    expect([status()?.state, await image('main')]).toEqual(['merged', 'web:v1']);
  });

  it('does not merge what somebody else put on its branch', async () => {
    await fail({ mode: 'PullRequest' });
    const files = { 'apps/web/extra.txt': 'x' };
    const by = { author: 'Eve <eve@example.com>', time: 0, message: 'more' };
    await loop.bare.commit({ ...by, branch: pulls()[0]?.from ?? '', files });
    loop.api.store.patch(revertPolicies.kind, { name: 'shop' }, { spec: { pullRequests: { autoMerge: true } } });
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'proposed', proposal: { message: expect.stringContaining('is at') } });
    expect(await image('main')).toBe('web:v2');
  });

  it('says nothing any more of what was in the way and has gone', async () => {
    await fail(
      { mode: 'PullRequest', pullRequests: { autoMerge: true } },
      { requiredChecks: new Map([['main', ['ci']]]) },
    );
    const { from = '', head = '' } = pulls()[0] ?? {};
    await loop.bare.commit({
      author: 'Eve <e@e>',
      time: 0,
      message: 'more',
      branch: from,
      files: { 'apps/web/x': 'x' },
    });
    await loop.settle(MINUTE);
    expect(status()?.proposal?.message).toContain('is at');
    await loop.bare.git(['update-ref', `refs/heads/${from}`, head]);
    await byHand('POST', `statuses/${head}`, { state: 'success', context: 'ci', description: 'green' });
    await loop.settle(MINUTE);
    expect(status()?.state).toBe('merged');
    expect(status()?.proposal?.message).toBeUndefined();
  });

  it('does not merge what somebody else put there before it came to that, under its name and key', async () => {
    const { bad } = await start({ mode: 'PullRequest', pullRequests: { autoMerge: true } }, {});
    const key = revertKey({ repository: loop.url, branch: 'main', culprits: [bad], path: 'apps/web' });
    const by = { author: 'Eve <eve@example.com>', time: 0, message: `Revert it\n\nRevert-Key: ${key}` };
    await loop.bare.git(['update-ref', `refs/heads/${proposalBranch(key)}`, bad]);
    await loop.bare.commit({ ...by, branch: proposalBranch(key), files: { 'apps/other/extra.txt': 'x' } });
    abort(loop, HASHES);
    await loop.settle(3 * MINUTE);
    await loop.restart();
    await loop.settle(3 * MINUTE);
    const message = expect.stringMatching(/does not hold the planned change .* not merged by itself/);
    expect(status()).toMatchObject({ state: 'proposed', proposal: { number: 1, message } });
    expect([await image('main'), pulls()[0]?.state]).toEqual(['web:v2', 'open']);
  });

  it('has what it made itself before the branch moved merged, where its host goes on from that', async () => {
    const asked: ProposalRequest[] = [];
    const goingOn = ({ open, ...more }: Proposals): Proposals => ({
      ...more,
      async open(access, request) {
        const outcome = await open(access, asked[0] ?? request);
        if (asked.push(request) > 1) return outcome;
        await loop.commit({ 'apps/other/x.txt': 'x' }, 'Another team');
        return { kind: 'unknown', message: 'no answer' };
      },
    });
    const wrap = (host: GitHost) => (host.proposals ? { ...host, proposals: goingOn(host.proposals) } : host);
    loop = await startLoop({ github: { pulls: [] }, wrap });
    allow(loop, { mode: 'PullRequest', pullRequests: { autoMerge: true } });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(3 * MINUTE);
    expect([status()?.state, await image('main'), pulls().length]).toEqual(['merged', 'web:v1', 1]);
    expect(status()?.plan?.attempt).toBe(2);
  });

  it('takes a closed one for a veto, and never opens it again', async () => {
    await fail({ mode: 'PullRequest' });
    await byHand('PATCH', 'pulls/1', { state: 'closed' });
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'vetoed', reason: 'Vetoed' });
    await loop.restart();
    await loop.settle(2 * MINUTE);
    expect(pulls()).toHaveLength(1);
    expect([status()?.state, await image('main')]).toEqual(['vetoed', 'web:v2']);
    forget();
    await loop.settle(MINUTE);
    expect([status()?.state, pulls().length]).toEqual(['vetoed', 1]);
  });

  const forget = () => loop.api.store.delete(gitReverts, 'shop', loop.reverts()[0]?.metadata.name ?? '');

  it.each([
    ['kept', () => undefined],
    ['deleted by a person', forget],
  ])(
    'withdraws it when the release is tried again, and a second failure gets one of its own, with the record %s',
    async (_, between) => {
      await fail({ mode: 'PullRequest' });
      setStatus(loop, { abort: false, phase: 'Progressing' });
      await loop.settle(MINUTE);
      expect([status()?.state, pulls()[0]?.state]).toEqual(['superseded', 'closed']);
      between();
      failAgain(loop);
      await loop.settle(MINUTE);
      expect(status()).toMatchObject({ state: 'proposed', proposal: { number: 2 } });
      expect(pulls().map(({ state }) => state)).toEqual(['closed', 'open']);
    },
  );

  it.each([
    ['when the release is tried again', () => setStatus(loop, { abort: false, phase: 'Progressing' }), 'superseded'],
    ['when a person asks that the change stays in Git', skip, 'skipped'],
  ])('does not leave it to be reviewed until the next look %s', async (_, unwanted, state) => {
    await fail({ mode: 'PullRequest', pullRequests: { autoMerge: false } });
    // Looks are half a minute apart at least.
    await loop.settle(5000);
    unwanted();
    await loop.settle(1000);
    expect([status()?.state, pulls()[0]?.state]).toEqual([state, 'closed']);
  });

  it('leaves its branch where it is when it withdraws what somebody has pushed to', async () => {
    await fail({ mode: 'PullRequest' });
    const branch = pulls()[0]?.from ?? '';
    const by = { author: 'Ann <ann@example.com>', time: 0, message: 'More to take back' };
    const pushed = await loop.bare.commit({ ...by, branch, files: { 'apps/web/extra.txt': 'x' } });
    skip();
    await loop.settle(MINUTE);
    expect([status()?.state, pulls()[0]?.state]).toEqual(['skipped', 'closed']);
    expect(await loop.bare.head(branch)).toBe(pushed);
  });

  it('withdraws it when a person asks that the change stays in Git, for a later attempt too', async () => {
    await fail({ mode: 'PullRequest', pullRequests: { autoMerge: false } });
    skip();
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'skipped', reason: 'SkippedByPerson', proposal: { number: 1 } });
    expect(pulls()).toMatchObject([{ state: 'closed' }]);
    const { uid } = loop.reverts()[0]?.metadata ?? {};
    failAgain(loop);
    await loop.settle(MINUTE);
    await loop.restart();
    await loop.settle(2 * MINUTE);
    expect([loop.reverts()[0]?.metadata.uid, pulls().length, await image('main')]).toEqual([uid, 1, 'web:v2']);
    expect(loop.told).toContainEqual(expect.objectContaining({ object: 'Rollout/web', reason: 'SkippedByPerson' }));
  });

  it('withdraws it once more when the process dies after it was closed', async () => {
    await fail({ mode: 'PullRequest' });
    loop.api.faults = ({ verb }) => (verb === 'patch' ? { answer: 503 } : undefined);
    skip();
    await loop.settle(MINUTE);
    expect([status()?.state, pulls()[0]?.state]).toEqual(['proposed', 'closed']);
    loop.api.faults = undefined;
    await loop.restart();
    await loop.settle(MINUTE);
    expect([status()?.state, status()?.reason]).toEqual(['skipped', 'SkippedByPerson']);
  });

  it('is skipped with it when the release is tried again at the same time', async () => {
    await fail({ mode: 'PullRequest' });
    skip();
    setStatus(loop, { abort: false, phase: 'Progressing' });
    await loop.settle(MINUTE);
    expect([status()?.state, pulls()[0]?.state]).toEqual(['skipped', 'closed']);
  });

  it('closes it when somebody takes the change out first', async () => {
    const { bad } = await fail({ mode: 'PullRequest' });
    const file = await loop.bare.read(`${bad}^`, 'apps/web/rollout.yaml');
    const message = `Revert "Release v2"\n\nThis reverts commit ${bad}.\n`;
    const by = await loop.commit({ 'apps/web/rollout.yaml': file?.toString() ?? '' }, message);
    await loop.settle(MINUTE);
    expect([status()?.state, status()?.commit, pulls()[0]?.state]).toEqual(['landed', by, 'closed']);
  });

  it.each(['writing', 'proposed'])('has exactly one when the process dies after %s was written down', async (state) => {
    await start({ mode: 'PullRequest' }, {});
    const end = loop.api.store.watch(gitReverts, (_, { status: written }) => {
      // From here on the process gets nothing more through, except to the host.
      if (written?.state === state) loop.api.faults = ({ verb }) => (verb === 'patch' ? { answer: 503 } : undefined);
    });
    abort(loop, HASHES);
    await loop.settle(2000);
    expect(status()?.state).toBe(state);
    end();
    loop.api.faults = undefined;
    await loop.restart();
    await loop.settle(2 * MINUTE);
    expect(pulls()).toHaveLength(1);
    expect(status()).toMatchObject({ state: 'proposed', proposal: { number: 1 } });
  });
});

it('a branch that takes no commit gets a pull request instead, once', async () => {
  await fail({ mode: 'Direct' }, isProtected());
  await loop.settle(MINUTE);
  expect(pulls()).toMatchObject([{ state: 'open' }]);
  expect(status()).toMatchObject({ state: 'proposed', way: 'PullRequest' });
  await byHand('PUT', 'pulls/1/merge');
  await loop.settle(MINUTE);
  expect([status()?.state, await image('main')]).toEqual(['merged', 'web:v1']);
});
