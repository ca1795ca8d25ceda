/** The conformance suite, and what Bitbucket's documents and others' records say that it answers, each answer with what it means. */
import { beforeEach, describe, expect, it } from 'vitest';
import { startBitbucketCloud } from '../../../../test/conformance/bitbucket-cloud.ts';
import {
  API,
  access,
  branch,
  entry,
  folder,
  PAGES,
  said,
  scriptBitbucket,
  written,
} from '../../../../test/conformance/bitbucket-cloud-replies.ts';
import { conformsAsGitHost } from '../../../../test/conformance/git-host.ts';
import { file, HEAD, OTHER, ok, type Reply, TOKEN, WRITTEN } from '../../../../test/conformance/scripted-replies.ts';
import type { CommitRequest } from '../host.ts';

const mode = 'modes are refused: Bitbucket leaves out without a word what it does not understand of them';

conformsAsGitHost('bitbucket-cloud', startBitbucketCloud, {
  mode,
  executable: mode,
  marker: 'the API moves one branch; a second key is kept out by the look at the trailers',
});

let { host, replies, asked, writes } = scriptBitbucket();
beforeEach(() => {
  ({ host, replies, asked, writes } = scriptBitbucket());
});

const MESSAGE = 'Revert\n\nRevert-Key: k\n';
const write = (changes = [file('app/web.yaml', 'image: v100\n')], part: Partial<CommitRequest> = {}) =>
  host.commit(access, { branch: 'main', expectedHead: HEAD, message: MESSAGE, changes, key: 'k', ...part });

describe('what is sent', () => {
  it('is one form with the expected head as parent, files by their paths, and what is to be deleted', async () => {
    const bytes = Buffer.from([0xff, 0x0d, 0x0a, 0x00]);
    const changes = [file('app/ü.bin', bytes), file('app/link', undefined, '120000'), file('gone.yaml', undefined)];
    expect(await write(changes)).toEqual({ kind: 'written', commit: WRITTEN, url: `${PAGES}/commits/${WRITTEN}` });
    const [post, ...more] = writes();
    expect(more).toEqual([]);
    const { form } = post ?? {};
    expect([...(form?.keys() ?? [])]).toEqual(['branch', 'parents', 'message', 'author', '/app/ü.bin', 'files']);
    const texts = ['branch', 'parents', 'message', 'author'].map((name) => form?.get(name));
    expect(texts).toEqual(['main', HEAD, MESSAGE, 'Headgate <noreply@headgate.dev>']);
    expect(form?.getAll('files')).toEqual(['/app/link']);
    const sent = form?.get('/app/ü.bin') as File;
    expect(Buffer.from(await sent.arrayBuffer())).toEqual(bytes);
  });

  it.each([
    ['an access token', {}, `Bearer ${TOKEN}`],
    ['an access token, by the name that git needs', { username: 'x-token-auth' }, `Bearer ${TOKEN}`],
    [
      "an account's token",
      { username: 'bot@example.com' },
      `Basic ${Buffer.from(`bot@example.com:${TOKEN}`).toString('base64')}`,
    ],
    ['nothing', { token: undefined }, undefined],
  ])('says who asks, with %s', async (_, part, authorization) => {
    await host.probe({ ...access, ...part }, 'main');
    expect(asked[0]?.authorization).toBe(authorization);
  });

  it('is nothing to an address that a page names, but for what it asks', async () => {
    const next = `https://elsewhere.example.com/steal?page=Zf2%3D&pagelen=100`;
    replies[folder('app/')] = ok({ values: [entry('app/a', 1)], next });
    replies[`GET /src/${HEAD}/app/?page=Zf2%3D&pagelen=100`] = ok({ values: [entry('app/web.yaml', 10)] });
    expect(await write([file('app/web.yaml', undefined)])).toMatchObject({ kind: 'written' });
    expect(asked.some(({ call }) => call.includes('elsewhere'))).toBe(false);
    expect(writes()[0]?.form?.getAll('files')).toEqual(['/app/web.yaml']);
  });

  it('reads each folder once, no content where sizes differ, and the head first', async () => {
    await write([file('app/web.yaml', 'aaaaaaaaaa'), file('app/new.yaml', 'b'), file('app/x/y/z.yaml', 'c')]);
    const reads = asked.map(({ call }) => call).filter((call) => call.startsWith('GET'));
    expect(reads).toEqual(['GET /refs/branches/main', folder(''), folder('app/')]);
  });

  it.each([
    ['an executable file', file('app/run.sh', '#!\n', '100755'), 'app/run.sh'],
    ['a symbolic link', file('app/new', 'web.yaml', '120000'), 'app/new'],
    ['a submodule', file('sub', undefined), 'sub'],
    ['a folder', file('app', undefined), 'app'],
    ['a name that a form cannot carry', file('app/say "hi".yaml', 'a: 1\n'), 'say "hi".yaml'],
  ])('is nothing where the API cannot write it: %s', async (_, change, named) => {
    const outcome = await write([change]);
    expect(outcome).toMatchObject({ kind: 'protected', message: expect.stringContaining('host: git') });
    expect(outcome).toMatchObject({ message: expect.stringContaining(named) });
    expect(writes()).toEqual([]);
  });

  it('makes plain files of executable ones and of symbolic links', async () => {
    expect(await write([file('app/run.sh', 'aaaaaaaaaa'), file('app/link', 'a: 1\n')])).toMatchObject({
      kind: 'written',
    });
  });

  it('is nothing where the branch holds it already: Bitbucket would make an empty commit', async () => {
    replies[`GET /src/${HEAD}/app/web.yaml`] = ok('image: v2\n');
    const changes = [file('app/web.yaml', 'image: v2\n'), file('app/gone.yaml', undefined)];
    expect(await write(changes)).toMatchObject({ kind: 'stale', message: expect.stringContaining('already') });
    expect(writes()).toEqual([]);
  });

  it.each([
    ['another content', ok('image: v1\n'), 'image: v2\n'],
    ['content that lies elsewhere (LFS)', { status: 301, headers: { location: 'https://x' } }, 'image: v2\n'],
    [
      'bytes that are no text',
      ok('\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd'),
      Buffer.alloc(10, 0xff),
    ],
  ])('replaces %s of the same size', async (_, there, content) => {
    replies[`GET /src/${HEAD}/app/web.yaml`] = there;
    expect(await write([file('app/web.yaml', content)])).toMatchObject({ kind: 'written' });
  });

  it('is nothing where the head is another one', async () => {
    replies['GET /refs/branches/main'] = branch({ hash: OTHER });
    expect(await write()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    expect(writes()).toEqual([]);
  });

  it.each(['https://bitbucket.org/only', 'https://bitbucket.org/a/b/c', 'https://bitbucket.org/a//b'])(
    'is nothing to an address that is none: %s',
    async (url) => {
      const outcome = await host.commit({ url }, {} as CommitRequest);
      const form = 'https://bitbucket.org/WORKSPACE/REPOSITORY';
      expect(outcome).toMatchObject({ kind: 'gone', message: expect.stringContaining(form) });
      expect(asked).toEqual([]);
    },
  );
});

describe('what Bitbucket answers to the write', () => {
  const SCOPES = said(403, 'Your credentials lack one or more required privilege scopes.', {
    required: ['repository:write'],
    granted: ['repository'],
  });
  it.each<[string, Reply, string]>([
    ['a lost race', said(409, 'Conflict'), 'stale'],
    ['a lost race, in other words', said(400, 'parents: the commit is not the tip of the branch'), 'stale'],
    ['a restricted branch', said(403, 'Permission denied to update branch main.'), 'protected'],
    ['a restricted branch, in other words', said(400, 'Branch restrictions: parent refused'), 'protected'],
    ['fields that it does not take', said(400, 'Bad request'), 'protected'],
    ['no right to write', said(403, 'You do not have write access to this repository.'), 'noRights'],
    ['a token for other things', SCOPES, 'noRights'],
    ['a bad token', said(401, 'Token is invalid, expired, or not supported for this endpoint.'), 'noRights'],
    ['a missing repository', said(404, 'Repository rig/app not found'), 'gone'],
    ['an address of before', { status: 410, body: '' }, 'gone'],
    ['too much', { status: 413, body: '<html>' }, 'protected'],
    ['a limit', { status: 429, body: '', headers: { 'retry-after': '7' } }, 'rateLimited'],
    ['trouble of its own', said(500, 'Something went wrong'), 'unknown'],
    ['too long a time', said(555, 'timed out'), 'unknown'],
    ['a proxy without it', { status: 502, body: '<html>' }, 'unknown'],
  ])('%s', async (_, reply, kind) => {
    replies['POST /src'] = reply;
    const outcome = await write();
    expect(outcome).toMatchObject({ kind, message: expect.stringMatching(/Bitbucket/) });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    expect(writes()).toHaveLength(1);
    if (kind === 'rateLimited') expect(outcome).toMatchObject({ retryAfterSeconds: 7 });
  });

  it('names the scopes that a token lacks', async () => {
    replies['POST /src'] = SCOPES;
    expect(await write()).toMatchObject({
      message: expect.stringContaining('give the token the scope repository:write'),
    });
  });

  it('that names no commit means the head of the branch, if that is what was asked for', async () => {
    replies['POST /src'] = { ...written, headers: {} };
    const ours = branch({ hash: WRITTEN, message: MESSAGE, parents: [{ hash: HEAD }] });
    replies['GET /refs/branches/main'] = [branch(), ours];
    expect(await write()).toMatchObject({ kind: 'written', commit: WRITTEN });
    const theirs = branch({ hash: OTHER, message: 'x', parents: [{ hash: WRITTEN }] });
    replies['GET /refs/branches/main'] = [branch(), theirs];
    expect(await write()).toMatchObject({ kind: 'unknown' });
  });

  it('a repository that has moved is not followed', async () => {
    const location = `${API.replace('app', 'store')}/refs/branches/main`;
    replies['GET /refs/branches/main'] = { status: 301, headers: { location } };
    expect(await write()).toMatchObject({ kind: 'gone', message: expect.stringContaining(location) });
    expect(asked).toHaveLength(1);
  });
});

describe('the probe', () => {
  const probe = (way?: 'commit' | 'proposal') => host.probe(access, 'main', way);
  const noRights = (words: string) => ({ ok: false, reason: 'noRights', message: expect.stringContaining(words) });
  const restricted = said(403, 'Permission denied to update branch main.');

  it.each([400, 404, 409])('sends what can write nothing: a commit on none, refused with %d', async (status) => {
    replies['POST /src'] = said(status, 'parent');
    expect(await probe()).toEqual({ ok: true });
    expect(writes().map(({ form }) => [...(form ?? [])])).toEqual([
      [
        ['branch', 'main'],
        ['parents', '5'.repeat(40)],
      ],
    ]);
  });

  it('takes no answer for a right that is none', async () => {
    replies['POST /src'] = written;
    expect(await probe()).toMatchObject({ ok: false, reason: 'unreachable' });
  });

  it('sees a branch that takes pull requests only, which is enough for those', async () => {
    replies['POST /src'] = restricted;
    replies['POST /pullrequests'] = said(400, 'title: required key not provided');
    expect(await probe()).toMatchObject(noRights('pull request only'));
    expect(await probe('proposal')).toEqual({ ok: true });
    expect(writes().at(-1)?.body).toEqual({});
  });

  it('sees a token that may not open pull requests', async () => {
    replies['POST /src'] = said(409, 'Conflict');
    replies['POST /pullrequests'] = said(403, 'lacks', { required: ['pullrequest:write'] });
    expect(await probe('proposal')).toMatchObject(noRights('give the token the scope pullrequest:write'));
    expect(await probe('commit')).toEqual({ ok: true });
  });

  it('asks for a branch with slashes in its name', async () => {
    await host.probe(access, 'release/1 2');
    expect(asked[0]?.call).toBe('GET /refs/branches/release/1%202');
  });
});

describe('a status', () => {
  const report = {
    commit: HEAD,
    state: 'failure',
    context: 'headgate/shop/web',
    description: 'x'.repeat(400),
  } as const;
  const CALL = `POST /commit/${HEAD}/statuses/build`;
  const tell = (part: { url?: string; context?: string } = {}) =>
    host.discussion?.report(access, { ...report, ...part });

  it('is sent as Bitbucket knows it', async () => {
    replies[CALL] = { status: 201, body: {} };
    expect(await tell({ url: 'https://example.com/x' })).toEqual({ ok: true });
    expect(writes()[0]?.body).toEqual({
      key: 'headgate/shop/web',
      state: 'FAILED',
      name: 'headgate/shop/web',
      description: 'x'.repeat(255),
      url: 'https://example.com/x',
    });
  });

  it('has a short key of its own where its context is long', async () => {
    replies[CALL] = { status: 201, body: {} };
    const long = `headgate/${'n'.repeat(300)}`;
    await tell({ context: `${long}/a` });
    await tell({ context: `${long}/b` });
    const keys = writes().map(({ body }) => String(body.key));
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{40}$/);
    expect(String(writes()[0]?.body.name)).toHaveLength(255);
  });

  it('leads to the commit where its address is too long, or left out', async () => {
    replies[CALL] = { status: 201, body: {} };
    await tell();
    await tell({ url: `https://example.com/${'x'.repeat(450)}` });
    for (const { body } of writes()) expect(body.url).toBe(`${PAGES}/commits/${HEAD}`);
  });

  it.each([
    [400, false],
    [403, false],
    [404, false],
    [429, true],
    [500, true],
  ])('that is answered with %d may be tried again: %s', async (status, again) => {
    replies[CALL] = said(status, 'no');
    expect(await tell()).toMatchObject({ ok: false, again });
  });
});
