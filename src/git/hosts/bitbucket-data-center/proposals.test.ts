import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBitbucketDataCenter } from '../../../../test/conformance/bitbucket-data-center.ts';
import { clock, send } from '../../../../test/conformance/git-hosts.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import {
  type RecordedAnswers,
  type Reply,
  startRecordedAnswers,
} from '../../../../test/conformance/recorded-answers.ts';
import type { ProposalRequest } from '../host.ts';
import { createBitbucketDataCenterHost } from './index.ts';

conformsAsProposals('bitbucket-data-center', startBitbucketDataCenter, {
  labels: 'Bitbucket has labels of repositories only',
  head: "a merge is bound to the pull request's version, which a push does not change",
});

const HEAD = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);
const MERGED = 'c'.repeat(40);
const FROM = 'headgate/revert/c0ffee';
const MESSAGE = 'Revert\n\nRevert-Key: k\n';
const REPOSITORY = '/rest/api/1.0/projects/rig/repos/app';
const PULL = `${REPOSITORY}/pull-requests/7`;
const LIST = `GET ${REPOSITORY}/pull-requests?at=refs%2Fheads%2Fheadgate%2Frevert%2Fc0ffee&direction=OUTGOING&state=ALL&order=NEWEST&limit=100&start=`;
const BRANCHES = 'DELETE /rest/branch-utils/1.0/projects/rig/repos/app/branches';
const BRANCH = `GET ${REPOSITORY}/commits?until=refs%2Fheads%2Fheadgate%2Frevert%2Fc0ffee&limit=1`;
const RIGHTS = 'GET /scm/rig/app.git/info/refs?service=git-receive-pack';
const branches = { from: FROM, into: 'main' };

const ok = (body: unknown): Reply => ({ status: 200, body });
const pageOf = (values: unknown[], nextPageStart?: number): Reply =>
  ok({ values, isLastPage: nextPageStart === undefined, nextPageStart: nextPageStart ?? null });
const refused = (status: number, exception: string, message: string, more: object = {}): Reply => ({
  status,
  body: { errors: [{ context: null, message, exceptionName: `com.atlassian.bitbucket.${exception}`, ...more }] },
});
const shown = (part: object = {}) => ({
  id: 7,
  version: 3,
  state: 'OPEN',
  fromRef: { id: `refs/heads/${FROM}`, latestCommit: HEAD, repository: { id: 1 } },
  toRef: { id: 'refs/heads/main', repository: { id: 1 } },
  links: { self: [{ href: 'https://git.example.com/7' }] },
  ...part,
});
const able = (part: object = {}): Reply => ok({ canMerge: true, conflicted: false, outcome: 'CLEAN', ...part });
const vetoed = (summaryMessage: string): Reply =>
  ok({ canMerge: false, conflicted: false, outcome: 'CLEAN', vetoes: [{ summaryMessage }] });

let server: RecordedAnswers;
beforeEach(async () => {
  server = await startRecordedAnswers();
  Object.assign(server.replies, {
    [BRANCH]: pageOf([{ id: HEAD, message: MESSAGE }]),
    [`GET ${REPOSITORY}/commits?until=refs%2Fheads%2Fmain&limit=1`]: pageOf([{ id: OTHER, message: 'x' }]),
    [`${LIST}0`]: pageOf([]),
    [`GET ${PULL}`]: ok(shown()),
    [`GET ${PULL}/merge`]: able(),
    [`POST ${PULL}/merge?version=3`]: ok(shown({ state: 'MERGED', properties: { mergeCommit: { id: MERGED } } })),
    [`POST ${REPOSITORY}/pull-requests`]: { status: 201, body: shown() },
    [`POST ${PULL}/comments`]: { status: 201 },
    [`POST ${PULL}/decline?version=3`]: ok(shown({ state: 'DECLINED', version: 4 })),
    [BRANCHES]: { status: 204 },
    [RIGHTS]: ok('001f# service=git-receive-pack\n0000'),
  } satisfies RecordedAnswers['replies']);
});
afterEach(() => server.close());

const access = () => ({ url: `${server.url}/scm/rig/app.git`, token: 'token-of-the-bot' });
const proposals = () => {
  const nothing = () => Promise.reject(new Error('not asked'));
  const git = { clock, locate: nothing, repositories: { open: () => ({}) as never } };
  const known = createBitbucketDataCenterHost({ send, ...git }).proposals;
  if (!known) throw new Error('Bitbucket Data Center knows proposals');
  return known;
};
const proposal = { number: 7, url: 'https://git.example.com/7', state: 'open' as const, head: HEAD, ...branches };
const find = () => proposals().find(access(), branches);
const merge = () => proposals().merge(access(), proposal);
const close = () => proposals().close(access(), proposal, 'fixed');
const open = (part: Partial<ProposalRequest> = {}) =>
  proposals().open(access(), {
    branch: 'main',
    from: FROM,
    expectedHead: OTHER,
    changes: [],
    key: 'k',
    title: 'Revert',
    body: 'why',
    message: MESSAGE,
    ...part,
  });
const writes = () => server.asked.filter(({ call }) => !call.startsWith('GET '));
const written = () => writes().map(({ call, body }) => [call, JSON.parse(body)]);

describe('which pull request', () => {
  it("is not one of a fork's branch of the same name, nor into another branch", async () => {
    const ofFork = { id: `refs/heads/${FROM}`, latestCommit: HEAD, repository: { id: 2 } };
    const into = { id: 'refs/heads/release', repository: { id: 1 } };
    server.replies[`${LIST}0`] = pageOf([shown({ fromRef: ofFork }), shown({ toRef: into })]);
    expect(await find()).toEqual({ kind: 'none' });
  });

  it('is the open one on whatever page, or else the newest', async () => {
    server.replies[`${LIST}0`] = pageOf([shown({ id: 9, state: 'DECLINED' })], 100);
    server.replies[`${LIST}100`] = pageOf([shown({ id: 8 }), shown()]);
    expect(await find()).toMatchObject({ proposal: { number: 8, state: 'open', head: HEAD } });
    server.replies[`${LIST}100`] = pageOf([shown({ state: 'DECLINED' })]);
    expect(await find()).toMatchObject({ proposal: { number: 9, state: 'closed' } });
  });

  it.each<[string, object, Reply, string]>([
    ['said along with it', { properties: { mergeCommit: { id: MERGED } } }, pageOf([]), MERGED],
    [
      'said in what happened',
      {},
      pageOf([{ action: 'COMMENTED' }, { action: 'MERGED', commit: { id: MERGED } }]),
      MERGED,
    ],
    ['its own, where a person pushed it to the target', {}, pageOf([{ action: 'MERGED' }]), HEAD],
  ])('was merged by a commit that is %s', async (_, part, activities, commit) => {
    server.replies[`${LIST}0`] = pageOf([shown({ state: 'MERGED', ...part })]);
    server.replies[`GET ${PULL}/activities?limit=100`] = activities;
    server.replies[BRANCH] = refused(404, 'commit.NoSuchCommitException', 'It does not exist');
    const found = { number: 7, url: 'https://git.example.com/7', state: 'merged', commit };
    expect(await find()).toEqual({ kind: 'proposal', proposal: found });
  });
});

describe('opening', () => {
  it('keeps to the longest texts that Bitbucket takes', async () => {
    expect(await open({ title: 'x'.repeat(300), body: 'y'.repeat(40_000) })).toMatchObject({ kind: 'proposal' });
    const [[, { title, description, fromRef, toRef }]] = written() as [[string, Record<string, string>]];
    expect([title?.length, description?.length]).toEqual([255, 32_768]);
    expect([fromRef, toRef]).toEqual([{ id: `refs/heads/${FROM}` }, { id: 'refs/heads/main' }]);
  });

  it('means the one that another call opened in the meantime', async () => {
    const words = 'Only one pull request may be open for a given source and target branch';
    server.replies[`POST ${REPOSITORY}/pull-requests`] = refused(409, 'pull.DuplicatePullRequestException', words);
    server.replies[`${LIST}0`] = [pageOf([]), pageOf([shown()])];
    expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
  });

  it.each([
    ['pull.EmptyPullRequestException', 'main is already up-to-date', 'stale'],
    ['repository.RepositoryArchivedException', 'The repository is archived', 'protected'],
  ])('is refused by %s', async (exception, words, kind) => {
    server.replies[`POST ${REPOSITORY}/pull-requests`] = refused(409, exception, words);
    expect(await open()).toMatchObject({ kind, message: expect.stringContaining(words) });
  });
});

describe('merging', () => {
  it('is bound to the version, says on the target what was reverted, and deletes the branch', async () => {
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: MERGED } });
    expect(written()).toEqual([
      [`POST ${PULL}/merge?version=3`, { message: MESSAGE, autoSubject: false, version: 3 }],
      [BRANCHES, { name: `refs/heads/${FROM}`, endPoint: HEAD, dryRun: false }],
    ]);
  });

  it('keeps the branch where the pull request only waits for others', async () => {
    server.replies[`POST ${PULL}/merge?version=3`] = ok(shown());
    expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    expect(writes()).toHaveLength(1);
  });

  it('is done again where somebody changed the texts meanwhile', async () => {
    server.replies[`GET ${PULL}`] = [ok(shown()), ok(shown({ version: 4 }))];
    server.replies[`POST ${PULL}/merge?version=3`] = refused(409, 'pull.PullRequestOutOfDateException', 'out of date');
    server.replies[`POST ${PULL}/merge?version=4`] = ok(
      shown({ state: 'MERGED', properties: { mergeCommit: { id: MERGED } } }),
    );
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: MERGED } });
  });

  it.each<[string, object, Reply]>([
    ['has not taken note of the head', { fromRef: { latestCommit: OTHER } }, able()],
    ['is still looking for conflicts', {}, ok({ canMerge: false, conflicted: false, outcome: 'UNKNOWN', vetoes: [] })],
  ])('is put off while Bitbucket %s', async (_, part, reply) => {
    server.replies[`GET ${PULL}`] = ok(shown(part));
    server.replies[`GET ${PULL}/merge`] = reply;
    expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    expect(writes()).toEqual([]);
  });

  it('is left to Bitbucket where something is missing, once', async () => {
    server.replies[`GET ${PULL}/merge`] = vetoed('Not all required builds are successful yet');
    server.replies[`POST ${PULL}/merge?version=3`] = ok(shown({ version: 4 }));
    server.replies[`GET ${PULL}/auto-merge`] = [{ status: 404 }, ok({ fromHash: HEAD })];
    for (const _ of ['once', 'twice']) expect(await merge()).toMatchObject({ proposal: { state: 'open' } });
    const body = { message: MESSAGE, autoSubject: false, version: 3, autoMerge: true };
    expect(written()).toEqual([[`POST ${PULL}/merge?version=3`, body]]);
  });

  it('is taken back from Bitbucket where a person pushed just before it was told to wait', async () => {
    server.replies[`GET ${PULL}/merge`] = vetoed('Not all required builds are successful yet');
    server.replies[`POST ${PULL}/merge?version=3`] = ok(shown({ fromRef: { latestCommit: OTHER } }));
    server.replies[`GET ${PULL}/auto-merge`] = [{ status: 404 }, ok({ fromHash: OTHER })];
    server.replies[`DELETE ${PULL}/auto-merge`] = { status: 204 };
    expect(await merge()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    expect(writes().map(({ call }) => call)).toEqual([`POST ${PULL}/merge?version=3`, `DELETE ${PULL}/auto-merge`]);
  });

  it.each<[string, Reply]>([
    ['that may not wait', refused(403, 'AutoMergeException', 'Auto-merge is not enabled for this repository')],
    [
      'before 8.15, which does not know how to wait',
      refused(409, 'pull.PullRequestMergeVetoedException', 'Merging has been vetoed.', {
        conflicted: false,
        vetoes: [],
      }),
    ],
  ])('is left to a person by a Bitbucket %s', async (_, reply) => {
    server.replies[`GET ${PULL}/merge`] = vetoed('Requires approvals');
    server.replies[`POST ${PULL}/merge?version=3`] = reply;
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining('Requires approvals') });
  });

  it.each<[string, Reply]>([
    ['Insufficient branch permissions', vetoed('Insufficient branch permissions')],
    ['conflicts', ok({ canMerge: false, conflicted: true, outcome: 'CONFLICTED', vetoes: [] })],
  ])('is left to a person, also where it waits: %s', async (words, reply) => {
    server.replies[`GET ${PULL}/merge`] = reply;
    server.replies[`GET ${PULL}/auto-merge`] = ok({ fromHash: HEAD });
    server.replies[`DELETE ${PULL}/auto-merge`] = { status: 204 };
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining(words) });
    expect(writes().map(({ call }) => call)).toEqual([`DELETE ${PULL}/auto-merge`]);
  });
});

describe('closing', () => {
  it('says why, deletes the branch at the head that is known, and declines', async () => {
    server.replies[BRANCH] = [
      pageOf([{ id: HEAD, message: MESSAGE }]),
      refused(404, 'commit.NoSuchCommitException', ''),
    ];
    const closed = { number: 7, url: 'https://git.example.com/7', state: 'closed' };
    expect(await close()).toEqual({ kind: 'proposal', proposal: closed });
    expect(written()).toEqual([
      [`POST ${PULL}/comments`, { text: 'fixed' }],
      [BRANCHES, { name: `refs/heads/${FROM}`, endPoint: HEAD, dryRun: false }],
      [`POST ${PULL}/decline?version=3`, { version: 3 }],
    ]);
  });

  it.each([
    ['a rule', refused(403, 'repository.RefRestrictedException', 'It may not be deleted')],
    ['a push in between', refused(400, 'validation.ArgumentValidationException', 'It is at another commit')],
  ])('declines also where the branch is kept by %s', async (_, reply) => {
    server.replies[BRANCHES] = reply;
    expect(await close()).toMatchObject({ proposal: { state: 'closed', head: HEAD } });
  });

  it.each<[string, Reply]>([
    ['by a status', { status: 403 }],
    ["in git's own protocol", ok('001f# service=git-receive-pack\n00000032ERR You may not push to this repository\n')],
  ])('says nothing where git would not let the token push, told %s', async (_, reply) => {
    server.replies[RIGHTS] = reply;
    expect(await close()).toMatchObject({ kind: 'noRights' });
    expect(writes()).toEqual([]);
  });

  it('is done where a person merged it in between', async () => {
    const merged = ok(shown({ state: 'MERGED', properties: { mergeCommit: { id: MERGED } } }));
    server.replies[`GET ${PULL}`] = [ok(shown()), ok(shown()), merged];
    server.replies[`POST ${PULL}/decline?version=3`] = refused(409, 'pull.IllegalPullRequestStateException', 'merged');
    expect(await close()).toMatchObject({ proposal: { state: 'merged', commit: MERGED } });
  });
});

describe('a merge that is called off', () => {
  const WAITS = `GET ${PULL}/auto-merge`;
  const cancel = () => proposals().cancelMerge(access(), proposal);

  it.each<[string, Reply, object]>([
    ['is ended', { status: 204 }, { kind: 'proposal', proposal: { state: 'open', head: HEAD } }],
    ['has just gone', refused(404, 'pull.NoSuchAutoMergeRequest', 'none'), { proposal: { state: 'open' } }],
    ['is not for this token', refused(401, 'AuthorisationException', 'no'), { kind: 'noRights' }],
    ['gets no answer', { status: 0, cut: true }, { kind: 'unknown' }],
  ])('%s', async (_, reply, expected) => {
    server.replies[WAITS] = ok({ fromHash: HEAD });
    server.replies[`DELETE ${PULL}/auto-merge`] = reply;
    expect(await cancel()).toMatchObject(expected);
    expect(writes().map(({ call }) => call)).toEqual([`DELETE ${PULL}/auto-merge`]);
  });

  it('was not asked for', async () => {
    expect(await cancel()).toMatchObject({ proposal: { state: 'open' } });
    expect(writes()).toEqual([]);
  });
});

it('asks each to review it by name, whatever becomes of that', async () => {
  const ASK = `POST ${PULL}/participants`;
  server.replies[`${LIST}0`] = pageOf([shown()]);
  server.replies[ASK] = [refused(409, 'pull.InvalidPullRequestReviewersException', 'left'), ok({})];
  expect(await open({ reviewers: ['gone', 'ann'] })).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
  const body = (name: string) => ({ user: { name }, role: 'REVIEWER' });
  expect(written()).toEqual([
    [ASK, body('gone')],
    [ASK, body('ann')],
  ]);
});
