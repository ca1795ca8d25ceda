import { beforeEach, describe, expect, it } from 'vitest';
import { access, scriptAzure, shown, values } from '../../../../test/conformance/azure-devops-replies.ts';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startAzureDiscussion } from '../../../../test/conformance/discussions.ts';
import { HEAD, OTHER, ok } from '../../../../test/conformance/scripted-replies.ts';

conformsAsDiscussion('azure-devops', startAzureDiscussion);

let script: ReturnType<typeof scriptAzure>;
beforeEach(() => {
  script = scriptAzure();
});

const THREADS = '/pullrequests/7/threads';
const ACCOUNT = 'GET https://dev.azure.com/rig/_apis/connectionData';
const PAGE = 'https://dev.azure.com/rig/sea/_git/app/pullrequest/7';

it('is found among all that hold the commit, with people who are behind it and no groups', async () => {
  const merged = (part: object) =>
    shown({ status: 'completed', targetRefName: 'refs/heads/main', title: 'Use v3', ...part });
  script.replies['POST /pullrequestquery'] = ok({
    queries: [],
    results: [
      {},
      {
        [HEAD]: [
          merged({ pullRequestId: 5, targetRefName: 'refs/heads/develop' }),
          merged({ pullRequestId: 6, status: 'abandoned' }),
          merged({ closedDate: '2026-11-20T12:00:00Z', createdBy: { id: 'u1', displayName: 'Ann Lee' } }),
        ],
      },
    ],
  });
  script.replies['GET /pullrequests/7'] = ok({
    reviewers: [
      { displayName: 'Bob', vote: 10 },
      { displayName: 'Eve', vote: -10 },
      { displayName: '[sea]\\Team', vote: 5, isContainer: true },
    ],
  });
  expect(await script.host.discussion?.pullRequestOf(access, HEAD, 'main')).toEqual({
    kind: 'pullRequest',
    pullRequest: { number: 7, url: PAGE, title: 'Use v3', author: 'Ann Lee', reviewers: ['Bob'] },
  });
  expect(script.asked[0]?.body).toEqual({
    queries: [
      { type: 'lastMergeCommit', items: [HEAD] },
      { type: 'commit', items: [HEAD] },
    ],
  });
});

describe('a comment', () => {
  const text = '<!-- headgate/1 -->\n\none';
  const thread = (part: object = {}, comment: object = {}) => ({
    id: 3,
    comments: [{ id: 1, author: { id: 'bot' }, content: text, commentType: 'text', ...comment }],
    ...part,
  });
  const say = (body: string) => script.host.discussion?.comment(access, 7, { mark: 'headgate/1', body });

  it('is known by its mark alone where Azure DevOps does not say whose the token is', async () => {
    script.replies[`GET ${THREADS}`] = values(thread({}, { author: { id: OTHER } }));
    script.replies[`PATCH ${THREADS}/3/comments/1`] = ok({});
    expect(await say('two')).toEqual({ kind: 'commented', url: `${PAGE}?discussionId=3` });
    expect(script.writes()).toHaveLength(1);
  });

  it('is none that was deleted, that another wrote, that the host noted, or that is about a line', async () => {
    script.replies[ACCOUNT] = ok({ authenticatedUser: { id: 'bot' } });
    script.replies[`GET ${THREADS}`] = values(
      thread({ isDeleted: true }),
      thread({}, { isDeleted: true }),
      thread({}, { author: { id: 'eve' } }),
      thread({}, { commentType: 'system' }),
      thread({ threadContext: { filePath: '/a' } }),
      { id: 9 },
    );
    script.replies[`POST ${THREADS}`] = ok({ id: 4 });
    expect(await say('one')).toEqual({ kind: 'commented', url: `${PAGE}?discussionId=4` });
    // Where a policy asks for threads to be resolved, this one stands in nobody's way.
    expect(script.writes()[0]?.body).toEqual({
      comments: [{ parentCommentId: 0, content: text, commentType: 'text' }],
      status: 'closed',
    });
  });
});
