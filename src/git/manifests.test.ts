import { describe, expect, it } from 'vitest';
import type { Clone } from './clone.ts';
import { findManifest, type ParsedFiles, parseManifests, readManifests } from './manifests.ts';

const parse = (text: string | Buffer) => parseManifests('a.yaml', Buffer.from(text as string));
const object = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

describe('a file', () => {
  it('holds objects with their lines; empty documents and Lists are what they are to kubectl', () => {
    const text = `# head\n---\n${object('a')}---\n---\n# only a comment\n---\n${object('b')}`;
    const set = parse(text);
    expect(set.problems).toEqual([]);
    expect(set.manifests.map(({ object: { metadata }, line }) => [metadata.name, line])).toEqual([
      ['a', 3],
      ['b', 11],
    ]);
    const list = parse(`apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n`);
    expect(list.manifests.map(({ object: { kind } }) => kind)).toEqual(['Secret']);
    expect(parse('{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "j"}}').manifests).toHaveLength(1);
    expect(parse(Buffer.from(`\ufeff${object('bom')}`)).manifests[0]?.object.metadata.name).toBe('bom');
  });

  it.each([
    ['text that is not UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 'a.yaml', 'UTF-8'],
    ['a list', '- a\n', 'a.yaml:1', 'must be a mapping'],
    ['no name', 'apiVersion: v1\nkind: Secret\nmetadata: {}\n', 'a.yaml:1', 'metadata.name'],
    [
      'a namespace that is no text',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: 1}\n',
      'a.yaml:1',
      'metadata.namespace',
    ],
    ['a key twice', `${object('a')}data:\n  k: v\n  l: v\n  k: w\n`, 'a.yaml:8', 'Remove one of the two'],
    ['a template', 'image: {{ .Values.image }\n', 'a.yaml', ''],
    [
      'an alias bomb',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      'a.yaml:1',
      'alias',
    ],
  ])('with %s says what is wrong and where', (_, text, path, words) => {
    const [problem] = parse(text).problems;
    expect(problem?.path).toContain(path);
    expect(problem?.message).toContain(words);
  });
});

it('with very many keys holds nobody up: each is looked at once', () => {
  const keys = Array.from({ length: 90_000 }, (_, index) => `  k${index}: v\n`);
  const text = `${object('a')}data:\n${keys.join('')}`;
  expect(parse(text)).toMatchObject({ problems: [], manifests: [{ object: { data: { k89999: 'v' } } }] });
});

it('finds an object by kind and name, in the namespace of the source where it names none', () => {
  const set = parse(`${object('a')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n`);
  const find = (namespace: string) =>
    findManifest(set, { group: '', kind: 'ConfigMap', namespace, name: 'a' }, 'shop')?.line;
  expect([find('shop'), find('other'), find('none')]).toEqual([1, 6, undefined]);
});

it('what was read in former commits is forgotten in time, and what is in use is not', async () => {
  const parsed: ParsedFiles = new Map();
  const clone = {
    branch: 'main',
    read: async (ids: readonly string[]) => new Map(ids.map((id) => [id, Buffer.from(object(`n${id}`))])),
  } as Partial<Clone> as Clone;
  const at = (id: string, path: string) => ({ mode: '100644', id, path });
  const stays = at('0', 'app/stays.yaml');
  for (let commit = 1; commit <= 50; commit++) {
    const files = Array.from({ length: 99 }, (_, file) => at(`${commit}-${file}`, `app/${file}.yaml`));
    const folder = { tree: '', path: 'app', namespace: 'shop' };
    const set = await readManifests(clone, folder, [stays, ...files], { parsed });
    expect(set.manifests).toHaveLength(100);
  }
  expect(parsed.size).toBe(4000);
  expect(parsed.has('0 app/stays.yaml')).toBe(true);
});
