import { describe, expect, it } from 'vitest';
import { encryptedSecret } from '../../test/git/sops-stand-in.ts';
import { encryptedIn, isForAge, openFiles } from './sops.ts';

const count = (file: string, text: string) => encryptedIn(file, Buffer.from(text)).length;
const json = JSON.stringify({ kind: 'Secret', sops: { mac: 'x', version: '3.9.4' } });

describe('a file that SOPS has encrypted', () => {
  it.each([
    ['a.yaml', encryptedSecret('x'), 1],
    ['a.yml', `${encryptedSecret('x')}---\nkind: ConfigMap\n---\n${encryptedSecret('y')}`, 2],
    ['a.json', json, 1],
    ['a.yaml', 'data: {sops: {mac: x, version: 1}}\n', 0],
    ['a.yaml', 'sops: {enabled: true}\n', 0],
    ['a.yaml', 'sops: a tool\n', 0],
    ['a.yaml', 'apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nsops: {mac: x, version: 3.9.4}\n', 0],
    ['a.txt', encryptedSecret('x'), 0],
    ['a.yaml', 'sops: {mac: [\n', 0],
    ['a.yaml', `sops: &a [*a]\nmac: ${'x'.repeat(10)}\n`, 0],
  ])('%s %j: %i', (file, text, expected) => {
    expect(count(file, text)).toBe(expected);
  });

  it('is for an age key, alone or in a group, or for none', () => {
    const ages = [{ age: [{ recipient: 'age1' }] }, { key_groups: [{ pgp: [] }, { age: [{ recipient: 'age1' }] }] }];
    for (const sops of ages) expect(isForAge({ sops })).toBe(true);
    for (const sops of [{}, { age: null }, { age: [] }, { kms: [{ arn: 'x' }] }])
      expect(isForAge({ sops })).toBe(false);
  });

  it('stays what it is where nobody opens it', async () => {
    const files = new Map([['a.yaml', Buffer.from(encryptedSecret('x'))]]);
    expect(await openFiles(files, undefined)).toEqual({ contents: files, problems: [] });
  });
});
