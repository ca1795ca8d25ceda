/** Headgate runs in one thread: no text that a tenant writes may hold it. Each of these took minutes, or would have. */
import { describe, expect, it } from 'vitest';
import { culpritCautions } from '../../src/controllers/git-revert/cautions.ts';
import type { Clone } from '../../src/git/clone.ts';
import { TooLong } from '../../src/git/contents.ts';
import { parseManifests, readManifests } from '../../src/git/manifests.ts';
import { provenanceOf } from '../../src/git/provenance/index.ts';
import { readKustomization } from '../../src/git/render/kustomization.ts';
import { refusalOf } from '../../src/git/render/tree.ts';
import { encryptedIn } from '../../src/git/sops.ts';
import { canonicalRepository, checkPath } from '../../src/git/url.ts';
import { spliceBack } from '../../src/revert/index.ts';

/** Far more than any of it takes, and less than what grows with the square of the text. Of the processor: a busy machine is no reason. */
const LONGEST_MILLISECONDS = 4_000;
const LONG = 150_000;

const slashes = `https://git.example.com/${'/'.repeat(LONG)}x`;
const keys = Array.from({ length: 30_000 }, (_, index) => `a${index}: 1`).join('\n');
const aliases = Array.from({ length: 12_000 }, (_, index) => `a${index}: &a${index} 1\nb${index}: *a${index}`).join(
  '\n',
);
const marks = { repository: slashes, branch: 'main', commit: 'a'.repeat(40), path: `apps${'/'.repeat(LONG)}web` };

async function processorMilliseconds(work: () => unknown): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

describe('no longer than its length allows takes', () => {
  it.each<[string, () => unknown]>([
    ['an address of slashes', () => canonicalRepository(slashes)],
    ['a path of slashes', () => expect(() => checkPath(`a${'/'.repeat(LONG)}b`)).toThrow('does not name a folder')],
    [
      'a mark of slashes on a ReplicaSet',
      () =>
        provenanceOf(
          Object.fromEntries(Object.entries(marks).map(([key, value]) => [`headgate.dev/git-${key}`, value])),
        ),
    ],
    ['a kustomization with very many fields', () => readKustomization('kustomization.yaml', keys)],
    ['a manifest with very many aliases', () => parseManifests('a.yaml', Buffer.from(aliases))],
    [
      'an encrypted file with very many aliases',
      () => encryptedIn('a.yaml', Buffer.from(`sops: {mac: x}\n${aliases}`)),
    ],
    ['a manifest that is nested very deep', () => parseManifests('a.yaml', Buffer.from('['.repeat(LONG)))],
    ['a name of dots', () => refusalOf({ mode: '100644', id: '', path: `${'.'.repeat(LONG)}x` })],
    [
      'a file to be spliced with very many fields',
      () => spliceBack({ before: keys, after: `${keys}\nb: 1`, head: keys }),
    ],
  ])('%s', async (_, work) => {
    expect(await processorMilliseconds(work)).toBeLessThan(LONGEST_MILLISECONDS);
  });

  it('a template of empty lines among what the culprit changed', async () => {
    const file = Buffer.from(`{{ if x }}\nkind: Secret\n${'\n'.repeat(LONG)}x: [`);
    const clone = {
      textOfObjects: async () => `:000000 100644 ${'0'.repeat(40)} ${'a'.repeat(40)} A\0apps/web/templates/x.yaml\0`,
      read: async () => new Map([['a'.repeat(40), file]]),
    } as unknown as Clone;
    const asked = { culprit: 'b'.repeat(40), parent: 'c'.repeat(40), path: 'apps/web', files: [] };
    const work = async () => expect(await culpritCautions(clone, asked)).toMatchObject([{ reason: 'Sensitive' }]);
    expect(await processorMilliseconds(work)).toBeLessThan(LONGEST_MILLISECONDS);
  });
});

describe('what is too much to be read is told', () => {
  const entries = ['a', 'b'].map((name) => ({ mode: '100644', id: name.repeat(40), path: `apps/web/${name}.yaml` }));
  const folder = { tree: 'f'.repeat(40), path: 'apps/web', namespace: 'shop' };
  const readBy = (error: Error) => {
    const clone = { branch: 'main', read: () => Promise.reject(error) } as unknown as Clone;
    return readManifests(clone, folder, entries, { parsed: new Map() });
  };

  it('of one file', async () => {
    const { problems } = await readBy(new TooLong('too long', ['b'.repeat(40)]));
    expect(problems).toEqual([{ path: 'apps/web/b.yaml', message: expect.stringContaining('1048576 bytes') }]);
  });

  it('of all together', async () => {
    const { problems } = await readBy(new TooLong('too long', []));
    expect(problems).toEqual([{ path: 'apps/web/a.yaml', message: expect.stringContaining('together') }]);
  });

  it('of aliases', () => {
    const { problems } = parseManifests('a.yaml', Buffer.from(aliases));
    expect(problems).toEqual([{ path: 'a.yaml:1', message: expect.stringContaining('12000 aliases; at most 1000') }]);
  });
});
