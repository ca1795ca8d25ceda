import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitRequest, FileChange, GitHost, RepositoryAccess } from '../../src/git/hosts/host.ts';
import { blobId } from '../../src/git/hosts/host-objects.ts';
import type { BareRepository } from '../../src/sandbox/git/index.ts';
import { takeMismatches } from './git-hosts.ts';

/** The repository as another person sees and changes it, not through the host that is tested. */
export interface OthersView extends Pick<BareRepository, 'commit' | 'head' | 'log' | 'merge' | 'read'> {
  /** As git spells it; empty where the head has no such file. */
  mode(path: string): Promise<string>;
  /** The ids of the head's files below a folder, by path. */
  blobs(folder: string): Promise<ReadonlyMap<string, string>>;
}

/** One host over one real repository, for one test. */
export interface HostHarness {
  host: GitHost;
  repository: OthersView;
  /** With the right to write. */
  access: RepositoryAccess;
  /** With the right to read only, each in another way; left out where the host knows no rights. */
  readOnly?: RepositoryAccess[];
  /** A repository that is not there. */
  missing: RepositoryAccess;
  /** Gives the repository another address; left out where no address stays behind. */
  move?(): Promise<void>;
  /** From now on the branch main takes changes by pull request only. */
  protect(): Promise<void>;
  /** From now on the repository takes no proposals at all; left out where that is not to be had. */
  closeProposals?(): Promise<void>;
  /** With the right to write to branches, and not to open proposals, each in another way; left out where who writes may propose. */
  commitOnly?: RepositoryAccess[];
  /** The next write is carried out, but its answer is lost; left out where no connection can be cut. */
  loseAnswer?(): void;
  /** Runs after the host has looked at the branch and before its write arrives. */
  beforeWrite(intrude: () => Promise<void>): void;
  /** What people see beside a commit; left out where the host has no such thing. */
  statuses?(commit: string): Promise<{ state: string; context: string; description: string }[]>;
  close(): Promise<void>;
}

export interface Deviations {
  /** Why the mode of a file cannot be set. */
  mode?: string;
  /** Why a symbolic link cannot be written, where that is not what `mode` says. */
  links?: string;
  /** Why an executable file cannot be written, even where it was executable before. */
  executable?: string;
  /** Why the same key can be written twice, on two heads. */
  marker?: string;
  /** Why a commit can lie on another one than the expected head, where that changed other files. */
  head?: string;
  /** Why a probe may not see that a credential only reads. */
  probe?: string;
  /** Why what is there already is written once more. */
  unchanged?: string;
  /** Whom a commit is by, whatever is asked for. */
  author?: string;
  /** Why who only reads may say what became of a commit. */
  report?: string;
}

const PEOPLE = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
const PROTECTED = /pull request|protected|cannot commit|not allowed to push/i;
const MANY_FILES = 300;
const LONGEST = 120_000;

const plain = (path: string, content: string | Buffer) => ({ path, content: Buffer.from(content), mode: '100644' });

/** What every Git host must do; each runs it in its own test. */
export function conformsAsGitHost(name: string, start: () => Promise<HostHarness>, deviations: Deviations = {}) {
  // One harness at a time, also where all else runs at once.
  describe(`git host ${name}`, { timeout: LONGEST, concurrent: false }, () => {
    let harness: HostHarness;
    let head: string;

    beforeEach(async () => {
      harness = await start();
      const files = {
        'app/web.yaml': 'image: v2\n',
        'app/run.sh': { content: '#!/bin/sh\n', mode: '100755' as const },
        'app/link': { content: 'web.yaml', mode: '120000' as const },
      };
      head = await harness.repository.commit({ ...PEOPLE, message: 'first', files });
    }, LONGEST);
    afterEach(async () => {
      await harness.close();
      expect(takeMismatches()).toEqual([]);
    });

    const request = (part: Partial<CommitRequest> = {}): CommitRequest => ({
      branch: 'main',
      expectedHead: head,
      message: 'Revert "second"\n\nThis reverts commit 0.\n\nRevert-Key: k1\n',
      changes: [plain('app/web.yaml', 'image: v1\n')],
      key: 'k1',
      ...part,
    });
    const commit = (part?: Partial<CommitRequest>) => harness.host.commit(harness.access, request(part));
    const read = async (path: string) => harness.repository.read((await harness.repository.head()) as string, path);
    const push = (files: Record<string, string>) => harness.repository.commit({ ...PEOPLE, message: 'other', files });

    const expectMode = async (change: FileChange, deviation: string | undefined) => {
      const before = await harness.repository.mode(change.path);
      const outcome = await commit({ changes: [change] });
      expect(outcome.kind).toBe(deviation ? 'protected' : 'written');
      expect(await harness.repository.mode(change.path)).toBe(deviation ? before : change.mode);
    };

    it('writes one commit on the expected head', async () => {
      const outcome = await commit();
      expect(outcome).toMatchObject({ kind: 'written', commit: await harness.repository.head() });
      const [last, before] = await harness.repository.log();
      expect(last?.message).toBe('Revert "second"\n\nThis reverts commit 0.\n\nRevert-Key: k1');
      expect(before?.id).toBe(head);
      expect((await read('app/web.yaml'))?.toString()).toBe('image: v1\n');
      expect((await read('app/run.sh'))?.toString()).toBe('#!/bin/sh\n');
    });

    it(`writes by whom it is asked to${deviations.author ? `, or does not: ${deviations.author}` : ''}`, async () => {
      const author = { name: 'Shop Bot', email: 'bot@shop.example' };
      expect(await commit({ author })).toMatchObject({ kind: 'written' });
      const by = (await harness.repository.log())[0]?.author;
      if (deviations.author) expect(by).not.toContain(author.email);
      else expect(by).toBe('Shop Bot <bot@shop.example>');
    });

    it('answers stale and writes nothing when the head moved before', async () => {
      const moved = await push({ 'other.txt': 'x' });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.repository.head()).toBe(moved);
    });

    it('answers stale and overwrites nothing when the same file changes in the very moment', async () => {
      let moved = '';
      harness.beforeWrite(async () => {
        moved = await push({ 'app/web.yaml': 'image: v3\n' });
      });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.repository.head()).toBe(moved);
    });

    it.each([
      ['before', async (revert: () => Promise<void>) => revert()],
      ['in the very moment', async (revert: () => Promise<void>) => harness.beforeWrite(revert)],
    ])('answers stale and adds nothing where a person has taken the change out %s', async (_, when) => {
      let reverted = '';
      await when(async () => {
        reverted = await push({ 'app/web.yaml': 'image: v1\n' });
      });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.repository.head()).toBe(reverted);
    });

    it('takes out what a merge commit has brought in, and keeps what else it holds', async () => {
      const { repository } = harness;
      const topic = {
        ...PEOPLE,
        branch: 'topic',
        start: head,
        message: 'v3',
        files: { 'app/web.yaml': 'image: v3\n' },
      };
      const merged = await repository.commit(topic);
      await push({ 'other.txt': 'x' });
      const merge = { ...PEOPLE, into: 'main', head: merged, keepsParent: true, message: 'Merge topic' };
      const expectedHead = (await repository.merge(merge)) ?? '';
      expect(await commit({ expectedHead, changes: [plain('app/web.yaml', 'image: v2\n')] })).toMatchObject({
        kind: 'written',
        commit: await repository.head(),
      });
      expect((await repository.log()).map(({ id }) => id)[1]).toBe(expectedHead);
      expect((await read('app/web.yaml'))?.toString()).toBe('image: v2\n');
      expect((await read('other.txt'))?.toString()).toBe('x');
    });

    it(`overwrites nothing when another file changes in the very moment${deviations.head ? `: ${deviations.head}` : ', and answers stale'}`, async () => {
      let moved = '';
      harness.beforeWrite(async () => {
        moved = await push({ 'other.txt': 'x' });
      });
      const outcome = await commit();
      expect(outcome.kind).toBe(deviations.head ? 'written' : 'stale');
      if (deviations.head) expect(outcome).toMatchObject({ message: expect.stringContaining(moved.slice(0, 7)) });
      const log = await harness.repository.log();
      expect(log[deviations.head ? 1 : 0]?.id).toBe(moved);
      expect((await read('other.txt'))?.toString()).toBe('x');
    });

    it("answers protected with the host's own words", async () => {
      await harness.protect();
      const outcome = await commit();
      expect(outcome.kind).toBe('protected');
      expect('message' in outcome && outcome.message).toMatch(PROTECTED);
      expect(await harness.repository.head()).toBe(head);
    });

    it(`answers noRights to credentials that may not write, or are not valid${deviations.probe ? `; a probe may not: ${deviations.probe}` : ''}`, async ({
      skip,
    }) => {
      if (!harness.readOnly) return skip('nobody here may only read');
      for (const access of [...harness.readOnly, { ...harness.access, tokens: undefined, token: 'wrong-token' }]) {
        const outcome = await harness.host.commit(access, request());
        expect(outcome).toMatchObject({ kind: 'noRights' });
        expect(JSON.stringify(outcome)).not.toContain(access.token);
        const probed = await harness.host.probe(access, 'main');
        if (!deviations.probe || !probed.ok) expect(probed).toMatchObject({ ok: false, reason: 'noRights' });
      }
      expect(await harness.repository.head()).toBe(head);
    });

    it('answers gone when the repository or the branch is not there', async () => {
      expect(await harness.host.commit(harness.missing, request())).toMatchObject({ kind: 'gone' });
      expect(await commit({ branch: 'release' })).toMatchObject({ kind: 'gone' });
      expect(await harness.host.probe(harness.missing, 'main')).toMatchObject({ ok: false, reason: 'gone' });
      expect(await harness.host.probe(harness.access, 'release')).toMatchObject({ ok: false, reason: 'gone' });
    });

    it('answers gone when the repository has moved, and does not follow it', async ({ skip }) => {
      if (!harness.move) return skip('it cannot move');
      await harness.move();
      expect(await commit()).toMatchObject({ kind: 'gone' });
      expect(await harness.host.probe(harness.access, 'main')).toMatchObject({ ok: false, reason: 'gone' });
      expect(await harness.repository.head()).toBe(head);
    });

    it('does not claim success when the answer is lost, and does not write again by itself', async ({ skip }) => {
      if (!harness.loseAnswer) return skip('no answer can be lost');
      harness.loseAnswer();
      // A transport that asks once more by itself meets its own write: then the head has moved.
      expect(['unknown', 'stale']).toContain((await commit()).kind);
      const log = await harness.repository.log();
      expect(log.filter(({ message }) => message.includes('Revert-Key: k1'))).toHaveLength(1);
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.repository.log()).toHaveLength(log.length);
    });

    it('keeps every byte: CRLF, bytes that are not UTF-8, no line break at the end', async () => {
      const contents = [Buffer.from('a: 1\r\nb: 2\r\n'), Buffer.from([0xff, 0x00, 0xfe, 0x0a]), Buffer.from('no end')];
      const changes = contents.map((content, index) => plain(`app/${index} ü.bin`, content));
      expect(await commit({ changes })).toMatchObject({ kind: 'written' });
      for (const { path, content } of changes) expect(await read(path)).toEqual(content);
    });

    it('deletes a file', async () => {
      const changes = [{ path: 'app/web.yaml', content: undefined, mode: '100644' }];
      expect(await commit({ changes })).toMatchObject({ kind: 'written' });
      expect(await read('app/web.yaml')).toBeUndefined();
      expect(await read('app/run.sh')).toBeDefined();
    });

    it(`writes ${MANY_FILES} files as one commit`, async () => {
      const files = Array.from({ length: MANY_FILES }, (_, at) => plain(`app/${at % 7}/file-${at}.yaml`, `n: ${at}\n`));
      expect(await commit({ changes: files })).toMatchObject({ kind: 'written' });
      expect((await harness.repository.log())[1]?.id).toBe(head);
      const found = await harness.repository.blobs('app');
      for (const { path, content } of files) expect([path, found.get(path)]).toEqual([path, blobId(content)]);
    });

    it(`makes no empty commit${deviations.unchanged ? `, unless asked to: ${deviations.unchanged}` : ''}`, async () => {
      const outcome = await commit({ changes: [plain('app/web.yaml', 'image: v2\n')] });
      if (deviations.unchanged) return;
      expect(outcome).toMatchObject({ kind: 'stale' });
      expect(await harness.repository.head()).toBe(head);
    });

    it(`keeps a file executable${deviations.executable ? `, or refuses: ${deviations.executable}` : ''}`, async () => {
      const changes = [{ path: 'app/run.sh', content: Buffer.from('#!/bin/bash\n'), mode: '100755' }];
      expect((await commit({ changes })).kind).toBe(deviations.executable ? 'protected' : 'written');
      expect(await harness.repository.mode('app/run.sh')).toBe('100755');
    });

    it.each([
      ['makes a new file executable', { path: 'app/new.sh', content: Buffer.from('x'), mode: '100755' }],
      ['makes a file executable', { path: 'app/web.yaml', content: Buffer.from('x'), mode: '100755' }],
    ])(`%s${deviations.mode ? `, or refuses: ${deviations.mode}` : ''}`, async (_, change) => {
      await expectMode(change, deviations.mode);
    });

    const links = deviations.links ?? deviations.mode;
    it.each([
      ['writes a symbolic link as one', { path: 'app/new-link', content: Buffer.from('run.sh'), mode: '120000' }],
      ['points a symbolic link elsewhere', { path: 'app/link', content: Buffer.from('run.sh'), mode: '120000' }],
    ])(`%s${links ? `, or refuses: ${links}` : ''}`, async (_, change) => {
      await expectMode(change, links);
    });

    it(`writes a key once${deviations.marker ? `, by the expected head alone: ${deviations.marker}` : ', on whatever head'}`, async () => {
      expect(await commit()).toMatchObject({ kind: 'written' });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      if (deviations.marker) return;
      const expectedHead = await push({ 'app/web.yaml': 'image: v2\n' });
      expect(await commit({ expectedHead })).toMatchObject({ kind: 'stale' });
      expect(await harness.repository.head()).toBe(expectedHead);
    });

    it('probes without writing', async () => {
      expect(await harness.host.probe(harness.access, 'main')).toEqual({ ok: true });
      expect(await harness.repository.head()).toBe(head);
    });

    it('probes for proposals without writing, also where the branch takes nothing else', async ({ skip }) => {
      const { host, access, repository } = harness;
      if (!host.proposals) return skip('it knows none');
      await harness.protect();
      expect(await host.probe(access, 'main', 'proposal')).toEqual({ ok: true });
      expect(await repository.head()).toBe(head);
    });

    it('sees that the repository takes no proposals, and that commits are possible all the same', async ({ skip }) => {
      const { host, access, closeProposals } = harness;
      if (!host.proposals) return skip('it knows none');
      if (!closeProposals) return skip('it always does');
      await closeProposals();
      const message = expect.stringMatching(/takes no (?:pull|merge) requests.*turn them on/);
      expect(await host.probe(access, 'main', 'proposal')).toEqual({ ok: false, reason: 'noRights', message });
      expect(await host.probe(access, 'main', 'commit')).toEqual({ ok: true });
    });

    it('sees who may commit but not propose, and says what is missing', async ({ skip }) => {
      const { host, commitOnly } = harness;
      if (!host.proposals) return skip('it knows none');
      if (!commitOnly) return skip('who commits may propose');
      for (const access of commitOnly) {
        const probed = await host.probe(access, 'main', 'proposal');
        const message = expect.stringMatching(/give|grant/);
        expect(probed).toEqual({ ok: false, reason: 'noRights', message });
        expect(JSON.stringify(probed)).not.toContain(access.token);
        expect(await host.probe(access, 'main', 'commit')).toEqual({ ok: true });
      }
    });

    it(`shows beside a commit what became of it; said twice, it is shown once more at most${deviations.report ? `; also by who only reads: ${deviations.report}` : ''}`, async () => {
      const { host, access, statuses, readOnly = [] } = harness;
      const { discussion } = host;
      expect(discussion === undefined).toBe(statuses === undefined);
      if (!discussion || !statuses) return;
      const context = 'headgate/shop/web';
      const said = { commit: head, state: 'failure' as const, context, description: `too slow ${'x'.repeat(500)}` };
      expect(await discussion.report(access, said)).toEqual({ ok: true });
      expect(await discussion.report(access, { ...said, url: 'https://example.com/x' })).toEqual({ ok: true });
      const shown = await statuses(head);
      expect(shown.length).toBeGreaterThan(0);
      for (const each of shown) expect(each).toMatchObject({ state: 'failure', context });
      expect(shown[0]?.description).toMatch(/^too slow x{100,}$/);
      for (const reader of deviations.report ? [] : readOnly) {
        expect(await discussion.report(reader, said)).toMatchObject({ ok: false, again: false });
      }
      expect(await discussion.report(access, { ...said, commit: '1'.repeat(40) })).toMatchObject({ ok: false });
    });
  });
}
