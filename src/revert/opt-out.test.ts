import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitOf, type OptOut, optOutPaths, readOptOut, strictest } from './opt-out.ts';

const FILE = 'apps/.headgate.yaml';
const read = (text: string) => readOptOut(FILE, text);

it('is looked for at the root and in every folder down to the app', () => {
  expect(optOutPaths('')).toEqual(['.headgate.yaml', '.headgate.yml']);
  expect(optOutPaths('apps/web')).toEqual([
    '.headgate.yaml',
    '.headgate.yml',
    'apps/.headgate.yaml',
    'apps/.headgate.yml',
    'apps/web/.headgate.yaml',
    'apps/web/.headgate.yml',
  ]);
});

describe('a file', () => {
  it.each([
    ['autoRevert: disable', { word: 'disable', place: FILE, reason: undefined }],
    ['# why\nautoRevert: "dry-run"\nreason: a migration', { word: 'dry-run', place: FILE, reason: 'a migration' }],
    ['{"autoRevert": "pull-request"}', { word: 'pull-request', place: FILE, reason: undefined }],
  ])('%j', (text, optOut) => {
    expect(read(text)).toEqual({ kind: 'said', optOut });
  });

  it.each([
    ['', 'apps/.headgate.yaml:1 cannot be followed: it is no mapping'],
    ['- a', 'it is no mapping'],
    ['# a\n\nautoRevert: never', 'apps/.headgate.yaml:3 cannot be followed: autoRevert "never" is not known'],
    ['autoRevert: disable\nautorevert: x', 'apps/.headgate.yaml:2 cannot be followed: "autorevert" is not known'],
    ['reason: x', 'autoRevert is missing'],
    ['autoRevert: [disable]', 'is not known'],
    ['autoRevert: disable\nreason: [x]', ':2 cannot be followed: reason is no text'],
    ['autoRevert: disable\nautoRevert: dry-run', ':2 cannot be followed: Map keys must be unique'],
    ['autoRevert: "x', 'apps/.headgate.yaml:1 cannot be followed'],
    ['\tautoRevert: disable', 'cannot be followed'],
    ['autoRevert: disable\n---\nautoRevert: dry-run', 'cannot be followed'],
    ['a: &a [x]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]', 'cannot be followed'],
  ])('%j is not followed, and says what is allowed', (text, words) => {
    const result = read(text);
    expect(result).toMatchObject({ kind: 'unreadable', message: expect.stringContaining(words) });
    expect(result).toMatchObject({ message: expect.stringContaining('disable | dry-run | pull-request') });
  });

  it('never throws, and never lets anything in its reason through', () => {
    fc.assert(fc.property(fc.string(), (text) => void read(text)));
    expect(read('autoRevert: disable\nreason: "x\\n@team #1 [skip ci]"')).toMatchObject({
      optOut: { reason: 'x (at)team no. 1 (skip ci)' },
    });
  });
});

describe('several', () => {
  const said = (word: OptOut['word'], place: string): OptOut => ({ word, place });

  it('count as the strictest, wherever it is', () => {
    const all = [said('pull-request', 'root'), said('disable', 'apps'), said('dry-run', 'web')];
    expect(strictest(all)?.place).toBe('apps');
    expect(strictest([...all].reverse())?.place).toBe('apps');
    expect(strictest([said('dry-run', 'root'), said('dry-run', 'web')])?.place).toBe('root');
    expect(strictest([])).toBeUndefined();
  });

  it('come to a limit, or to nothing at all', () => {
    expect(limitOf({ word: 'disable', place: 'x', reason: 'why' })).toEqual({
      kind: 'disabled',
      message: 'x says "disable" (why): revert by hand, or take that word away and the revert up anew',
    });
    expect(limitOf(said('dry-run', 'x'))).toMatchObject({ reason: 'OptedOut', most: 'DryRun' });
    expect(limitOf(said('pull-request', 'x'))).toMatchObject({ reason: 'OptedOut', most: 'PullRequest' });
  });
});
