/** The conformance suite, and what Bitbucket's own documentation says that it answers, each answer with what it means. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBitbucketDataCenter } from '../../../../test/conformance/bitbucket-data-center.ts';
import { conformsAsGitHost } from '../../../../test/conformance/git-host.ts';
import { clock, send } from '../../../../test/conformance/git-hosts.ts';
import {
  type RecordedAnswers,
  type Reply,
  startRecordedAnswers,
} from '../../../../test/conformance/recorded-answers.ts';
import type { CommitRequest } from '../host.ts';
import { createBitbucketDataCenterHost } from './index.ts';

conformsAsGitHost('bitbucket-data-center', startBitbucketDataCenter, {
  report: 'Bitbucket asks for no more than to read the repository',
});

const TOKEN = 'token-of-the-bot';
const COMMIT = 'a'.repeat(40);

/** Pushes are refused: what is asked here needs the API only. */
function createHost() {
  const nothing = () => Promise.reject(new Error('not asked'));
  return createBitbucketDataCenterHost({ send, clock, locate: nothing, repositories: { open: () => ({}) as never } });
}

let server: RecordedAnswers;
beforeEach(async () => {
  server = await startRecordedAnswers();
});
afterEach(() => server.close());

it('gives a refused push the words of its rule, without the logo and the rulers around them', async () => {
  const { host, access, repository, protect, close } = await startBitbucketDataCenter();
  const people = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
  const expectedHead = await repository.commit({ ...people, message: 'one', files: { 'a.yaml': 'a: 2\n' } });
  await protect();
  const changes = [{ path: 'a.yaml', content: Buffer.from('a: 1\n'), mode: '100644' }];
  expect(await host.commit(access, { branch: 'main', expectedHead, message: 'Revert', changes, key: 'k' })).toEqual({
    kind: 'protected',
    message:
      'Branch refs/heads/main can only be modified through pull requests. Check your branch permissions configuration with the project administrator.',
  });
  await close();
});

it('pushes with a name and its own token too', async () => {
  const { host, access, repository, close } = await startBitbucketDataCenter();
  const people = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
  await repository.commit({ ...people, message: 'one', files: { 'a.yaml': 'a: 2\n' } });
  expect(await host.probe({ ...access, username: 'headgate' }, 'main')).toEqual({ ok: true });
  expect(await host.probe({ ...access, username: 'other' }, 'main')).toMatchObject({ reason: 'noRights' });
  await close();
});

describe('a status', () => {
  const report = { commit: COMMIT, state: 'failure', context: 'headgate/shop/web', description: 'too slow' } as const;
  const tell = (clone: string, part: { url?: string; username?: string; description?: string } = {}) => {
    const { username, ...more } = part;
    return createHost().discussion?.report(
      { url: `${server.url}${clone}`, token: TOKEN, username },
      { ...report, ...more },
    );
  };
  const builds = (repository: string) => `POST ${repository}/commits/${COMMIT}/builds`;
  const sent = () => JSON.parse(server.asked[0]?.body ?? '{}');

  it.each([
    ['/scm/rig/app.git', '/rest/api/1.0/projects/rig/repos/app'],
    ['/scm/~ann/app', '/rest/api/1.0/projects/~ann/repos/app'],
    ['/some/bitbucket/scm/RIG/app.git/', '/some/bitbucket/rest/api/1.0/projects/RIG/repos/app'],
  ])('of a repository with the clone address %s goes to %s', async (clone, repository) => {
    server.replies[builds(repository)] = { status: 204 };
    expect(await tell(clone)).toEqual({ ok: true });
  });

  it.each(['/rig/app.git', '/scm/app.git', '/projects/rig/repos/app', '/scm/a/b/c.git'])(
    'is not sent to an address that is none: %s',
    async (clone) => {
      expect(await tell(clone)).toMatchObject({ ok: false, again: false, message: expect.stringContaining('/scm/') });
      expect(server.asked).toEqual([]);
    },
  );

  it('is sent with the token alone as a bearer token, and with its name as a password', async () => {
    await tell('/scm/rig/app.git');
    await tell('/scm/rig/app.git', { username: 'ann' });
    const basic = Buffer.from(`ann:${TOKEN}`).toString('base64');
    expect(server.asked.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`, `Basic ${basic}`]);
  });

  it('has an address of its own where none is given, or one that is too long for Bitbucket', async () => {
    server.replies[builds('/rest/api/1.0/projects/rig/repos/app')] = { status: 204 };
    const own = `${server.url}/projects/rig/repos/app/commits/${COMMIT}`;
    await tell('/scm/rig/app.git', { description: 'x'.repeat(400) });
    expect(sent()).toEqual({
      key: 'headgate/shop/web',
      name: 'headgate/shop/web',
      state: 'FAILED',
      description: 'x'.repeat(255),
      url: own,
    });
    await tell('/scm/rig/app.git', { url: `https://example.com/${'x'.repeat(450)}` });
    expect(JSON.parse(server.asked[1]?.body ?? '{}').url).toBe(own);
  });

  it.each<[number, Reply['body'], boolean, string]>([
    [401, said('AuthorisationException', 'You are not permitted to access this resource'), false, 'not permitted'],
    [404, said('commit.NoSuchCommitException', 'It does not exist'), false, 'does not exist'],
    [400, said('validation.ArgumentValidationException', 'The url is too long'), false, 'too long'],
    [302, '', false, 'the repository has moved (https://login.example.com)'],
    [500, '<html>', true, 'no explanation'],
    [429, said('RateLimitedException', 'Slow down'), true, 'Slow down'],
  ])('that is answered with %d may be tried again, or not', async (status, body, again, words) => {
    const headers = status === 302 ? { location: 'https://login.example.com' } : {};
    server.replies[builds('/rest/api/1.0/projects/rig/repos/app')] = { status, body, headers };
    const outcome = await tell('/scm/rig/app.git');
    expect(outcome).toMatchObject({ ok: false, again, message: expect.stringContaining(words) });
  });
});

describe('a probe', () => {
  const probe = () => createHost().probe({ url: `${server.url}/scm/rig/app.git`, token: TOKEN }, 'main');

  it('sees an archived repository, which git would still push to in a dry run', async () => {
    server.replies['GET /rest/api/1.0/projects/rig/repos/app'] = { status: 200, body: { archived: true } };
    expect(await probe()).toMatchObject({
      ok: false,
      reason: 'noRights',
      message: expect.stringContaining('archived'),
    });
  });

  it('tells an instance that is down from a repository that is gone', async () => {
    server.replies['GET /rest/api/1.0/projects/rig/repos/app'] = { status: 503, body: 'starting' };
    expect(await probe()).toMatchObject({ ok: false, reason: 'unreachable' });
  });
});

it('writes nothing to an address that is none', async () => {
  const outcome = await createHost().commit({ url: 'https://git.example.com/rig/app.git' }, {} as CommitRequest);
  expect(outcome).toMatchObject({
    kind: 'gone',
    message: expect.stringContaining('https://HOST/scm/PROJECT/NAME.git'),
  });
});

function said(exception: string, message: string) {
  return { errors: [{ context: null, message, exceptionName: `com.atlassian.bitbucket.${exception}` }] };
}
