import { expect, it } from 'vitest';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startGitHubDiscussion } from '../../../../test/conformance/discussions.ts';
import { clock } from '../../../../test/conformance/git-hosts.ts';
import type { SendRequest } from '../http.ts';
import { createGitHubHost } from './index.ts';

conformsAsDiscussion('github', startGitHubDiscussion);

const COMMIT = 'c'.repeat(40);
const ACCESS = { url: 'https://github.com/team/shop', token: 'secret' };

function pull(part: object = {}) {
  return {
    number: 7,
    url: 'https://github.com/team/shop/pull/7',
    title: 'Use v3',
    mergedAt: '2026-11-20T10:00:00Z',
    baseRefName: 'main',
    baseRepository: { nameWithOwner: 'team/shop' },
    mergeCommit: { oid: 'd'.repeat(40) },
    author: { login: 'ann' },
    latestReviews: { nodes: [{ state: 'APPROVED', author: { login: 'bob' } }] },
    ...part,
  };
}

/** GitHub with these pull requests for a commit. `seesTeams`: whether the token may say who was asked. */
function playing(nodes: object[], seesTeams = true) {
  const asked: string[] = [];
  const send: SendRequest = async ({ body = '' }) => {
    const { query } = JSON.parse(String(body));
    asked.push(query);
    const errors = [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }];
    const object = { associatedPullRequests: { nodes } };
    const data = { repository: { nameWithOwner: 'team/shop', object } };
    const isRefused = !seesTeams && query.includes('reviewRequests');
    return { status: 200, headers: {}, body: JSON.stringify(isRefused ? { data, errors } : { data }) };
  };
  return { asked, brought: () => createGitHubHost({ send, clock }).discussion?.pullRequestOf(ACCESS, COMMIT, 'main') };
}

it('names those who approved, where the token may not see the teams that were asked', async () => {
  const { asked, brought } = playing([pull()], false);
  expect(await brought()).toMatchObject({ pullRequest: { number: 7, author: 'ann', reviewers: ['bob'] } });
  expect(asked).toHaveLength(2);
});

it('takes the one that was merged first, of those that are merged into this branch of this repository', async () => {
  const { brought } = playing([
    pull({ number: 1, mergedAt: null }),
    pull({ number: 2, baseRefName: 'develop', mergedAt: '2026-11-19T10:00:00Z' }),
    pull({ number: 3, baseRepository: { nameWithOwner: 'eve/shop' }, mergedAt: '2026-11-18T10:00:00Z' }),
    pull({ number: 4, mergedAt: '2026-11-20T11:00:00Z' }),
    pull({ number: 5, author: null }),
  ]);
  const outcome = await brought();
  expect(outcome).toMatchObject({ pullRequest: { number: 5 } });
  expect(outcome?.kind === 'pullRequest' && outcome.pullRequest.author).toBeUndefined();
});

it('takes the one whose merge made the commit before any other', async () => {
  const { brought } = playing([
    pull(),
    pull({ number: 8, mergedAt: '2026-11-21T10:00:00Z', mergeCommit: { oid: COMMIT } }),
  ]);
  expect(await brought()).toMatchObject({ pullRequest: { number: 8 } });
});

it('is none for a commit that GitHub does not know', async () => {
  const send: SendRequest = async () => {
    const data = { repository: { nameWithOwner: 'team/shop', object: null } };
    return { status: 200, headers: {}, body: JSON.stringify({ data }) };
  };
  const { discussion } = createGitHubHost({ send, clock });
  expect(await discussion?.pullRequestOf(ACCESS, COMMIT, 'main')).toEqual({ kind: 'none' });
});
