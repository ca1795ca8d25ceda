/** What GitHub was seen to answer, each answer with what it means. The conformance suite runs beside it, in github.test.ts. */
import { describe, expect, it } from 'vitest';
import { clock } from '../../../../test/conformance/git-hosts.ts';
import { startGitHubProposals } from '../../../../test/conformance/github-proposals.ts';
import type { Proposal, ProposalRequest } from '../host.ts';
import type { SendRequest } from '../http.ts';
import { createGitHubHost } from './index.ts';

const HEAD = 'a'.repeat(40);
const OURS = 'b'.repeat(40);
const OTHER = 'c'.repeat(40);
const KEY = 'k'.repeat(64);
const FROM = 'headgate/revert/kkkkkkkkkkkk';
const ACCESS = { url: 'https://github.com/team/shop', token: 'secret' };
const REQUEST: ProposalRequest = {
  ...{ branch: 'main', from: FROM, expectedHead: HEAD, key: KEY, title: 'Revert', body: 'why' },
  message: `Revert "x"\n\nRevert-Key: ${KEY}\n`,
  changes: [{ path: 'a.yaml', content: Buffer.from('a: 0\n'), mode: '100644' }],
};
const PROPOSAL: Proposal & { from: string; into: string } = {
  ...{ number: 7, url: 'https://github.com/team/shop/pull/7', state: 'open', head: OURS, from: FROM, into: 'main' },
};

type Reply = [status: number, body: unknown, headers?: Record<string, string>];

const refusal = (type: string, message: string): Reply => [200, { data: null, errors: [{ type, message }] }];
const invalid = (detail: object): Reply => [422, { message: 'Validation Failed', errors: [detail] }];
const pull = (part: object = {}) => ({
  number: 7,
  html_url: PROPOSAL.url,
  state: 'open',
  merged_at: null,
  merge_commit_sha: OTHER,
  head: { sha: OURS, repo: { id: 1 } },
  base: { repo: { id: 1 } },
  ...part,
});
const seen = (part: object = {}, repository: object = {}): Reply => {
  const pullRequest = {
    ...{ id: 'PR_7', number: 7, url: PROPOSAL.url, state: 'OPEN', isDraft: false, mergeStateStatus: 'CLEAN' },
    ...{ isMergeQueueEnabled: false, isInMergeQueue: false, mergeCommit: null, autoMergeRequest: null },
    headRef: { target: { oid: OURS } },
    commits: { nodes: [{ commit: { message: REQUEST.message.trimEnd() } }] },
    ...part,
  };
  const settings = {
    autoMergeAllowed: true,
    mergeCommitAllowed: true,
    squashMergeAllowed: true,
    rebaseMergeAllowed: true,
  };
  return [200, { data: { repository: { ...settings, ...repository, pullRequest } } }];
};

/** GitHub with these answers, by what is asked; the last of several for one thing stays. What is not named works. */
function playing(replies: Record<string, Reply | Reply[]>) {
  const asked: { call: string; body: Record<string, unknown> }[] = [];
  const usual: Record<string, Reply> = {
    'GET /pulls': [200, []],
    'POST /git/refs': [201, {}],
    createCommitOnBranch: [200, { data: { createCommitOnBranch: { commit: { oid: OURS } } } }],
    'POST /pulls': [201, pull()],
    look: seen(),
    'PUT /pulls/7/merge': [200, { sha: OTHER, merged: true }],
    enablePullRequestAutoMerge: [200, { data: { enablePullRequestAutoMerge: {} } }],
    disablePullRequestAutoMerge: [200, { data: { disablePullRequestAutoMerge: {} } }],
    enqueuePullRequest: [200, { data: { enqueuePullRequest: {} } }],
    'POST /issues/7/comments': [201, {}],
    [`DELETE /git/refs/heads/${FROM}`]: [204, ''],
    'PATCH /pulls/7': [200, pull({ state: 'closed' })],
  };
  const left = new Map(
    Object.entries({ ...usual, ...replies }).map(([call, reply]) => [
      call,
      (Array.isArray(reply[0]) ? [...reply] : [reply]) as Reply[],
    ]),
  );
  const send: SendRequest = async ({ method, url, body = '{}' }) => {
    const sent = JSON.parse(String(body));
    const mutation = /(\w+)\(input/.exec(sent.query ?? '')?.[1] ?? 'look';
    const path = url.replace(/^.*\/repos\/team\/shop/, '').replace(/\?.*$/, '');
    const call = url.endsWith('/graphql') ? mutation : `${method} ${path}`;
    asked.push({ call, body: sent.variables?.input ?? sent });
    const queue = left.get(call) ?? [[404, { message: 'Not Found' }] as Reply];
    const [status, answer, headers = {}] = (queue.length > 1 ? queue.shift() : queue[0]) as Reply;
    return { status, headers, body: typeof answer === 'string' ? answer : JSON.stringify(answer) };
  };
  const { proposals } = createGitHubHost({ send, clock });
  if (!proposals) throw new Error('GitHub knows proposals');
  return { proposals, asked, calls: () => asked.map(({ call }) => call) };
}

describe('merging on GitHub', () => {
  const merging = async (replies: Record<string, Reply | Reply[]>) => {
    const world = playing(replies);
    return { ...world, outcome: await world.proposals.merge(ACCESS, PROPOSAL) };
  };
  const open = { kind: 'proposal', proposal: { state: 'open' } };

  it.each<[string, Record<string, Reply | Reply[]>, object, string[]]>([
    ['clean', {}, { proposal: { state: 'merged', commit: OTHER } }, ['look', 'PUT /pulls/7/merge']],
    [
      'a check fails that is not required',
      { look: seen({ mergeStateStatus: 'UNSTABLE' }) },
      { proposal: { state: 'merged' } },
      ['look', 'PUT /pulls/7/merge'],
    ],
    ['not worked out yet', { look: seen({ mergeStateStatus: 'UNKNOWN' }) }, open, ['look']],
    ['blocked', { look: seen({ mergeStateStatus: 'BLOCKED' }) }, open, ['look', 'enablePullRequestAutoMerge']],
    [
      'armed already',
      { look: seen({ mergeStateStatus: 'BLOCKED', autoMergeRequest: { enabledAt: 'then' } }) },
      open,
      ['look'],
    ],
    [
      'blocked, and auto-merge is off',
      { look: seen({ mergeStateStatus: 'BLOCKED' }, { autoMergeAllowed: false }) },
      { kind: 'protected' },
      ['look', 'look'],
    ],
    ['behind', { look: seen({ mergeStateStatus: 'BEHIND' }) }, { kind: 'protected' }, ['look', 'look']],
    ['a conflict', { look: seen({ mergeStateStatus: 'DIRTY' }) }, { kind: 'protected' }, ['look', 'look']],
    ['a draft', { look: seen({ isDraft: true }) }, { kind: 'protected' }, ['look', 'look']],
    ['a merge queue', { look: seen({ isMergeQueueEnabled: true }) }, open, ['look', 'enqueuePullRequest']],
    [
      'a merge queue, and behind',
      { look: seen({ isMergeQueueEnabled: true, mergeStateStatus: 'BEHIND' }) },
      open,
      ['look', 'enqueuePullRequest'],
    ],
    ['in the merge queue', { look: seen({ isMergeQueueEnabled: true, isInMergeQueue: true }) }, open, ['look']],
  ])('%s', async (_, replies, expected, calls) => {
    const { outcome, calls: asked } = await merging(replies);
    expect(outcome).toMatchObject(expected);
    expect(asked()).toEqual(calls);
  });

  it.each<[string, Record<string, Reply | Reply[]>, object]>([
    [
      'the base moves in the very moment',
      { 'PUT /pulls/7/merge': [405, { message: 'Base branch was modified. Review and try the merge again.' }] },
      open,
    ],
    [
      'the head is not the expected one',
      { 'PUT /pulls/7/merge': [409, { message: 'Head branch was modified. Review and try the merge again.' }] },
      { kind: 'stale' },
    ],
    [
      'a rule is found out by merging',
      { 'PUT /pulls/7/merge': [405, { message: 'At least 1 approving review is required.' }] },
      { kind: 'protected' },
    ],
    [
      'someone else merges first',
      {
        look: [seen(), seen({ state: 'MERGED', mergeCommit: { oid: HEAD } })],
        'PUT /pulls/7/merge': [405, { message: 'Pull Request is not mergeable' }],
      },
      { proposal: { state: 'merged', commit: HEAD } },
    ],
    [
      'writing is hidden from the token',
      { 'PUT /pulls/7/merge': [404, { message: 'Not Found' }] },
      { kind: 'noRights' },
    ],
    ['a bad gateway', { 'PUT /pulls/7/merge': [502, '<html>'] }, { kind: 'unknown' }],
    [
      'all is there when it is to wait',
      {
        look: seen({ mergeStateStatus: 'BLOCKED' }),
        enablePullRequestAutoMerge: refusal('UNPROCESSABLE', '["Pull request Pull request is in clean status"]'),
      },
      open,
    ],
    [
      'no rule to wait for',
      {
        look: seen({ mergeStateStatus: 'BLOCKED' }),
        enablePullRequestAutoMerge: refusal(
          'UNPROCESSABLE',
          'Pull request Protected branch rules not configured for this branch',
        ),
      },
      { kind: 'protected' },
    ],
    [
      'a push comes before it waits',
      {
        look: [seen({ mergeStateStatus: 'BLOCKED' }), seen({ headRef: { target: { oid: OTHER } } })],
        enablePullRequestAutoMerge: refusal('UNPROCESSABLE', 'Head changed'),
      },
      { kind: 'stale' },
    ],
    ['the repository is gone', { look: refusal('NOT_FOUND', 'Could not resolve to a Repository') }, { kind: 'gone' }],
  ])('answers what it means that %s', async (_, replies, expected) => {
    const { outcome } = await merging(replies);
    expect(outcome).toMatchObject(expected);
  });

  it('ends the waiting where the branch is at another commit', async () => {
    const look = seen({ headRef: { target: { oid: OTHER } }, autoMergeRequest: { enabledAt: 'then' } });
    const { outcome, calls } = await merging({ look });
    expect(outcome).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    expect(calls()).toEqual(['look', 'disablePullRequestAutoMerge']);
  });

  it('binds what it asks for to the head, and takes the next method where a rule refuses one', async () => {
    const { outcome, asked } = await merging({
      'PUT /pulls/7/merge': [
        [405, { message: 'Merge commits are not allowed on this repository.' }],
        [200, { sha: OTHER, merged: true }],
      ],
    });
    expect(outcome).toMatchObject({ proposal: { state: 'merged', commit: OTHER } });
    expect(asked.slice(1).map(({ body }) => body)).toEqual([
      { sha: OURS, merge_method: 'merge' },
      { sha: OURS, merge_method: 'squash', commit_title: 'Revert "x" (#7)', commit_message: `Revert-Key: ${KEY}` },
    ]);
  });

  it('waits in the same words', async () => {
    const look = seen({ mergeStateStatus: 'BLOCKED' }, { mergeCommitAllowed: false });
    const { asked } = await merging({ look });
    expect(asked.at(-1)?.body).toEqual({
      ...{ pullRequestId: 'PR_7', expectedHeadOid: OURS, mergeMethod: 'SQUASH' },
      ...{ commitHeadline: 'Revert "x" (#7)', commitBody: `Revert-Key: ${KEY}` },
    });
  });

  it.each(['merge', 'squash', 'rebase'] as const)(
    'keeps the trailers where a repository takes only %s',
    async (method) => {
      const harness = await startGitHubProposals({ mergeMethods: [method] });
      try {
        const { proposals } = harness.host;
        const commit = { author: 'Ann <a@b>', time: 0, message: 'one', files: { 'a.yaml': 'a: 1\n' } };
        const expectedHead = await harness.repository.commit(commit);
        const outcome = await proposals?.open(harness.access, { ...REQUEST, expectedHead });
        if (outcome?.kind !== 'proposal') throw new Error(JSON.stringify(outcome));
        const merged = await proposals?.merge(harness.access, { ...outcome.proposal, from: FROM, into: 'main' });
        expect(merged).toMatchObject({ proposal: { state: 'merged', commit: await harness.repository.head() } });
        const [last] = await harness.repository.log(method === 'merge' ? FROM : 'main');
        expect(last?.message).toContain(`\nRevert-Key: ${KEY}`);
      } finally {
        await harness.close();
      }
    },
  );
});

describe('opening on GitHub', () => {
  const opening = (replies: Record<string, Reply | Reply[]>, request = REQUEST) => {
    const world = playing(replies);
    return world.proposals.open(ACCESS, request).then((outcome) => ({ ...world, outcome }));
  };
  const exists: Reply = [422, { message: 'Reference already exists' }];
  const at = (sha: string): Reply => [200, { object: { sha } }];
  const commit = (message: string, ...parents: string[]): Reply => [
    200,
    { message, parents: parents.map((sha) => ({ sha })) },
  ];

  it.each<[string, Record<string, Reply | Reply[]>, object]>([
    [
      'a pull request that another call has opened',
      {
        'GET /pulls': [
          [200, []],
          [200, [pull()]],
        ],
        'POST /pulls': invalid({ message: 'A pull request already exists for team:x.' }),
      },
      { proposal: { number: 7, head: OURS } },
    ],
    [
      'too many at once',
      { 'POST /pulls': invalid({ message: 'was submitted too quickly' }) },
      { kind: 'rateLimited', retryAfterSeconds: 60 },
    ],
    [
      'no target',
      { 'POST /pulls': invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' }) },
      { kind: 'gone' },
    ],
    [
      'a branch that is not seen yet',
      { 'POST /pulls': invalid({ field: 'head', code: 'invalid' }) },
      { kind: 'unknown' },
    ],
    ['nothing to merge', { 'POST /pulls': invalid({ message: 'No commits between main and x' }) }, { kind: 'stale' }],
    [
      'a rule for branches',
      {
        'POST /git/refs': [
          422,
          { message: 'Repository rule violations found\n\nCannot create ref due to creations being restricted.' },
        ],
      },
      { kind: 'protected' },
    ],
    ['a commit that is no more', { 'POST /git/refs': [422, { message: 'Object does not exist' }] }, { kind: 'stale' }],
    [
      'a token that may not write, to which that is hidden',
      { 'POST /git/refs': [404, { message: 'Not Found' }] },
      { kind: 'noRights' },
    ],
    [
      'a token without pull requests',
      { 'GET /pulls': [403, { message: 'Resource not accessible by personal access token' }] },
      { kind: 'noRights' },
    ],
    ['a list that is none', { 'GET /pulls': [200, '<html>'] }, { kind: 'unknown' }],
  ])('answers what it means: %s', async (_, replies, expected) => {
    expect((await opening(replies)).outcome).toMatchObject(expected);
  });

  it.each<[string, string, Reply, object]>([
    ['the expected head', HEAD, [404, {}], { proposal: { head: OURS } }],
    ['our commit', OURS, commit(REQUEST.message, HEAD), { proposal: { head: OURS } }],
    ['our commit on a head that has moved since', OTHER, commit(REQUEST.message, OTHER), { proposal: { head: OTHER } }],
    ['a merge of our key', OTHER, commit(REQUEST.message, HEAD, OTHER), { kind: 'protected' }],
    ['a commit of another key', OTHER, commit('Revert "x"\n\nRevert-Key: other', HEAD), { kind: 'protected' }],
    ['a commit that only quotes the key', OTHER, commit(`See Revert-Key: ${KEY}`, HEAD), { kind: 'protected' }],
  ])('goes on from a branch only where it holds what an earlier call left: %s', async (_, sha, known, expected) => {
    const replies = {
      'POST /git/refs': exists,
      [`GET /git/ref/heads/${FROM}`]: at(sha),
      [`GET /git/commits/${sha}`]: known,
    };
    const { outcome, calls } = await opening(replies);
    expect(outcome).toMatchObject(expected);
    expect(calls().includes('createCommitOnBranch')).toBe(sha === HEAD);
  });

  it('makes no branch for what is neither a file nor a link', async () => {
    const changes = [{ path: 'module', content: Buffer.from(''), mode: '160000' }];
    const { outcome, calls } = await opening({}, { ...REQUEST, changes });
    expect(outcome).toMatchObject({ kind: 'protected', message: expect.stringContaining('module') });
    expect(calls()).toEqual([]);
  });
});

describe('finding on GitHub', () => {
  const finding = (pulls: object[]) =>
    playing({ 'GET /pulls': [200, pulls] }).proposals.find(ACCESS, { from: FROM, into: 'main' });

  it('takes an open one before newer ones, and says of no open one that it has a commit', async () => {
    const outcome = await finding([pull({ number: 9, state: 'closed' }), pull()]);
    expect(outcome).toEqual({
      kind: 'proposal',
      proposal: { number: 7, url: PROPOSAL.url, state: 'open', head: OURS },
    });
  });

  it('takes none from a fork of the same owner', async () => {
    expect(await finding([pull({ head: { sha: OTHER, repo: { id: 2 } } })])).toEqual({ kind: 'none' });
  });
});

describe('closing on GitHub', () => {
  it.each<[string, Record<string, Reply | Reply[]>, object]>([
    [
      'whose branch is gone already',
      { [`DELETE /git/refs/heads/${FROM}`]: [422, { message: 'Reference does not exist' }] },
      { proposal: { state: 'closed' } },
    ],
    [
      'whose discussion is locked',
      { 'POST /issues/7/comments': [403, { message: 'Unable to create comment because issue is locked.' }] },
      { proposal: { state: 'closed' } },
    ],
    [
      'whose branch a rule keeps',
      { [`DELETE /git/refs/heads/${FROM}`]: [422, { message: 'Repository rule violations found' }] },
      { proposal: { state: 'closed', head: OURS } },
    ],
    [
      'that a person merges in the very moment',
      { 'PATCH /pulls/7': [200, pull({ state: 'closed', merged_at: 'now' })] },
      { proposal: { state: 'merged', commit: OTHER } },
    ],
    [
      'where the token may not',
      { 'POST /issues/7/comments': [403, { message: 'Resource not accessible' }] },
      { kind: 'noRights' },
    ],
  ])('one %s', async (_, replies, expected) => {
    expect(await playing(replies).proposals.close(ACCESS, PROPOSAL, 'why')).toMatchObject(expected);
  });
});

describe('calling a merge off on GitHub', () => {
  const armed = { autoMergeRequest: { enabledAt: '2026-11-20T12:00:00Z' }, mergeStateStatus: 'BLOCKED' };
  const queued = { isMergeQueueEnabled: true, isInMergeQueue: true };
  const open = { kind: 'proposal', proposal: { state: 'open', head: OURS } };
  const DISARM = 'disablePullRequestAutoMerge';
  const gone = refusal('UNPROCESSABLE', "Can't disable auto-merge for this pull request");

  it.each<[string, Record<string, Reply | Reply[]>, object, string[]]>([
    ['nothing was asked for', {}, open, ['look']],
    ['auto-merge is armed', { look: [seen(armed), seen()] }, open, ['look', DISARM, 'look']],
    ['it is in the merge queue', { look: [seen(queued), seen()] }, open, ['look', 'dequeuePullRequest', 'look']],
    [
      'both, and one has ended by itself',
      { look: [seen({ ...armed, ...queued }), seen()], [DISARM]: gone },
      open,
      ['look', DISARM, 'dequeuePullRequest', 'look'],
    ],
    [
      'GitHub was quicker',
      { look: [seen(armed), seen({ state: 'MERGED', mergeCommit: { oid: OTHER } })], [DISARM]: gone },
      { proposal: { state: 'merged', commit: OTHER } },
      ['look', DISARM, 'look'],
    ],
    [
      'GitHub refuses, and waits on',
      { look: seen(armed), [DISARM]: gone },
      { kind: 'unknown', message: expect.stringContaining('still waits') },
      ['look', DISARM, 'look'],
    ],
    [
      'the token may not',
      { look: seen(armed), [DISARM]: refusal('FORBIDDEN', 'Resource not accessible') },
      { kind: 'noRights' },
      ['look', DISARM],
    ],
    ['a person closed it', { look: seen({ ...armed, state: 'CLOSED' }) }, { proposal: { state: 'closed' } }, ['look']],
  ])('where %s', async (_, replies, expected, calls) => {
    const world = playing({ dequeuePullRequest: [200, { data: { dequeuePullRequest: {} } }], ...replies });
    expect(await world.proposals.cancelMerge(ACCESS, PROPOSAL)).toMatchObject(expected);
    expect(world.calls()).toEqual(calls);
  });
});

it.each<[string, Reply[], number]>([
  ['asks all at once', [[201, pull()]], 1],
  [
    'asks each where GitHub refuses all for one of them',
    [invalid({ message: 'not a collaborator' }), [201, pull()]],
    4,
  ],
  ['is open all the same where the token may not ask', [[403, { message: 'no' }]], 1],
  ['is open all the same where GitHub is asked too often', [[429, { message: 'slow' }]], 1],
])('a pull request with reviewers %s', async (_, replies, count) => {
  const ASK = 'POST /pulls/7/requested_reviewers';
  const { proposals, asked } = playing({ [ASK]: replies });
  const outcome = await proposals.open(ACCESS, { ...REQUEST, reviewers: ['ann', 'bob', 'gone'] });
  expect(outcome).toMatchObject({ proposal: { number: 7, state: 'open' } });
  const bodies = asked.filter(({ call }) => call === ASK).map(({ body }) => body.reviewers);
  expect(bodies).toHaveLength(count);
  expect(bodies[0]).toEqual(['ann', 'bob', 'gone']);
  if (count > 1) expect(bodies.slice(1)).toEqual([['ann'], ['bob'], ['gone']]);
});

it.each<[string, Reply[], number]>([
  ['are added at once', [[200, []]], 1],
  [
    'are added each where GitHub refuses all for one of them',
    [invalid({ field: 'name', code: 'invalid' }), [200, []]],
    3,
  ],
  ['are left out where the token may not', [[403, { message: 'no' }]], 1],
])('labels %s', async (_, replies, count) => {
  const ADD = 'POST /issues/7/labels';
  const { proposals, asked } = playing({ [ADD]: replies });
  const outcome = await proposals.open(ACCESS, { ...REQUEST, labels: ['needs-human', 'x'] });
  expect(outcome).toMatchObject({ proposal: { number: 7, state: 'open' } });
  const bodies = asked.filter(({ call }) => call === ADD).map(({ body }) => body.labels);
  expect(bodies).toEqual([['needs-human', 'x'], ['needs-human'], ['x']].slice(0, count));
});
