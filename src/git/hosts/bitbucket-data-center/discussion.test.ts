import { beforeEach, describe, expect, it } from 'vitest';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startBitbucketDataCenterDiscussion } from '../../../../test/conformance/discussions.ts';
import {
  HEAD,
  jsonOf,
  OTHER,
  ok,
  type Replies,
  scripted,
  TOKEN,
} from '../../../../test/conformance/scripted-replies.ts';
import { createBitbucketDataCenterDiscussion } from './discussion.ts';

conformsAsDiscussion('bitbucket-data-center', startBitbucketDataCenterDiscussion);

const API = 'https://git.example.com/rest/api/1.0/projects/rig/repos/app';
const access = { url: 'https://git.example.com/scm/rig/app.git', token: TOKEN };
const MERGED = 'GET /pull-requests?at=refs%2Fheads%2Fmain&direction=INCOMING&state=MERGED&order=NEWEST&limit=100';
const HOLDING = `GET /commits/${HEAD}/pull-requests?&limit=100&start=0`;
const activities = (start: number) => `GET /pull-requests/7/activities?limit=100&start=${start}`;
const pull = (part: object = {}) => ({
  id: 7,
  version: 1,
  state: 'MERGED',
  title: 'Use v3',
  toRef: { id: 'refs/heads/main' },
  author: { user: { name: 'ann' } },
  reviewers: [{ user: { name: 'bob' }, approved: false }],
  participants: [
    { user: { name: 'eve' }, approved: true },
    { user: { name: 'mallory' }, approved: false },
  ],
  links: { self: [{ href: 'https://git.example.com/7' }] },
  ...part,
});

function script(replies: Replies) {
  const { send, ...rest } = scripted({
    replies,
    nameOf: (url) => url.replace(API, ''),
    notFound: { status: 404, body: { errors: [] } },
    kept: (request) => ({ body: jsonOf(request) }),
  });
  return { discussion: createBitbucketDataCenterDiscussion(send), ...rest };
}

let replies: Replies;
beforeEach(() => {
  replies = {};
});

it.each([
  ['by the commit that its merge made, among those merged last', { properties: { mergeCommit: { id: HEAD } } }, {}],
  [
    'by a commit of its own',
    { properties: { mergeCommit: { id: OTHER } } },
    { [HOLDING]: ok({ values: [pull(), pull({ state: 'OPEN', id: 8 })] }) },
  ],
])('is found %s', async (_, part, more) => {
  Object.assign(replies, { [MERGED]: ok({ values: [pull(part)] }) }, more);
  expect(await script(replies).discussion.pullRequestOf(access, HEAD, 'main')).toMatchObject({
    kind: 'pullRequest',
    pullRequest: { number: 7, author: 'ann', reviewers: ['bob', 'eve'] },
  });
});

describe('a comment', () => {
  const comment = (part: object = {}) => ({
    action: 'COMMENTED',
    commentAction: 'ADDED',
    comment: { id: 3, version: 5, text: '[//]: # (headgate/1)\n\none', author: { name: 'the bot' } },
    ...part,
  });
  const asked = { headers: { 'x-ausername': 'the+bot' } };

  it('is changed in the version that was read, also on the last page; the oldest counts', async () => {
    replies[activities(0)] = {
      ...ok({ values: [comment({ comment: { ...comment().comment, id: 4 } })], isLastPage: false, nextPageStart: 100 }),
      ...asked,
    };
    replies[activities(100)] = { ...ok({ values: [comment(), { action: 'MERGED' }], isLastPage: true }), ...asked };
    replies['PUT /pull-requests/7/comments/3'] = ok({});
    const { discussion, writes } = script(replies);
    expect(await discussion.comment(access, 7, { mark: 'headgate/1', body: 'two' })).toMatchObject({
      kind: 'commented',
    });
    expect(writes()).toEqual([
      { call: 'PUT /pull-requests/7/comments/3', body: { text: '[//]: # (headgate/1)\n\ntwo', version: 5 } },
    ]);
  });

  it('is none that another wrote, that is about a line, or that was changed only', async () => {
    const others = [
      comment({ comment: { ...comment().comment, author: { name: 'eve' } } }),
      comment({ commentAnchor: { path: 'a' } }),
      comment({ commentAction: 'UPDATED' }),
    ];
    replies[activities(0)] = { ...ok({ values: others, isLastPage: true }), ...asked };
    replies['POST /pull-requests/7/comments'] = { status: 201, body: { id: 9 } };
    const { discussion } = script(replies);
    expect(await discussion.comment(access, 7, { mark: 'headgate/1', body: 'one' })).toEqual({
      kind: 'commented',
      url: 'https://git.example.com/projects/rig/repos/app/pull-requests/7/overview?commentId=9',
    });
  });

  it('is not looked for without an end', async () => {
    for (let page = 0; page < 60; page++) {
      replies[activities(page * 100)] = ok({ values: [], isLastPage: false, nextPageStart: (page + 1) * 100 });
    }
    const outcome = await script(replies).discussion.comment(access, 7, { mark: 'headgate/1', body: 'one' });
    expect(outcome).toMatchObject({ kind: 'protected', message: expect.stringContaining('more comments') });
  });
});
