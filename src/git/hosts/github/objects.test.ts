import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conformsAsGitHost } from '../../../../test/conformance/git-host.ts';
import {
  clock,
  type HostedWorld,
  hostedStage,
  send,
  startHostedWorld,
  takeMismatches,
} from '../../../../test/conformance/git-hosts.ts';
import { proposalsWithModes, WRITES_BEFORE_THE_MOVE, withModes } from '../../../../test/conformance/github-modes.ts';
import { githubHarness, startGitHubProposals } from '../../../../test/conformance/github-proposals.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import type { CommitRequest } from '../host.ts';
import type { HttpRequest, HttpResponse, SendRequest } from '../http.ts';
import { createLimiter } from '../limiter.ts';
import { createGitHubHost } from './index.ts';

conformsAsGitHost(
  'github, with modes',
  async () => {
    const hosted = await startHostedWorld();
    return withModes(githubHarness(hosted), hosted);
  },
  {
    author: 'it is the account of the token',
    marker: 'a second key is kept out by the look at the trailers, as in every commit on GitHub',
  },
);

conformsAsProposals('github, with modes', async () => proposalsWithModes(await startGitHubProposals()));

const EVERY_WRITE = Array.from({ length: WRITES_BEFORE_THE_MOVE + 1 }, (_, at) => at);

describe('a commit with modes on GitHub', () => {
  let hosted: HostedWorld;
  let stage: ReturnType<typeof hostedStage>;
  let access: { url: string; token?: string | undefined };
  let head: string;
  let asked: string[];
  beforeEach(async () => {
    hosted = await startHostedWorld();
    stage = hostedStage(hosted);
    ({ access } = githubHarness(hosted));
    asked = [];
    head = await hosted.bare.commit({ ...PEOPLE, message: 'one', files: { 'a.sh': 'echo 1\n', 'b.yaml': 'b: 1\n' } });
  });
  afterEach(async () => {
    await hosted.close();
    expect(takeMismatches()).toEqual([]);
  });

  const PEOPLE = { author: 'Ann <a@b>', time: 0 };
  const push = () => hosted.bare.commit({ ...PEOPLE, message: 'other', files: { 'c.yaml': 'c: 1\n' } });
  const named = ({ method, url, body }: HttpRequest) => {
    const path = new URL(url).pathname.replace(/^\/api\/v3\/repos\/[^/]+\/[^/]+/, '');
    return path === '/api/graphql' ? (/updateRefs/.test(String(body)) ? 'updateRefs' : 'look') : `${method} ${path}`;
  };
  const watched = (way: SendRequest) => (request: HttpRequest) => {
    asked.push(named(request));
    return way(request);
  };
  const write = (way: SendRequest = send, part: Partial<CommitRequest> = {}) => {
    const changes = [
      { path: 'a.sh', content: Buffer.from('echo 0\n'), mode: '100755' },
      { path: 'b.yaml', content: Buffer.from('b: 0\n'), mode: '100644' },
    ];
    const request = { branch: 'main', expectedHead: head, message: 'Revert\n\nRevert-Key: k', changes, key: 'k' };
    return createGitHubHost({ send: watched(way), clock }).commit(access, { ...request, ...part });
  };
  /** The host answers this to one request instead of doing what it asks. */
  const answering =
    (name: string, answer: Partial<HttpResponse>): SendRequest =>
    async (request) =>
      named(request) === name ? { status: 200, headers: {}, body: '', ...answer } : send(request);
  const refusing = (error: object, before?: () => Promise<unknown>): SendRequest => {
    const body = JSON.stringify({ data: { updateRefs: null }, errors: [error] });
    const way = answering('updateRefs', { body });
    return async (request) => {
      if (named(request) === 'updateRefs') await before?.();
      return way(request);
    };
  };

  it('is one commit, of one look and one call for each object', async () => {
    const outcome = await write();
    const commit = await hosted.bare.head();
    expect(outcome).toEqual({ kind: 'written', commit, url: expect.stringMatching(`/commit/${commit}$`) });
    const blobs = ['POST /git/blobs', 'POST /git/blobs'];
    expect(asked).toEqual(['look', ...blobs, 'POST /git/trees', 'POST /git/commits', 'updateRefs']);
    const tree = (await hosted.bare.git(['ls-tree', '-r', '--format=%(objectmode) %(path)', 'main'])).toString();
    expect(tree).toBe('100755 a.sh\n100644 b.yaml\n');
    const [last] = await hosted.bare.log();
    expect(last?.author).toContain('headgate');
  });

  it('deletes beside', async () => {
    const changes = [
      { path: 'a.sh', content: Buffer.from('echo 1\n'), mode: '100755' },
      { path: 'b.yaml', content: undefined, mode: '100644' },
    ];
    expect(await write(send, { changes })).toMatchObject({ kind: 'written' });
    expect((await hosted.bare.git(['ls-tree', 'main'])).toString()).toMatch(/^100755 blob \w+\ta\.sh\n$/);
  });

  it.each(EVERY_WRITE)('is unknown, and not written twice, where the answer to write %i is lost', async (at) => {
    stage.loseAnswer(at);
    expect(await write()).toMatchObject({ kind: 'unknown' });
    const isMoved = at === WRITES_BEFORE_THE_MOVE;
    expect(await hosted.bare.log()).toHaveLength(isMoved ? 2 : 1);
    expect(await write()).toMatchObject({ kind: isMoved ? 'stale' : 'written' });
    expect(await hosted.bare.log()).toHaveLength(2);
  });

  it.each(EVERY_WRITE)('is stale, and overwrites nothing, where another comes in before write %i', async (at) => {
    let left = at;
    let moved = '';
    hosted.world.beforeWrite = async () => {
      if (left-- === 0) moved = await push();
    };
    expect(await write()).toMatchObject({ kind: 'stale', message: expect.stringContaining(moved) });
    expect(await hosted.bare.head()).toBe(moved);
  });

  it.each(EVERY_WRITE)('waits where the limit is reached at write %i', async (at) => {
    let left = at;
    hosted.world.beforeWrite = async () => {
      // The one that is next finds the limit.
      if (--left === 0) stage.limitRate();
    };
    if (at === 0) stage.limitRate();
    const seconds = at === WRITES_BEFORE_THE_MOVE ? 60 : 30;
    expect(await write()).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: seconds });
    expect(await hosted.bare.head()).toBe(head);
  });

  it.each(['POST /git/blobs', 'POST /git/trees', 'POST /git/commits', 'updateRefs'])(
    'ends at %s that is not answered as it should be',
    async (name) => {
      const headers = { location: 'https://elsewhere.example/' };
      const moved = { status: 307, headers, body: '{"message":"Moved"}' };
      expect(await write(answering(name, moved))).toMatchObject({ kind: 'gone' });
      expect(asked.at(-1)).toBe(name);
      expect(await write(answering(name, { status: 502, body: '<html>' }))).toMatchObject({ kind: 'unknown' });
      expect(await write(answering(name, { status: name === 'updateRefs' ? 200 : 201 }))).toMatchObject({
        kind: 'unknown',
      });
      const forbidden = { status: 403, body: '{"message":"Resource not accessible"}' };
      expect(await write(answering(name, forbidden))).toMatchObject({ kind: 'noRights' });
      expect(await hosted.bare.head()).toBe(head);
    },
  );

  it('is refused where a content may not be pushed', async () => {
    const body = JSON.stringify({ message: 'Repository rule violations found\n\nSecret detected in content' });
    const outcome = await write(answering('POST /git/blobs', { status: 422, body }));
    expect(outcome).toMatchObject({ kind: 'protected', message: expect.stringContaining('Secret detected') });
  });

  it('is not made of other bytes than were sent', async () => {
    const body = JSON.stringify({ sha: 'f'.repeat(40) });
    const outcome = await write(answering('POST /git/blobs', { status: 201, body }));
    expect(outcome).toMatchObject({ kind: 'unknown', message: expect.stringContaining('a.sh') });
  });

  // What GitHub was seen to say where the branch is not at beforeOid, in different years and refs.
  const stale = [
    { message: 'Something went wrong while executing your query on 2026-09-13T20:55:20Z.' },
    {
      type: 'UNPROCESSABLE',
      message: 'Update failed because the current oid of refs/heads/main is x, which does not match',
    },
    { type: 'STALE_DATA', message: 'Expected branch to point to "x" but it did not.' },
  ];
  it.each(stale)('is stale where the branch has moved, whatever GitHub says: $message', async (error) => {
    expect(await write(refusing(error, push))).toMatchObject({ kind: 'stale' });
  });

  it('is stale where GitHub names another head, though the branch is read where it was', async () => {
    const message = `Update failed because the current oid of refs/heads/main is x, which does not match the specified expected oid ${head}.`;
    expect(await write(refusing({ type: 'UNPROCESSABLE', message }))).toMatchObject({ kind: 'stale' });
  });

  it('is gone where the branch is gone', async () => {
    const [error = {}] = stale;
    expect(await write(refusing(error, () => stage.deleteBranch('main')))).toMatchObject({ kind: 'gone' });
  });

  it.each([
    ['BRANCH_PROTECTION_RULE_VIOLATION', 'Changes must be made through a pull request.', 'protected'],
    ['SOME_NEW_TYPE', 'Repository rule violations found', 'protected'],
    ['UNPROCESSABLE', 'Commits must have verified signatures.', 'protected'],
    ['FORBIDDEN', 'Resource not accessible by integration', 'noRights'],
    ['NOT_FOUND', 'Could not resolve to a node', 'gone'],
    ['RATE_LIMITED', 'slow down', 'rateLimited'],
    ['', 'Something went wrong while executing your query.', 'unknown'],
  ])('is what GitHub says where the branch has not moved: %s', async (type, message, kind) => {
    expect(await write(refusing({ type, message }))).toMatchObject({ kind, message });
    expect(await hosted.bare.head()).toBe(head);
  });

  it('is written where the branch is at it, whatever GitHub says', async () => {
    const way: SendRequest = async (request) => {
      const answer = await send(request);
      const body = JSON.stringify({ data: null, errors: [{ message: 'Something went wrong' }] });
      return named(request) === 'updateRefs' ? { ...answer, body } : answer;
    };
    expect(await write(way)).toMatchObject({ kind: 'written' });
    expect(await hosted.bare.log()).toHaveLength(2);
  });

  it('refuses what is no file, and asks nothing', async () => {
    const changes = [{ path: 'module', content: Buffer.from('x'), mode: '160000' }];
    expect(await write(send, { changes })).toMatchObject({
      kind: 'protected',
      message: expect.stringContaining('module'),
    });
    expect(asked).toEqual([]);
  });

  it('goes through the limiter: one object after the other, a second apart', async () => {
    let now = 0;
    const at: number[] = [];
    const jumping = {
      now: () => now,
      at(time: number, wake: () => void) {
        now = time;
        wake();
        return () => {};
      },
    };
    const way: SendRequest = (request) => {
      if (named(request) !== 'look') at.push(now);
      return send(request);
    };
    expect(await write(createLimiter({ send: way, clock: jumping }))).toMatchObject({ kind: 'written' });
    expect(at).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  });

  it.each([...EVERY_WRITE, WRITES_BEFORE_THE_MOVE + 1, WRITES_BEFORE_THE_MOVE + 2])(
    'is proposed once, where the answer to write %i is lost',
    async (at) => {
      const { proposals } = createGitHubHost({ send, clock });
      const changes = [
        { path: 'a.sh', content: Buffer.from('echo 0\n'), mode: '100755' },
        { path: 'b.yaml', content: Buffer.from('b: 0\n'), mode: '100644' },
      ];
      const request = { branch: 'main', expectedHead: head, message: 'Revert\n\nRevert-Key: k', changes, key: 'k' };
      const open = () => proposals?.open(access, { ...request, from: 'revert', title: 'Revert', body: '' });
      stage.loseAnswer(at);
      expect(await open()).toMatchObject({ kind: 'unknown' });
      expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 1, state: 'open' } });
      expect(await hosted.bare.log('revert')).toHaveLength(2);
      expect(await hosted.bare.log()).toHaveLength(1);
      const tree = (await hosted.bare.git(['ls-tree', 'revert', 'a.sh'])).toString();
      expect(tree).toMatch(/^100755/);
    },
  );
});
