import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitRequest, GitHost, RepositoryAccess } from '../../src/git/hosts/host.ts';
import type { BareRepository } from '../../src/sandbox/git/index.ts';

/** One host over one real bare repository, for one test. */
export interface HostHarness {
  host: GitHost;
  bare: BareRepository;
  /** With the right to write. */
  access: RepositoryAccess;
  /** With the right to read only; left out where the host knows no rights. */
  readOnly?: RepositoryAccess;
  /** A repository that is not there. */
  missing: RepositoryAccess;
  /** From now on the branch main takes changes by pull request only. */
  protect(): Promise<void>;
  /** The next write is carried out, but its answer is lost; left out where no connection can be cut. */
  loseAnswer?(): void;
  /** Runs after the host has looked at the branch and before its write arrives. */
  beforeWrite(intrude: () => Promise<void>): void;
  close(): Promise<void>;
}

export interface Deviations {
  /** Why an executable file cannot be written. */
  executable?: string;
  /** Why the same key can be written twice, on two heads. */
  marker?: string;
}

const PEOPLE = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };

/** What every Git host must do; each runs it in its own test. */
export function conformsAsGitHost(name: string, start: () => Promise<HostHarness>, deviations: Deviations = {}) {
  describe(`git host ${name}`, () => {
    let harness: HostHarness;
    let head: string;

    beforeEach(async () => {
      harness = await start();
      const files = {
        'app/web.yaml': 'image: v2\n',
        'app/run.sh': { content: '#!/bin/sh\n', mode: '100755' as const },
      };
      head = await harness.bare.commit({ ...PEOPLE, message: 'first', files });
    });
    afterEach(() => harness.close());

    const request = (part: Partial<CommitRequest> = {}): CommitRequest => ({
      branch: 'main',
      expectedHead: head,
      message: 'Revert "second"\n\nThis reverts commit 0.\n\nRevert-Key: k1\n',
      changes: [{ path: 'app/web.yaml', content: Buffer.from('image: v1\n'), mode: '100644' }],
      key: 'k1',
      ...part,
    });
    const commit = (part?: Partial<CommitRequest>) => harness.host.commit(harness.access, request(part));
    const read = async (path: string) => harness.bare.read((await harness.bare.head()) as string, path);

    it('writes one commit on the expected head', async () => {
      const outcome = await commit();
      expect(outcome).toMatchObject({ kind: 'written', commit: await harness.bare.head() });
      const [last, before] = await harness.bare.log();
      expect(last?.message).toBe('Revert "second"\n\nThis reverts commit 0.\n\nRevert-Key: k1');
      expect(before?.id).toBe(head);
      expect((await read('app/web.yaml'))?.toString()).toBe('image: v1\n');
      expect((await read('app/run.sh'))?.toString()).toBe('#!/bin/sh\n');
    });

    it('answers stale and writes nothing when the head moved before', async () => {
      const moved = await harness.bare.commit({ ...PEOPLE, message: 'other', files: { 'other.txt': 'x' } });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.bare.head()).toBe(moved);
    });

    it('answers stale and overwrites nothing when the head moves in the very moment', async () => {
      let moved = '';
      harness.beforeWrite(async () => {
        moved = await harness.bare.commit({ ...PEOPLE, message: 'other', files: { 'other.txt': 'x' } });
      });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.bare.head()).toBe(moved);
    });

    it("answers protected with the host's own words", async () => {
      await harness.protect();
      const outcome = await commit();
      expect(outcome.kind).toBe('protected');
      expect('message' in outcome && outcome.message).toContain('Changes must be made through a pull request');
      expect(await harness.bare.head()).toBe(head);
    });

    it('answers noRights to credentials that may not write, or are not valid', async () => {
      if (!harness.readOnly) return;
      for (const access of [harness.readOnly, { ...harness.access, token: 'wrong-token' }]) {
        const outcome = await harness.host.commit(access, request());
        expect(outcome.kind).toBe('noRights');
        expect(JSON.stringify(outcome)).not.toContain(access.token);
        expect(await harness.host.probe(access, 'main')).toMatchObject({ ok: false, reason: 'noRights' });
      }
      expect(await harness.bare.head()).toBe(head);
    });

    it('answers gone when the repository or the branch is not there', async () => {
      expect(await harness.host.commit(harness.missing, request())).toMatchObject({ kind: 'gone' });
      expect(await commit({ branch: 'release' })).toMatchObject({ kind: 'gone' });
      expect(await harness.host.probe(harness.missing, 'main')).toMatchObject({ ok: false, reason: 'gone' });
      expect(await harness.host.probe(harness.access, 'release')).toMatchObject({ ok: false, reason: 'gone' });
    });

    it('does not claim success when the answer is lost, and does not write again by itself', async () => {
      if (!harness.loseAnswer) return;
      harness.loseAnswer();
      // A transport that asks once more by itself meets its own write: then the head has moved.
      expect(['unknown', 'stale']).toContain((await commit()).kind);
      expect((await harness.bare.log()).filter(({ message }) => message.includes('Revert-Key: k1'))).toHaveLength(1);
      expect(await commit()).toMatchObject({ kind: 'stale' });
      expect(await harness.bare.log()).toHaveLength(2);
    });

    it('keeps every byte: CRLF, bytes that are not UTF-8, no line break at the end', async () => {
      const contents = [Buffer.from('a: 1\r\nb: 2\r\n'), Buffer.from([0xff, 0x00, 0xfe, 0x0a]), Buffer.from('no end')];
      const changes = contents.map((content, index) => ({ path: `app/${index} ü.bin`, content, mode: '100644' }));
      expect(await commit({ changes })).toMatchObject({ kind: 'written' });
      for (const { path, content } of changes) expect(await read(path)).toEqual(content);
    });

    it('deletes a file', async () => {
      const changes = [{ path: 'app/web.yaml', content: undefined, mode: '100644' }];
      expect(await commit({ changes })).toMatchObject({ kind: 'written' });
      expect(await read('app/web.yaml')).toBeUndefined();
      expect(await read('app/run.sh')).toBeDefined();
    });

    it(`keeps a file executable${deviations.executable ? `, or refuses: ${deviations.executable}` : ''}`, async () => {
      const outcome = await commit({
        changes: [{ path: 'app/run.sh', content: Buffer.from('#!/bin/bash\n'), mode: '100755' }],
      });
      expect(outcome.kind).toBe(deviations.executable ? 'protected' : 'written');
      const tree = (
        await harness.bare.git(['ls-tree', (await harness.bare.head()) as string, 'app/run.sh'])
      ).toString();
      expect(tree).toMatch(/^100755 /);
    });

    it('writes a symbolic link as one, or refuses', async () => {
      const outcome = await commit({
        changes: [{ path: 'app/link', content: Buffer.from('web.yaml'), mode: '120000' }],
      });
      const tree = (await harness.bare.git(['ls-tree', (await harness.bare.head()) as string, 'app/link'])).toString();
      expect(tree.slice(0, 6)).toBe(outcome.kind === 'written' ? '120000' : '');
    });

    it(`writes a key once${deviations.marker ? `, by the expected head alone: ${deviations.marker}` : ', on whatever head'}`, async () => {
      expect(await commit()).toMatchObject({ kind: 'written' });
      expect(await commit()).toMatchObject({ kind: 'stale' });
      if (deviations.marker) return;
      const expectedHead = await harness.bare.commit({
        ...PEOPLE,
        message: 'again',
        files: { 'app/web.yaml': 'image: v2\n' },
      });
      expect(await commit({ expectedHead })).toMatchObject({ kind: 'stale' });
      expect(await harness.bare.head()).toBe(expectedHead);
    });

    it('probes without writing', async () => {
      expect(await harness.host.probe(harness.access, 'main')).toEqual({ ok: true });
      expect(await harness.bare.head()).toBe(head);
    });
  });
}
