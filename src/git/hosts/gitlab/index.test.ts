/** The conformance suite, and what GitLab's own sources say that it answers, each answer with what it means. */
import { beforeEach, describe, expect, it } from 'vitest';
import { conformsAsGitHost } from '../../../../test/conformance/git-host.ts';
import { startGitLab } from '../../../../test/conformance/gitlab.ts';
import {
  access,
  branch,
  entry,
  folder,
  LAST,
  said,
  scriptGitLab,
  written,
} from '../../../../test/conformance/gitlab-replies.ts';
import { file, HEAD, OTHER, ok, type Reply, TOKEN, WRITTEN } from '../../../../test/conformance/scripted-replies.ts';
import type { CommitRequest } from '../host.ts';

conformsAsGitHost('gitlab', startGitLab, {
  links: "GitLab's API writes files only",
  marker: 'the API moves one branch; a second key is kept out by the look at the trailers',
  head: 'the API knows no expected head; each file is bound to the last commit that changed it',
});

let { host, replies, asked, writes } = scriptGitLab();
beforeEach(() => {
  ({ host, replies, asked, writes } = scriptGitLab());
});

const write = (changes = [file('app/web.yaml', 'image: v1\n')], part: Partial<CommitRequest> = {}) =>
  host.commit(access, { branch: 'main', expectedHead: HEAD, message: 'Revert', changes, key: 'k', ...part });

describe('what is sent', () => {
  it('binds each file that is there to its last commit, and gives modes actions of their own, in one request', async () => {
    const changes = [
      file('app/web.yaml', 'image: v1\n', '100755'),
      file('app/run.sh', '#!\n', '100755'),
      file('app/link', undefined, '120000'),
      file('app/new/deep.sh', 'n: 1\n', '100755'),
    ];
    expect(await write(changes)).toEqual({ kind: 'written', commit: WRITTEN, url: 'https://git.example.com/c' });
    const [post, ...more] = writes();
    expect(more).toEqual([]);
    expect(post?.authorization).toBe(`Bearer ${TOKEN}`);
    const base64 = (text: string) => ({ content: Buffer.from(text).toString('base64'), encoding: 'base64' });
    expect(post?.body).toMatchObject({
      branch: 'main',
      commit_message: 'Revert',
      actions: [
        { action: 'update', file_path: 'app/web.yaml', last_commit_id: LAST, ...base64('image: v1\n') },
        { action: 'chmod', file_path: 'app/web.yaml', execute_filemode: true },
        { action: 'update', file_path: 'app/run.sh', last_commit_id: LAST, ...base64('#!\n') },
        { action: 'delete', file_path: 'app/link', last_commit_id: LAST },
        { action: 'create', file_path: 'app/new/deep.sh', ...base64('n: 1\n') },
        { action: 'chmod', file_path: 'app/new/deep.sh', execute_filemode: true },
      ],
    });
    expect(post?.body).not.toHaveProperty('force');
  });

  it('makes an executable file plain', async () => {
    await write([file('app/run.sh', 'x')]);
    const chmod = { action: 'chmod', file_path: 'app/run.sh', execute_filemode: false };
    expect(writes()[0]?.body.actions).toMatchObject([{ action: 'update' }, chmod]);
  });

  it('reads each folder once, and the head last', async () => {
    await write([file('app/web.yaml', 'a'), file('app/new.sh', 'b'), file('top.yaml', 'c')]);
    const reads = asked.map(({ call }) => call).filter((call) => call.startsWith('GET'));
    const last = `GET /repository/files/app%2Fweb.yaml?ref=${HEAD}`;
    expect(reads).toEqual([folder(''), folder('app'), last, 'GET /repository/branches/main']);
  });

  it('finds a file on the second page of a large folder', async () => {
    replies[folder('app')] = ok(Array.from({ length: 100 }, (_, at) => entry(`a${at}`, '100644', 'a1')));
    replies[folder('app', 2)] = ok([entry('web.yaml', '100644', 'z1')]);
    await write();
    expect(writes()[0]?.body.actions).toMatchObject([{ action: 'update', last_commit_id: LAST }]);
  });

  it.each([
    ['a symbolic link that is new', file('app/new', 'web.yaml', '120000')],
    ['a symbolic link that is there', file('app/link', 'web.yaml', '120000')],
    ['a file in the place of a symbolic link', file('app/link', 'a: 1\n')],
    ['a submodule', file('sub', undefined)],
    ['a folder', file('app', undefined)],
  ])('is nothing where GitLab would make something else of it: %s', async (_, change) => {
    expect(await write([change])).toMatchObject({ kind: 'protected', message: expect.stringContaining('host: git') });
    expect(writes()).toEqual([]);
  });

  it('is nothing where the branch holds it already: GitLab would make an empty commit', async () => {
    const changes = [file('app/web.yaml', 'image: v2\n'), file('app/gone.yaml', undefined)];
    expect(await write(changes)).toMatchObject({ kind: 'stale', message: expect.stringContaining('already') });
    expect(writes()).toEqual([]);
  });

  it('is nothing where the head is another one', async () => {
    replies['GET /repository/branches/main'] = branch({ commit: { id: OTHER } });
    expect(await write()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER) });
    expect(writes()).toEqual([]);
  });

  it.each(['https://git.example.com/only', 'https://git.example.com/', 'https://git.example.com/a//b'])(
    'is nothing to an address that is none: %s',
    async (url) => {
      const outcome = await host.commit({ url }, {} as CommitRequest);
      expect(outcome).toMatchObject({ kind: 'gone', message: expect.stringContaining('https://HOST/GROUP/NAME') });
      expect(asked).toEqual([]);
    },
  );
});

describe('what GitLab answers to the write', () => {
  const GUARDED = { protected: true, can_push: false };
  const NO_PUSH = '403 Forbidden - You are not allowed to push into this branch';
  const scope = 'The request requires higher privileges than provided by the access token.';
  it.each<[string, Reply, string, object?]>([
    ['a file that changed', said(400, 'The file has changed since you started editing it: app/web.yaml'), 'stale'],
    [
      'a file that changed, by the older words',
      said(400, 'You are attempting to update a file that has changed since you started editing it.'),
      'stale',
    ],
    ['a file that is there meanwhile', said(400, 'A file with this name already exists'), 'stale'],
    ['a file that is gone meanwhile', said(400, "A file with this name doesn't exist"), 'stale'],
    ['a lost race', said(400, 'Could not update refs/heads/main. Please refresh and try again.'), 'stale'],
    ['a missing branch', said(400, 'You can only create or edit files when you are on a branch'), 'gone'],
    ['a hook or push rule', said(400, 'no releases on Friday'), 'protected'],
    ['a protected branch', said(403, NO_PUSH), 'protected', GUARDED],
    ['no right to write', said(403, NO_PUSH), 'noRights', { can_push: false }],
    ['owners of the code', said(403, '403 Forbidden - Pushes that match CODEOWNERS are disabled'), 'protected'],
    [
      'a token for other things',
      { status: 403, body: { error: 'insufficient_scope', error_description: scope, scope: 'api' } },
      'noRights',
      GUARDED,
    ],
    ['a bad token', said(401, '401 Unauthorized'), 'noRights'],
    [
      'a token that ended',
      { status: 401, body: { error: 'invalid_token', error_description: 'Token is expired.' } },
      'noRights',
    ],
    ['a missing repository', said(404, '404 Project Not Found'), 'gone'],
    ['another address', said(405, 'Non GET methods are not allowed for moved projects'), 'gone'],
    ['a conflict', said(409, '409 Conflict'), 'stale'],
    ['too much', said(413, '413 Request Entity Too Large'), 'protected'],
    ['fields that it does not take', said(422, { base: ['is locked'] }), 'protected'],
    ['a limit', { status: 429, body: 'Retry later\n', headers: { 'retry-after': '7' } }, 'rateLimited'],
    ['trouble of its own', said(500, '500 Internal Server Error'), 'unknown'],
    ['a proxy without it', { status: 502, body: '<html>' }, 'unknown'],
    ['a success without a commit', { status: 201, body: {} }, 'unknown'],
  ])('%s', async (_, reply, kind, rules = {}) => {
    replies['GET /repository/branches/main'] = branch(rules);
    replies['POST /repository/commits'] = reply;
    const outcome = await write();
    expect(outcome).toMatchObject({ kind, message: expect.stringMatching(/GitLab/) });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    expect(writes()).toHaveLength(1);
    if (kind === 'rateLimited') expect(outcome).toMatchObject({ retryAfterSeconds: 7 });
  });

  it('is told in its own words, whatever their form', async () => {
    replies['POST /repository/commits'] = said(422, { base: ['is locked'], title: ["can't be blank"] });
    expect(await write()).toMatchObject({ message: "GitLab answered 422: is locked: can't be blank" });
  });

  it('a commit that lies on another one is written, and says so', async () => {
    replies['POST /repository/commits'] = written(OTHER);
    expect(await write()).toMatchObject({ kind: 'written', message: expect.stringContaining(OTHER.slice(0, 7)) });
  });

  it('a repository that has moved is not followed', async () => {
    const location = 'https://git.example.com/api/v4/projects/7/repository/branches/main';
    replies['GET /repository/branches/main'] = { status: 301, headers: { location } };
    expect(await write()).toMatchObject({ kind: 'gone', message: expect.stringContaining(location) });
    expect(asked.some(({ call }) => call.includes('projects/7'))).toBe(false);
  });
});

describe('the probe', () => {
  const probe = (way?: 'commit' | 'proposal') => host.probe(access, 'main', way);
  const project = (part: object) => {
    replies['GET '] = ok({ archived: false, permissions: { project_access: null, group_access: null }, ...part });
  };
  const noRights = (words: string) => ({ ok: false, reason: 'noRights', message: expect.stringContaining(words) });

  it.each(['400 Bad request - commit_message is required', 'commit_message is missing, actions is missing'])(
    'sends what can write nothing: %s',
    async (words) => {
      replies['POST /repository/commits'] = said(400, words);
      expect(await probe()).toEqual({ ok: true });
      expect(writes().map(({ body }) => body)).toEqual([{ branch: 'main' }]);
    },
  );

  it('sees an archived repository', async () => {
    project({ archived: true });
    expect(await probe()).toMatchObject(noRights('archived'));
    expect(writes()).toEqual([]);
  });

  it.each([
    ['a protected branch', 30, 'merge request only'],
    ['an administrator and a protected branch', undefined, 'merge request only'],
    ['a reader and a protected branch', 20, 'Developer'],
  ])('sees %s without trying', async (_, level, words) => {
    project({ permissions: { project_access: null, group_access: level ? { access_level: level } : null } });
    replies['GET /repository/branches/main'] = branch({ protected: true, can_push: false });
    expect(await probe()).toMatchObject(noRights(words));
    expect(writes()).toEqual([]);
  });

  it('sees a token for other things', async () => {
    const body = { error: 'insufficient_scope', scope: 'api read_api' };
    replies['POST /repository/commits'] = { status: 403, body };
    expect(await probe()).toMatchObject(noRights('insufficient_scope (give the token the scope api)'));
    expect(await probe('proposal')).toMatchObject(noRights('give the token the scope api'));
  });

  it.each([{ merge_requests_access_level: 'disabled' }, { merge_requests_enabled: false }])(
    'sees a project without merge requests, where those are wanted: %j',
    async (part) => {
      project(part);
      replies['POST /repository/commits'] = said(400, 'actions is missing');
      expect(await probe('proposal')).toMatchObject(noRights('takes no merge requests: turn them on'));
      expect(await probe()).toEqual({ ok: true });
    },
  );

  it('asks for a branch with slashes in its name', async () => {
    await host.probe(access, 'release/1 2');
    expect(asked[1]?.call).toBe('GET /repository/branches/release%2F1%202');
  });
});

describe('a status', () => {
  const report = {
    commit: HEAD,
    state: 'failure',
    context: 'headgate/shop/web',
    description: 'x'.repeat(400),
  } as const;
  const tell = (url?: string) => host.discussion?.report(access, { ...report, url });

  it('is sent as GitLab knows it', async () => {
    replies[`POST /statuses/${HEAD}`] = { status: 201, body: {} };
    expect(await tell('https://example.com/x')).toEqual({ ok: true });
    expect(writes()[0]?.body).toEqual({
      state: 'failed',
      name: 'headgate/shop/web',
      description: 'x'.repeat(255),
      target_url: 'https://example.com/x',
    });
  });

  it('comes without an address that is too long for GitLab', async () => {
    replies[`POST /statuses/${HEAD}`] = { status: 201, body: {} };
    expect(await tell(`https://example.com/${'x'.repeat(255)}`)).toEqual({ ok: true });
    expect(writes()[0]?.body).not.toHaveProperty('target_url');
  });

  it.each([
    [403, '403 Forbidden', false],
    [404, '404 Commit Not Found', false],
    [409, 'Another update to this commit status is in progress', true],
    [500, '500 Internal Server Error', true],
    [429, '429 Too Many Requests', true],
  ])('that is answered with %d may be tried again: %s %s', async (status, text, again) => {
    replies[`POST /statuses/${HEAD}`] = said(status, text);
    expect(await tell()).toMatchObject({ ok: false, again });
  });
});
