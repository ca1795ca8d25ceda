import { describe, expect, it } from 'vitest';
import { spliceBack } from './splice.ts';
import type { SpliceRequest } from './types.ts';

/** What is refused, with a file in which `§` went from 1 to 2 and which is the same since. */
function splice(text: string, more: Partial<SpliceRequest> = {}) {
  const at = (value: string) => text.replace('§', value);
  return spliceBack({ before: at('1'), after: at('2'), head: at('2'), ...more });
}

const LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';

describe('a file that is refused as a whole', () => {
  it.each([
    ['a second key', 'b: 1\na: §\nb: 2\n', 'duplicateKey', 'line 3 repeats a key'],
    ['a second key far away', 'a: §\nx: {y: [{z: 1, z: 2}]}\n', 'duplicateKey', 'line 2'],
    ['keys that are the same to JSON', 'a: §\n1: x\n"1": y\n', 'duplicateKey', 'line 3'],
    ['broken YAML', 'a: §\nb: [1\nc: 2\n', 'unparsable', 'the file as it is now: line 3 cannot be parsed'],
    ['a broken document elsewhere', 'a: §\n---\nb: "\n', 'unparsable', 'cannot be parsed'],
    ['an alias without an anchor', 'a: §\nb: &x 1\n---\nc: *x\n', 'unparsable', 'line 4 has an alias'],
    ['tabs that indent', 'a:\n\tb: §\n', 'tabs', 'line 2'],
    ['tabs below a text of two lines', 'a: b\n  c\nd: |\n  e\nf:\t§\n', 'tabs', 'line 5'],
    ['tabs that separate', 'a:\t§\n', 'tabs', 'line 1'],
    ['tabs behind a value', 'a: §\t# c\n', 'tabs', 'Use spaces'],
    ['a Helm template', 'a: {{ .Values.a }}\nb: §\n', 'template', 'line 1 has a template action'],
    ['a Helm template in a plain scalar', 'b: §\na: web:{{ .Values.tag }}\n', 'template', 'line 2'],
    ['Helm templates as lines of their own', 'b: §\n{{- if .Values.a }}\nc: 1\n{{- end }}\n', 'template', 'line 2'],
    ['ytt', '#@ load("@ytt:data", "data")\na: § #@ data.values.a\n', 'template', 'line 1 has a ytt annotation'],
    ['SOPS', 'a: §\nsops: {mac: x}\n', 'encrypted', 'SOPS'],
    ['SOPS in another document', 'a: §\n---\nb: 1\nsops:\n  mac: x\n', 'encrypted', 'SOPS'],
    ['a directive', '%YAML 1.1\n---\na: §\n', 'directive', 'line 1'],
    ['NUL', 'a: §\nb: "\0"\n', 'notText', 'line 2'],
    ['a control character', 'a: §\nb: \u001Fx\n', 'notText', 'line 2'],
    ['what is no UTF-8', 'a: §\nb: \uFFFD\n', 'notText', 'line 2'],
    ['half a character', 'a: §\nb: "\uD800"\n', 'notText', 'line 2'],
    ['a lone carriage return', 'a: §\n# x\rb: 1\n', 'notText', 'line 2 holds a line break'],
    ['a line separator', 'a: §\n# x\u2028b: 1\n', 'notText', 'line 2'],
    ['a byte order mark within', 'a: §\n---\n\uFEFFb: 1\n', 'notText', 'line 3'],
    ['too deep', `a: §\nb: ${'['.repeat(150)}${']'.repeat(150)}\n`, 'tooLarge', 'line 2 nests deeper'],
    ['mappings too deep', `a: §\nb: ${'{x: '.repeat(150)}1${'}'.repeat(150)}\n`, 'tooLarge', 'line 2 nests deeper'],
    ['far too deep', `a: §\nb: ${'['.repeat(40_000)}`, 'unparsable', 'line'],
    ['too large', `a: §\nb: |\n${'  x\n'.repeat(270_000)}`, 'tooLarge', '1 MiB'],
    ['too many tokens', `a: §\nb: [${'1,'.repeat(60_000)}]\n`, 'tooLarge', 'tokens'],
  ])('%s', (_, text, reason, message) => {
    expect(splice(text)).toMatchObject({ kind: 'refused', reason, message: expect.stringContaining(message) });
  });

  it('quotes nothing of what it cannot read', () => {
    const answer = splice('a: §\n', { head: '"a"\n"hunter2" x: y\n' });
    expect(answer).toMatchObject({ reason: 'unparsable', message: expect.not.stringContaining('hunter2') });
  });

  it('has too many changes', () => {
    const list = (value: string) => `a: [${Array(201).fill(value).join(', ')}]\n`;
    const [before, after] = [list('1'), list('2')];
    const message = '201 fields would be taken back; at most 200 are';
    expect(spliceBack({ before, after, head: after })).toEqual({ kind: 'refused', reason: 'tooLarge', message });
    const [good, bad] = [before, after].map((text) => text.replace(/, \d\]/, ']'));
    expect(spliceBack({ before: good ?? '', after: bad ?? '', head: bad ?? '' })).toMatchObject({ content: good });
  });

  it('is a pointer to Git LFS in any version', () => {
    for (const version of ['before', 'after', 'head'] as const) {
      expect(splice('a: §\n', { [version]: LFS })).toMatchObject({ kind: 'refused', reason: 'lfs' });
    }
  });

  it('says which version it is', () => {
    const broken = 'a: [\n';
    expect(splice('a: §\n', { before: broken })).toMatchObject({ message: expect.stringMatching(/^the file before/) });
    expect(splice('a: §\n', { after: broken })).toMatchObject({ message: expect.stringMatching(/^the file after/) });
  });

  it('holds two documents of one name', () => {
    const object = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nx: ';
    const answer = splice(`${object}§\n---\n${object}3\n`);
    expect(answer).toMatchObject({ reason: 'ambiguous', message: 'Pod a is in the file twice. Remove one of the two' });
  });
});

describe('a change that shares its value with others', () => {
  it.each([
    ['an anchor at the scalar', 'a: &x §\nb: *x\n', 'alias', 'a has an anchor (&x)'],
    ['an anchor above', 'a: &x\n  b: §\nc: *x\n', 'alias', 'a has an anchor'],
    ['an anchor at a list', 'a: &x [{name: y, b: §}]\nc: *x\n', 'alias', 'a has an anchor'],
    ['a merge key beside it', 'x: &x {c: 1}\na:\n  <<: *x\n  b: §\n', 'alias', 'merge key'],
    ['an anchor at its key', '&x a: §\nb: *x\n', 'alias', 'anchor'],
    ['a tag', 'a: !!str §\n', 'tag', 'a has a tag (tag:yaml.org,2002:str)'],
    ['a tag above', 'a: !thing\n  b: §\n', 'tag', 'a has a tag (!thing)'],
    ['an anchor at the items of a List', 'apiVersion: v1\nkind: List\nitems: &x\n- a: §\n', 'alias', 'has an anchor'],
    ['a mapping as a key', 'a:\n  {b: 1}: §\n', 'structural', 'a key that is not a scalar'],
  ])('%s', (_, text, reason, message) => {
    expect(splice(text)).toMatchObject({ kind: 'refused', reason, message: expect.stringContaining(message) });
  });

  it.each([
    ['before', { before: 'a: &x 1\nb: *x\n' }],
    ['after', { after: 'a: &x 2\nb: *x\n' }],
    ['now', { head: 'a: &x 2\nb: *x\n' }],
  ])('%s only', (_, more) => {
    const [before, after] = ['a: 1\nb: 1\n', 'a: 2\nb: 1\n'];
    expect(spliceBack({ before, after, head: after, ...more })).toMatchObject({ kind: 'refused', reason: 'alias' });
  });

  it('is an alias for another', () => {
    const text = (name: string) => `x: &x 1\ny: &y 2\na: *${name}\n`;
    const answer = spliceBack({ before: text('x'), after: text('y'), head: text('y') });
    expect(answer).toMatchObject({ reason: 'alias', message: 'document 1: a is an alias (*x)' });
  });
});

describe('a change of more than scalars', () => {
  it.each([
    [
      'a new container',
      'containers: [{name: a}]\n',
      'containers: [{name: a}, {name: b}]\n',
      'containers[name=b] was added',
    ],
    ['a container less', 'containers: [{name: a}, {name: b}]\n', 'containers: [{name: a}]\n', 'was taken away'],
    [
      'a renamed container',
      'containers: [{name: a}]\n',
      'containers: [{name: b}]\n',
      'containers[name=a] was taken away',
    ],
    [
      'another order',
      'env: [{name: a}, {name: b}]\n',
      'env: [{name: b}, {name: a}]\n',
      'env was put into another order',
    ],
    ['an argument more', 'args: [a]\n', 'args: [a, b]\n', 'args had 1 items before the commit and 2 after it'],
    ['a mapping for a scalar', 'a: 1\n', 'a: {b: 1}\n', 'a was a scalar before the commit and a map after it'],
    ['a list for a mapping', 'a: {b: 1}\n', 'a: [b]\n', 'a was a map before the commit and a list after it'],
    ['a new mapping', 'a: 1\n', 'a: 1\nb:\n  c: 1\n', 'b was added by the commit'],
    ['a mapping less', 'a: 1\nb:\n  c: 1\n', 'a: 1\n', 'b was taken away by the commit'],
    ['a new key in a flow mapping', 'a: {b: 1}\n', 'a: {b: 1, c: 2}\n', 'a.c was added by the commit'],
    ['a new document', 'a: 1\n', 'a: 1\n---\nb: 1\n', 'document 1 has no kind and name'],
    ['a new object', 'a: 1\n', 'a: 1\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p}}\n', 'Pod p was added'],
    ['an object less', '{apiVersion: v1, kind: Pod, metadata: {name: p}}\n', '# none\n', 'Pod p was taken away'],
    [
      'a renamed object',
      '{apiVersion: v1, kind: Pod, metadata: {name: p}}\n',
      '{apiVersion: v1, kind: Pod, metadata: {name: q}}\n',
      'Pod q was added',
    ],
    ['a last key in a flow mapping over lines', 'a: {\n  b: 1\n  }\n', 'a: {\n  b: 1,\n  c: 2\n  }\n', 'a.c was added'],
    ['a key beside a dash', '- name: a\n', '- b: 1\n  name: a\n', '[name=a].b was added'],
    ['a scalar that was nothing, on the next line', 'a:\n  b\n', 'a:\n', 'a has no text'],
    ['a scalar in a list that was nothing', 'a:\n- \n- 1\n', 'a:\n- x\n- 1\n', 'a[0] has no text'],
  ])('%s', (_, before, after, message) => {
    const answer = spliceBack({ before, after, head: after });
    expect(answer).toMatchObject({ kind: 'refused', reason: 'structural', message: expect.stringContaining(message) });
    expect(spliceBack({ before, after, head: before })).toMatchObject({ kind: 'unchanged' });
  });

  it.each([
    ['comments', 'a: 1 # x\n', '# y\na: 1\n'],
    ['styles', 'a: {b: "x", c: [1]}\n', "a:\n  b: 'x'\n  c:\n  - 1\n"],
    ['the order of keys', 'a: 1\nb: 2\n', 'b: 2\na: 1\n'],
    ['line ends and empty documents', 'a: 1\n', '---\r\na: 1\r\n'],
    ['spellings of null', 'a: ~\n', 'a:\n'],
  ])('is not one of %s alone', (_, before, after) => {
    expect(spliceBack({ before, after, head: after })).toEqual({ kind: 'unchanged', already: [], left: [] });
  });
});

describe('a list without names', () => {
  const steps = (...all: string[]) => `steps:\n${all.map((step) => `- ${step}\n`).join('')}`;

  it('is matched by index while its items stay the same', () => {
    const [before, after] = [steps('setWeight: 5', 'pause: {}'), steps('setWeight: 50', 'pause: {}')];
    expect(spliceBack({ before, after, head: `# x\n${after}` })).toMatchObject({ content: `# x\n${before}` });
    const args = spliceBack({ before: 'args: [-a, -b]\n', after: 'args: [-a, -c]\n', head: 'args: [-z, -c]\n' });
    expect(args).toMatchObject({ content: 'args: [-z, -b]\n', fields: [{ path: 'args[1]', from: '-c', to: '-b' }] });
  });

  it.each([
    ['an item more', steps('setWeight: 50', 'pause: {}', 'setWeight: 9'), 'structural', 'has 3 items now and had 2'],
    ['the other order', steps('pause: {}', 'setWeight: 50'), 'changedSince', 'steps[0] was changed since'],
    ['another field in the item', steps('{setWeight: 50, x: 1}', 'pause: {}'), 'changedSince', 'no name to know it by'],
  ])('is refused with %s by now', (_, head, reason, message) => {
    const [before, after] = [steps('setWeight: 5', 'pause: {}'), steps('setWeight: 50', 'pause: {}')];
    expect(spliceBack({ before, after, head })).toMatchObject({ reason, message: expect.stringContaining(message) });
  });
});

describe('merge keys', () => {
  it.each([
    ['ports by name', 'ports', '{name: http, containerPort: §}', '{name: grpc, containerPort: 9}'],
    ['ports by number', 'ports', '{containerPort: 80, hostPort: §}', '{containerPort: 81}'],
    ['ports by number and protocol', 'ports', '{port: 53, protocol: UDP, x: §}', '{port: 53, protocol: TCP}'],
    ['mounts by path', 'volumeMounts', '{mountPath: /a, name: x, subPath: §}', '{mountPath: /b, name: x}'],
    ['anything by name', 'extraEnv', '{name: a, value: §}', '{name: b, value: 1}'],
  ])('tell %s apart', (_, field, one, two) => {
    const list = (...items: string[]) => `${field}:\n${items.map((item) => `  - ${item}\n`).join('')}`;
    const text = list(one, two);
    const head = list(two, one).replace('§', '2');
    expect(splice(text, { head })).toMatchObject({ content: head.replace(/(: )2/, '$11') });
  });

  it.each([
    [
      'two of one name',
      'env: [{name: a, value: §}, {name: a, value: 3}]\n',
      'ambiguous',
      'env has items that name does not',
    ],
    ['some without a name', 'env: [{name: a, value: §}, {value: 3}]\n', 'ambiguous', 'env has items'],
    [
      'an alias among them',
      'x: &x {name: z}\nenv: [{name: a, value: §}, *x]\n',
      'alias',
      'has an item that is an alias',
    ],
  ])('do not: %s', (_, text, reason, message) => {
    expect(splice(text)).toMatchObject({ reason, message: expect.stringContaining(message) });
  });
});

describe('what is told', () => {
  it('is one line, cut, and nothing of a Secret', () => {
    const long = splice('a: §\n', { before: `a: ${'x'.repeat(500)}\n`, head: 'a: "\\ttab"\n' });
    expect(long).toMatchObject({
      message: expect.stringMatching(/it was x{99}… before the commit, 2 after it, and is "\\ttab" now/),
    });
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {user: §}\n';
    expect(JSON.stringify(splice(secret.replace('§', 'old§')))).not.toContain('old1"');
    expect(splice(secret)).toMatchObject({ fields: [{ from: '(not shown)', to: '(not shown)' }] });
    expect(splice('env: [{name: DB_PASSWORD, value: §}]\n')).toMatchObject({ fields: [{ to: '(not shown)' }] });
  });

  it('names keys with dots, long keys and odd ones', () => {
    expect(splice('a: {"x.y/z": §}\n')).toMatchObject({ fields: [{ path: 'a["x.y/z"]' }] });
    expect(splice(`a: {${'k'.repeat(90)}: §}\n`)).toMatchObject({
      fields: [{ path: expect.stringMatching(/^a\["k{79}…"\]$/) }],
    });
    expect(splice('a: {"x\\ny": §}\n')).toMatchObject({ fields: [{ path: 'a["x y"]' }] });
  });
});
