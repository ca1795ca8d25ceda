/** The conformance suite, and what Azure DevOps is known to answer, each answer with what it means. */
import { beforeEach, describe, expect, it } from 'vitest';
import { startAzure } from '../../../../test/conformance/azure-devops.ts';
import { access, ref, refs, said, scriptAzure, values } from '../../../../test/conformance/azure-devops-replies.ts';
import { conformsAsGitHost } from '../../../../test/conformance/git-host.ts';
import { file, HEAD, OTHER, ok, type Reply, TOKEN, WRITTEN } from '../../../../test/conformance/scripted-replies.ts';
import type { CommitRequest } from '../host.ts';

conformsAsGitHost('azure-devops', startAzure, {
  mode: "Azure DevOps' API keeps the mode that a file has, and makes new ones plain",
  marker: 'a push moves one branch; a second key is kept out by the look at the trailers',
});

let { host, replies, asked, writes } = scriptAzure();
beforeEach(() => {
  ({ host, replies, asked, writes } = scriptAzure());
});

const write = (changes = [file('app/web.yaml', 'image: v1\n')], part: Partial<CommitRequest> = {}) =>
  host.commit(access, { branch: 'main', expectedHead: HEAD, message: 'Revert', changes, key: 'k', ...part });

describe('the address of a repository', () => {
  it.each([
    ['https://dev.azure.com/rig/sea/_git/app', 'https://dev.azure.com/rig/sea'],
    ['https://dev.azure.com/rig/The%20Sea/_git/the%20app/', 'https://dev.azure.com/rig/The%20Sea'],
    ['https://dev.azure.com/rig/The Sea/_git/the app', 'https://dev.azure.com/rig/The%20Sea'],
    ['https://dev.azure.com/rig/_git/app', 'https://dev.azure.com/rig/app'],
    ['https://rig.visualstudio.com/sea/_git/app', 'https://rig.visualstudio.com/sea'],
    [
      'https://rig.visualstudio.com/DefaultCollection/sea/_git/app',
      'https://rig.visualstudio.com/DefaultCollection/sea',
    ],
    ['https://rig.visualstudio.com/_git/app', 'https://rig.visualstudio.com/app'],
    ['https://git.example.com:8443/Main/sea/_git/app', 'https://git.example.com:8443/Main/sea'],
    ['https://git.example.com/tfs/Main/sea/_git/app', 'https://git.example.com/tfs/Main/sea'],
    ['https://git.example.com/Main/_git/app', 'https://git.example.com/Main/app'],
  ])('is found for %s', async (url, project) => {
    const name = url.includes(' ') || url.includes('%20') ? 'the%20app' : 'app';
    await host.probe({ ...access, url }, 'main');
    expect(asked[0]?.url).toBe(`${project}/_apis/git/repositories/${name}?api-version=7.1`);
  });

  it.each([
    'https://dev.azure.com/rig/sea/app',
    'https://dev.azure.com/_git/app',
    'https://dev.azure.com/rig/sea/more/_git/app',
    'https://dev.azure.com/rig/sea/_git/_full/app',
    'https://git.example.com/a/b/c/_git/app',
    'nonsense',
  ])('is none for %s, and nothing is asked', async (url) => {
    const outcome = await host.commit({ url }, {} as CommitRequest);
    expect(outcome).toMatchObject({ kind: 'gone', message: expect.stringContaining('/_git/NAME') });
    expect(asked).toEqual([]);
  });
});

describe('who asks', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each([
    ['a personal access token', undefined, basic(`:${TOKEN}`)],
    ['a personal access token beside a name', 'someone', basic(`someone:${TOKEN}`)],
    ['a token of Microsoft Entra', 'Bearer', `Bearer ${TOKEN}`],
  ])('is told by %s', async (_, username, authorization) => {
    await host.probe({ ...access, username }, 'main');
    for (const { headers } of asked) {
      expect(headers).toMatchObject({ authorization, 'x-tfs-fedauthredirect': 'Suppress' });
    }
  });

  const html = { 'content-type': 'text/html; charset=utf-8' };
  it.each<[string, Reply]>([
    ['203 and a page', { status: 203, body: '<html>Sign In</html>', headers: html }],
    ['200 and a page', { status: 200, body: '<html>Sign In</html>', headers: html }],
    [
      'a way to the page',
      { status: 302, headers: { location: 'https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev' } },
    ],
    ['401 and a page', { status: 401, body: '<html>401</html>', headers: html }],
  ])('has no rights where the answer is %s', async (_, reply) => {
    replies['GET '] = reply;
    expect(await host.probe(access, 'main')).toMatchObject({
      reason: 'noRights',
      message: expect.stringContaining('username bearer'),
    });
    replies['POST /pushes'] = reply;
    expect(await write()).toMatchObject({ kind: 'noRights' });
  });
});

describe('what is sent', () => {
  it('is one push of one commit on the expected head, with every content as bytes', async () => {
    const changes = [
      file('app/web.yaml', 'image: v1\n'),
      file('app/run.sh', '#!\n', '100755'),
      file('app/link', undefined, '120000'),
      file('app/new/deep.yaml', 'n: 1\n'),
      file('app/gone.yaml', undefined),
    ];
    const url = 'https://dev.azure.com/rig/sea/_git/app/commit/cccc';
    expect(await write(changes)).toEqual({ kind: 'written', commit: WRITTEN, url: expect.stringContaining(url) });
    const bytes = (text: string) => ({ content: Buffer.from(text).toString('base64'), contentType: 'base64encoded' });
    expect(writes().map(({ call, body }) => [call, body])).toEqual([
      [
        'POST /pushes',
        {
          refUpdates: [{ name: 'refs/heads/main', oldObjectId: HEAD }],
          commits: [
            {
              comment: 'Revert',
              author: { name: 'Headgate', email: 'noreply@headgate.dev' },
              changes: [
                { changeType: 'edit', item: { path: '/app/web.yaml' }, newContent: bytes('image: v1\n') },
                { changeType: 'edit', item: { path: '/app/run.sh' }, newContent: bytes('#!\n') },
                { changeType: 'delete', item: { path: '/app/link' } },
                { changeType: 'add', item: { path: '/app/new/deep.yaml' }, newContent: bytes('n: 1\n') },
              ],
            },
          ],
        },
      ],
    ]);
  });

  it('follows each folder read once, and the head read last: a push to a branch that is gone would make it again', async () => {
    await write([file('app/web.yaml', 'a'), file('app/new.sh', 'b'), file('top.yaml', 'c')]);
    const calls = asked.map(({ call }) => call);
    expect(calls).toEqual([`GET /commits/${HEAD}`, 'GET /trees/d0', 'GET /trees/d1', refs('main'), 'POST /pushes']);
  });

  it.each([
    ['a symbolic link that is new', file('app/new', 'web.yaml', '120000')],
    ['a symbolic link that is there', file('app/link', 'web.yaml', '120000')],
    ['a file in the place of a symbolic link', file('app/link', 'a: 1\n')],
    ['a file that is to be executable', file('app/web.yaml', 'a: 1\n', '100755')],
    ['a file that is no longer to be executable', file('app/run.sh', 'a: 1\n')],
    ['a new executable file', file('app/new.sh', 'a: 1\n', '100755')],
    ['a submodule', file('sub', undefined)],
    ['a folder', file('app', undefined)],
  ])('is nothing where Azure DevOps would make something else of it: %s', async (_, change) => {
    const outcome = await write([change]);
    expect(outcome).toMatchObject({ kind: 'protected', message: expect.stringContaining('host: git') });
    expect('message' in outcome && outcome.message).toContain(change.path);
    expect(writes()).toEqual([]);
  });

  it('is nothing where the branch holds it already: Azure DevOps would make an empty commit', async () => {
    const changes = [file('app/web.yaml', 'image: v2\n'), file('app/gone.yaml', undefined)];
    expect(await write(changes)).toMatchObject({ kind: 'stale', message: expect.stringContaining('already') });
    expect(writes()).toEqual([]);
  });

  it('is nothing where the head is another one, or only another branch begins like this one', async () => {
    replies[refs('main')] = values(ref('main', OTHER));
    expect(await write()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    replies[refs('main')] = values(ref('main-2', HEAD));
    expect(await write()).toMatchObject({ kind: 'gone' });
    expect(writes()).toEqual([]);
  });
});

describe('what Azure DevOps answers to the push', () => {
  it.each([
    [409, 'GitReferenceStaleException', 'stale'],
    [404, 'GitUnresolvableToCommitException', 'stale'],
    [500, 'GitObjectDoesNotExistException', 'stale'],
    [403, 'GitRefUpdateRejectedByPolicyException', 'protected'],
    [403, 'GitRefLockedException', 'protected'],
    [403, 'GitForcePushDeniedException', 'protected'],
    [400, 'GitRefUpdateRejectedByPluginException', 'protected'],
    [400, 'InvalidArgumentValueException', 'protected'],
    [403, 'GitNeedsPermissionException', 'noRights'],
    [401, 'UnauthorizedRequestException', 'noRights'],
    [404, 'GitRepositoryNotFoundException', 'gone'],
    [404, 'ProjectDoesNotExistWithNameException', 'gone'],
    [500, 'AnythingElse', 'unknown'],
    [503, 'GitServiceUnavailableException', 'unknown'],
  ])('with %d and %s is understood as %s', async (status, type, kind) => {
    replies['POST /pushes'] = said(status, type, 'Worte in irgendeiner Sprache');
    const outcome = await write();
    expect(outcome).toMatchObject({ kind, message: expect.stringContaining('Worte in irgendeiner Sprache') });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
  });

  it('as a rate limit is waited for as long as it says', async () => {
    replies['POST /pushes'] = { ...said(429, 'RequestBlockedException'), headers: { 'retry-after': '17' } };
    expect(await write()).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: 17 });
  });

  it('as an address that has changed is for a person', async () => {
    replies['POST /pushes'] = { status: 301, headers: { location: 'https://dev.azure.com/rig2/sea' } };
    expect(await write()).toMatchObject({ kind: 'gone', message: expect.stringContaining('rig2') });
  });

  it.each(['{}', 'no JSON'])('without a commit may have been done: %s', async (body) => {
    replies['POST /pushes'] = { status: 201, body };
    expect(await write()).toMatchObject({ kind: 'unknown' });
  });
});

describe('a probe', () => {
  const probe = (way?: 'commit' | 'proposal') => host.probe(access, 'main', way);
  const noRights = (words: string) => ({ ok: false, reason: 'noRights', message: expect.stringContaining(words) });
  const CONFIGURATIONS =
    'GET https://dev.azure.com/rig/sea/_apis/git/policy/configurations?repositoryId=r1&refName=refs%2Fheads%2Fmain';
  const policy = (scope: object, part: object = {}) => ({
    isEnabled: true,
    isBlocking: true,
    settings: { scope: [scope] },
    ...part,
  });
  const permission = (words: string) => {
    const found = Object.keys(replies).find((call) => call.includes(words));
    if (!found) throw new Error(`no permission ${words}`);
    return found;
  };

  beforeEach(() => {
    replies['POST /pushes'] = said(400, 'InvalidArgumentValueException');
    replies[CONFIGURATIONS] = values();
  });

  it('sends a push of nothing, which tells what the token is for', async () => {
    expect(await probe()).toEqual({ ok: true });
    expect(writes().map(({ body }) => body)).toEqual([{ refUpdates: [], commits: [] }]);
    replies['POST /pushes'] = said(401, 'UnauthorizedRequestException');
    expect(await probe()).toMatchObject(noRights('give the token the scope Code: read & write'));
  });

  it('sees a repository that is disabled', async () => {
    replies['GET '] = ok({ id: 'r1', project: { id: 'p1' }, isDisabled: true });
    expect(await probe()).toMatchObject(noRights('disabled'));
  });

  it.each([
    ['commit', '/4?tokens=repoV2%2Fp1%2Fr1%2Frefs', 'Contribute'],
    ['proposal', '/16?', 'Create branch'],
    ['proposal', '/16384?', 'Contribute to pull requests'],
  ] as const)('by way of %s sees a permission that is missing: %s', async (way, call, words) => {
    replies[permission(call)] = values(false);
    expect(await probe(way)).toMatchObject(noRights(`${JSON.stringify(words)} on the repository: grant it`));
    expect(writes()).toEqual([]);
  });

  it('takes permissions that the token may not ask for as given', async () => {
    for (const call of Object.keys(replies).filter((each) => each.includes('/permissions/'))) {
      replies[call] = said(403, 'AccessCheckException');
    }
    expect(await probe()).toEqual({ ok: true });
    expect(await probe('proposal')).toEqual({ ok: true });
  });

  it.each([
    ['a policy of the branch', { refName: 'refs/heads/main', matchKind: 'Exact' }],
    ['a policy of whatever is the default branch', { refName: null, matchKind: 'DefaultBranch' }],
  ])('sees %s, unless pull requests are the way or the account may pass it', async (_, scope) => {
    replies[CONFIGURATIONS] = values(policy(scope));
    expect(await probe()).toMatchObject(noRights('pull request only'));
    expect(await probe('proposal')).toEqual({ ok: true });
    replies[permission('/128?')] = values(true);
    expect(await probe()).toEqual({ ok: true });
  });

  it.each([
    ['the whole repository', policy({ repositoryId: 'r1' })],
    ['no one', policy({ refName: 'refs/heads/main' }, { isEnabled: false })],
    ['those who like', policy({ refName: 'refs/heads/main' }, { isBlocking: false })],
  ])('minds no policy for %s', async (_, found) => {
    replies[CONFIGURATIONS] = values(found);
    expect(await probe()).toEqual({ ok: true });
  });

  it('asks about a branch with slashes by the bytes of each part', async () => {
    replies[refs('release/ü')] = values(ref('release/ü', HEAD));
    await host.probe(access, 'release/ü');
    const token = encodeURIComponent('repoV2/p1/r1/refs/heads/720065006c006500610073006500/fc00');
    expect(asked.map(({ call }) => call).filter((call) => call.includes(token))).toHaveLength(1);
  });
});

describe('a status', () => {
  const report = {
    commit: HEAD,
    state: 'failure',
    context: 'headgate/shop/web',
    description: 'x'.repeat(3000),
  } as const;
  const tell = (part: object = {}) => host.discussion?.report(access, { ...report, ...part });
  const CALL = `POST /commits/${HEAD}/statuses`;

  it.each([
    ['headgate/shop/web', { genre: 'headgate', name: 'shop/web' }],
    ['web', { genre: 'headgate', name: 'web' }],
    [`a/${'b'.repeat(200)}`, { genre: 'a', name: 'b'.repeat(128) }],
  ])('of %s is sent as Azure DevOps knows it', async (context, sent) => {
    replies[CALL] = { status: 201, body: {} };
    expect(await tell({ context, url: 'https://example.com/x' })).toEqual({ ok: true });
    expect(writes()[0]?.body).toEqual({
      state: 'failed',
      context: sent,
      description: 'x'.repeat(2048),
      targetUrl: 'https://example.com/x',
    });
  });

  it('comes without an address that is too long', async () => {
    replies[CALL] = { status: 201, body: {} };
    expect(await tell({ state: 'success', url: `https://example.com/${'x'.repeat(2048)}` })).toEqual({ ok: true });
    expect(writes()[0]?.body).not.toHaveProperty('targetUrl');
    expect(writes()[0]?.body).toMatchObject({ state: 'succeeded' });
  });

  it.each([
    [403, 'GitNeedsPermissionException', false],
    [500, 'GitObjectDoesNotExistException', false],
    [500, 'AnythingElse', true],
    [429, 'RequestBlockedException', true],
  ])('that is answered with %d and %s may be tried again: %s', async (status, type, again) => {
    replies[CALL] = said(status, type);
    expect(await tell()).toMatchObject({ ok: false, again });
  });
});
