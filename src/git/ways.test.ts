/** The ways to a repository on the web besides the plain one: a private authority, a proxy. With git itself. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clock, type HostedWorld, startHostedWorld, WRITE_TOKEN } from '../../test/conformance/git-hosts.ts';
import { type Authority, makeAuthority, type Running, startProxy, startTlsFront } from '../../test/git/tls-front.ts';
import { createDialer, readProxies } from '../net/index.ts';
import type { Credentials } from './credentials.ts';
import { createGitHost } from './hosts/git/index.ts';
import { createGit } from './process.ts';
import { createRepositories } from './repository.ts';
import { locateRepository } from './url.ts';

let keys: string;
let authority: Authority;
beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'headgate-authority-'));
  authority = await makeAuthority(keys, 'IP:127.0.0.1,DNS:git.internal');
});
afterAll(() => rm(keys, { recursive: true, force: true }));

let hosted: HostedWorld;
let front: Running;
let head: string;
beforeEach(async () => {
  hosted = await startHostedWorld();
  front = await startTlsFront(authority, hosted.url);
  head = await hosted.bare.commit({ author: 'Ann <a@b>', time: 0, message: 'one', files: { 'a.yaml': 'a: 1\n' } });
});
afterEach(async () => {
  await front.close();
  await hosted.close();
});

const locate = (url: string) => locateRepository(url, { localRoots: [], plainHttpHosts: ['git.internal'] });
function repositoriesWith(dialer: ReturnType<typeof createDialer>) {
  const git = createGit({ protocols: ['https', 'http'], environment: process.env });
  const locateHost = (host: string, port: number) => dialer.locate(host, port);
  return createRepositories({ git, cacheDir: join(hosted.folder, 'ways'), locateHost, proxyFor: dialer.proxyFor });
}
async function readAll(repositories: ReturnType<typeof repositoriesWith>, url: string, credentials: Credentials) {
  const repository = repositories.open(await locate(url), 'main', credentials);
  const commit = await repository.fetch();
  const ids = (await repository.files(commit, '')).map(({ id }) => id);
  const contents = await repository.read(ids, 1000);
  return { commit, text: contents.get(ids[0] ?? '')?.toString() };
}
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error & { reason?: string }) => error,
  );

describe('a server that a private authority vouches for', () => {
  const url = () => `https://127.0.0.1:${front.port}/team/shop`;
  const direct = () => repositoriesWith(createDialer({ allowLoopback: true }));

  it('is read and written to with that authority, and not without', async () => {
    const credentials = { token: WRITE_TOKEN, ca: authority.ca };
    expect(await failure(readAll(direct(), url(), { token: WRITE_TOKEN }))).toMatchObject({
      reason: 'RepositoryUnreachable',
      message: expect.stringMatching(/certificate/i),
    });
    expect(await readAll(direct(), url(), credentials)).toEqual({ commit: head, text: 'a: 1\n' });
    const host = createGitHost({ repositories: direct(), locate, clock });
    expect(await host.probe({ url: url(), ...credentials }, 'main')).toEqual({ ok: true });
    // Not remembered for others who name the same address.
    expect(await failure(readAll(direct(), url(), { token: WRITE_TOKEN }))).toBeDefined();
  });

  it('is not believed by another authority', async () => {
    const other = await makeAuthority(join(keys, 'other'), 'IP:127.0.0.1');
    expect(await failure(readAll(direct(), url(), { ca: other.ca }))).toMatchObject({
      reason: 'RepositoryUnreachable',
    });
  });

  it('has its certificates in a file of its own, where contents that come later find them', async () => {
    await readAll(direct(), url(), { token: WRITE_TOKEN, ca: authority.ca });
    const cache = join(hosted.folder, 'ways');
    const files = (await readdir(cache)).filter((name) => !name.endsWith('.git'));
    expect(files).toEqual([expect.stringMatching(/^ca-[0-9a-f]{32}\.crt$/)]);
    const [file = ''] = files;
    expect((await stat(join(cache, file))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(cache, file), 'utf8')).toBe(authority.ca);
  });
});

describe('behind a proxy', () => {
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeEach(async () => {
    proxy = await startProxy('headgate:pr0xy-word');
  });
  afterEach(() => proxy.close());
  const environment = (login = 'headgate:pr0xy-word@') => ({
    HTTPS_PROXY: `http://${login}127.0.0.1:${proxy.port}`,
    HTTP_PROXY: `http://${login}127.0.0.1:${proxy.port}`,
    NO_PROXY: 'direct.internal,10.0.0.0/8',
  });
  const through = (login?: string) => repositoriesWith(createDialer({ proxies: readProxies(environment(login)) }));

  it('a repository is read whose name only the proxy knows, contents that come later included', async () => {
    const url = `https://git.internal:${front.port}/team/shop`;
    const credentials = { token: WRITE_TOKEN, ca: authority.ca };
    expect(await readAll(through(), url, credentials)).toEqual({ commit: head, text: 'a: 1\n' });
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT git.internal:${front.port}`]));
  });

  it('and without TLS', async () => {
    const url = `http://git.internal:${new URL(hosted.url).port}/team/shop`;
    expect(await readAll(through(), url, { token: WRITE_TOKEN })).toMatchObject({ commit: head });
    expect(proxy.asked.length).toBeGreaterThan(0);
  });

  it("keeps the proxy's password out of what is told", async () => {
    const url = `https://git.internal:${front.port}/team/shop`;
    const error = await failure(readAll(through('headgate:wrong-word@'), url, { ca: authority.ca }));
    expect(error?.reason).toBe('RepositoryUnreachable');
    expect(error?.message).toContain('407');
    expect(`${error?.message} ${error?.stack} ${error?.cause}`).not.toContain('wrong-word');
  });

  it.each(['https://127.0.0.1/a/b', 'https://localhost/a/b', 'https://169.254.169.254/a/b', 'https://0x7f.1/a/b'])(
    'refuses what the address itself shows to be forbidden: %s',
    async (url) => {
      const error = await failure(readAll(through(), url, {}));
      expect(error).toMatchObject({ name: 'Stalled', reason: 'AddressRefused' });
      expect(proxy.asked).toEqual([]);
    },
  );

  it('reaches what NO_PROXY names directly, by addresses that were checked', async () => {
    const resolve = [{ host: 'direct.internal', port: front.port, address: '127.0.0.1' }];
    const dialer = createDialer({ proxies: readProxies(environment()), resolve });
    const certificate = await makeAuthority(join(keys, 'direct'), 'DNS:direct.internal');
    const own = await startTlsFront(certificate, hosted.url);
    const rules = [{ host: 'direct.internal', port: own.port, address: '127.0.0.1' }];
    const repositories = repositoriesWith(createDialer({ proxies: readProxies(environment()), resolve: rules }));
    const url = `https://direct.internal:${own.port}/team/shop`;
    expect(await readAll(repositories, url, { token: WRITE_TOKEN, ca: certificate.ca })).toMatchObject({
      commit: head,
    });
    expect(proxy.asked).toEqual([]);
    expect(dialer.proxyFor('https://direct.internal/x')).toBeUndefined();
    await own.close();
  });
});
