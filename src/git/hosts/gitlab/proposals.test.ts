import { beforeEach, describe, expect, it } from 'vitest';
import { startGitLab } from '../../../../test/conformance/gitlab.ts';
import { access, branch, said, scriptGitLab } from '../../../../test/conformance/gitlab-replies.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import { file, HEAD, OTHER, ok, WRITTEN } from '../../../../test/conformance/scripted-replies.ts';
import { type ProposalRequest, proposalBranch } from '../host.ts';

conformsAsProposals('gitlab', () => startGitLab({ undecidedReads: 1 }));

it.each(['ff', 'squash'] as const)(
  'says on the target what was reverted, also where it merges by %s',
  async (method) => {
    const { repository, host, access: hosted, close } = await startGitLab({ method });
    const people = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
    const expectedHead = await repository.commit({ ...people, message: 'one', files: { 'a.yaml': 'a: 2\n' } });
    const branches = { from: proposalBranch('k'), into: 'main' };
    const texts = { title: 'Revert', body: 'why', message: 'Revert\n\nRevert-Key: k\n' };
    const changes = [file('a.yaml', 'a: 1\n')];
    const request = { branch: 'main', from: branches.from, expectedHead, changes, key: 'k', ...texts };
    const opened = await host.proposals?.open(hosted, request);
    if (opened?.kind !== 'proposal') throw new Error(JSON.stringify(opened));
    const commit = await host.proposals?.merge(hosted, { ...opened.proposal, ...branches });
    expect(commit).toMatchObject({ proposal: { state: 'merged', commit: await repository.head() } });
    expect((await repository.log())[0]?.message).toBe('Revert\n\nRevert-Key: k');
    await close();
  },
);

let { host, replies, writes } = scriptGitLab();
beforeEach(() => {
  ({ host, replies, writes } = scriptGitLab());
});

describe('a merge request', () => {
  const FROM = 'headgate/revert/c0ffee';
  const BRANCH = 'GET /repository/branches/headgate%2Frevert%2Fc0ffee';
  const LIST =
    'GET /merge_requests?source_branch=headgate%2Frevert%2Fc0ffee&target_branch=main&state=all&order_by=created_at&sort=desc&per_page=100';
  const branches = { from: FROM, into: 'main' };
  const proposal = { number: 7, url: 'https://git.example.com/7', state: 'open' as const, head: HEAD, ...branches };
  const shown = (part: object = {}) => ({
    iid: 7,
    web_url: 'https://git.example.com/7',
    state: 'opened',
    sha: HEAD,
    source_project_id: 1,
    target_project_id: 1,
    detailed_merge_status: 'mergeable',
    merge_commit_sha: null,
    squash_commit_sha: null,
    merge_when_pipeline_succeeds: false,
    ...part,
  });
  const proposals = () => {
    if (!host.proposals) throw new Error('GitLab knows proposals');
    return host.proposals;
  };
  const find = () => proposals().find(access, branches);
  const merge = () => proposals().merge(access, proposal);
  const open = (part: Partial<ProposalRequest> = {}) => {
    const changes = [file('app/web.yaml', 'image: v1\n')];
    const texts = { title: 'Revert', body: 'why', message: 'Revert\n\nRevert-Key: k' };
    const request = { branch: 'main', from: FROM, expectedHead: HEAD, changes, key: 'k', ...texts, ...part };
    return proposals().open(access, request);
  };

  beforeEach(() => {
    replies[BRANCH] = branch({}, 'Revert\n\nRevert-Key: k\n');
    replies[LIST] = ok([]);
    replies['GET /merge_requests/7'] = ok(shown());
    replies['PUT /merge_requests/7/merge'] = ok(shown({ state: 'merged', merge_commit_sha: WRITTEN }));
    replies['POST /merge_requests'] = { status: 201, body: shown() };
  });

  it("of a fork's branch of the same name is none of ours", async () => {
    replies[LIST] = ok([shown({ source_project_id: 2 })]);
    expect(await find()).toEqual({ kind: 'none' });
  });

  it('is the open one, or else the newest', async () => {
    replies[LIST] = ok([shown({ iid: 9, state: 'closed' }), shown({ iid: 8, state: 'opened' }), shown()]);
    expect(await find()).toMatchObject({ proposal: { number: 8, state: 'open' } });
    replies[LIST] = ok([shown({ iid: 9, state: 'closed' }), shown({ iid: 8, state: 'merged' })]);
    expect(await find()).toMatchObject({ proposal: { number: 9, state: 'closed' } });
  });

  it.each([
    ['a merge', { merge_commit_sha: WRITTEN, squash_commit_sha: OTHER }, WRITTEN],
    ['a squash without one', { squash_commit_sha: OTHER }, OTHER],
    ['neither, where the target was moved forward', {}, HEAD],
  ])('came to the other branch by the commit of %s', async (_, part, commit) => {
    replies[LIST] = ok([shown({ state: 'merged', ...part })]);
    replies[BRANCH] = said(404, '404 Branch Not Found');
    const found = { number: 7, url: 'https://git.example.com/7', state: 'merged', commit };
    expect(await find()).toEqual({ kind: 'proposal', proposal: found });
  });

  it('begins with a branch from the expected head, whose files are not bound: GitLab would look at another branch', async () => {
    replies[BRANCH] = said(404, '404 Branch Not Found');
    expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 7, head: WRITTEN } });
    const [made, opened] = writes();
    expect(made?.body).toMatchObject({ branch: FROM, start_sha: HEAD, actions: [{ action: 'update' }] });
    expect(JSON.stringify(made?.body)).not.toMatch(/last_commit_id|force/);
    expect(opened?.body).toMatchObject({ source_branch: FROM, target_branch: 'main', remove_source_branch: true });
  });

  it('that someone else opened in the meantime is the one', async () => {
    replies['POST /merge_requests'] = said(409, [
      'Another open merge request already exists for this source branch: !7',
    ]);
    replies[LIST] = [ok([]), ok([shown()])];
    expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
  });

  it.each([
    [
      'a branch that came in between',
      400,
      "A branch called 'x' already exists. Switch to that branch in order to make changes",
      'stale',
    ],
    ['an expected head that is gone', 400, `Cannot find start_sha '${HEAD}'`, 'stale'],
    ['names that are not allowed', 400, "Branch name does not follow the pattern '^team/'", 'protected'],
  ])('is not opened after %s', async (_, status, words, kind) => {
    replies[BRANCH] = said(404, '404 Branch Not Found');
    replies['POST /repository/commits'] = said(status, words);
    expect(await open()).toMatchObject({ kind, message: expect.stringContaining(words) });
    expect(writes()).toHaveLength(1);
  });

  it('carries out no command that stands in its texts, and keeps to the longest title', async () => {
    await open({ body: 'see\n/merge\n/label ~x\n a /b', title: 'x'.repeat(300) });
    const { description, title } = writes()[0]?.body ?? {};
    expect(description).toBe('see\n\\/merge\n\\/label ~x\n a /b');
    expect(title).toHaveLength(255);
  });

  it('is merged with the message of its commit, so that the target says what was reverted', async () => {
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: WRITTEN } });
    const message = 'Revert\n\nRevert-Key: k\n';
    expect(writes().map(({ body }) => body)).toEqual([
      {
        sha: HEAD,
        should_remove_source_branch: true,
        merge_commit_message: message,
        squash_commit_message: message,
      },
    ]);
  });

  it.each(['unchecked', 'checking', 'preparing', 'approvals_syncing'])(
    'is asked for again while %s',
    async (status) => {
      replies['GET /merge_requests/7'] = ok(shown({ detailed_merge_status: status }));
      expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
      expect(writes()).toEqual([]);
    },
  );

  it.each(['ci_still_running', 'ci_must_pass', 'not_approved', 'a_new_one'])(
    'is left waiting where it is %s',
    async (status) => {
      replies['GET /merge_requests/7'] = ok(shown({ detailed_merge_status: status }));
      replies['PUT /merge_requests/7/merge'] = ok(shown({ merge_when_pipeline_succeeds: true }));
      expect(await merge()).toMatchObject({ proposal: { state: 'open' } });
      expect(writes()[0]?.body).toMatchObject({ sha: HEAD, auto_merge: true, merge_when_pipeline_succeeds: true });
    },
  );

  it('that waits already is not asked for again', async () => {
    const waiting = { detailed_merge_status: 'not_approved', merge_when_pipeline_succeeds: true };
    replies['GET /merge_requests/7'] = ok(shown(waiting));
    expect(await merge()).toMatchObject({ proposal: { state: 'open' } });
    expect(writes()).toEqual([]);
  });

  it.each(['conflict', 'need_rebase'])('is left to a person where it is %s, also where it waits', async (status) => {
    const waiting = { detailed_merge_status: status, merge_when_pipeline_succeeds: true };
    replies['GET /merge_requests/7'] = ok(shown(waiting));
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining(status) });
    expect(writes()).toEqual([]);
  });

  it.each([
    [405, '405 Method Not Allowed'],
    [406, 'Branch cannot be merged'],
    [422, 'Branch cannot be merged'],
  ])('that GitLab refuses with %d is looked at again', async (status, words) => {
    replies['PUT /merge_requests/7/merge'] = said(status, words);
    const foundThen = (part: object) => {
      replies['GET /merge_requests/7'] = [ok(shown()), ok(shown(part))];
    };
    foundThen({ detailed_merge_status: 'not_approved' });
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining('not_approved') });
    foundThen({ detailed_merge_status: 'checking' });
    expect(await merge()).toMatchObject({ proposal: { state: 'open' } });
    foundThen({ state: 'merged', merge_commit_sha: OTHER });
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: OTHER } });
  });

  it.each([
    ['to a person who may', 30, 'protected'],
    ['to a better token', 20, 'noRights'],
  ])('that its token may not merge is left %s', async (_, level, kind) => {
    replies['GET '] = ok({ permissions: { project_access: { access_level: level } } });
    replies['PUT /merge_requests/7/merge'] = said(401, '401 Unauthorized');
    expect(await merge()).toMatchObject({ kind });
  });

  it('is not merged at another head', async () => {
    replies['PUT /merge_requests/7/merge'] = said(409, `SHA does not match HEAD of source branch: ${OTHER}`);
    expect(await merge()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    replies[BRANCH] = said(404, '404 Branch Not Found');
    expect(await merge()).toMatchObject({ kind: 'stale', message: expect.stringContaining('gone') });
  });

  it('is closed after a comment that carries out nothing, and keeps a branch that is at another head', async () => {
    replies['POST /merge_requests/7/notes'] = { status: 201 };
    replies['PUT /merge_requests/7'] = ok(shown({ state: 'closed' }));
    replies[BRANCH] = branch({ commit: { id: OTHER } });
    const closed = await host.proposals?.close(access, proposal, 'fixed\n/reopen');
    expect(closed).toMatchObject({ proposal: { state: 'closed', head: OTHER } });
    expect(writes().map(({ call, body }) => [call, body])).toEqual([
      ['POST /merge_requests/7/notes', { body: 'fixed\n\\/reopen' }],
      ['PUT /merge_requests/7', { state_event: 'close' }],
    ]);
  });

  it.each([
    ['a branch that someone else deleted meanwhile', said(404, 'No such branch'), 'proposal'],
    ['a branch that may not be deleted', said(405, 'Protected branch cant be removed'), 'protected'],
  ])('is closed with %s', async (_, reply, kind) => {
    replies['POST /merge_requests/7/notes'] = { status: 201 };
    replies['PUT /merge_requests/7'] = ok(shown({ state: 'closed' }));
    replies['DELETE /repository/branches/headgate%2Frevert%2Fc0ffee'] = reply;
    expect(await host.proposals?.close(access, proposal, 'why')).toMatchObject({ kind });
  });

  describe('with a merge that GitLab waits for', () => {
    const CANCEL = 'POST /merge_requests/7/cancel_merge_when_pipeline_succeeds';
    const waiting = ok(shown({ merge_when_pipeline_succeeds: true }));
    const cancel = () => proposals().cancelMerge(access, proposal);

    it('is read again, as GitLab answers 201 whatever became of it', async () => {
      replies['GET /merge_requests/7'] = [waiting, ok(shown())];
      replies[CANCEL] = { status: 201, body: { status: 'success' } };
      expect(await cancel()).toMatchObject({ kind: 'proposal', proposal: { state: 'open' } });
      replies['GET /merge_requests/7'] = [waiting, waiting];
      replies[CANCEL] = { status: 201, body: { status: 'error', http_status: 406 } };
      expect(await cancel()).toMatchObject({ kind: 'unknown', message: expect.stringContaining('still waits') });
      replies['GET /merge_requests/7'] = [waiting, waiting];
      replies[CANCEL] = said(401, '401 Unauthorized');
      expect(await cancel()).toMatchObject({ kind: 'noRights' });
      replies['GET /merge_requests/7'] = [waiting, ok(shown({ state: 'merged', merge_commit_sha: WRITTEN }))];
      expect(await cancel()).toMatchObject({ proposal: { state: 'merged', commit: WRITTEN } });
    });

    it('is left alone where nothing is waited for', async () => {
      expect(await cancel()).toMatchObject({ proposal: { state: 'open' } });
      expect(writes()).toEqual([]);
    });
  });

  it('asks those to review it who are still there, beside those who were asked already, and is open whatever comes of it', async () => {
    const user = (name: string) => `GET https://git.example.com/api/v4/users?username=${name}`;
    replies['GET /merge_requests/7'] = ok(shown({ reviewers: [{ id: 1, username: 'eve' }] }));
    replies[user('ann')] = ok([{ id: 11, username: 'ann' }]);
    replies[user('gone')] = ok([]);
    expect(await open({ reviewers: ['ann', 'gone'] })).toMatchObject({ proposal: { state: 'open' } });
    expect(writes().at(-1)).toMatchObject({ call: 'PUT /merge_requests/7', body: { reviewer_ids: [1, 11] } });
    replies['GET /merge_requests/7'] = said(500, 'down');
    expect(await open({ reviewers: ['ann'] })).toMatchObject({ proposal: { state: 'open' } });
  });
});
