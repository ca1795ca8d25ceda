import { execFile, execFileSync } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clock } from '../../test/conformance/git-hosts.ts';
import { type SshStandIn, startSshStandIn } from '../../test/git/ssh-stand-in.ts';
import { Refused } from '../net/index.ts';
import { type BareRepository, openRepository } from '../sandbox/git/index.ts';
import type { Credentials } from './credentials.ts';
import { createGitHost } from './hosts/git/index.ts';
import { createGit } from './process.ts';
import { createRepositories, type Repositories } from './repository.ts';
import { overSsh } from './ssh.ts';
import type { LocateHost } from './transport.ts';
import { locateRepository } from './url.ts';

const HOST_LINE = 'git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEHOSTKEY';
const ADDRESS = '192.0.2.7';

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

let keys: string;
let identity: string;
beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'headgate-keys-'));
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', join(keys, 'key')], { stdio: 'ignore' });
  identity = await readFile(join(keys, 'key'), 'utf8');
});
afterAll(() => rm(keys, { recursive: true, force: true }));

let folder: string;
let bare: BareRepository;
let standIn: SshStandIn;
let repositories: Repositories;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-over-'));
  bare = await openRepository(join(folder, 'served/team/shop.git'), process.env.PATH);
  standIn = await startSshStandIn(folder, { root: join(folder, 'served'), accepts: identity, hostLine: HOST_LINE });
  repositories = repositoriesWith(async (_, port) => ({ addresses: [ADDRESS, '192.0.2.8'], port }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function repositoriesWith(locateHost: LocateHost, path = `${standIn.folder}:${process.env.PATH}`) {
  const git = createGit({ protocols: ['https', 'ssh'], environment: { ...process.env, PATH: path } });
  return createRepositories({ git, cacheDir: join(folder, 'cache'), locateHost });
}
const locate = (url: string) => locateRepository(url, { localRoots: [] });
const commit = (text: string) =>
  bare.commit({ author: 'Ann <a@b>', time: 0, message: 'change', files: { 'a.yaml': text } });
const good = (): Credentials => ({ identity, knownHosts: HOST_LINE });
const URL_FORM = 'ssh://git@git.example.com/team/shop.git';
const fetchAs = async (credentials: Credentials, url = URL_FORM) =>
  repositories.open(await locate(url), 'main', credentials).fetch();

describe('a repository over ssh', () => {
  it.each([URL_FORM, 'git@git.example.com:team/shop.git', 'ssh://git@git.example.com:2222/team/shop.git'])(
    'is cloned, read and written to: %s',
    async (url) => {
      const isOdd = url.includes(':2222');
      const hostLine = isOdd ? HOST_LINE.replace('git.example.com', '[git.example.com]:2222') : HOST_LINE;
      standIn = await startSshStandIn(folder, { root: join(folder, 'served'), accepts: identity, hostLine });
      const head = await commit('a: 1\n');
      const credentials = { identity, knownHosts: hostLine };
      const repository = repositories.open(await locate(url), 'main', credentials);
      expect(await repository.fetch()).toBe(head);
      const [file] = await repository.files(head, '');
      expect((await repository.read([file?.id ?? ''], 1000)).get(file?.id ?? '')?.toString()).toBe('a: 1\n');
      const host = createGitHost({ repositories, locate, clock });
      const access = { url, ...credentials };
      expect(await host.probe(access, 'main')).toEqual({ ok: true });
      const changes = [{ path: 'a.yaml', content: Buffer.from('a: 0\n'), mode: '100644' }];
      const outcome = await host.commit(access, {
        branch: 'main',
        expectedHead: head,
        message: 'R',
        changes,
        key: 'k',
      });
      expect(outcome).toMatchObject({ kind: 'written', commit: await bare.head() });
    },
  );

  it('brings in every content: git fetches nothing by itself later, when the key is not there', async () => {
    const head = await commit('a: 1\n');
    const repository = repositories.open(await locate(URL_FORM), 'main', good());
    await repository.fetch();
    const missing = await repository.text(['rev-list', '--objects', '--missing=print', head]);
    expect(missing).not.toContain('?');
  });

  it('goes to the address that was checked, under the name that was asked for, with nothing of the machine', async () => {
    await commit('a: 1\n');
    await fetchAs(good());
    const [call] = await standIn.calls();
    expect(call).toMatchObject({
      destination: 'git@git.example.com',
      command: "git-upload-pack '/team/shop.git'",
      options: {
        F: '/dev/null',
        HostName: ADDRESS,
        Port: '22',
        HostKeyAlias: 'git.example.com',
        StrictHostKeyChecking: 'yes',
        BatchMode: 'yes',
        IdentitiesOnly: 'yes',
        IdentityAgent: 'none',
        ProxyCommand: 'none',
        PermitLocalCommand: 'no',
        ClearAllForwardings: 'yes',
      },
    });
    expect(call?.environment.SSH_AUTH_SOCK).toBeUndefined();
  });

  it('has its key in a private folder for the call only, and nowhere else', async () => {
    await commit('a: 1\n');
    await fetchAs(good());
    await fetchAs({ ...good(), knownHosts: 'other.example.com ssh-ed25519 AAAA' }).catch(() => {});
    const calls = await standIn.calls();
    expect(calls.map(({ modes }) => modes)).toEqual(
      calls.map(() => ({ folder: '700', identity: '600', knownHosts: '600' })),
    );
    const line = identity.split('\n')[1] ?? '';
    expect(JSON.stringify(calls)).not.toContain(line);
    expect(calls.length).toBeGreaterThan(1);
    for (const { options } of calls)
      await expect(access(dirname(options.IdentityFile ?? ''))).rejects.toThrow('ENOENT');
    const [clone = ''] = await readdir(join(folder, 'cache'));
    expect(await readFile(join(folder, 'cache', clone, 'config'), 'utf8')).not.toContain('ssh ');
  });

  it('follows --resolve to another port', async () => {
    await commit('a: 1\n');
    repositories = repositoriesWith(async () => ({ addresses: ['192.0.2.9'], port: 2022 }));
    await fetchAs(good());
    const [call] = await standIn.calls();
    expect(call?.options).toMatchObject({ HostName: '192.0.2.9', Port: '2022', HostKeyAlias: 'git.example.com' });
  });
});

describe('what keeps it from being read', () => {
  it.each([
    ['KnownHostsMissing', () => ({ identity }), 'ssh-keyscan'],
    ['IdentityMissing', () => ({ knownHosts: HOST_LINE }), 'key identity'],
    ['KnownHostsMissing', () => ({ token: 'secret-token' }), 'key known_hosts'],
    [
      'HostKeyRejected',
      () => ({ ...good(), knownHosts: 'git.example.com ssh-ed25519 AAAAother' }),
      'No ED25519 host key is known for git.example.com',
    ],
    ['CredentialsRejected', () => ({ ...good(), identity: 'another key' }), 'Permission denied (publickey)'],
  ])('%s', async (reason, credentials, words) => {
    await commit('a: 1\n');
    const error = await fetchAs(credentials()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'Waiting', reason, message: expect.stringContaining(words) });
    for (const secret of ['secret-token', identity.split('\n')[1] ?? '-', 'headgate-ssh-'])
      expect(String(error)).not.toContain(secret);
  });

  it('RepositoryGone, and BranchGone', async () => {
    await commit('a: 1\n');
    await expect(fetchAs(good(), 'git@git.example.com:team/none.git')).rejects.toMatchObject({
      reason: 'RepositoryGone',
    });
    const other = repositories.open(await locate(URL_FORM), 'nowhere', good());
    await expect(other.fetch()).rejects.toMatchObject({ reason: 'BranchGone' });
  });

  it('an address that must not be reached: ssh is not even started', async () => {
    repositories = repositoriesWith(async () => {
      throw new Refused('git.example.com resolves to 127.0.0.1, which is a loopback address');
    });
    await expect(fetchAs(good())).rejects.toMatchObject({ name: 'Stalled', reason: 'AddressRefused' });
    expect(await standIn.calls()).toEqual([]);
  });

  it('a machine without ssh', async () => {
    const found = execFileSync('sh', ['-c', 'command -v git; command -v sh'], { encoding: 'utf8' }).trim().split('\n');
    const only = await mkdtemp(join(folder, 'only-'));
    for (const program of found) execFileSync('ln', ['-s', program, only]);
    repositories = repositoriesWith(async (_, port) => ({ addresses: [ADDRESS], port }), only);
    await expect(fetchAs(good())).rejects.toMatchObject({ reason: 'SshMissing' });
  });

  it('is told of the host, with a probe that a person answers', async () => {
    await commit('a: 1\n');
    const host = createGitHost({ repositories, locate, clock });
    const outcome = await host.probe({ url: URL_FORM, identity }, 'main');
    expect(outcome).toMatchObject({ ok: false, reason: 'noRights', message: expect.stringContaining('known_hosts') });
  });
});

describe.skipIf(!has('ssh'))("OpenSSH's own client", () => {
  it('understands every option, and takes the checked address and port before those of the command line', async () => {
    const server = { host: 'git.example.com', port: 2222, target: { address: ADDRESS, port: 2022 } };
    const text = await overSsh({ identity, knownHosts: HOST_LINE }, server, async ({ env = {} }) => {
      const line = `${env.GIT_SSH_COMMAND} -G -p 2222 git@git.example.com`;
      const { stdout, stderr } = await promisify(execFile)('sh', ['-c', line]);
      expect(stderr).toBe('');
      return stdout;
    });
    const settings = text.split('\n');
    expect(settings).toEqual(
      expect.arrayContaining([
        `hostname ${ADDRESS}`,
        'port 2022',
        'user git',
        'hostkeyalias [git.example.com]:2222',
        'stricthostkeychecking true',
        'batchmode yes',
        'identitiesonly yes',
        'identityagent none',
        'globalknownhostsfile /dev/null',
        'permitlocalcommand no',
        'forwardagent no',
        'clearallforwardings yes',
      ]),
    );
    expect(settings.filter((each) => /^identityfile /.test(each))).toHaveLength(1);
    expect(settings.filter((each) => /^(proxycommand|proxyjump|controlpath) /.test(each))).toEqual([]);
  });

  it('cannot reach a closed port, which is told in its words', async () => {
    const git = createGit({ protocols: ['ssh'], environment: process.env });
    repositories = createRepositories({ git, cacheDir: join(folder, 'cache') });
    const error = await fetchAs(good(), 'ssh://git@127.0.0.1:9/team/shop.git').catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'Waiting',
      reason: 'RepositoryUnreachable',
      message: expect.stringContaining('Connection refused'),
    });
  });
});
