import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostedWorld, startHostedWorld } from '../../test/conformance/git-hosts.ts';
import type { NewContent } from '../sandbox/git/index.ts';
import { type Inverse, inverseOf, type Splice } from './inverse.ts';
import type { Repository } from './repository.ts';

let hosted: HostedWorld;
let clone: Repository;
let minute = 0;

beforeEach(async () => {
  hosted = await startHostedWorld();
  clone = hosted.repositories.open({ kind: 'local', url: hosted.bare.path, canonical: hosted.bare.path }, 'main');
});
afterEach(() => hosted.close());

const commit = (files: Record<string, NewContent>, message = 'change') =>
  hosted.bare.commit({ author: 'Ann <ann@example.com>', time: 1_700_000_000_000 + 60_000 * minute++, message, files });

async function invert(culprit: string, path = 'apps/web'): Promise<Inverse> {
  const head = await clone.fetch();
  return inverseOf(clone, { culprit, head, path });
}

const LONG = Array.from({ length: 30 }, (_, line) => `line${line}: ${line}`);
const long = (changes: Record<number, string> = {}) => `${LONG.map((line, at) => changes[at] ?? line).join('\n')}\n`;

describe('taking a commit out', () => {
  it('restores what it changed and keeps what others changed later, even in the same file', async () => {
    await commit({ 'apps/web/a.yaml': long(), 'apps/other/b.yaml': 'b: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': long({ 2: 'bad: 1' }) });
    await commit({ 'apps/web/a.yaml': long({ 2: 'bad: 1', 25: 'later: 1' }), 'apps/other/b.yaml': 'b: 2\n' });
    const inverse = await invert(culprit);
    expect(inverse).toMatchObject({ kind: 'changes', changes: [{ path: 'apps/web/a.yaml', mode: '100644' }] });
    if (inverse.kind !== 'changes') return;
    expect(inverse.changes[0]?.content?.toString()).toBe(long({ 25: 'later: 1' }));
  });

  it('does so in a partial clone, fetching only what it needs', async () => {
    clone = hosted.repositories.open(await hosted.locate(hosted.url), 'main');
    await commit({ 'apps/web/a.yaml': long(), 'apps/other/b.yaml': 'b: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': long({ 2: 'bad: 1' }) });
    await commit({ 'apps/web/a.yaml': long({ 2: 'bad: 1', 25: 'later: 1' }) });
    const inverse = await invert(culprit);
    expect(inverse.kind === 'changes' && inverse.changes[0]?.content?.toString()).toBe(long({ 25: 'later: 1' }));
    const objects = await clone.text(['rev-list', '--objects', '--missing=print', await clone.fetch()]);
    expect(objects).toMatch(/^\?[0-9a-f]{40}$/m);
  });

  it('leaves alone what the culprit changed outside of the path', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n', 'apps/other/b.yaml': 'b: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n', 'apps/other/b.yaml': 'b: 2\n' });
    const inverse = await invert(culprit);
    expect(inverse.kind === 'changes' && inverse.changes.map(({ path }) => path)).toEqual(['apps/web/a.yaml']);
  });

  it('does not take apps/web-two for apps/web', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n', 'apps/web-two/a.yaml': 'a: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n', 'apps/web-two/a.yaml': 'a: 2\n' });
    const inverse = await invert(culprit);
    expect(inverse.kind === 'changes' && inverse.changes.map(({ path }) => path)).toEqual(['apps/web/a.yaml']);
  });

  it('deletes what the culprit added, brings back what it deleted, and keeps modes and bytes', async () => {
    const script = { content: '#!/bin/sh\r\n', mode: '100755' as const };
    await commit({ 'apps/web/run.sh': script, 'apps/web/keep.yaml': 'k: 1\n' });
    const culprit = await commit({ 'apps/web/run.sh': null, 'apps/web/new.yaml': 'n: 1\n' });
    const inverse = await invert(culprit);
    expect(inverse.kind === 'changes' && inverse.changes).toEqual([
      { path: 'apps/web/new.yaml', content: undefined, mode: '100644' },
      { path: 'apps/web/run.sh', content: Buffer.from('#!/bin/sh\r\n'), mode: '100755' },
    ]);
  });

  it('says nothing is left to do when someone took it out already', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n' });
    await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    expect(await invert(culprit)).toEqual({ kind: 'nothing' });
  });

  it('stops at a conflict and names the files', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n' });
    await commit({ 'apps/web/a.yaml': 'a: 3\n' });
    expect(await invert(culprit)).toEqual({ kind: 'conflict', files: ['apps/web/a.yaml'] });
  });

  it('does not follow a file that was moved out of the path', async () => {
    await commit({ 'apps/web/a.yaml': long() });
    const culprit = await commit({ 'apps/web/a.yaml': long({ 2: 'bad: 1' }) });
    await commit({ 'apps/web/a.yaml': null, 'apps/other/a.yaml': long({ 2: 'bad: 1' }) });
    // Some releases of git follow the move: then the result lies outside of the path.
    expect(['conflict', 'refused']).toContain((await invert(culprit)).kind);
  });

  it('takes a merge back to its first parent', async () => {
    const base = await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    await hosted.bare.git(['update-ref', 'refs/heads/side', base]);
    await hosted.bare.commit({
      branch: 'side',
      author: 'B <b@b>',
      time: 1_700_000_000_000,
      message: 's',
      files: { 'apps/web/a.yaml': 'a: 2\n' },
    });
    const side = (await hosted.bare.head('side')) as string;
    const identity = { GIT_AUTHOR_NAME: 'x', GIT_AUTHOR_EMAIL: 'x', GIT_COMMITTER_NAME: 'x', GIT_COMMITTER_EMAIL: 'x' };
    const args = ['commit-tree', `${side}^{tree}`, '-p', base, '-p', side, '-m', 'merge'];
    const merge = (await hosted.bare.git(args, { env: identity })).toString().trim();
    await hosted.bare.git(['update-ref', 'refs/heads/main', merge]);
    const inverse = await invert(merge);
    expect(inverse.kind === 'changes' && inverse.changes[0]?.content?.toString()).toBe('a: 1\n');
  });
});

describe('what is refused', () => {
  it('a culprit whose parent is not there', async () => {
    const first = await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    expect(await invert(first)).toMatchObject({ kind: 'refused', reason: 'ParentMissing' });
    expect(await invert('1'.repeat(40))).toMatchObject({ kind: 'refused', reason: 'ParentMissing' });
  });

  it('a culprit that is not part of the branch any more', async () => {
    const first = await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n' });
    await clone.fetch();
    await hosted.bare.git(['update-ref', 'refs/heads/main', first]);
    expect(await invert(culprit)).toMatchObject({ kind: 'refused', reason: 'HistoryRewritten' });
  });

  it.each([
    ['a symbolic link', { 'apps/web/link': { content: 'a.yaml', mode: '120000' as const } }, 'symbolic link'],
    ['a Git LFS file', { 'apps/web/big': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' }, 'LFS'],
    ["Git's own files", { 'apps/web/.gitattributes': '* -text\n' }, '.gitattributes'],
  ])('%s', async (_, files, words) => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    const culprit = await commit(files as Record<string, NewContent>);
    expect(await invert(culprit)).toMatchObject({ reason: 'NotExpressible', message: expect.stringContaining(words) });
  });

  it('a file that would be deleted, which the culprit did not add', async () => {
    await commit({ 'apps/web/old/a.yaml': long(), 'apps/web/old/b.yaml': long({ 3: 'b: 1' }) });
    const moved = { 'apps/web/new/a.yaml': long(), 'apps/web/new/b.yaml': long({ 3: 'b: 1' }) };
    const culprit = await commit({ 'apps/web/old/a.yaml': null, 'apps/web/old/b.yaml': null, ...moved });
    await commit({ 'apps/web/new/theirs.yaml': 'theirs: 1\n' });
    const head = await clone.fetch();
    // A git that follows folders takes along what others put there later; ours is told not to, and its result is checked.
    const config = { 'merge.renames': 'true', 'merge.directoryRenames': 'true' };
    const following: Repository = { ...clone, git: (args, call) => clone.git(args, { ...call, config }) };
    expect(await inverseOf(following, { culprit, head, path: 'apps/web' })).toMatchObject({
      kind: 'refused',
      reason: 'DeletesForeignFile',
      message: expect.stringContaining('apps/web/new/theirs.yaml'),
    });
  });

  it('more than 20 files or 500 lines', async () => {
    const many = (value: number) =>
      Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`apps/web/${at}.yaml`, `a: ${value}\n`]));
    await commit(many(1));
    expect(await invert(await commit(many(2)))).toMatchObject({
      reason: 'TooLarge',
      message: expect.stringContaining('21 files'),
    });
    const lines = (value: number) => Array.from({ length: 251 }, (_, at) => `l${at}: ${value}\n`).join('');
    await commit({ 'apps/web/long.yaml': lines(1) });
    const culprit = await commit({ 'apps/web/long.yaml': lines(2) });
    expect(await invert(culprit)).toMatchObject({ reason: 'TooLarge', message: expect.stringContaining('502 lines') });
  });
});

describe('taking values back', () => {
  /** As far as the tests need it: the one line that differs. */
  const splice: Splice = ({ before, after, head }) => {
    const [was, is] = [before.split('\n'), after.split('\n')];
    if (was.length !== is.length) return undefined;
    const at = was.findIndex((line, index) => line !== is[index]);
    return head.includes(is[at] ?? '') ? head.replace(is[at] ?? '', was[at] ?? '') : undefined;
  };
  const values = async (culprit: string, how: Splice = splice) =>
    inverseOf(clone, { culprit, head: await clone.fetch(), path: 'apps/web', splice: how });
  const contentOf = (inverse: Inverse) =>
    inverse.kind === 'changes' ? inverse.changes.map(({ content }) => content?.toString()) : inverse.kind;

  it('goes on where lines beside them have changed, which a merge does not', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\nb: 1\nc: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 1\nb: 2\nc: 1\n' });
    await commit({ 'apps/web/a.yaml': 'a: 5\nb: 2\nc: 5 # later\n' });
    expect((await invert(culprit)).kind).toBe('conflict');
    const inverse = await values(culprit);
    expect(inverse).toMatchObject({ kind: 'changes', scope: 'fields' });
    expect(contentOf(inverse)).toEqual(['a: 5\nb: 1\nc: 5 # later\n']);
  });

  it('keeps every byte: line ends, a byte order mark, a missing last line end, the mode', async () => {
    const file = (value: string) => ({ content: `\ufeffa: ${value}\r\nb: 1`, mode: '100755' as const });
    await commit({ 'apps/web/a.yaml': file('1') });
    const culprit = await commit({ 'apps/web/a.yaml': file('2') });
    const inverse = await values(culprit);
    expect(inverse).toMatchObject({ kind: 'changes', scope: 'fields', changes: [{ mode: '100755' }] });
    expect(contentOf(inverse)).toEqual([file('1').content]);
  });

  it('is left to the merge, whole, where one file needs it', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n', 'apps/web/b.txt': 'b: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n', 'apps/web/b.txt': 'b: 2\n' });
    expect(await values(culprit)).toMatchObject({ kind: 'changes', scope: 'paths', changes: [{}, {}] });
    const more = await commit({ 'apps/web/a.yaml': 'a: 2\nb: 2\n' });
    expect(await values(more)).toMatchObject({ kind: 'changes', scope: 'paths' });
  });

  it('finds nothing left to do where they are back', async () => {
    await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    const culprit = await commit({ 'apps/web/a.yaml': 'a: 2\n' });
    await commit({ 'apps/web/a.yaml': 'a: 1\n' });
    expect(await values(culprit, ({ head }) => head)).toEqual({ kind: 'nothing' });
  });

  it('leaves templates and files that are gone alone', async () => {
    await commit({ 'apps/web/templates/a.yaml': 'a: 1\n', 'apps/web/b.yaml': 'b: 1\n' });
    const template = await commit({ 'apps/web/templates/a.yaml': 'a: 2\n' });
    expect(await values(template)).toMatchObject({ scope: 'paths' });
    const gone = await commit({ 'apps/web/b.yaml': 'b: 2\n' });
    await commit({ 'apps/web/b.yaml': null });
    expect((await values(gone)).kind).toBe('conflict');
  });
});
