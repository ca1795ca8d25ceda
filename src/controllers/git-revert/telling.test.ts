/** What people are told on the pull request that brought the change. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  type LoopOptions,
  MINUTE,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import type { AnalysisRun } from '../../api/index.ts';
import type { CommentOutcome, Discussion, GitHost } from '../../git/hosts/host.ts';
import { analysisRuns } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop({ github: {} });
});
afterEach(() => loop.close());

const status = () => loop.reverts()[0]?.status;
const comments = () => loop.hosted?.pulls?.[0]?.comments ?? [];
const body = () => comments()[0]?.body ?? '';

function analysis() {
  const run = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'web-run', namespace: 'shop' },
    spec: { metrics: [{ name: 'ok', failureCondition: 'result[0] < 0.9', provider: { prometheus: { query: 'q' } } }] },
    status: {
      phase: 'Failed',
      metricResults: [
        {
          name: 'ok',
          phase: 'Failed',
          measurements: [{ phase: 'Failed', value: '[0.42]' }],
          metadata: { ResolvedPrometheusQuery: 'sum(rate(ok{pod="x"}[5m]))' },
        },
      ],
    },
  };
  loop.api.store.create(analysisRuns, run as unknown as AnalysisRun);
}

/** The change came by pull request 1, which is merged. */
async function failedChange(policy: object = {}) {
  allow(loop, policy);
  const commits = await failedRelease(loop);
  analysis();
  const about = { title: 'Use v2', body: '', from: 'topic', into: 'main', author: 'ann-gh', comments: [] };
  const merged = { state: 'merged' as const, head: commits.bad, mergeCommit: commits.bad };
  const reviews = [{ login: 'bob', state: 'APPROVED' as const }];
  const createdAt = loop.clock.now();
  if (loop.hosted) loop.hosted.pulls = [{ ...about, ...merged, reviews, createdAt, mergedAt: createdAt }];
  return commits;
}

async function failAndRevert(policy: object = {}, cause: object = {}) {
  const commits = await failedChange(policy);
  abort(loop, HASHES, cause);
  await loop.settle(2000);
  return commits;
}

async function startedWith(options: LoopOptions) {
  await loop.close();
  loop = await startLoop({ github: {}, ...options });
}

const discussing = (part: (discussion: Discussion) => Partial<Discussion>) => (host: GitHost) =>
  host.discussion ? { ...host, discussion: { ...host.discussion, ...part(host.discussion) } } : host;

it('is who stands behind it, the evidence, and that the change is out of Git: once, also after a restart', async () => {
  await failAndRevert({}, { weight: 20 });
  const culprit = {
    author: 'Ann',
    pullRequest: { number: 1, url: 'https://github.com/team/shop/pull/1', author: 'ann-gh' },
    reviewers: ['bob'],
  };
  expect(status()).toMatchObject({ state: 'landed', culprit, takenOutAt: expect.any(String) });
  expect(status()?.reported).toMatchObject({ at: expect.any(String), comment: { says: 'landed' } });
  expect(comments()).toHaveLength(1);
  expect(comments()[0]?.author).toBe('headgate');
  expect(body()).toContain(`The change is out of Git: [commit ${status()?.commit?.slice(0, 7)}](`);
  expect(body()).toContain('| Last bad values | `0.42` |\n| Fails where | `result[0] < 0.9` |');
  expect(body()).toContain('| Query | `sum(rate(ok{pod="x"}[5m]))` |');
  expect(body()).toMatch(/\| Given up \| at step 1, with 20 % of the traffic/);
  expect(body()).toMatch(/\| Out of Git \| \d+ s later \|/);
  expect(body()).not.toContain('@');
  const before = body();
  await loop.restart();
  setStatus(loop, { phase: 'Healthy', abort: false, currentPodHash: 'aaa', stableRS: 'aaa' });
  await loop.settle(10 * MINUTE);
  expect(status()).toMatchObject({ state: 'done', culprit });
  expect(comments().map((each) => each.body)).toEqual([before]);
});

it('is what is proposed, and what became of that, in one comment', async () => {
  await failAndRevert({ mode: 'PullRequest' });
  expect(status()).toMatchObject({ state: 'proposed', reported: { comment: { says: 'proposed' } } });
  expect(body()).toContain(
    'The change is still in Git: [pull request 2](https://github.com/team/shop/pull/2) takes it out',
  );
  const proposed = loop.hosted?.pulls?.[1];
  expect(proposed?.body).toContain('| Fails where | `result[0] < 0.9` |');
  if (loop.hosted && proposed) {
    const head = proposed.head;
    const by = { author: 'Ann <ann@example.com>', time: loop.clock.now(), message: 'Merge' };
    const mergeCommit = await loop.bare.merge({ ...by, into: 'main', head, keepsParent: true });
    Object.assign(proposed, { state: 'merged', mergeCommit, mergedAt: loop.clock.now() });
  }
  await loop.settle(MINUTE);
  expect(status()).toMatchObject({ state: 'merged', reported: { comment: { says: 'landed' } } });
  expect(comments()).toHaveLength(1);
  const commit = status()?.commit?.slice(0, 7);
  expect(body()).toContain(
    `: commit ${commit} takes it back, by [pull request 2](https://github.com/team/shop/pull/2).`,
  );
});

it('is that a person closed what was proposed', async () => {
  await failAndRevert({ mode: 'PullRequest' });
  Object.assign(loop.hosted?.pulls?.[1] ?? {}, { state: 'closed' });
  await loop.settle(MINUTE);
  expect(status()).toMatchObject({ state: 'vetoed', reported: { comment: { says: 'vetoed' } } });
  expect(comments()).toHaveLength(1);
  expect(body()).toContain('The change stays in Git: [pull request 2]');
});

it('is that a person must decide, and why', async () => {
  await failedChange();
  await loop.commit({ 'apps/web/rollout.yaml': 'kind: Rollout\n  broken' }, 'Break it');
  abort(loop, HASHES);
  await loop.settle(2000);
  expect(status()).toMatchObject({ state: 'needsHuman', reported: { comment: { says: 'needsHuman' } } });
  expect(body()).toContain('a person has to decide what becomes of it: `');
});

it('is nothing where the policy says so; who stands behind it is noted all the same', async () => {
  await failAndRevert({ telling: { comment: false } });
  expect(status()).toMatchObject({ state: 'landed', culprit: { pullRequest: { number: 1 } } });
  expect(comments()).toEqual([]);
});

it('mentions the author, and links the query, where the policy says so', async () => {
  const graphUrl = 'https://prometheus.example/graph?g0.expr={query}';
  await failAndRevert({ telling: { mentionAuthor: true, graphUrl } });
  expect(body()).toMatch(/^<!-- headgate\/revert\/\w+ -->\n\n@ann-gh: The release of/);
  expect(body()).toContain('([graph](https://prometheus.example/graph?g0.expr=sum%28rate');
});

it('is not told where the token may not, which is noted and keeps nothing from being reverted', async () => {
  const refused: CommentOutcome = { kind: 'noRights', message: 'Resource not accessible by personal access token' };
  await startedWith({ wrap: discussing(() => ({ comment: async () => refused })) });
  await failAndRevert();
  await loop.settle(10 * MINUTE);
  const { reported, state } = status() ?? {};
  expect(state).toBe('landed');
  expect(reported).toMatchObject({ at: expect.any(String), comment: { says: 'landed', problem: refused.message } });
  expect(reported?.problem).toBeUndefined();
});

it('is told when the token may at last, and the problem is not noted any more', async () => {
  let mayComment = false;
  const refusing = (discussion: Discussion): Partial<Discussion> => ({
    comment: async (...args) =>
      mayComment ? discussion.comment(...args) : { kind: 'noRights', message: 'not accessible' },
  });
  await startedWith({ wrap: discussing(refusing) });
  await failAndRevert({ mode: 'PullRequest' });
  expect(status()?.reported?.comment).toMatchObject({ says: 'proposed', problem: 'not accessible' });
  mayComment = true;
  Object.assign(loop.hosted?.pulls?.[1] ?? {}, { state: 'closed' });
  await loop.settle(MINUTE);
  expect(status()?.reported?.comment).toEqual({ says: 'vetoed', at: expect.any(String) });
  expect(body()).toContain('The change stays in Git');
});

it('names the author where the host will not say how the change came', async () => {
  const refused = { kind: 'noRights' as const, message: 'not accessible' };
  await startedWith({ wrap: discussing(() => ({ pullRequestOf: async () => refused })) });
  await failAndRevert();
  expect(status()).toMatchObject({ state: 'landed', culprit: { author: 'Ann' }, reported: { at: expect.any(String) } });
  expect(status()?.reported?.comment?.problem).toBe('not accessible');
});

it('delays nothing while the host does not answer, and is told when it does', async () => {
  const answers: (() => void)[] = [];
  const slow = (discussion: Discussion): Partial<Discussion> => ({
    async pullRequestOf(...args) {
      await new Promise<void>((resolve) => answers.push(resolve));
      return discussion.pullRequestOf(...args);
    },
  });
  await startedWith({ wrap: discussing(slow) });
  await failedChange();
  abort(loop, HASHES);
  const settled = loop.settle(1000);
  await expect.poll(() => status()?.state, { timeout: 20_000 }).toBe('landed');
  expect(status()?.culprit).toBeUndefined();
  for (const answer of answers) answer();
  await settled;
  expect(status()?.reported?.comment).toMatchObject({ says: 'landed' });
});

it('is tried again after a lost answer, and is one comment all the same', async () => {
  let lost = 0;
  const losing = (discussion: Discussion): Partial<Discussion> => ({
    async comment(...args) {
      const outcome = await discussion.comment(...args);
      return lost++ < 2 ? { kind: 'unknown', message: 'no answer' } : outcome;
    },
  });
  await startedWith({ wrap: discussing(losing) });
  await failAndRevert();
  await loop.settle(5 * MINUTE);
  expect(lost).toBe(3);
  expect(comments()).toHaveLength(1);
  expect(status()?.reported?.comment).toMatchObject({ says: 'landed' });
  expect(status()?.reported?.comment?.problem).toBeUndefined();
});

it('names the author only, where the change came in without a pull request', async () => {
  allow(loop);
  await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(2000);
  expect(status()).toMatchObject({ state: 'landed', culprit: { author: 'Ann' } });
  expect(status()?.culprit?.pullRequest).toBeUndefined();
  expect(status()?.reported?.comment).toBeUndefined();
});

/** Holds the first comment back until it is let go. */
const holdingFirst = (held: (() => void)[]) =>
  discussing((discussion) => ({
    async comment(...args) {
      if (held.length === 0) await new Promise<void>((resolve) => held.push(resolve));
      return discussion.comment(...args);
    },
  }));

it('is corrected where what it speaks of was withdrawn before it was made', async () => {
  const held: (() => void)[] = [];
  await startedWith({ wrap: holdingFirst(held) });
  await failedChange({ mode: 'PullRequest' });
  abort(loop, HASHES);
  const settled = loop.settle(3 * MINUTE);
  await expect.poll(() => status()?.state, { timeout: 20_000 }).toBe('proposed');
  await expect.poll(() => held.length).toBe(1);
  setStatus(loop, { phase: 'Progressing', abort: false });
  await expect.poll(() => status()?.state, { timeout: 20_000 }).toBe('superseded');
  for (const letGo of held) letGo();
  await settled;
  expect(status()?.reported?.comment).toMatchObject({ says: 'superseded' });
  expect(body()).toContain('Nothing more is done about it');
});

describe('those behind the change', () => {
  const asked = () => (loop.hosted?.pulls?.[1]?.reviews ?? []).map(({ login, state }) => [login, state]);
  const proposing = { mode: 'PullRequest', pullRequests: { requestReviews: true } };

  it('are asked to review the proposal where the policy says so', async () => {
    await failAndRevert(proposing);
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'proposed', proposal: { number: 2 } });
    expect(asked()).toEqual([
      ['ann-gh', 'REQUESTED'],
      ['bob', 'REQUESTED'],
    ]);
  });

  it('are asked also where the host did not say in time who they are', async () => {
    let answers = 0;
    const late = discussing(({ pullRequestOf }) => ({
      async pullRequestOf(...args) {
        answers++;
        return answers === 1 ? { kind: 'unknown', message: 'no answer' } : pullRequestOf(...args);
      },
    }));
    await startedWith({ wrap: late });
    await failAndRevert(proposing);
    await loop.settle(MINUTE);
    expect(asked().map(([login]) => login)).toEqual(['ann-gh', 'bob']);
  });

  it('may be refused by the host, and the proposal is open all the same', async () => {
    await startedWith({ github: { collaborators: new Set(['bob']) } });
    await failAndRevert(proposing);
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ state: 'proposed', proposal: { number: 2 } });
    expect(asked()).toEqual([['bob', 'REQUESTED']]);
  });

  it('are not asked without it', async () => {
    await failAndRevert({ mode: 'PullRequest' });
    await loop.settle(MINUTE);
    expect([status()?.state, asked()]).toEqual(['proposed', []]);
  });
});
