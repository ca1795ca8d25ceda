import { describe, expect, it } from 'vitest';
import { spliceBack } from './splice.ts';
import type { Splice } from './types.ts';

/** A file with `§` where a scalar stands: good before the commit and bad after it. `later` edits what is around. */
function story(text: string, good: string, bad: string, later: (text: string) => string = (same) => same) {
  const now = later(text);
  expect(now.split('§')).toHaveLength(2);
  const request = {
    before: text.replace('§', () => good),
    after: text.replace('§', () => bad),
    head: now.replace('§', () => bad),
  };
  return { splice: spliceBack(request), expected: now.replace('§', () => good) };
}

function contentOf(splice: Splice): string {
  return splice.kind === 'spliced' ? splice.content : JSON.stringify(splice);
}

const lines = (...all: string[]) => `${all.join('\n')}\n`;
const rollout = (...below: string[]) =>
  lines('apiVersion: argoproj.io/v1alpha1', 'kind: Rollout', 'metadata: {name: web, namespace: shop}', ...below);

describe('a scalar goes back in every style, and nothing else moves', () => {
  it.each([
    ['block style', 'a: 1\nimage: §\nb: 2\n', 'web:1', 'web:2'],
    ['single quotes stay', 'tag: §\n', "'1.10'", "'1.11'"],
    ['quotes come back', 'tag: §\n', "'1.10'", '1.11'],
    ['double quotes with escapes', 'x: § # c\n', String.raw`"a\u0020\"b\\"`, '"c"'],
    ['quotes within quotes', 'x: §\n', "'it''s'", '"it\'s not"'],
    ['flow mapping', 'images: [{name: web, newTag: §, digest: }]\n', 'v1', 'v2'],
    ['flow list', 'args: [a, §, "c"]\n', "'b'", 'bb'],
    ['flow over lines', 'a: {\n  b: §, # why\n  c: 2 }\n', '1', '3'],
    ['JSON', '{"a": {"b": §}, "c": [1, 2]}', '"x"', '"y"'],
    ['JSON without spaces', '{"a":{"b":§},"c":[1,2]}\n', '17', '"seventeen"'],
    ['CRLF', 'a: 1 # one\r\nimage:   §   # two\r\n\r\nb: 2\r\n', 'web:1', 'web:2'],
    ['mixed line ends', 'a: 1\r\nimage: §\nb: 2\r\n', 'web:1', 'web:2'],
    ['a byte order mark', '\uFEFFimage: §\n', 'web:1', 'web:2'],
    ['a byte order mark before a marker', '\uFEFF---\nimage: §\n', 'web:1', 'web:2'],
    ['a comment at the line end', 'image: §   # {"$imagepolicy": "shop:web"}\n', 'web:1', 'web:2'],
    ['a comment between key and value', 'image: # the image\n  §\n', 'web:1', 'web:2'],
    ['a value on the next line', 'image:\n    §\n', 'web:1', 'web:2'],
    ['trailing spaces', 'image: §   \nb: 2  \n', 'web:1', 'web:2'],
    ['no line break at the end', 'a: 1\nimage: §', 'web:1', 'web:2'],
    ['deep indentation', 'a:\n        b:\n                c: §\n', '1', '2'],
    ['a list at the level of its key', 'env:\n- name: A\n  value: §\n', '"1"', '"2"'],
    ['a list of lists', 'a:\n- - 1\n  - §\n- - 3\n', '2', '4'],
    ['an explicit key', '? a\n: §\n? b\n: 2\n', '1', '3'],
    ['a quoted key', '"a b": §\n', '1', '3'],
    ['a key with dots', 'metadata:\n  annotations:\n    a.b/c: §\n', "'1'", "'2'"],
    ['emoji and other scripts', '# ✓ 日本\nй: "𝒳"\nimage: § # 🚀\nb: é\n', '"日本:1"', '"🚀"'],
    ['a long line', `a: ${'x'.repeat(5000)}\nb: §\n`, `"${'y'.repeat(3000)}"`, `${'z '.repeat(2000)}z`],
    ['a scalar as document', '§\n', 'one', 'two'],
    ['a scalar behind the marker', '--- § # c\n...\n', 'one', '"two"'],
    ['a document end', 'a: §\n... # end\n', '1', '2'],
    ['null and a word', 'a: §\n', '~', 'none'],
    ['a number and a string of it', 'replicas: §\n', '3', "'3'"],
    ['what YAML 1.1 reads as a bool', 'on: §\n', 'yes', '"yes"'],
    ['what YAML 1.1 reads as octal', 'defaultMode: §\n', '0644', '644'],
    ['a number too large for a double', 'a: §\n', '9007199254740993', '9007199254740992'],
    ['decimals that look alike', 'a: §\n', '1.10', '1.1'],
    ['nothing at all before', 'a:§\nb: 2\n', '', ' x'],
    ['nothing at all after', 'a:§  # c\nb: 2\n', '   "x"', ''],
    ['nothing in a flow mapping', '{a:§, b: 2}\n', ' 1', ''],
    ['an anchor elsewhere', 'x: &a 1\ny: *a\nimage: §\n', 'web:1', 'web:2'],
    ['an alias elsewhere', 'x: &a {b: 1}\ny:\n  <<: *a\nz: {image: §}\n', 'web:1', 'web:2'],
    ['a tag elsewhere', 'x: !!binary aGk=\nz: !custom {a: 1}\nimage: §\n', 'web:1', 'web:2'],
    [
      'template actions in quotes',
      'x: "{{ .Values.a }}"\ny: \'{{ b }}\'\nz: |\n  {{ c }}\nimage: §\n',
      'web:1',
      'web:2',
    ],
    ["the reference's arguments", 'query: rate({{args.name}}[5m])\nlimit: §\n', '1', '2'],
    ['tabs in texts and comments', 'a: "x\ty" #\tz\nb: |\n  c\td\nimage: §\n', 'web:1', 'web:2'],
  ])('%s', (_, text, good, bad) => {
    const { splice, expected } = story(text, good, bad);
    expect(contentOf(splice)).toBe(expected);
  });
});

describe('values of several lines', () => {
  it.each([
    ['a literal', 'a: §b: 1\n', '|\n  one\n  two\n', '|\n  three\n'],
    ['a literal without its last break', 'a: §b: 1\n', '|-\n  one\n', '|\n  one\n'],
    ['kept breaks', 'a: §b: 1\n', '|+\n  one\n\n\n', '|+\n  two\n\n'],
    ['a folded one', 'a: §b: 1\n', '>\n  one\n  two\n\n  three\n', '>-\n  three\n'],
    ['another indentation within', 'a: §b: 1\n', '|\n      one\n', '|\n  three\n'],
    ['an indentation indicator', 'a: §b: 1\n', '|2\n    one\n', '|\n  three\n'],
    ['a comment at the indicator', 'a: | # script\n  §\nb: 1\n', 'set -e\n  run', 'run'],
    ['CRLF', 'x: 1\r\na: §b: 1\r\n', '|\r\n  one\r\n  two\r\n', '|\r\n  three\r\n'],
    ['at the end of the file', 'b: 1\na: |\n  §', 'one\n  two', 'three'],
    ['in a list', 'a:\n  - |\n    §\n  - b\n', 'one\n    two', 'three'],
    ['a comment below', 'a: |\n  §\n# about b\nb: 1\n', 'one\n\n  two', 'three'],
    ['blank lines below', 'a: |\n  §\n\n\nb: 1\n', 'one\n\n  two', 'three'],
    ['a plain one', 'a: §\nb: 1\n', 'one\n  two', 'three'],
    ['a quoted one', 'a: § # c\nb: 1\n', '"one\n\n   two"', "'three\n  four'"],
    ['ConfigMap data', 'data:\n  nginx.conf: |\n    a;\n    §\n    # c\n  other: x\n', 'keepalive 60;', 'keepalive 6;'],
  ])('%s', (_, text, good, bad) => {
    const { splice, expected } = story(text, good, bad);
    expect(contentOf(splice)).toBe(expected);
  });

  it('stay where they are while others come and go around them', () => {
    const text = 'kind: x\ndata:\n  a: |\n    §\n  b: 1\n';
    const later = (file: string) => file.replace('  a:', '  # why\n  z: new\n  a:').replace('b: 1', 'b: 2');
    const { splice, expected } = story(text, 'one\n    two', 'three', later);
    expect(contentOf(splice)).toBe(expected);
  });

  it('come back to a file that has no line break of its own any more', () => {
    const [before, after] = ['a: "one\n\n  two"', 'a: three'];
    expect(contentOf(spliceBack({ before, after, head: after }))).toBe(before);
  });

  it.each([
    ['indented otherwise by now', 'a:\n  b: |\n    one\n', 'a:\n  b: |\n    two\n', 'a:\n    b: |\n        two\n'],
    ['other line ends by now', 'a: |\n  one\n  1\n', 'a: |\n  two\n  2\n', 'a: |\r\n  two\r\n  2\r\n'],
    ['a block on one side only', 'a: one\nb: 1\n', 'a: |\n  two\nb: 1\n', 'a: |\n  two\nb: 1\n'],
    ['no lines on one side', 'a: |\nb: 1\n', 'a: |\n  two\nb: 1\n', 'a: |\n  two\nb: 1\n'],
    ['nothing on one side', 'a:\nb: 1\n', 'a: |\n  two\nb: 1\n', 'a: |\n  two\nb: 1\n'],
    ['the file ended with it', 'b: 1\na: |\n  one', 'b: 1\na: |\n  two\n', 'b: 1\na: |\n  two\n'],
  ])('are refused: %s', (_, before, after, head) => {
    expect(spliceBack({ before, after, head })).toMatchObject({ kind: 'refused', reason: 'multiLine' });
  });
});

const deployment = rollout(
  'spec:',
  '  replicas: 3',
  '  template:',
  '    spec:',
  '      containers:',
  '        - name: web',
  '          image: §  # ours',
  '          env:',
  '            - name: A',
  '              value: "1"',
  '            - {name: B, value: "2"}',
  '          resources:',
  '            limits: {cpu: 100m}',
);

describe('later edits to the same file', () => {
  const sidecar = '        - name: proxy\n          image: proxy:7\n';
  it.each([
    ['another document before', (text: string) => `kind: Service\n---\n${text}`],
    ['another document behind', (text: string) => `${text}---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n`],
    ['comments', (text: string) => `# top\n${text.replace('# ours', '# theirs').replace('spec:', 'spec: # s')}`],
    ['another field', (text: string) => text.replace('replicas: 3', 'replicas: 30').replace('100m', '200m')],
    ['a container before', (text: string) => text.replace('        - name: web', `${sidecar}        - name: web`)],
    [
      'a reordered list',
      (text: string) =>
        text.replace('            - {name: B, value: "2"}\n', '').replace('env:', 'env:\n            - {name: B}'),
    ],
    [
      'fields of the container',
      (text: string) => text.replace('          env:', '          tty: true\n          env:'),
    ],
    ['other line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    [
      'another indentation',
      (text: string) => text.replace(/^ +/gm, (spaces) => spaces.repeat(2)).replace(/- n/g, '-   n'),
    ],
    ['a group version', (text: string) => text.replace('v1alpha1', 'v1alpha2')],
    ['nothing below the last line', (text: string) => text.trimEnd()],
  ])('%s', (_, later) => {
    const { splice, expected } = story(deployment, 'web:1', '"web:2"', later);
    expect(contentOf(splice)).toBe(expected);
  });

  it('finds documents by their name, in any order', () => {
    const [one, two] = [deployment.replace('name: web', 'name: other').replace('§', 'web:2'), deployment];
    const before = `${one}---\n# both\n---\n${two.replace('§', 'web:1')}`;
    const after = `${one}---\n# both\n---\n${two.replace('§', 'web:2')}`;
    const head = `${two.replace('§', 'web:2')}...\n---\n${one}`;
    const splice = spliceBack({ before, after, head });
    expect(contentOf(splice)).toBe(`${two.replace('§', 'web:1')}...\n---\n${one}`);
  });

  it('finds objects in a List', () => {
    const item = (name: string, image: string) =>
      `  - apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: ${name}}\n    image: ${image}\n`;
    const list = (...items: string[]) => `apiVersion: v1\nkind: List\nitems:\n${items.join('')}`;
    const splice = spliceBack({
      before: list(item('a', '1'), item('b', '1')),
      after: list(item('a', '1'), item('b', '2')),
      head: list(item('b', '2'), item('a', '9'), item('c', '9')),
      wanted: ({ object }, path) => object?.name === 'b' && path[0] === 'image',
    });
    expect(contentOf(splice)).toBe(list(item('b', '1'), item('a', '9'), item('c', '9')));
  });

  it.each([
    ['no Kubernetes version', 'kind: List\nitems: [{x: §}, {x: 1}]\n'],
    ["somebody's own kind", 'apiVersion: example.com/v1\nkind: List\nmetadata: {name: l}\nitems: [{x: §}, {x: 1}]\n'],
    ['no items', 'apiVersion: v1\nkind: List\nx: §\n'],
    ['no apiVersion', 'kind: Pod\nmetadata: {name: p}\nx: §\n---\nkind: Pod\nmetadata: {name: p}\n'],
  ])('finds documents that only look like objects by their number: %s', (_, text) => {
    const { splice, expected } = story(text, '1', '2');
    expect(contentOf(splice)).toBe(expected);
  });

  it.each([
    ['gone', (text: string) => text.replace('          image: §  # ours\n', '§').replace('§', '')],
    ['the container is gone', (text: string) => text.replace('- name: web', '- name: new')],
    ['the document is gone', (text: string) => text.replace('name: web, ', 'name: new, ')],
    ['a third value', (text: string) => text.replace('§', 'web:3')],
    ['another type', (text: string) => text.replace('§', '[web]')],
  ])('of the field itself: %s', (_, later) => {
    const [before, after] = [deployment.replace('§', 'web:1'), deployment.replace('§', 'web:2')];
    const splice = spliceBack({ before, after, head: later(deployment).replace('§', 'web:2') });
    expect(splice).toMatchObject({ kind: 'refused', reason: 'changedSince' });
    expect(splice).toMatchObject({
      message: expect.stringContaining('Rollout shop/web: spec.template.spec.containers'),
    });
    expect(splice).toMatchObject({
      message: expect.stringContaining('it was web:1 before the commit, web:2 after it'),
    });
  });

  it('that put the good value back leave nothing to do', () => {
    const [before, after] = [deployment.replace('§', 'web:1'), deployment.replace('§', 'web:2')];
    const head = deployment.replace('§', '"web:1"').replace('3', '4');
    const path = 'spec.template.spec.containers[name=web].image';
    const splice = spliceBack({ before, after, head });
    expect(splice).toMatchObject({ kind: 'unchanged', left: [], already: [{ path }] });
  });
});
