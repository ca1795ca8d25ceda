import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalRepository, checkBranch, checkPath, locateRepository } from './url.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-url-'));
  await mkdir(join(folder, 'allowed', 'repo.git'), { recursive: true });
  await mkdir(join(folder, 'allowed-too', 'repo.git'), { recursive: true });
  await symlink(join(folder, 'allowed-too', 'repo.git'), join(folder, 'allowed', 'way-out'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const locate = (url: string, rules: object = {}) =>
  locateRepository(url, { localRoots: [join(folder, 'allowed')], ...rules });

describe('an address that is taken', () => {
  it.each([
    ['https://GitHub.com/Team/Shop.git', 'https://github.com/Team/Shop'],
    ['https://host:443/team/shop/', 'https://host/team/shop'],
    ['https://host:8443/team/shop.git/', 'https://host:8443/team/shop'],
  ])('%s is %s', async (url, canonical) => {
    expect(await locate(url)).toMatchObject({ kind: 'https', canonical });
    expect(canonicalRepository(url)).toBe(canonical);
  });

  it.each([
    ['ssh://git@Host/team/shop.git', 'ssh://git@host/team/shop.git', 'host', 22],
    ['ssh://host:22/team/shop.git', 'ssh://git@host/team/shop.git', 'host', 22],
    ['ssh://deploy@host:2222/srv/shop.git', 'ssh://deploy@host:2222/srv/shop.git', 'host', 2222],
    ['ssh://git@[2001:DB8::1]/team/shop', 'ssh://git@[2001:db8::1]/team/shop', '2001:db8::1', 22],
    ['git@HOST:team/shop.git', 'git@host:team/shop.git', 'host', 22],
    ['deploy@host:~/shop.git', 'deploy@host:~/shop.git', 'host', 22],
  ])('over ssh: %s', async (text, url, host, port) => {
    expect(await locate(text)).toMatchObject({ kind: 'ssh', url, server: { host, port } });
  });

  it('a local repository, by path and by file URL', async () => {
    const path = join(folder, 'allowed', 'repo.git');
    const location = await locate(path);
    expect(location).toMatchObject({ kind: 'local', canonical: path.replace(/\.git$/, '') });
    expect(await locate(`file://${path}`)).toEqual(location);
    expect(canonicalRepository(`file://${path}`)).toBe(canonicalRepository(path));
  });

  it.each(['127.0.0.1', '[::1]', 'git.example.com'])('without TLS, only on hosts that are named: %s', async (host) => {
    const rules = { plainHttpHosts: ['127.0.0.1', '::1', 'git.example.com'] };
    await expect(locate(`http://${host}:1/a/b`)).rejects.toMatchObject({ reason: 'InvalidRepository' });
    expect((await locate(`http://${host}:1/a/b`, rules)).url).toBe(`http://${host}:1/a/b`);
    await expect(locate(`http://not.${host.replace(/[[\]:]/g, '')}/a/b`, rules)).rejects.toThrow('http://');
    await expect(locate(`ftp://${host}/a/b`, rules)).rejects.toThrow('ftp://');
  });
});

describe('the one spelling of an address over ssh', () => {
  it.each([
    'ssh://git@github.com/Team/shop.git',
    'ssh://git@GitHub.com:22/Team/shop/',
    'ssh://github.com/Team/shop',
    'git@github.com:Team/shop.git',
    'git@GITHUB.com:/Team/shop',
    'https://github.com/Team/shop.git',
  ])('%s is what the hosting service shows on the web', (text) => {
    expect(canonicalRepository(text)).toBe('https://github.com/Team/shop');
  });

  it.each([
    ['another user', 'ssh://ann@host/team/shop.git', 'ssh://ann@host/team/shop'],
    ['another user, in short', 'ann@HOST:team/shop.git', 'ann@host:team/shop'],
    ['another port', 'ssh://git@host:2222/team/shop.git', 'ssh://git@host:2222/team/shop'],
    ['no owner', 'ssh://git@host/shop.git', 'ssh://git@host/shop'],
    ['no owner, in short', 'git@host:shop.git', 'git@host:shop'],
    ["somebody's home", 'ssh://git@host/~ann/shop.git', 'ssh://git@host/~ann/shop'],
    ['a way around', 'git@host:team/../other/shop.git', 'git@host:team/../other/shop'],
    ['what the web spells otherwise', 'git@host:team/a%2Fb', 'git@host:team/a%2Fb'],
    ['an address instead of a name', 'ssh://git@[::1]/team/shop', 'ssh://git@[::1]/team/shop'],
  ])('%s may be another repository: %s', (_, text, canonical) => {
    expect(canonicalRepository(text)).toBe(canonical);
  });

  it('says who is dialled over https, too', async () => {
    expect((await locate('https://Host:8443/a/b')).server).toEqual({ host: 'host', port: 8443 });
    expect((await locate('https://[2001:db8::1]/a/b')).server).toEqual({ host: '2001:db8::1', port: 443 });
  });
});

describe('an address that is refused, with what is allowed', () => {
  it.each([
    ['', 'is empty'],
    ['-u./payload', 'begins with "-"'],
    ['ext::sh -c id', 'transport helper'],
    ['https://user:hunter2@host/a/b', 'credentials'],
    ['https://host/a\nb', 'line break'],
    ['https://host/', 'no repository'],
    ['https://host/a/b?x=1', 'query'],
    ['http://host/a/b', 'http://'],
    ['ssh://git:hunter2@host/a/b', 'holds a password'],
    ['ssh://-oProxyCommand=x/a/b', 'begins with "-"'],
    ['ssh://-l@host/a/b', 'begins with "-"'],
    ['git@-oProxyCommand=x:a/b', 'begins with "-"'],
    ['git@host:-x', 'begins with "-"'],
    ['-x@host:a', 'begins with "-"'],
    ['ssh://git@host:0/a/b', 'port'],
    ['ssh://git@host:99999/a/b', 'port'],
    ['ssh://git@host', 'is not an ssh address'],
    ['ssh://git@host/', 'no repository'],
    ['ssh://git@/a/b', 'names no host'],
    ['ssh://git@[::1/a/b', 'is not an ssh address'],
    ['ssh://git@[1.2.3.4x]/a/b', 'is not an ssh address'],
    ["ssh://git@ho'st/a/b", 'names no host'],
    ['ssh://$(id)@host/a/b', 'names no user'],
    ['ssh://git@host/a?x=1', 'query'],
    ['git+ssh://git@host/a/b', 'git+ssh://'],
    ['host:a/b', 'neither an https or ssh address nor an absolute path'],
    ['../repo', 'neither an https or ssh address nor an absolute path'],
    ['/etc', 'does not lie below'],
    ['file://other-host/repo', 'file URL'],
    ['/nowhere/at/all', 'is not there'],
  ])('%j', async (url, words) => {
    const error = (await locate(url).catch((caught: unknown) => caught)) as Error;
    expect(error).toMatchObject({ name: 'Stalled', reason: 'InvalidRepository' });
    expect(error.message).toContain(words);
    expect(error.message).toContain('Allowed are https://host/path');
    expect(error.message).not.toContain('hunter2');
  });

  it('a neighbour of an allowed folder, and a link out of one', async () => {
    await expect(locate(join(folder, 'allowed-too', 'repo.git'))).rejects.toThrow('does not lie below');
    await expect(locate(join(folder, 'allowed', 'way-out'))).rejects.toThrow('does not lie below');
    await expect(locate('/etc', { localRoots: [] })).rejects.toThrow('no folder for local repositories');
  });
});

it.each(['main', 'release/1.2', 'feature-x'])('takes branch %s', (branch) => {
  expect(checkBranch(branch)).toBe(branch);
});

it.each(['', '-x', 'a..b', 'a b', 'a~1', 'a^', 'a:b', 'a\\b', '/a', 'a/', 'a.lock', 'a//b', '@', 'a@{1}', '.a', 'x\n'])(
  'refuses branch %j',
  (branch) => {
    expect(() => checkBranch(branch)).toThrow('not a valid branch name');
  },
);

it.each([
  ['apps/web', 'apps/web'],
  ['/apps/web/', 'apps/web'],
  ['./apps', 'apps'],
  ['.', ''],
  ['', ''],
  ['with space', 'with space'],
])('takes path %j as %j', (path, clean) => {
  expect(checkPath(path)).toBe(clean);
});

it.each(['..', 'a/../b', '../a', 'a/./b', 'a//b', '.git', 'a/.GIT/b', 'a\\b', 'a\0b', 'a\nb'])(
  'refuses path %j',
  (path) => {
    expect(() => checkPath(path)).toThrow('does not name a folder inside the repository');
  },
);
