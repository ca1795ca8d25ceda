import { beforeEach, describe, expect, it } from 'vitest';
import { startAzure } from '../../../../test/conformance/azure-devops.ts';
import {
  access,
  FROM,
  ref,
  refs,
  said,
  scriptAzure,
  shown,
  values,
} from '../../../../test/conformance/azure-devops-replies.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import { file, HEAD, OTHER, ok, WRITTEN } from '../../../../test/conformance/scripted-replies.ts';
import { type ProposalRequest, proposalBranch } from '../host.ts';

conformsAsProposals('azure-devops', () => startAzure({ undecidedReads: 1 }));

it.each(['noFastForward', 'squash', 'rebase'] as const)(
  'says on the target what was reverted, also where a policy allows %s only',
  async (strategy) => {
    const { repository, host, access: hosted, close } = await startAzure({ strategies: [strategy] });
    const people = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
    const expectedHead = await repository.commit({ ...people, message: 'one', files: { 'a.yaml': 'a: 2\n' } });
    const branches = { from: proposalBranch('k'), into: 'main' };
    const texts = { title: 'Revert', body: 'why', message: 'Revert\n\nRevert-Key: k\n' };
    const changes = [file('a.yaml', 'a: 1\n')];
    const request = { branch: 'main', from: branches.from, expectedHead, changes, key: 'k', ...texts };
    const opened = await host.proposals?.open(hosted, request);
    if (opened?.kind !== 'proposal') throw new Error(JSON.stringify(opened));
    const ask = () => host.proposals?.merge(hosted, { ...opened.proposal, ...branches });
    expect(await ask()).toMatchObject({ proposal: { state: 'open' } });
    expect(await ask()).toMatchObject({ proposal: { state: 'merged', commit: await repository.head() } });
    expect((await repository.log())[0]?.message).toBe('Revert\n\nRevert-Key: k');
    await close();
  },
);

let { host, replies, asked, writes } = scriptAzure();
beforeEach(() => {
  ({ host, replies, asked, writes } = scriptAzure());
});

const branches = { from: FROM, into: 'main' };
const URL_OF = 'https://dev.azure.com/rig/sea/_git/app/pullrequest/7';
const LIST =
  'GET /pullrequests?searchCriteria.status=all&searchCriteria.sourceRefName=refs%2Fheads%2Fheadgate%2Frevert%2Fc0ffee&searchCriteria.targetRefName=refs%2Fheads%2Fmain&%24top=100';
const PATCH = 'PATCH /pullrequests/7';
const EVALUATIONS =
  'GET https://dev.azure.com/rig/sea/_apis/policy/evaluations?artifactId=vstfs%3A%2F%2F%2FCodeReview%2FCodeReviewId%2Fp1%2F7';
const CONFIGURATIONS =
  'GET https://dev.azure.com/rig/sea/_apis/git/policy/configurations?repositoryId=r1&refName=refs%2Fheads%2Fmain';
const proposal = { number: 7, url: URL_OF, state: 'open' as const, head: HEAD, ...branches };
const proposals = () => {
  if (!host.proposals) throw new Error('Azure DevOps knows proposals');
  return host.proposals;
};
const find = () => proposals().find(access, branches);
const merge = () => proposals().merge(access, proposal);
const open = (part: Partial<ProposalRequest> = {}) => {
  const changes = [file('app/web.yaml', 'image: v1\n')];
  const texts = { title: 'Revert', body: 'why', message: 'Revert\n\nRevert-Key: k' };
  return proposals().open(access, {
    branch: 'main',
    from: FROM,
    expectedHead: HEAD,
    changes,
    key: 'k',
    ...texts,
    ...part,
  });
};
const bodies = () => writes().map(({ call, body }) => [call, body]);

beforeEach(() => {
  replies[LIST] = values();
  replies['GET /pullrequests/7'] = ok(shown());
  replies[PATCH] = ok(shown({ mergeStatus: 'queued' }));
  replies['POST /pullrequests'] = { status: 201, body: shown({ mergeStatus: 'queued' }) };
});

describe('a pull request', () => {
  it("of a fork's branch of the same name is none of ours", async () => {
    replies[LIST] = values(shown({ forkSource: { repository: { id: 'r2' } } }));
    expect(await find()).toEqual({ kind: 'none' });
  });

  it('is the open one, or else the newest', async () => {
    const one = (pullRequestId: number, status: string) => shown({ pullRequestId, status });
    replies[LIST] = values(one(7, 'completed'), one(9, 'abandoned'), one(8, 'active'));
    expect(await find()).toMatchObject({ proposal: { number: 8, state: 'open' } });
    replies[LIST] = values(one(7, 'completed'), one(9, 'abandoned'));
    expect(await find()).toMatchObject({ proposal: { number: 9, state: 'closed' } });
  });

  it('has a commit once it is completed; before, that was a try', async () => {
    replies[LIST] = values(shown());
    const found = { number: 7, url: URL_OF, state: 'open', head: HEAD };
    expect(await find()).toEqual({ kind: 'proposal', proposal: found });
    replies[LIST] = values(shown({ status: 'completed' }));
    replies[refs(FROM)] = values();
    expect(await find()).toEqual({
      kind: 'proposal',
      proposal: { number: 7, url: URL_OF, state: 'merged', commit: OTHER },
    });
  });

  it('begins with a push that makes its branch from the expected head', async () => {
    replies[refs(FROM)] = values(ref(`${FROM}-2`, OTHER));
    replies[`GET /commits/${OTHER}`] = ok({ treeId: 'd0' });
    expect(await open({ expectedHead: OTHER })).toMatchObject({ proposal: { number: 7, head: WRITTEN } });
    const [made, opened] = writes();
    expect(made?.body).toMatchObject({ refUpdates: [{ name: `refs/heads/${FROM}`, oldObjectId: OTHER }] });
    expect(opened?.body).toEqual({
      sourceRefName: `refs/heads/${FROM}`,
      targetRefName: 'refs/heads/main',
      title: 'Revert',
      description: 'why',
    });
  });

  it('keeps to the longest title and description that Azure DevOps takes, and splits no character', async () => {
    await open({ title: 'x'.repeat(500), body: `${'y'.repeat(3998)}🚦🚦` });
    const { title, description } = writes()[0]?.body ?? {};
    expect(title).toBe(`${'x'.repeat(399)}…`);
    expect(description).toBe(`${'y'.repeat(3998)}\ufffd…`);
  });

  it('that someone else opened in the meantime is the one', async () => {
    replies['POST /pullrequests'] = said(409, 'GitPullRequestExistsException');
    replies[LIST] = [values(), values(shown())];
    expect(await open()).toMatchObject({ proposal: { number: 7, head: HEAD } });
  });

  it.each([
    [409, 'GitReferenceStaleException', 'stale'],
    [403, 'GitRefUpdateRejectedByPolicyException', 'protected'],
    [403, 'GitNeedsPermissionException', 'noRights'],
  ])('is not opened where its branch is refused with %d and %s', async (status, type, kind) => {
    replies[refs(FROM)] = values();
    replies['POST /pushes'] = said(status, type);
    expect(await open()).toMatchObject({ kind });
    expect(writes()).toHaveLength(1);
  });
});

describe('merging', () => {
  const REFUSED = said(403, 'GitPullRequestUpdateRejectedByPolicyException');
  const policy = (id: string, displayName: string, status: string, isBlocking = true) => ({
    status,
    configuration: { isBlocking, type: { id, displayName }, settings: {} },
  });
  const WORK_ITEMS = '40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e';
  const REVIEWERS = 'fa4e907d-c16b-4a4c-9dfa-4906e5d171dd';
  const strategies = (settings: object) =>
    values({ isEnabled: true, isBlocking: true, type: { id: 'fa4e907d-c16b-4a4c-9dfa-4916e5d171ab' }, settings });

  it('is bound to the head, and says on the target what was reverted', async () => {
    expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    const completionOptions = { deleteSourceBranch: true, mergeCommitMessage: 'Revert\n\nRevert-Key: k' };
    expect(bodies()).toEqual([
      [PATCH, { status: 'completed', lastMergeSourceCommit: { commitId: HEAD }, completionOptions }],
    ]);
  });

  it('keeps the headline and the trailers of a message that is too long', async () => {
    const comment = `Revert "x"\n\n${'long '.repeat(1000)}\n\nReverts-Commit: 1\nRevert-Key: k\n`;
    replies[`GET /commits/${HEAD}`] = ok({ comment });
    await merge();
    const mergeCommitMessage = 'Revert "x"\n\nReverts-Commit: 1\nRevert-Key: k';
    expect(writes()[0]?.body).toMatchObject({ completionOptions: { mergeCommitMessage } });
  });

  it.each([
    ['the first that is allowed', { allowNoFastForward: false, allowSquash: true, allowRebase: true }, 'squash'],
    ['the linear one', { allowRebaseMerge: true, allowRebase: true }, 'rebaseMerge'],
    ['squashing, as policies of old ask for', { useSquashMerge: true }, 'squash'],
  ])('goes by %s', async (_, settings, mergeStrategy) => {
    replies[CONFIGURATIONS] = strategies(settings);
    await merge();
    expect(writes()[0]?.body).toMatchObject({ completionOptions: { mergeStrategy } });
  });

  it.each(['notSet', 'queued'])('is asked for again while it is %s', async (mergeStatus) => {
    replies['GET /pullrequests/7'] = ok(shown({ mergeStatus }));
    expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    expect(writes()).toEqual([]);
  });

  it.each([
    ['conflicts', { mergeStatus: 'conflicts' }, 'conflicts'],
    ['a failure', { mergeStatus: 'failure', mergeFailureMessage: 'object too large' }, 'object too large'],
    ['a draft', { isDraft: true }, 'draft'],
  ])('is left to a person at %s, and no longer waited for', async (_, part, words) => {
    replies['GET /pullrequests/7'] = ok(shown({ ...part, autoCompleteSetBy: { id: 'bot' } }));
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining(words) });
    expect(bodies()).toEqual([[PATCH, { autoCompleteSetBy: { id: expect.stringMatching(/^[0-]+$/) } }]]);
  });

  it('waits for policies in the name of the account that opened it, also for a vote that is shown as rejected', async () => {
    replies[PATCH] = [REFUSED, ok(shown({ autoCompleteSetBy: { id: 'bot' } }))];
    replies[EVALUATIONS] = values(
      policy(REVIEWERS, 'Minimum number of reviewers', 'rejected'),
      policy(WORK_ITEMS, 'Work item linking', 'rejected', false),
    );
    expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    expect(writes()[1]?.body).toMatchObject({
      autoCompleteSetBy: { id: 'bot' },
      completionOptions: { deleteSourceBranch: true },
    });
  });

  it('that waits already is not asked for once more', async () => {
    replies['GET /pullrequests/7'] = ok(shown({ autoCompleteSetBy: { id: 'bot' } }));
    expect(await merge()).toMatchObject({ proposal: { state: 'open' } });
    expect(writes()).toEqual([]);
  });

  it.each([
    ['work items are not linked', policy(WORK_ITEMS, 'Work item linking', 'rejected'), 'Work item linking'],
    ['a policy does not work', policy('x', 'Build', 'broken'), 'Build'],
  ])('is left to a person where %s', async (_, evaluation, words) => {
    replies[PATCH] = REFUSED;
    replies[EVALUATIONS] = values(evaluation);
    expect(await merge()).toMatchObject({ kind: 'protected', message: expect.stringContaining(words) });
    expect(writes()).toHaveLength(1);
  });

  it('is waited for no more where someone pushed while that was asked for', async () => {
    replies[PATCH] = [REFUSED, ok(shown({ autoCompleteSetBy: { id: 'bot' } })), ok(shown())];
    replies[refs(FROM)] = [values(ref(FROM, HEAD)), values(ref(FROM, OTHER))];
    expect(await merge()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    expect(writes()[2]?.body).toEqual({ autoCompleteSetBy: { id: '00000000-0000-0000-0000-000000000000' } });
  });

  it('leaves alone what a person told Azure DevOps to wait for', async () => {
    replies['GET /pullrequests/7'] = ok(shown({ autoCompleteSetBy: { id: 'ann' } }));
    replies[refs(FROM)] = values(ref(FROM, OTHER));
    expect(await merge()).toMatchObject({ kind: 'stale' });
    expect(writes()).toEqual([]);
  });

  it('that was faster than the end of waiting is looked at again', async () => {
    replies['GET /pullrequests/7'] = [
      ok(shown({ autoCompleteSetBy: { id: 'bot' } })),
      ok(shown({ status: 'completed' })),
    ];
    replies[refs(FROM)] = values();
    replies[PATCH] = said(400, 'GitPullRequestNotEditableException');
    expect(await merge()).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    [409, 'GitPullRequestStaleException', 'stale'],
    [403, 'GitNeedsPermissionException', 'noRights'],
    [400, 'InvalidArgumentValueException', 'protected'],
    [404, 'GitPullRequestNotFoundException', 'gone'],
  ])('that is refused with %d and %s is %s', async (status, type, kind) => {
    replies[PATCH] = said(status, type);
    expect(await merge()).toMatchObject({ kind });
    expect(writes()).toHaveLength(1);
  });

  it('that a person was faster with is seen', async () => {
    replies['GET /pullrequests/7'] = [ok(shown()), ok(shown({ status: 'completed' }))];
    replies[PATCH] = said(400, 'GitPullRequestNotEditableException');
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: OTHER } });
  });
});

describe('closing', () => {
  const close = () => proposals().close(access, proposal, 'why');
  const deletion = (updateStatus: string) => values({ name: `refs/heads/${FROM}`, updateStatus });

  beforeEach(() => {
    replies['POST /pullrequests/7/threads'] = ok({});
    replies['POST /refs'] = deletion('succeeded');
    replies[PATCH] = ok(shown({ status: 'abandoned' }));
  });

  it('says why in a thread that nobody has to resolve, deletes the branch as it is known, and ends it last', async () => {
    const closed = await close();
    expect(closed).toEqual({ kind: 'proposal', proposal: { number: 7, url: URL_OF, state: 'closed' } });
    expect(asked.filter(({ call }) => !call.startsWith('GET')).map(({ call, body }) => [call, body])).toEqual([
      [
        'POST /pullrequests/7/threads',
        { comments: [{ parentCommentId: 0, content: 'why', commentType: 'text' }], status: 'closed' },
      ],
      ['POST /refs', [{ name: `refs/heads/${FROM}`, oldObjectId: HEAD, newObjectId: '0'.repeat(40) }]],
      [PATCH, { status: 'abandoned' }],
    ]);
  });

  it.each(['staleOldObjectId', 'forcePushRequired', 'rejectedByPolicy'])(
    'keeps a branch whose deletion is refused, with 200: %s',
    async (status) => {
      replies['POST /refs'] = deletion(status);
      expect(await close()).toMatchObject({ proposal: { state: 'closed', head: HEAD } });
    },
  );

  it('is done where someone was faster', async () => {
    replies['GET /pullrequests/7'] = [ok(shown()), ok(shown({ status: 'abandoned' }))];
    replies[PATCH] = said(400, 'GitPullRequestNotEditableException');
    expect(await close()).toMatchObject({ proposal: { state: 'closed' } });
  });

  it('does no more than it may', async () => {
    replies['POST /pullrequests/7/threads'] = said(403, 'GitNeedsPermissionException');
    expect(await close()).toMatchObject({ kind: 'noRights' });
    expect(writes()).toHaveLength(1);
  });
});

describe('a merge that is called off', () => {
  const cancel = () => proposals().cancelMerge(access, proposal);

  it('was asked for in the name of who opened it; what a person asked for in theirs stays', async () => {
    replies['GET /pullrequests/7'] = ok(shown({ autoCompleteSetBy: { id: 'bot' } }));
    replies[PATCH] = ok(shown());
    expect(await cancel()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    expect(bodies()).toEqual([[PATCH, { autoCompleteSetBy: { id: '00000000-0000-0000-0000-000000000000' } }]]);
    replies['GET /pullrequests/7'] = ok(shown({ autoCompleteSetBy: { id: 'ann' } }));
    expect(await cancel()).toMatchObject({ proposal: { state: 'open' } });
    expect(writes()).toHaveLength(1);
  });

  it('was quicker', async () => {
    const completed = ok(shown({ status: 'completed' }));
    replies['GET /pullrequests/7'] = [ok(shown({ autoCompleteSetBy: { id: 'bot' } })), completed];
    replies[PATCH] = said(400, 'GitPullRequestNotEditableException');
    expect(await cancel()).toMatchObject({ proposal: { state: 'merged', commit: OTHER } });
  });
});
