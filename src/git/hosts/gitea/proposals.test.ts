/** What a real Gitea 1.26 was seen to answer about pull requests. The whole conformance suite runs on a real one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send } from '../../../../test/conformance/git-hosts.ts';
import {
  message,
  type RecordedAnswers,
  type Reply,
  startRecordedAnswers,
} from '../../../../test/conformance/recorded-answers.ts';
import type { Proposal, ProposalRequest } from '../host.ts';
import { createGiteaHost } from './index.ts';

const HEAD = 'a'.repeat(40);
const OURS = 'b'.repeat(40);
const OTHER = 'c'.repeat(40);
const MERGED = 'd'.repeat(40);
const KEY = 'c0ffee0123456789';
const FROM = 'headgate/revert/c0ffee012345';
const TOKEN = 'token-of-the-bot';
const REPOSITORY = '/team/git/api/v1/repos/rig/app';
const PULL = `${REPOSITORY}/pulls/7`;
const URL = 'https://git.example.com/rig/app/pulls/7';
const PAIR = `GET ${REPOSITORY}/pulls/main/${FROM}`;
const OUR_BRANCH = `GET ${REPOSITORY}/branches/${FROM}`;
const LIST = `GET ${REPOSITORY}/pulls?state=all&base_branch=main&limit=50&page=`;

const ALLOWED = {
  allow_merge_commits: true,
  allow_squash_merge: true,
  allow_rebase: true,
  allow_rebase_explicit: true,
  allow_fast_forward_only_merge: true,
  default_merge_style: 'merge',
  permissions: { admin: false, push: true, pull: true },
};

/** As Gitea tells of a pull request; `gone` is how it does when the branch is deleted. */
const pull = (part: object = {}, { repository = {}, at = OURS, gone = false, number = 7, base = HEAD } = {}) => ({
  number,
  html_url: URL.replace('7', String(number)),
  state: 'open',
  merged: false,
  mergeable: true,
  draft: false,
  merge_commit_sha: null,
  merge_base: HEAD,
  head: { label: FROM, ref: gone ? `refs/pull/${number}/head` : FROM, sha: at, repo_id: 1 },
  base: { label: 'main', ref: 'main', sha: base, repo_id: 1, repo: { ...ALLOWED, ...repository } },
  ...part,
});
const ok = (body: unknown): Reply => ({ status: 200, body });
const said = (status: number, text: string): Reply => ({ status, body: message(text) });
const closed = { state: 'closed' };
const merged = { state: 'closed', merged: true, merge_commit_sha: MERGED };
const branch = (id: string, text = 'x', part: object = {}) =>
  ok({ commit: { id, message: text }, protected: false, user_can_push: true, ...part });
const OUR_MESSAGE = `Revert "x"\n\nThis reverts commit 0.\n\nRevert-Key: ${KEY}\n`;

let server: RecordedAnswers;
let replies: RecordedAnswers['replies'];

beforeEach(async () => {
  server = await startRecordedAnswers();
  replies = server.replies;
  Object.assign(replies, {
    [`GET ${REPOSITORY}/branches/main`]: branch(HEAD),
    [`GET ${REPOSITORY}/git/trees/${HEAD}?page=1`]: ok({ tree: [], truncated: false }),
    [`GET ${REPOSITORY}/git/commits/${OURS}?stat=false&files=false&verification=false`]: ok({
      commit: { message: OUR_MESSAGE },
    }),
    [`GET ${PULL}`]: ok(pull()),
  });
});
afterEach(() => server.close());

const { proposals } = createGiteaHost({ send, pauseMilliseconds: 0 });
if (!proposals) throw new Error('Gitea knows no proposals');
const access = () => ({ url: `${server.url}/team/git/rig/app.git`, token: TOKEN });
const find = () => proposals.find(access(), { from: FROM, into: 'main' });
const open = (part: Partial<ProposalRequest> = {}) =>
  proposals.open(access(), {
    ...{ branch: 'main', from: FROM, expectedHead: HEAD, message: OUR_MESSAGE, key: KEY, title: 'Revert', body: 'Why' },
    changes: [{ path: 'a.yaml', content: Buffer.from('a'), mode: '100644' }],
    ...part,
  });
const OPEN: Proposal = { number: 7, url: URL, state: 'open', head: OURS };
const merge = (part: Partial<Proposal> = {}) =>
  proposals.merge(access(), { ...OPEN, from: FROM, into: 'main', ...part });
const close = (part: Partial<Proposal> = {}) =>
  proposals.close(access(), { ...OPEN, from: FROM, into: 'main', ...part }, 'superseded');
const writes = () => server.asked.filter(({ call }) => !call.startsWith('GET'));
const written = () => writes().map(({ call }) => call.replace(REPOSITORY, ''));
const bodies = () => writes().map(({ body }) => (body === '' ? undefined : JSON.parse(body)));

describe('find', () => {
  it('needs one look where there is an open one', async () => {
    replies[PAIR] = ok(pull());
    expect(await find()).toEqual({ kind: 'proposal', proposal: OPEN });
    expect(server.asked.map(({ call }) => call)).toEqual([PAIR]);
  });

  it('is none where the repository is there', async () => {
    expect(await find()).toEqual({ kind: 'none' });
    replies[`GET ${REPOSITORY}/branches/main`] = { status: 404, body: message('not found') };
    expect(await find()).toMatchObject({ kind: 'gone' });
  });

  it('tells what is merged, with its commit, and without a head once the branch is gone', async () => {
    replies[PAIR] = ok(pull(merged, { gone: true }));
    replies[`${LIST}1`] = ok([pull(merged, { gone: true })]);
    expect(await find()).toEqual({
      kind: 'proposal',
      proposal: { number: 7, url: URL, state: 'merged', commit: MERGED },
    });
  });

  const others = Array.from({ length: 50 }, (_, at) => pull({ head: { label: 'x', repo_id: 1 } }, { number: 80 - at }));
  it.each([
    ['the open one of several', [pull(closed, { number: 9 }), pull({}, { number: 8 })], 8],
    ['else the newest', [pull(closed, { number: 9 }), pull(merged, { number: 8 })], 9],
    ['none of a fork', [pull({ head: { label: FROM, ref: FROM, sha: OTHER, repo_id: 2 } }, { number: 9 })], 7],
    ['none into another branch', [pull({ base: { ref: 'next', repo_id: 1 } }, { number: 9 })], 7],
  ])('is %s, though Gitea answers with the first one and filters by the target only', async (_, newer, number) => {
    replies[PAIR] = ok(pull(closed));
    replies[`${LIST}1`] = ok(others);
    replies[`${LIST}2`] = ok([...newer, pull(closed)]);
    expect(await find()).toMatchObject({ kind: 'proposal', proposal: { number } });
    expect(server.asked.at(-1)?.call).toBe(`${LIST}2`);
  });

  it('asks for branches with slashes', async () => {
    await proposals.find(access(), { from: FROM, into: 'release/1' });
    expect(server.asked[0]?.call).toBe(`GET ${REPOSITORY}/pulls/release%2F1/${FROM}`);
  });
});

describe('open', () => {
  beforeEach(() => {
    replies[OUR_BRANCH] = [said(404, 'not found'), branch(HEAD)];
    replies[`POST ${REPOSITORY}/branches`] = { status: 201, body: { name: FROM } };
    replies[`POST ${REPOSITORY}/contents`] = { status: 201, body: { commit: { sha: OURS, parents: [{ sha: HEAD }] } } };
    replies[`POST ${REPOSITORY}/pulls`] = { status: 201, body: pull() };
  });

  it('makes the branch at the expected head, the commit on it, and then the pull request', async () => {
    replies[`GET ${REPOSITORY}/branches/main`] = branch(OTHER);
    expect(await open()).toEqual({ kind: 'proposal', proposal: OPEN });
    expect(written()).toEqual(['POST /branches', 'POST /contents', 'POST /pulls']);
    expect(bodies()).toMatchObject([
      { new_branch_name: FROM, old_ref_name: HEAD },
      { branch: FROM, message: OUR_MESSAGE, files: [{ operation: 'create', path: 'a.yaml' }] },
      { head: FROM, base: 'main', title: 'Revert', body: 'Why' },
    ]);
  });

  it.each([
    ['the branch without a commit', branch(HEAD), ['POST /contents', 'POST /pulls']],
    ['the branch with our commit', branch(OURS, OUR_MESSAGE), ['POST /pulls']],
  ])('goes on from what an earlier call left: %s', async (_, there, calls) => {
    replies[OUR_BRANCH] = there;
    expect(await open()).toMatchObject({ kind: 'proposal' });
    expect(written()).toEqual(calls);
  });

  it('moves the branch that an earlier call left empty on an older head', async () => {
    replies[OUR_BRANCH] = [branch(OTHER), branch(HEAD)];
    replies[`GET ${REPOSITORY}/commits?sha=${OTHER}&not=${HEAD}&limit=1&stat=false&files=false`] = ok([]);
    replies[`DELETE ${REPOSITORY}/branches/${FROM}`] = { status: 204, body: '' };
    expect(await open()).toMatchObject({ kind: 'proposal' });
    expect(written()).toEqual([`DELETE /branches/${FROM}`, 'POST /branches', 'POST /contents', 'POST /pulls']);
  });

  it('leaves a branch with the commits of others alone', async () => {
    replies[OUR_BRANCH] = branch(OTHER, `Revert-Key: ${'0'.repeat(16)}`);
    replies[`GET ${REPOSITORY}/commits?sha=${OTHER}&not=${HEAD}&limit=1&stat=false&files=false`] = ok([{ sha: OTHER }]);
    expect(await open()).toMatchObject({ kind: 'protected', message: expect.stringContaining(FROM) });
    expect(written()).toEqual([]);
  });

  it.each([
    ['closed', closed],
    ['merged', merged],
  ])('makes nothing again for one that is %s', async (state, part) => {
    replies[PAIR] = ok(pull(part));
    replies[`${LIST}1`] = ok([pull(part)]);
    expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 7, state } });
    expect(written()).toEqual([]);
  });

  it('means the one that another has opened in the very moment', async () => {
    replies[OUR_BRANCH] = branch(OURS, OUR_MESSAGE);
    replies[PAIR] = [said(404, 'not found'), ok(pull())];
    replies[`POST ${REPOSITORY}/pulls`] = said(409, 'pull request already exists for these targets [id: 1]');
    expect(await open()).toEqual({ kind: 'proposal', proposal: OPEN });
  });

  it.each<[string, string, Reply, string]>([
    ['a branch made by another', 'branches', said(409, 'The branch already exists.'), 'stale'],
    ['a name that is taken', 'branches', said(409, 'The branch with the same name already exists.'), 'protected'],
    ['a rule for such branches, of which it tells nothing', 'branches', said(500, ''), 'unknown'],
    ['a reader', 'branches', said(403, 'user should have a permission to write to a repo'), 'noRights'],
    ['an archived repository', 'branches', said(423, 'rig/app is archived'), 'noRights'],
    ['another content meanwhile', 'contents', said(422, 'sha does not match [given: d44b, expected: 04ba]'), 'stale'],
    ['a protected file', 'contents', said(403, 'path is protected and can not be changed [path: a]'), 'protected'],
    ['pull requests that are switched off', 'pulls', said(404, 'not found'), 'protected'],
    ['a lost answer', 'pulls', { status: 0, cut: true }, 'unknown'],
    ['a limit', 'pulls', { ...said(429, ''), headers: { 'retry-after': '7' } }, 'rateLimited'],
  ])('%s ends it at %s', async (_, call, reply, kind) => {
    replies[`POST ${REPOSITORY}/${call}`] = reply;
    const outcome = await open();
    expect(outcome).toMatchObject({ kind, message: expect.stringContaining('Gitea') });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    expect(written().at(-1)).toBe(`POST /${call}`);
  });

  it('opens nothing on a commit that someone else put there in the very moment', async () => {
    replies[`POST ${REPOSITORY}/contents`] = {
      status: 201,
      body: { commit: { sha: OURS, parents: [{ sha: OTHER }] } },
    };
    expect(await open()).toMatchObject({ kind: 'protected' });
    expect(written().at(-1)).toBe('POST /contents');
  });

  it('makes no branch anew where a person has just deleted it', async () => {
    replies[PAIR] = ok(pull({}, { gone: true }));
    expect(await open()).toMatchObject({ kind: 'stale' });
    expect(written()).toEqual([]);
  });

  it('does not take just any success for a pull request', async () => {
    replies[`POST ${REPOSITORY}/pulls`] = { status: 201, body: '<html>' };
    expect(await open()).toMatchObject({ kind: 'unknown' });
  });

  it('makes no branch for what is no change, or cannot be written', async () => {
    expect(await open({ changes: [] })).toMatchObject({ kind: 'stale' });
    const changes = [{ path: 'run.sh', content: Buffer.from('x'), mode: '100755' }];
    expect(await open({ changes })).toMatchObject({ kind: 'protected' });
    expect(written()).toEqual([]);
  });
});

describe('merge', () => {
  const POST = `POST ${PULL}/merge`;
  const MERGE = 'POST /pulls/7/merge';
  const UNSCHEDULE = 'DELETE /pulls/7/merge';
  const AGAIN = said(405, 'Please try again later');
  beforeEach(() => {
    replies[`GET ${PULL}`] = [ok(pull()), ok(pull(merged, { gone: true }))];
    replies[POST] = { status: 200, body: '' };
  });

  it('is bound to the head, and keeps the trailers', async () => {
    const proposal = { number: 7, url: URL, state: 'merged', commit: MERGED };
    expect(await merge()).toEqual({ kind: 'proposal', proposal });
    expect(bodies()).toEqual([
      {
        Do: 'merge',
        head_commit_id: OURS,
        delete_branch_after_merge: true,
        MergeMessageField: `This reverts commit 0.\n\nRevert-Key: ${KEY}`,
      },
    ]);
  });

  it.each([
    ['the default', { default_merge_style: 'squash' }, 'squash', HEAD],
    ['another where the default is switched off', { allow_merge_commits: false }, 'squash', HEAD],
    ['no fast-forward where the target has moved', { default_merge_style: 'fast-forward-only' }, 'merge', OTHER],
    ['a fast-forward elsewhere', { default_merge_style: 'fast-forward-only' }, 'fast-forward-only', HEAD],
  ])('takes a style that the repository allows: %s', async (_, repository, style, base) => {
    replies[`GET ${PULL}`] = [ok(pull({}, { repository, base })), ok(pull(merged))];
    expect(await merge()).toMatchObject({ proposal: { state: 'merged' } });
    expect(bodies()).toMatchObject([{ Do: style }]);
  });

  it('believes the answer to the merge where others closed it in that moment, which Gitea then tells of it for ever', async () => {
    replies[`GET ${PULL}`] = [ok(pull()), ok(pull(closed, { gone: true }))];
    replies[`GET ${REPOSITORY}/branches/main`] = branch(MERGED);
    const proposal = { number: 7, url: URL, state: 'merged', commit: MERGED };
    expect(await merge()).toEqual({ kind: 'proposal', proposal });
    expect(written()).toEqual([MERGE]);
  });

  it('looks again while Gitea checks for conflicts', async () => {
    const checking = ok(pull({ mergeable: false }));
    replies[`GET ${PULL}`] = [checking, checking, ok(pull()), ok(pull()), ok(pull(merged))];
    replies[POST] = [AGAIN, { status: 200, body: '' }];
    expect(await merge()).toMatchObject({ proposal: { state: 'merged' } });
    expect(written()).toEqual([MERGE, MERGE]);
  });

  it.each([
    ['is never found mergeable', { mergeable: false }, []],
    ['is never merged', {}, Array(10).fill(MERGE)],
  ])('counts as a conflict what %s', async (_, part, tries) => {
    replies[`GET ${PULL}`] = ok(pull(part));
    replies[POST] = AGAIN;
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining('conflicts with main') });
    expect(written()).toEqual([...tries, UNSCHEDULE]);
  });

  it.each([
    'Not all required status checks successful',
    'Does not have enough approvals',
    'There are requested changes',
    'There are official review requests',
  ])('has Gitea wait, once: %s', async (text) => {
    replies[`GET ${PULL}`] = ok(pull());
    const already = said(409, 'pull request is already scheduled to auto merge when checks succeed [pull_id: 57]');
    replies[POST] = [said(405, text), { status: 201, body: '' }, said(405, text), already];
    for (const _ of ['once', 'twice']) expect(await merge()).toEqual({ kind: 'proposal', proposal: OPEN });
    expect(written()).toEqual([MERGE, MERGE, MERGE, MERGE]);
    expect(bodies().map((body) => body.merge_when_checks_succeed)).toEqual([undefined, true, undefined, true]);
  });

  it.each<[string, Reply, string, object?]>([
    ['User not allowed to merge PR', said(405, 'User not allowed to merge PR'), 'protected'],
    ['the same for a reader', said(405, 'User not allowed to merge PR'), 'noRights', { permissions: { push: false } }],
    ['a head that came late', said(409, 'head out of date'), 'stale'],
    ['a branch behind', said(405, 'The head branch is behind the base branch'), 'protected'],
    ['a protected file', said(405, 'Changed protected files'), 'protected'],
    ['a signature', said(405, 'wont sign: nokey'), 'protected'],
    ['a hook', said(409, 'PushRejected with remote message: no releases on Friday'), 'protected'],
    ['a conflict in the very moment', { status: 409, body: { Style: 'merge', StdErr: 'CONFLICT' } }, 'protected'],
    ['a style', said(405, 'merge is not allowed an allowed merge style for this repository'), 'protected'],
    ['a token for other things', said(403, 'token does not have at least one of required scope(s)'), 'noRights'],
    ['an archived repository', said(423, 'rig/app is archived'), 'noRights'],
    ['trouble of its own', said(500, ''), 'unknown'],
    ['a lost answer', { status: 0, cut: true }, 'unknown'],
  ])('answers to %s', async (_, reply, kind, repository = {}) => {
    replies[`GET ${PULL}`] = ok(pull({}, { repository }));
    replies[POST] = reply;
    expect(await merge()).toMatchObject({ kind, message: expect.stringContaining('Gitea') });
    const isLeft = kind === 'protected' || kind === 'stale';
    expect(written()).toEqual(isLeft ? [MERGE, UNSCHEDULE] : [MERGE]);
  });

  it.each<[string, object, string]>([
    ['a draft', pull({ draft: true, mergeable: false }), 'protected'],
    [
      'no style',
      pull({}, { repository: { ...Object.fromEntries(Object.keys(ALLOWED).map((name) => [name, false])) } }),
      'protected',
    ],
    ['another head', pull({}, { at: OTHER }), 'stale'],
    ['a branch that is gone', pull({}, { gone: true }), 'stale'],
  ])('asks for no merge of %s, and ends one that was scheduled', async (_, now, kind) => {
    replies[`GET ${PULL}`] = ok(now);
    replies[`DELETE ${PULL}/merge`] = { status: 204, body: '' };
    expect(await merge()).toMatchObject({ kind });
    expect(written()).toEqual([UNSCHEDULE]);
  });

  it('does not hide that what was scheduled may still be', async () => {
    replies[`GET ${PULL}`] = ok(pull({}, { at: OTHER }));
    replies[`DELETE ${PULL}/merge`] = said(500, '');
    expect(await merge()).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    ['closed', said(404, 'not found'), closed],
    ['merged', said(405, 'The PR is already merged'), merged],
  ])('tells what a person %s meanwhile', async (state, reply, part) => {
    replies[`GET ${PULL}`] = [ok(pull()), ok(pull(part))];
    replies[POST] = reply;
    expect(await merge()).toMatchObject({ kind: 'proposal', proposal: { state } });
    expect(await merge()).toMatchObject({ kind: 'proposal', proposal: { state } });
    expect(written()).toEqual([MERGE]);
  });
});

describe('close', () => {
  const [REVIEW, DELETE, PATCH] = ['POST /pulls/7/reviews', `DELETE /branches/${FROM}`, 'PATCH /pulls/7'];
  beforeEach(() => {
    replies[`POST ${PULL}/reviews`] = ok({ state: 'COMMENT' });
    replies[`DELETE ${REPOSITORY}/branches/${FROM}`] = { status: 204, body: '' };
    replies[`PATCH ${PULL}`] = { status: 201, body: pull(closed, { gone: true }) };
  });

  it('says why, deletes the branch and closes it, in this order', async () => {
    expect(await close()).toEqual({ kind: 'proposal', proposal: { number: 7, url: URL, state: 'closed' } });
    expect(written()).toEqual([REVIEW, DELETE, PATCH]);
    expect(bodies()).toEqual([{ event: 'COMMENT', body: 'superseded' }, undefined, { state: 'closed' }]);
  });

  it.each([
    ['that another has deleted', said(404, 'branch does not exist [name: x]')],
    ['that a rule keeps', said(403, 'branch protected')],
  ])('closes it with a branch %s', async (_, reply) => {
    replies[`DELETE ${REPOSITORY}/branches/${FROM}`] = reply;
    expect(await close()).toMatchObject({ proposal: { state: 'closed' } });
    expect(written()).toEqual([REVIEW, DELETE, PATCH]);
  });

  it('keeps a branch to which someone has pushed', async () => {
    expect(await close({ head: OTHER })).toMatchObject({ proposal: { state: 'closed' } });
    expect(written()).toEqual([REVIEW, PATCH]);
  });

  it.each([
    ['closed', closed],
    ['merged', merged],
  ])('does nothing where it is %s', async (state, part) => {
    replies[`GET ${PULL}`] = ok(pull(part));
    expect(await close()).toMatchObject({ proposal: { state } });
    expect(written()).toEqual([]);
  });

  it('says nothing with a token that may only read', async () => {
    replies[`GET ${PULL}`] = ok(pull({}, { repository: { permissions: { push: false } } }));
    expect(await close()).toMatchObject({ kind: 'noRights' });
    expect(written()).toEqual([]);
  });

  it('tells what was merged meanwhile', async () => {
    replies[`GET ${PULL}`] = [ok(pull()), ok(pull(merged))];
    replies[`PATCH ${PULL}`] = said(412, 'cannot change state of this pull request, it was already merged');
    expect(await close()).toMatchObject({ proposal: { state: 'merged', commit: MERGED } });
  });

  it.each<[string, string, Reply, string]>([
    ['a lost answer', `POST ${PULL}/reviews`, { status: 0, cut: true }, 'unknown'],
    [
      'a token for other things',
      `POST ${PULL}/reviews`,
      said(403, 'token does not have at least one of required scope(s)'),
      'noRights',
    ],
    ['a lost answer', `DELETE ${REPOSITORY}/branches/${FROM}`, { status: 0, cut: true }, 'unknown'],
    ['an archived repository', `PATCH ${PULL}`, said(423, 'rig/app is archived'), 'noRights'],
    ['a right that is missing, without a word', `PATCH ${PULL}`, { status: 403, body: '' }, 'noRights'],
  ])('%s ends it at %s', async (_, call, reply, kind) => {
    replies[call] = reply;
    expect(await close()).toMatchObject({ kind });
    expect(written().at(-1)).toBe(call.replace(REPOSITORY, ''));
  });
});

describe('a merge that is called off', () => {
  const UNSCHEDULE = `DELETE ${PULL}/merge`;
  const cancel = () => proposals.cancelMerge(access(), { ...OPEN, from: FROM, into: 'main' });

  it.each<[string, Reply, object]>([
    ['was scheduled', { status: 204, body: '' }, { kind: 'proposal', proposal: OPEN }],
    ['was not', said(404, 'not found'), { kind: 'proposal', proposal: OPEN }],
    [
      'a person scheduled, who may still want it',
      said(403, 'user has no permission to cancel the scheduled auto merge'),
      { kind: 'proposal', proposal: OPEN },
    ],
    ['is not for this token', said(403, 'token does not have at least one of required scope(s)'), { kind: 'noRights' }],
    ['Gitea cannot end', said(500, ''), { kind: 'unknown' }],
    ['gets no answer', { status: 0, cut: true }, { kind: 'unknown' }],
  ])('%s', async (_, reply, expected) => {
    replies[UNSCHEDULE] = reply;
    expect(await cancel()).toMatchObject(expected);
    expect(written()).toEqual(['DELETE /pulls/7/merge']);
  });

  it('asks for nothing where it is merged, or where the token may not write', async () => {
    replies[`GET ${PULL}`] = [ok(pull(merged)), ok(pull({}, { repository: { permissions: { push: false } } }))];
    expect(await cancel()).toMatchObject({ proposal: { state: 'merged', commit: MERGED } });
    expect(await cancel()).toMatchObject({ kind: 'noRights' });
    expect(written()).toEqual([]);
  });
});

it('asks each to review it where Gitea does not know one of them', async () => {
  const ASK = `POST ${PULL}/requested_reviewers`;
  replies[PAIR] = ok(pull());
  replies[OUR_BRANCH] = branch(OURS, OUR_MESSAGE);
  replies[ASK] = [said(404, "User 'gone' not exist"), { status: 201, body: [] }];
  expect(await open({ reviewers: ['gone', 'ann'] })).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
  expect(bodies()).toEqual([{ reviewers: ['gone', 'ann'] }, { reviewers: ['gone'] }, { reviewers: ['ann'] }]);
});

describe('a label', () => {
  const ADD = `POST ${REPOSITORY}/issues/7/labels`;
  const MAKE = `POST ${REPOSITORY}/labels`;
  const LABEL = { id: 3, name: 'needs-human', color: 'd93f0b' };
  const labelled = async () => {
    replies[PAIR] = ok(pull());
    replies[OUR_BRANCH] = branch(OURS, OUR_MESSAGE);
    expect(await open({ labels: ['needs-human'] })).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
    return server.asked.map(({ call }) => call).filter((call) => [ADD, MAKE].includes(call));
  };

  it('that the repository or its organisation has is added by its name', async () => {
    replies[ADD] = ok([{ ...LABEL, id: 1, name: 'other' }, LABEL]);
    expect(await labelled()).toEqual([ADD]);
    expect(bodies()).toEqual([{ labels: ['needs-human'] }]);
  });

  it('that nobody has yet is made first, for Gitea says nothing of names that it does not know', async () => {
    replies[ADD] = [ok([]), ok([LABEL])];
    replies[MAKE] = { status: 201, body: LABEL };
    expect(await labelled()).toEqual([ADD, MAKE, ADD]);
    expect(bodies()[1]).toEqual({ name: 'needs-human', color: '#d93f0b' });
  });

  it.each([
    ['a token without the scope', 403, 'token does not have at least one of required scope(s)'],
    [
      'a Gitea that knows labels by their numbers only',
      422,
      'cannot unmarshal string into Go struct field of type int64',
    ],
    ['a Gitea that is asked too often', 429, 'slow down'],
  ])('is left out by %s', async (_, status, text) => {
    replies[ADD] = said(status, text);
    expect(await labelled()).toEqual([ADD]);
  });

  it('is left out where who writes may not make it', async () => {
    replies[ADD] = ok([]);
    replies[MAKE] = said(403, 'user should have a permission to write to a repo');
    expect(await labelled()).toEqual([ADD, MAKE]);
  });
});
