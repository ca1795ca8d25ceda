import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostedWorld, READ_TOKEN, startHostedWorld } from '../../test/conformance/git-hosts.ts';
import { Refused } from '../net/index.ts';
import { createGit, type Git } from './process.ts';
import { createRepositories } from './repository.ts';

let hosted: HostedWorld;
beforeEach(async () => {
  hosted = await startHostedWorld();
});
afterEach(() => hosted.close());

const commit = (files: Record<string, string>, message = 'change') =>
  hosted.bare.commit({ author: 'Ann <ann@example.com>', time: 1_700_000_000_000, message, files });
const open = async (url = hosted.url, token?: string) =>
  hosted.repositories.open(await hosted.locate(url), 'main', { token });

describe.each(['http', 'file'])('a clone over %s', (transport) => {
  const url = () => (transport === 'http' ? hosted.url : `file://${hosted.bare.path}`);

  it('reads head, history along a path, files and contents', async () => {
    const first = await commit({ 'a/x.yaml': 'x: 1\n', 'b/y.yaml': 'y: 1\n' }, 'first\n\nbody\n\nKey: value');
    const second = await commit({ 'b/y.yaml': 'y: 2\n' });
    const repository = await open(url());
    expect(await repository.fetch()).toBe(second);
    const log = await repository.log({ to: second, path: 'a', limit: 10 });
    expect(log).toMatchObject([{ id: first, parents: [], authorName: 'Ann', message: 'first\n\nbody\n\nKey: value' }]);
    const files = await repository.files(second, '');
    expect(files.map(({ path, mode }) => `${mode} ${path}`)).toEqual(['100644 a/x.yaml', '100644 b/y.yaml']);
    const ids = files.map(({ id }) => id);
    const contents = await repository.read(ids, 1000);
    expect(ids.map((id) => contents.get(id)?.toString())).toEqual(['x: 1\n', 'y: 2\n']);
    await expect(repository.read(ids, 3)).rejects.toThrow('longer than 3 bytes');
    expect(await repository.isAncestor(first, second)).toBe(true);
    expect(await repository.isAncestor(second, first)).toBe(false);
    await hosted.bare.git(['update-ref', 'refs/heads/main-2', first]);
    expect(await repository.remoteRefs(['refs/heads/main'])).toEqual(new Map([['refs/heads/main', second]]));
    expect(await repository.remoteRefs(['refs/heads/none'])).toEqual(new Map());
    const both = await repository.remoteRefs(['refs/heads/none', 'refs/heads/main*']);
    expect(Object.fromEntries(both)).toEqual({ 'refs/heads/main': second, 'refs/heads/main-2': first });
  });

  it('follows new commits and a rewritten history', async () => {
    const first = await commit({ 'a.yaml': 'a: 1\n' });
    const repository = await open(url());
    await repository.fetch();
    const second = await commit({ 'a.yaml': 'a: 2\n' });
    expect(await repository.fetch()).toBe(second);
    await hosted.bare.git(['update-ref', 'refs/heads/main', first]);
    expect(await repository.fetch()).toBe(first);
  });
});

it('is made again when the cache is damaged or a process died over it', async () => {
  const head = await commit({ 'a.yaml': 'a: 1\n' });
  const repository = await open();
  await repository.fetch();
  const next = await commit({ 'a.yaml': 'a: 2\n' });
  expect(next).not.toBe(head);
  const [clone = ''] = await readdir(join(hosted.folder, 'cache'));
  const gitDir = join(hosted.folder, 'cache', clone);
  await writeFile(join(gitDir, 'refs/heads/main.lock'), '');
  expect(await repository.fetch()).toBe(next);
  await rm(join(gitDir, 'objects'), { recursive: true });
  expect(await repository.fetch()).toBe(next);
  expect((await repository.files(next, '')).length).toBe(1);
});

describe('what hangs on objects alone', () => {
  const openCounted = async () => {
    const own = createGit({ protocols: ['file'], environment: process.env });
    const asked: string[] = [];
    const git: Git = {
      ...own,
      run(args, call) {
        asked.push(args[0] ?? '');
        return own.run(args, call);
      },
    };
    const location = await hosted.locate(`file://${hosted.bare.path}`);
    const cacheDir = join(hosted.folder, 'counted');
    return { repository: createRepositories({ git, cacheDir }).open(location, 'main'), asked, cacheDir };
  };

  it('is asked of git once', async () => {
    const first = await commit({ 'a.yaml': 'a: 1\n' });
    const head = await commit({ 'a.yaml': 'a: 2\n' });
    const { repository, asked } = await openCounted();
    await repository.fetch();
    const look = async () => {
      const files = await repository.files(head, '');
      return [
        files,
        await repository.read([files[0]?.id ?? ''], 100),
        await repository.commit(first),
        await repository.log({ from: first, to: head, path: '', limit: 5 }),
        await repository.isAncestor(first, head),
      ];
    };
    const once = await look();
    asked.length = 0;
    expect(await look()).toEqual(once);
    expect(asked).toEqual([]);
  });

  it('is asked again of a clone that had to be begun anew: not all may be there any more', async () => {
    const first = await commit({ 'a.yaml': 'a: 1\n' });
    const second = await commit({ 'a.yaml': 'a: 2\n' });
    const { repository, cacheDir } = await openCounted();
    await repository.fetch();
    expect(await repository.commit(second)).toMatchObject({ id: second });
    await hosted.bare.git(['update-ref', 'refs/heads/main', first]);
    const [clone = ''] = await readdir(cacheDir);
    await rm(join(cacheDir, clone, 'objects'), { recursive: true });
    expect(await repository.fetch()).toBe(first);
    expect(await repository.commit(second)).toBeUndefined();
  });

  it('is not remembered where it was not there', async () => {
    await commit({ 'a.yaml': 'a: 1\n' });
    const { repository } = await openCounted();
    await repository.fetch();
    const next = await commit({ 'a.yaml': 'a: 2\n' });
    expect(await repository.commit(next)).toBeUndefined();
    await repository.fetch();
    expect(await repository.commit(next)).toMatchObject({ id: next });
  });
});

it('takes a partial clone: contents arrive when they are read', async () => {
  const head = await commit({ 'a.yaml': 'a: 1\n' });
  const repository = await open();
  await repository.fetch();
  const missing = await repository.text(['rev-list', '--objects', '--missing=print', head]);
  expect(missing).toMatch(/^\?[0-9a-f]{40}$/m);
  const shallow = await repository.text(['rev-parse', '--is-shallow-repository']);
  expect(shallow.trim()).toBe('false');
});

describe('what keeps it from being read', () => {
  it.each([
    ['RepositoryGone', () => open(`${hosted.url}-missing`)],
    ['CredentialsRejected', () => open(hosted.url, 'wrong-token')],
    [
      'BranchGone',
      async () => hosted.repositories.open(await hosted.locate(hosted.url), 'nowhere', { token: READ_TOKEN }),
    ],
  ])('%s', async (reason, opened) => {
    await commit({ 'a.yaml': 'a: 1\n' });
    const error = await (await opened()).fetch().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'Waiting', reason });
    expect(String(error)).not.toContain('wrong-token');
  });

  it('RepositoryUnreachable', async () => {
    const down = await hosted.locate('http://127.0.0.1:9/team/shop');
    await expect(hosted.repositories.open(down, 'main').fetch()).rejects.toMatchObject({
      reason: 'RepositoryUnreachable',
    });
    hosted.world.faults.badGateway = 1;
    await expect((await open()).fetch()).rejects.toMatchObject({ reason: 'RepositoryUnreachable' });
  });

  it('an address that must not be reached', async () => {
    const git = createGit({ protocols: ['http'], environment: process.env });
    const locateHost = async () => {
      throw new Refused('127.0.0.1 is a loopback address');
    };
    const repositories = createRepositories({ git, cacheDir: join(hosted.folder, 'other'), locateHost });
    await expect(repositories.open(await hosted.locate(hosted.url), 'main').fetch()).rejects.toThrow('loopback');
  });
});
