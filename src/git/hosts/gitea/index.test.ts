/** What a real Gitea 1.26 was seen to answer, each answer with what it means. The whole conformance suite runs on a real one. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send } from '../../../../test/conformance/git-hosts.ts';
import {
  message,
  type RecordedAnswers,
  type Reply,
  startRecordedAnswers,
} from '../../../../test/conformance/recorded-answers.ts';
import type { CommitRequest, FileChange } from '../host.ts';
import { createGiteaHost } from './index.ts';

const HEAD = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);
const WRITTEN = 'c'.repeat(40);
const TOKEN = 'token-of-the-bot';
const REPOSITORY = '/team/git/api/v1/repos/rig/app';

const blobId = (text: string) => createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex');
const entry = (path: string, mode: string, sha: string) => ({ path, mode, sha });

const branch = (part: object = {}): Reply => ({
  status: 200,
  body: { name: 'main', commit: { id: HEAD }, protected: false, user_can_push: true, ...part },
});
const written = (parent = HEAD): Reply => ({
  status: 201,
  body: { files: [], commit: { sha: WRITTEN, html_url: 'https://git.example.com/c', parents: [{ sha: parent }] } },
});

let server: RecordedAnswers;
let replies: RecordedAnswers['replies'];
let asked: RecordedAnswers['asked'];

beforeEach(async () => {
  server = await startRecordedAnswers();
  ({ replies, asked } = server);
  const folder = (...entries: object[]): Reply => ({ status: 200, body: { tree: entries, truncated: false } });
  Object.assign(replies, {
    [`GET ${REPOSITORY}/branches/main`]: branch(),
    [`GET ${REPOSITORY}/git/trees/${HEAD}?page=1`]: folder(entry('app', '040000', 'd1'), entry('sub', '160000', 's1')),
    [`GET ${REPOSITORY}/git/trees/d1?page=1`]: folder(
      entry('web.yaml', '100644', blobId('image: v2\n')),
      entry('run.sh', '100755', 'e1'),
      entry('link', '120000', 'f1'),
    ),
    [`POST ${REPOSITORY}/contents`]: written(),
  });
});
afterEach(() => server.close());

const host = createGiteaHost({ send });
const access = () => ({ url: `${server.url}/team/git/rig/app.git`, token: TOKEN });
const file = (path: string, text: string | undefined, mode = '100644'): FileChange => ({
  path,
  content: text === undefined ? undefined : Buffer.from(text),
  mode,
});
const write = (changes = [file('app/web.yaml', 'image: v1\n')], part: Partial<CommitRequest> = {}) =>
  host.commit(access(), { branch: 'main', expectedHead: HEAD, message: 'Revert', changes, key: 'k', ...part });
const posts = () => asked.filter(({ call }) => call.startsWith('POST'));

describe('what is sent', () => {
  it('names the content that each file had at the expected head, in one request', async () => {
    const changes = [
      file('app/web.yaml', 'image: v1\n'),
      file('app/run.sh', '#!\n', '100755'),
      file('app/link', undefined, '120000'),
      file('app/new/deep.yaml', 'n: 1\n'),
    ];
    expect(await write(changes)).toEqual({ kind: 'written', commit: WRITTEN, url: 'https://git.example.com/c' });
    const [post, ...more] = posts();
    expect(more).toEqual([]);
    expect(post?.authorization).toBe(`token ${TOKEN}`);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    expect(JSON.parse(post?.body ?? '')).toMatchObject({
      branch: 'main',
      message: 'Revert',
      files: [
        { operation: 'update', path: 'app/web.yaml', sha: blobId('image: v2\n'), content: base64('image: v1\n') },
        { operation: 'update', path: 'app/run.sh', sha: 'e1', content: base64('#!\n') },
        { operation: 'delete', path: 'app/link', sha: 'f1' },
        { operation: 'create', path: 'app/new/deep.yaml', content: base64('n: 1\n') },
      ],
    });
  });

  it('is ASCII: Gitea before 1.26 garbles other characters where what it reads of a long body ends within one', async () => {
    const message = `Zurück 🚦日\u0080${'é'.repeat(9)}"\\u00e9"`;
    await write([file('app/ü.yaml', 'a')], { message });
    const body = posts()[0]?.body ?? '';
    expect(body).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(body)).toMatchObject({ message, files: [{ path: 'app/ü.yaml' }] });
  });

  it('reads each folder once, and the head last', async () => {
    await write([file('app/web.yaml', 'a'), file('app/run.sh', 'b', '100755'), file('top.yaml', 'c')]);
    const reads = asked.map(({ call }) => call.replace(REPOSITORY, '')).filter((call) => call.startsWith('GET'));
    expect(reads).toEqual([`GET /git/trees/${HEAD}?page=1`, 'GET /git/trees/d1?page=1', 'GET /branches/main']);
  });

  it('finds a file on the second page of a large folder', async () => {
    replies[`GET ${REPOSITORY}/git/trees/d1?page=1`] = {
      status: 200,
      body: { tree: [entry('a', '100644', 'a1')], truncated: true },
    };
    replies[`GET ${REPOSITORY}/git/trees/d1?page=2`] = {
      status: 200,
      body: { tree: [entry('z', '100644', 'z1')], truncated: false },
    };
    await write([file('app/z', 'new')]);
    expect(posts()[0]?.body).toContain('"sha":"z1"');
  });

  it.each([
    ['an executable file that is new', file('app/new.sh', 'x', '100755')],
    ['a mode that changes', file('app/run.sh', 'x', '100644')],
    ['a symbolic link', file('app/link', 'web.yaml', '120000')],
    ['a submodule, which Gitea would make a file', file('sub', 'x', '160000')],
    ['a folder', file('app', undefined)],
  ])('is nothing where the mode would not be kept: %s', async (_, change) => {
    expect(await write([change])).toMatchObject({ kind: 'protected', message: expect.stringContaining('host: git') });
    expect(posts()).toEqual([]);
  });

  it('is nothing where the branch holds it already: Gitea would make an empty commit', async () => {
    const changes = [file('app/web.yaml', 'image: v2\n'), file('app/gone.yaml', undefined)];
    expect(await write(changes)).toMatchObject({ kind: 'stale', message: expect.stringContaining('already') });
    expect(posts()).toEqual([]);
  });

  it('is nothing where the head is another one', async () => {
    replies[`GET ${REPOSITORY}/branches/main`] = branch({ commit: { id: OTHER } });
    expect(await write()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    expect(posts()).toEqual([]);
  });

  it('is nothing to an address that is none', async () => {
    const outcome = await host.commit({ url: 'https://git.example.com/only' }, {} as CommitRequest);
    expect(outcome).toMatchObject({ kind: 'gone', message: expect.stringContaining('https://HOST/OWNER/NAME') });
  });
});

describe('what Gitea answers to the write', () => {
  const GUARDED = { protected: true, user_can_push: false };
  it.each<[string, Reply, string, object?]>([
    ['a bad token', { status: 401, body: message('invalid username, password or token') }, 'noRights'],
    [
      'a lost race',
      { status: 403, body: message("cannot lock ref 'refs/heads/main': is at 024e but expected 61c9") },
      'stale',
    ],
    [
      'a protected branch',
      { status: 403, body: message('user cannot commit to repo [user: bot]') },
      'protected',
      GUARDED,
    ],
    [
      'no right to write',
      { status: 403, body: message('user cannot commit to repo [user: bot]') },
      'noRights',
      { user_can_push: false },
    ],
    [
      'a protected branch that asks for signatures',
      { status: 403, body: message('user cannot commit to repo [user: bot]') },
      'protected',
      { protected: true },
    ],
    [
      'a protected file',
      { status: 403, body: message('path is protected and can not be changed [path: a]') },
      'protected',
    ],
    ['a hook that declines', { status: 403, body: message('no releases on Friday') }, 'protected'],
    [
      'a reader',
      { status: 403, body: message('user should have a permission to write to the target branch') },
      'noRights',
      { user_can_push: false },
    ],
    [
      'a token for other things',
      {
        status: 403,
        body: message(
          'token does not have at least one of required scope(s), required=[write:repository], token scope=read:repository',
        ),
      },
      'noRights',
    ],
    ['a missing branch', { status: 404, body: message('branch does not exist [repo_id: 1 name: main]') }, 'gone'],
    ['a missing repository', { status: 404, body: { errors: null, ...message('not found') } }, 'gone'],
    [
      'a file that is gone meanwhile',
      { status: 404, body: message('object does not exist [id: , rel_path: app/web.yaml]') },
      'stale',
    ],
    ['a conflict', { status: 409, body: message('conflict') }, 'stale'],
    ['another content', { status: 422, body: message('sha does not match [given: d44b, expected: 04ba]') }, 'stale'],
    [
      'a file that is there meanwhile',
      { status: 422, body: message('repository file already exists [path: deploy.yaml]') },
      'stale',
    ],
    [
      'a path that it does not take',
      { status: 422, body: message('path contains a malformed path component [path: .git/x]') },
      'protected',
    ],
    ['an archived repository', { status: 423, body: message('rig/app is not allowed to edit') }, 'noRights'],
    ['a limit', { status: 429, body: message('slow down'), headers: { 'retry-after': '7' } }, 'rateLimited'],
    ['trouble of its own, of which it tells administrators only', { status: 500, body: message('') }, 'unknown'],
    ['a proxy without it', { status: 502, body: '<html>' }, 'unknown'],
    ['a success without a commit', { status: 201, body: {} }, 'unknown'],
    ['a cut connection', { status: 0, cut: true }, 'unknown'],
  ])('%s', async (_, reply, kind, rules = {}) => {
    replies[`GET ${REPOSITORY}/branches/main`] = branch(rules);
    replies[`POST ${REPOSITORY}/contents`] = reply;
    const outcome = await write();
    expect(outcome).toMatchObject({ kind, message: expect.stringMatching(/Gitea/) });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    expect(posts()).toHaveLength(1);
    if (kind === 'rateLimited') expect(outcome).toMatchObject({ retryAfterSeconds: 7 });
  });

  it('a commit that lies on another one is written, and says so', async () => {
    replies[`POST ${REPOSITORY}/contents`] = written(OTHER);
    expect(await write()).toMatchObject({ kind: 'written', message: expect.stringContaining(OTHER.slice(0, 7)) });
  });

  it('a repository that has moved is not followed, whatever is asked', async () => {
    const location = '/team/git/api/v1/repos/rig/app2/contents';
    const moved = { status: 301, headers: { location }, body: '<a href="...">Moved Permanently</a>.' };
    replies[`POST ${REPOSITORY}/contents`] = moved;
    expect(await write()).toMatchObject({ kind: 'gone', message: expect.stringContaining(location) });
    replies[`GET ${REPOSITORY}/branches/main`] = moved;
    expect(await host.probe(access(), 'main')).toMatchObject({ ok: false, reason: 'gone' });
    expect(asked.some(({ call }) => call.includes('app2'))).toBe(false);
  });
});

describe('the probe', () => {
  const probe = (way?: 'commit' | 'proposal') => host.probe(access(), 'main', way);
  const refused = (status: number, text: string) => {
    replies[`POST ${REPOSITORY}/contents`] = { status, body: message(text) };
  };

  it('sends what can write nothing', async () => {
    refused(422, '[]: unexpected EOF');
    expect(await probe()).toEqual({ ok: true });
    expect(posts().map(({ body }) => body)).toEqual(['{']);
  });

  it.each([
    ['a token for other things', 403, 'token does not have at least one of required scope(s)'],
    ['an archived repository', 423, 'rig/app is not allowed to edit'],
  ])('sees %s', async (_, status, text) => {
    refused(status, text);
    expect(await probe()).toMatchObject({ ok: false, reason: 'noRights', message: expect.stringContaining(text) });
  });

  it.each([
    ['a protected branch', true, 'protected'],
    ['a reader', false, 'may read'],
  ])('sees %s without trying', async (_, isProtected, words) => {
    replies[`GET ${REPOSITORY}/branches/main`] = branch({ protected: isProtected, user_can_push: false });
    expect(await probe()).toMatchObject({ ok: false, reason: 'noRights', message: expect.stringContaining(words) });
    expect(posts()).toEqual([]);
  });

  it.each([
    [422, '[]: unexpected EOF', undefined],
    [404, "The target couldn't be found.", 'turn them on in its settings'],
    [403, 'token does not have at least one of required scope(s), required=[write:repository]', 'write:repository'],
  ])(
    'sends a pull request that is none where those are wanted, which is answered with %d: %s',
    async (status, text, words) => {
      refused(422, '[]: unexpected EOF');
      replies[`POST ${REPOSITORY}/pulls`] = { status, body: message(text) };
      const expected = words
        ? { ok: false, reason: 'noRights', message: expect.stringContaining(words) }
        : { ok: true };
      expect(await probe('proposal')).toEqual(expected);
      expect(posts().map(({ body }) => body)).toEqual(['{', '{']);
    },
  );

  it('asks for a branch with slashes in its name', async () => {
    await host.probe(access(), 'release/1 2');
    expect(asked[0]?.call).toBe(`GET ${REPOSITORY}/branches/release/1%202`);
  });
});

describe('a status', () => {
  const report = {
    commit: HEAD,
    state: 'failure',
    context: 'headgate/shop/web',
    description: 'x'.repeat(400),
  } as const;

  it('is sent as Gitea knows it', async () => {
    replies[`POST ${REPOSITORY}/statuses/${HEAD}`] = { status: 201, body: { status: 'failure' } };
    expect(await host.discussion?.report(access(), report)).toEqual({ ok: true });
    const { state, context, description } = JSON.parse(posts()[0]?.body ?? '');
    expect({ state, context }).toEqual({ state: 'failure', context: 'headgate/shop/web' });
    expect(description).toHaveLength(255);
  });

  it.each([
    [403, 'user should have a permission to write to a repo', false],
    [500, '', true],
    [429, 'slow down', true],
  ])('that is answered with %d may be tried again: %s %s', async (status, text, again) => {
    replies[`POST ${REPOSITORY}/statuses/${HEAD}`] = { status, body: message(text) };
    expect(await host.discussion?.report(access(), report)).toMatchObject({ ok: false, again });
  });
});
