/** Clones in a room that is too small for all of them. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRepository } from '../sandbox/git/index.ts';
import { createCacheSpace } from './cache-space.ts';
import { createGit } from './process.ts';
import { createRepositories } from './repository.ts';
import { locateRepository } from './url.ts';

const KiB = 1024;
const HOUR = 60 * 60_000;
let root: string;
let now: number;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headgate-space-'));
  now = 1_700_000_000_000;
});
afterEach(() => rm(root, { recursive: true }));

const cacheDir = () => join(root, 'cache');

/** A repository with a file that cannot be compressed. */
async function origin(name: string, kibibytes: number) {
  const repository = await openRepository(join(root, `${name}.git`), process.env.PATH);
  const commit = (size: number) =>
    repository.commit({
      author: 'Ann <ann@example.com>',
      message: `${size} KiB`,
      time: now,
      files: { blob: randomBytes(size * KiB) },
    });
  await commit(kibibytes);
  return { path: repository.path, commit };
}

/** `program`: what is run for git. */
function setUp(mostKibibytes: number, program?: string) {
  const git = createGit({ protocols: ['file'], environment: process.env, ...(program && { program }) });
  const options = { folder: cacheDir(), mostBytes: mostKibibytes * KiB, now: () => now, lookMilliseconds: 20 };
  const repositories = createRepositories({ git, cacheDir: cacheDir(), space: createCacheSpace(options) });
  return async (path: string) =>
    repositories.open(await locateRepository(`file://${path}`, { localRoots: [root], plainHttpHosts: [] }), 'main');
}

const clones = async () => (await readdir(cacheDir())).length;

describe('the room for clones', () => {
  it('takes in what fits, however often it is looked at', async () => {
    const open = setUp(3000);
    const { path, commit } = await origin('small', 100);
    const first = await (await open(path)).fetch();
    const second = await commit(100);
    expect(await (await open(path)).fetch()).toBe(second);
    expect(await (await open(path)).commit(first)).toBeDefined();
    expect(await clones()).toBe(1);
  });

  it('takes in no clone of more than a third, says so, and does not ask for it again before an hour is over', async () => {
    const open = setUp(900);
    const { path } = await origin('large', 400);
    const message = /^its clone takes more than 0 MiB, a third of --cache-limit; it is tried again after an hour\./;
    for (const _ of ['once', 'twice']) {
      const asked = (await open(path)).fetch();
      await expect(asked).rejects.toThrow(message);
      await expect(asked).rejects.toMatchObject({ reason: 'RepositoryTooLarge' });
      expect(await clones()).toBe(0);
    }
    await rm(path, { recursive: true });
    await origin('large', 100);
    now += HOUR - 1;
    await expect((await open(path)).fetch()).rejects.toThrow(message);
    now += 1;
    expect(await (await open(path)).fetch()).toMatch(/^[0-9a-f]{40}$/);
  });

  it('refuses also what has grown too large since', async () => {
    const open = setUp(900);
    const { path, commit } = await origin('growing', 100);
    await (await open(path)).fetch();
    await commit(400);
    await expect((await open(path)).fetch()).rejects.toMatchObject({ reason: 'RepositoryTooLarge' });
    expect(await clones()).toBe(0);
  });

  it('ends a transfer while it goes on', async () => {
    const program = join(root, 'git');
    // Brings in more and more, as a server may that has nothing good in mind.
    const endless = `#!/bin/sh
case "$*" in
*\\ fetch\\ *) mkdir -p "\${1#--git-dir=}/objects/pack"; while :; do head -c 100000 /dev/urandom >> "\${1#--git-dir=}/objects/pack/tmp_pack_x"; sleep 0.01; done ;;
*) exec git "$@" ;;
esac
`;
    await writeFile(program, endless);
    await chmod(program, 0o755);
    const { path } = await origin('endless', 1);
    const open = setUp(3000, program);
    await expect((await open(path)).fetch()).rejects.toMatchObject({ reason: 'RepositoryTooLarge' });
    expect(await clones()).toBe(0);
  });

  it('is made by taking away what was used longest ago, which is made again when it is needed', async () => {
    const open = setUp(1000);
    const fetched = async (name: string) => {
      const { path } = await origin(name, 200);
      return { path, head: await (await open(path)).fetch() };
    };
    const [one, two] = [await fetched('one'), await fetched('two')];
    await fetched('three');
    await (await open(one.path)).fetch();
    await fetched('four');
    expect(await clones()).toBe(4);
    await fetched('five');
    expect(await clones()).toBe(4);
    expect(await (await open(one.path)).commit(one.head)).toBeDefined();
    const gone = await open(two.path);
    await expect(gone.files(two.head, '')).rejects.toThrow('not a git repository');
    expect(await gone.fetch()).toBe(two.head);
    expect(await gone.files(two.head, '')).toHaveLength(1);
  });

  it('is made first from what an earlier process has left', async () => {
    const left = join(cacheDir(), `${'0'.repeat(32)}.git`);
    const half = join(cacheDir(), `${'1'.repeat(32)}.git.gone-5`);
    const others = join(cacheDir(), 'ca-0123');
    for (const folder of [left, half, others]) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'pack'), randomBytes(300 * KiB));
    }
    const open = setUp(900);
    for (const name of ['one', 'two', 'three']) await (await open((await origin(name, 200)).path)).fetch();
    expect(await clones()).toBe(4);
    await expect(stat(left)).rejects.toThrow('ENOENT');
    await expect(stat(half)).rejects.toThrow('ENOENT');
    expect((await stat(others)).isDirectory()).toBe(true);
  });
});
