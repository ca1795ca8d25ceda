import { beforeEach, describe, expect, it } from 'vitest';
import { access, branch, PAGES, said, scriptBitbucket } from '../../../../test/conformance/bitbucket-cloud-replies.ts';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startBitbucketCloudDiscussion } from '../../../../test/conformance/discussions.ts';
import { HEAD, ok } from '../../../../test/conformance/scripted-replies.ts';

conformsAsDiscussion('bitbucket-cloud', () => startBitbucketCloudDiscussion());
conformsAsDiscussion(
  'bitbucket-cloud without the app that links commits',
  () => startBitbucketCloudDiscussion({ linksCommits: false }),
  { parts: 'the app of Bitbucket that knows which pull requests hold a commit is not there' },
);

let script: ReturnType<typeof scriptBitbucket>;
beforeEach(() => {
  script = scriptBitbucket();
});

const MERGE = 'a'.repeat(12);
const filter = `state = "MERGED" AND destination.branch.name = "main" AND merge_commit.hash ~ "${MERGE}"`;
const BY_MERGE = `GET /pullrequests?q=${encodeURIComponent(filter)}&pagelen=50`;
const BY_COMMIT = `GET /commit/${HEAD}/pullrequests?pagelen=50`;
const COMMENTS = 'GET /pullrequests/7/comments?pagelen=50&sort=created_on';
const USER = 'GET https://api.bitbucket.org/2.0/user';
const pull = (part: object = {}) => ({
  id: 7,
  state: 'MERGED',
  title: 'Use v3',
  author: { nickname: 'ann', display_name: 'Ann' },
  destination: { branch: { name: 'main' } },
  merge_commit: { hash: MERGE },
  updated_on: '2026-11-20T12:00:00Z',
  links: { html: { href: `${PAGES}/pull-requests/7` } },
  ...part,
});
const brought = () => script.host.discussion?.pullRequestOf(access, HEAD, 'main');
const say = (body: string) => script.host.discussion?.comment(access, 7, { mark: 'headgate/1', body });

describe('the pull request that brought a commit', () => {
  beforeEach(() => {
    script.replies['GET /pullrequests/7'] = ok({ ...pull(), participants: [] });
  });

  it('is asked for by what it holds only where no merge made it', async () => {
    script.replies[BY_MERGE] = ok({ values: [pull()] });
    expect(await brought()).toMatchObject({ kind: 'pullRequest', pullRequest: { number: 7, author: 'ann' } });
    expect(script.asked.map(({ call }) => call)).not.toContain(BY_COMMIT);
  });

  it('is found by what it holds where Bitbucket does not take the first question', async () => {
    script.replies[BY_MERGE] = said(400, 'Invalid field name');
    script.replies[BY_COMMIT] = ok({ values: [pull({ id: 9, state: 'OPEN' }), pull()] });
    expect(await brought()).toMatchObject({ pullRequest: { number: 7 } });
  });

  it('is asked for again while Bitbucket is still finding out, and is none where it cannot tell', async () => {
    script.replies[BY_MERGE] = ok({ values: [] });
    script.replies[BY_COMMIT] = { status: 202, body: '' };
    expect(await brought()).toMatchObject({ kind: 'unknown' });
    script.replies[BY_COMMIT] = said(404, 'Invalid or unknown installation');
    expect(await brought()).toEqual({ kind: 'none' });
    script.replies['GET /refs/branches/main'] = said(404, 'Repository rig/app not found');
    expect(await brought()).toMatchObject({ kind: 'gone' });
    script.replies['GET /refs/branches/main'] = branch();
  });
});

describe('a comment', () => {
  const text = '[//]: # (headgate/1)\n\none';
  const comment = (part: object = {}) => ({ id: 3, content: { raw: text }, user: { uuid: '{bot}' }, ...part });

  it('is known by its mark alone where Bitbucket does not say whose the token is', async () => {
    script.replies[USER] = said(403, 'Your credentials lack one or more required privilege scopes.');
    script.replies[COMMENTS] = ok({ values: [comment()] });
    script.replies['PUT /pullrequests/7/comments/3'] = ok({});
    expect(await say('two')).toMatchObject({ kind: 'commented' });
    expect(script.writes().map(({ call, body }) => [call, body])).toEqual([
      ['PUT /pullrequests/7/comments/3', { content: { raw: '[//]: # (headgate/1)\n\ntwo' } }],
    ]);
  });

  it('is none that was deleted, that another wrote, or that is about a line; the credential goes nowhere else', async () => {
    script.replies[USER] = ok({ uuid: '{bot}' });
    const others = [
      comment({ deleted: true }),
      comment({ user: { uuid: '{eve}' } }),
      comment({ inline: { path: 'a' } }),
    ];
    script.replies[COMMENTS] = ok({ values: others, next: 'https://elsewhere.example.com/x?pagelen=50&page=2' });
    script.replies['GET /pullrequests/7/comments?pagelen=50&page=2'] = ok({ values: [] });
    script.replies['POST /pullrequests/7/comments'] = { status: 201, body: { links: { html: { href: 'https://c' } } } };
    expect(await say('one')).toEqual({ kind: 'commented', url: 'https://c' });
    expect(script.asked.some(({ call }) => call.includes('elsewhere'))).toBe(false);
  });
});
