import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conformsAsGitHost } from '../../../../test/conformance/git-host.ts';
import {
  clock,
  type HostedWorld,
  send,
  shopOf,
  startHostedWorld,
  WRITE_TOKEN,
} from '../../../../test/conformance/git-hosts.ts';
import { githubHarness, startGitHubProposals } from '../../../../test/conformance/github-proposals.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import type { SendRequest } from '../http.ts';
import { createGitHubHost } from './index.ts';

conformsAsGitHost('github', async () => githubHarness(await startHostedWorld()), {
  author: 'it is the account of the token',
  unchanged: 'createCommitOnBranch says nothing of it, and no plan asks for what the head holds',
  marker: 'createCommitOnBranch moves one branch; a second key is kept out by the look at the trailers',
});

conformsAsProposals('github', () => startGitHubProposals({ worksInBackground: true }));

describe('what GitHub answers', () => {
  let hosted: HostedWorld;
  let head: string;
  beforeEach(async () => {
    hosted = await startHostedWorld();
    head = await hosted.bare.commit({ author: 'Ann <a@b>', time: 0, message: 'one', files: { 'a.yaml': 'a: 1\n' } });
  });
  afterEach(() => hosted.close());

  const write = (using: SendRequest = send) => {
    const changes = [{ path: 'a.yaml', content: Buffer.from('a: 0\n'), mode: '100644' }];
    const request = { branch: 'main', expectedHead: head, message: 'Revert\n\nbody', changes, key: 'k' };
    return createGitHubHost({ send: using, clock }).commit({ url: hosted.url, token: WRITE_TOKEN }, request);
  };
  const answering =
    (status: number, body: unknown, headers: Record<string, string> = {}): SendRequest =>
    async () => ({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const errors = (type: string, message: string) => ({ data: null, errors: [{ type, message }] });

  it.each([
    [
      'a rate limit by type',
      200,
      errors('RATE_LIMITED', 'slow down'),
      {},
      { kind: 'rateLimited', retryAfterSeconds: 60 },
    ],
    [
      'a secondary rate limit',
      403,
      { message: 'secondary' },
      { 'retry-after': '7' },
      { kind: 'rateLimited', retryAfterSeconds: 7 },
    ],
    [
      'a secondary rate limit in words alone',
      403,
      { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
      { 'x-ratelimit-remaining': '4312', 'x-ratelimit-reset': '1700003000', date: 'Tue, 14 Nov 2023 22:13:20 GMT' },
      { kind: 'rateLimited', retryAfterSeconds: 60 },
    ],
    [
      'a secondary rate limit of GraphQL',
      200,
      errors('FORBIDDEN', 'You have exceeded a secondary rate limit.'),
      {},
      { kind: 'rateLimited', retryAfterSeconds: 60 },
    ],
    ['a right that is missing', 403, { message: 'Resource not accessible' }, {}, { kind: 'noRights' }],
    ['a bad gateway', 502, '<html>', {}, { kind: 'unknown' }],
    ['an answer that is no JSON', 200, '<html>', {}, { kind: 'unknown' }],
    [
      'a ruleset',
      200,
      errors('SOME_NEW_TYPE', 'Repository rule violations found'),
      {},
      { kind: 'protected', message: 'Repository rule violations found' },
    ],
    ['an error without a type', 200, errors('', 'Something went wrong'), {}, { kind: 'unknown' }],
    ['a repository that moved', 301, { message: 'Moved Permanently' }, {}, { kind: 'gone' }],
  ])('%s', async (_, status, body, headers, outcome) => {
    expect(await write(answering(status, body, headers as Record<string, string>))).toMatchObject(outcome);
  });

  it('is unknown without an answer, and asked once only', async () => {
    let asked = 0;
    const cut: SendRequest = async () => {
      asked++;
      throw new Error('socket hang up');
    };
    expect(await write(cut)).toMatchObject({ kind: 'unknown' });
    expect(asked).toBe(1);
  });

  it('leaves an empty list out, because GitHub fails on null', async () => {
    let sent = '';
    await write(async (request) => {
      sent = String(request.body ?? '');
      return send(request);
    });
    expect(JSON.parse(sent).variables.input.fileChanges).not.toHaveProperty('deletions');
  });

  it('names the form of an address that is none of GitHub', async () => {
    const outcome = await createGitHubHost({ send, clock }).probe({ url: 'https://github.com/only-owner' }, 'main');
    expect(outcome).toMatchObject({ ok: false, message: expect.stringContaining('https://github.com/OWNER/NAME') });
  });
});

describe('the scopes of a classic token', () => {
  let hosted: HostedWorld;
  beforeEach(async () => {
    hosted = await startHostedWorld();
    await hosted.bare.commit({ author: 'Ann <a@b>', time: 0, message: 'one', files: { 'a.yaml': 'a: 1\n' } });
  });
  afterEach(() => hosted.close());

  const host = createGitHubHost({ send, clock });
  const withScopes = (isPublic: boolean, ...scopes: string[]) => {
    shopOf(hosted).isPublic = isPublic;
    hosted.world.tokens.set('classic', { login: 'headgate', write: true, scopes });
    return { url: hosted.url, token: 'classic' };
  };

  it.each([
    [false, ['read:org', 'repo']],
    [true, ['repo']],
    [true, ['public_repo', 'gist']],
    // Of what GitHub calls a user's token of an App, too.
    [true, []],
  ])('may do (public: %s): %j', async (isPublic, scopes) => {
    const access = withScopes(isPublic, ...scopes);
    for (const way of ['commit', 'proposal'] as const)
      expect(await host.probe(access, 'main', way)).toEqual({ ok: true });
  });

  it('are told to be too few where their owner may do more, as the first write would find out', async () => {
    const access = withScopes(true, 'repo:status', 'read:org');
    const message = expect.stringContaining(
      'neither commit nor open pull requests: give it the scope public_repo or repo',
    );
    for (const way of ['commit', 'proposal'] as const)
      expect(await host.probe(access, 'main', way)).toEqual({ ok: false, reason: 'noRights', message });
    const expectedHead = String(await hosted.bare.head());
    const changes = [{ path: 'a.yaml', content: Buffer.from('a: 0\n'), mode: '100644' }];
    const request = { branch: 'main', expectedHead, message: 'Revert', changes, key: 'k' };
    expect(await host.commit(access, request)).toMatchObject({ kind: 'noRights' });
    const proposal = { ...request, from: 'headgate/revert/k', title: 'Revert', body: 'why' };
    expect(await host.proposals?.open(access, proposal)).toMatchObject({ kind: 'noRights' });
  });

  it('of public repositories are none for a private one', async () => {
    const body = JSON.stringify({ private: true, permissions: { push: true } });
    const headers = { 'x-oauth-scopes': 'public_repo' };
    const told = createGitHubHost({ send: async () => ({ status: 200, headers, body }), clock });
    const message = expect.stringMatching(/give it the scope repo$/);
    expect(await told.probe({ url: hosted.url, token: 'x' }, 'main')).toEqual({
      ok: false,
      reason: 'noRights',
      message,
    });
  });
});
