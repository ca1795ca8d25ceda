import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startGitHubDiscussion } from '../../../../test/conformance/discussions.ts';
import { conformsAsGitHost, type HostHarness } from '../../../../test/conformance/git-host.ts';
import { type HostedWorld, send, startHostedWorld } from '../../../../test/conformance/git-hosts.ts';
import { APP, hostedApp, INSTALLATION, keys, PERMISSIONS, signedIn } from '../../../../test/conformance/github-app.ts';
import { githubHarness, startGitHubProposals } from '../../../../test/conformance/github-proposals.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import type { HostedApp, Permissions } from '../../../sandbox/git/index.ts';
import type { HttpRequest, SendRequest } from '../http.ts';
import { createGitHubHost } from './index.ts';

/** What a harness has to have to be played as an App. */
type Played = Pick<HostHarness, 'host' | 'access' | 'missing'>;

/** The same harness, logged in as an App. That one who only reads is no token of an App. */
async function asApp<T extends Played>(start: (hosted: HostedWorld) => T | Promise<T>): Promise<T> {
  const hosted = await startHostedWorld();
  hosted.world.apps = new Map([[APP, hostedApp()]]);
  const harness = await start(hosted);
  const as = ({ url }: { url: string }) => signedIn(harness.host, { url });
  const { readOnly: _, ...rest } = { readOnly: [], ...harness };
  return { ...rest, access: as(harness.access), missing: as(harness.missing) } as unknown as T;
}

conformsAsGitHost('github, as an App', () => asApp(githubHarness), {
  author: 'it is the App',
  unchanged: 'createCommitOnBranch says nothing of it, and no plan asks for what the head holds',
  marker: 'createCommitOnBranch moves one branch; a second key is kept out by the look at the trailers',
});
conformsAsProposals('github, as an App', () => asApp((hosted) => startGitHubProposals({}, hosted)));
conformsAsDiscussion('github, as an App', async () => ({
  ...(await asApp(startGitHubDiscussion)),
  bot: 'headgate[bot]',
}));

const HOUR = 3_600_000;

describe('tokens of a GitHub App', () => {
  let hosted: HostedWorld;
  let app: HostedApp;
  let asked: HttpRequest[];
  let now: number;
  /** What the clock of this machine shows is ahead of GitHub's by so much. */
  let ahead: number;
  let head: string;
  beforeEach(async () => {
    hosted = await startHostedWorld();
    app = hostedApp();
    hosted.world.apps = new Map([[APP, app]]);
    now = hosted.world.now();
    hosted.world.now = () => now;
    ahead = 0;
    asked = [];
    head = await hosted.bare.commit({ author: 'Ann <a@b>', time: 0, message: 'one', files: { 'a.yaml': 'a: 1\n' } });
  });
  afterEach(() => hosted.close());

  const watched: SendRequest = (request) => {
    asked.push(request);
    return send(request);
  };
  const start = (using = watched) => createGitHubHost({ send: using, clock: { now: () => now + ahead } });
  const paths = () => asked.map(({ method, url }) => `${method} ${new URL(url).pathname.replace('/api/v3', '')}`);
  const exchanges = () => paths().filter((path) => path.endsWith('/access_tokens'));
  const write = (host = start(), part = {}) => {
    const changes = [{ path: 'a.yaml', content: Buffer.from('a: 0\n'), mode: '100644' }];
    const request = { branch: 'main', expectedHead: head, message: 'Revert\n\nbody', changes, key: 'k' };
    return host.commit(signedIn(host, { url: hosted.url }, part), request);
  };
  const lacking = (permissions: Permissions) => app.installations.set(INSTALLATION, { account: 'team', permissions });

  it('are for the one repository and the rights that are needed, and kept for it', async () => {
    app.installations.set(INSTALLATION, { account: 'team', permissions: { ...PERMISSIONS, administration: 'write' } });
    const host = start();
    const access = signedIn(host, { url: hosted.url });
    expect(await host.probe(access, 'main')).toEqual({ ok: true });
    expect(await host.probe(signedIn(host, { url: `${hosted.url}.git` }), 'main')).toEqual({ ok: true });
    expect(await write(host)).toMatchObject({ kind: 'written' });
    expect(exchanges()).toHaveLength(1);
    expect(paths()[0]).toBe('GET /repos/team/shop/installation');
    const [exchange] = asked.filter(({ url }) => url.endsWith('/access_tokens'));
    expect(JSON.parse(String(exchange?.body))).toEqual({ repositories: ['shop'], permissions: PERMISSIONS });
    const [rights] = [...hosted.world.tokens.values()].filter(({ until }) => until);
    expect(rights).toMatchObject({ permissions: PERMISSIONS, repositories: new Set(['team/shop']) });
  });

  it('are got once for all who ask at the same time', async () => {
    const host = start();
    const access = signedIn(host, { url: hosted.url }, { installation: String(INSTALLATION) });
    await Promise.all([1, 2, 3].map(() => host.probe(access, 'main')));
    expect(exchanges()).toHaveLength(1);
    expect(paths()).not.toContain('GET /repos/team/shop/installation');
  });

  it('are got anew five minutes before they end', async () => {
    const host = start();
    const access = signedIn(host, { url: hosted.url });
    await host.probe(access, 'main');
    now += HOUR - 301_000;
    await host.probe(access, 'main');
    expect(exchanges()).toHaveLength(1);
    now += 2_000;
    expect(await host.probe(access, 'main')).toEqual({ ok: true });
    expect(exchanges()).toHaveLength(2);
  });

  it('are renewed once when one is refused before its time, and what was refused is asked once more', async () => {
    const host = start();
    await host.probe(signedIn(host, { url: hosted.url }), 'main');
    hosted.world.tokens.clear();
    expect(await write(host)).toMatchObject({ kind: 'written' });
    expect(exchanges()).toHaveLength(2);
    const log = await hosted.bare.log();
    expect(log.filter(({ message }) => message.startsWith('Revert'))).toHaveLength(1);
  });

  it('that are refused at once are asked for once more, and no more', async () => {
    const host = start(async (request) => {
      asked.push(request);
      const answer = await send(request);
      hosted.world.tokens.clear();
      return answer;
    });
    expect(await write(host)).toMatchObject({ kind: 'noRights', message: expect.stringContaining('Bad credentials') });
    expect(exchanges()).toHaveLength(2);
  });

  it.each([10 * 60_000, -10 * 60_000, 24 * HOUR])('are got with a clock that is %d ms ahead', async (skew) => {
    ahead = skew;
    const host = start();
    const access = signedIn(host, { url: hosted.url });
    expect(await host.probe(access, 'main')).toEqual({ ok: true });
    now += HOUR - 301_000;
    expect(await host.probe(access, 'main')).toEqual({ ok: true });
    expect(exchanges()).toHaveLength(1);
    now += 2_000;
    expect(await host.probe(access, 'main')).toEqual({ ok: true });
    expect(paths().filter((path) => path.endsWith('/installation'))).toHaveLength(2);
  });

  it.each([50_000, -50_000])('need no second try with a clock that is %d ms ahead', async (skew) => {
    ahead = skew;
    const host = start();
    expect(await host.probe(signedIn(host, { url: hosted.url }), 'main')).toEqual({ ok: true });
    expect(exchanges()).toHaveLength(1);
    expect(paths().filter((path) => path.endsWith('/installation'))).toHaveLength(1);
  });

  it('are asked for with the new key as soon as the Secret holds one', async () => {
    const host = start();
    await host.probe(signedIn(host, { url: hosted.url }), 'main');
    const next = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const before = await write(host, { key: next.privateKey });
    expect(before).toMatchObject({ kind: 'noRights', message: expect.stringMatching(/privateKey of GitHub App 4711/) });
    app.keys = [next.publicKey];
    expect(await write(host, { key: next.privateKey })).toMatchObject({ kind: 'written' });
    // What was got by the old key goes on until it ends.
    expect(await host.probe(signedIn(host, { url: hosted.url }), 'main')).toEqual({ ok: true });
    now += HOUR;
    expect(await host.probe(signedIn(host, { url: hosted.url }), 'main')).toMatchObject({ reason: 'noRights' });
  });

  it('are got again after the App was taken away and installed anew', async () => {
    const host = start();
    await host.probe(signedIn(host, { url: hosted.url }), 'main');
    app.installations = new Map([[78, { account: 'team', permissions: PERMISSIONS }]]);
    hosted.world.tokens.clear();
    expect(await write(host)).toMatchObject({ kind: 'written' });
  });

  it.each<[string, () => unknown, object, string, RegExp]>([
    ['an App that is not there', () => hosted.world.apps?.clear(), {}, 'noRights', /knows no App 4711: appId/],
    ['an App that is not installed', () => app.installations.clear(), {}, 'gone', /App 4711 is not installed on it/],
    [
      'an App without this repository',
      () =>
        app.installations.set(INSTALLATION, {
          account: 'team',
          repositories: new Set(['team/web']),
          permissions: PERMISSIONS,
        }),
      { installation: String(INSTALLATION) },
      'gone',
      /no repository team\/shop, or GitHub App 4711 is not installed on it/,
    ],
    [
      'a wrong installation',
      () => {},
      { installation: '1' },
      'noRights',
      /no token for installation 1 .* leave it out/,
    ],
    [
      'a missing right',
      () => lacking({ contents: 'write', metadata: 'read', pull_requests: 'read' }),
      {},
      'noRights',
      /lacks the permission Pull requests: read and write, and Commit statuses: read and write: grant it/,
    ],
    [
      'an installation that is suspended',
      () => app.installations.set(INSTALLATION, { account: 'team', permissions: PERMISSIONS, suspended: true }),
      {},
      'noRights',
      /suspended/,
    ],
  ])('%s: says what to do', async (_, arrange, part, kind, words) => {
    arrange();
    const outcome = await write(start(), part);
    expect(outcome).toMatchObject({ kind, message: expect.stringMatching(words) });
    const host = start();
    const probed = await host.probe(signedIn(host, { url: hosted.url }, part), 'main', 'proposal');
    expect(probed).toMatchObject({ ok: false, reason: kind, message: expect.stringMatching(words) });
    expect(JSON.stringify(outcome)).not.toMatch(/eyJ|ghs_/);
  });

  it('are a rate limit, an outage or a move where GitHub says so', async () => {
    const answering = (status: number, headers: Record<string, string> = {}) =>
      write(start(async () => ({ status, headers, body: '{"message":"words"}' })));
    expect(await answering(429, { 'retry-after': '7' })).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: 7 });
    expect(await answering(403, { 'retry-after': '8' })).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: 8 });
    expect(await answering(502)).toMatchObject({ kind: 'unknown' });
    expect(await answering(200)).toMatchObject({ kind: 'unknown' });
    expect(await answering(201)).toMatchObject({ kind: 'unknown' });
    const cut = write(start(() => Promise.reject(new Error('socket hang up'))));
    expect(await cut).toMatchObject({ kind: 'unknown', message: expect.stringContaining('socket hang up') });
    await hosted.move();
    expect(await write()).toMatchObject({ kind: 'gone', message: expect.stringContaining('new address') });
  });

  it('fetch and push too, and are renewed there once', async () => {
    const host = start();
    const access = signedIn(host, { url: hosted.url });
    const repository = hosted.repositories.open(await hosted.locate(hosted.url), 'main', access);
    expect(await repository.fetch()).toBe(head);
    expect(exchanges()).toHaveLength(1);
    hosted.world.tokens.clear();
    expect(await repository.fetch()).toBe(head);
    hosted.world.tokens.clear();
    const pushed = await repository.push([], [`${head}:refs/heads/other`]);
    expect(pushed).toMatchObject({ code: 0 });
    expect(exchanges()).toHaveLength(3);
    app.installations.clear();
    hosted.world.tokens.clear();
    await expect(repository.fetch()).rejects.toMatchObject({ name: 'Waiting', reason: 'RepositoryGone' });
    await expect(
      host.commit(access, { branch: 'main', expectedHead: head, message: 'm', changes: [], key: 'k' }),
    ).resolves.toMatchObject({ kind: 'gone' });
  });

  it('show nothing where an access is printed', async () => {
    const { token: _, ...access } = { url: hosted.url, token: '', app: { id: APP, key: keys.privateKey } };
    const host = start();
    const own = signedIn(host, { url: hosted.url });
    await host.probe(own, 'main');
    expect(inspect([access, own], { depth: 9 }) + JSON.stringify([access, own])).not.toMatch(/PRIVATE|ghs_|eyJ/);
  });
});

it.each([
  ['https://github.com/team/shop', 'https://api.github.com/repos/team/shop/installation'],
  ['https://team.ghe.com/team/shop.git', 'https://api.team.ghe.com/repos/team/shop/installation'],
  ['https://git.example/team/shop', 'https://git.example/api/v3/repos/team/shop/installation'],
])('an App on %s asks %s', async (url, address) => {
  const asked: string[] = [];
  const host = createGitHubHost({
    clock: { now: () => 0 },
    send: async (request) => {
      asked.push(request.url);
      throw new Error('nobody there');
    },
  });
  await host.probe(signedIn(host, { url }), 'main');
  expect(asked).toEqual([address]);
});

it('an App on no address of GitHub is a matter of the policy', () => {
  const host = createGitHubHost({ send, clock: { now: () => 0 } });
  expect(() => signedIn(host, { url: 'https://github.com/only' })).toThrow('https://github.com/OWNER/NAME is');
});
