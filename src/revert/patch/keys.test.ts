import { describe, expect, it } from 'vitest';
import { spliceBack } from './splice.ts';
import type { DocumentName, Path } from './types.ts';

const kustomization = (...image: string[]) =>
  ['resources: [web.yaml]', 'images:', '  - name: web', ...image, '  - name: other', '    newTag: v9', ''].join('\n');
const [newName, tag1, tag2] = ['    newName: registry/web', '    newTag: v1  # by Flux', "    newTag: 'v2'  # by Flux"];
const [digest1, digest2] = ['    digest: sha256:1111', '    digest: sha256:2222'];

describe('the image of a kustomization', () => {
  it.each([
    ['a tag', [newName, tag1], [newName, tag2]],
    ['a digest', [digest1], [digest2]],
    ['a name', [newName, tag1], ['    newName: mirror/web', tag1]],
    ['name and tag', [newName, tag1], ['    newName: mirror/web', tag2]],
    ['a digest for a tag', [newName, tag1], [newName, digest1]],
    ['a tag for a digest', [digest1], [tag2]],
    ['a tag for everything', [newName, digest1], [tag2]],
    ['a new name', [tag1], [newName, tag1]],
    ['everything for a tag', [tag2], [newName, digest1]],
    ['everything', [], [newName, tag2]],
    ['nothing', [newName, tag2], []],
  ])('goes back: %s', (_, good, bad) => {
    const [before, after] = [kustomization(...good), kustomization(...bad)];
    for (const later of [
      (text: string) => text,
      (text: string) => text.replaceAll('\n', '\r\n'),
      (text: string) => text.replace('v9', 'v10').replace('resources', '# x\nnamePrefix: a-\nresources'),
      (text: string) => text.replace('images:\n', 'images:\n  - name: first\n    newTag: v0\n'),
      (text: string) => text.replace(/\n {2}- name: other\n {4}newTag: v9\n$/, ''),
      (text: string) => text.replace(/^ {4}new|^ {4}d|^ {2}- n/gm, (lead) => `  ${lead}`),
    ]) {
      const splice = spliceBack({ before, after, head: later(after) });
      expect(splice.kind === 'spliced' ? splice.content : splice).toBe(later(before));
    }
  });

  it.each([
    ['a tag in a flow mapping', '{name: web, newTag: v1}', '{name: web, newTag: v2}'],
    ['in JSON', '{"name":"web","newTag":"v1"}', '{"name":"web","newTag":"v2"}'],
  ])('goes back: %s', (_, good, bad) => {
    const text = (image: string) => `images:\n- ${image}\n`;
    expect(spliceBack({ before: text(good), after: text(bad), head: text(bad) })).toMatchObject({
      content: text(good),
    });
  });

  it.each([
    ['another name', [newName, tag1], [newName, tag2], ['    newName: mirror/web', tag2]],
    ['a digest besides', [tag1], [tag2], [tag2, digest1]],
    ['no name any more', [newName, tag1], [newName, tag2], [tag2]],
  ])('is one thing: refused with %s since', (_, good, bad, now) => {
    const [before, after, head] = [kustomization(...good), kustomization(...bad), kustomization(...now)];
    const message = 'document 1: images[name=web] was changed since: it names another image than the commit';
    expect(spliceBack({ before, after, head })).toEqual({ kind: 'refused', reason: 'changedSince', message });
  });

  it('is one thing in a kustomization only', () => {
    const text = (head: string, field: string, name: string, tag: string) =>
      `${head}\n${field}: [{name: web, newName: ${name}, newTag: ${tag}}]\n`;
    const named = (apiVersion: string) => `apiVersion: ${apiVersion}\nkind: Some\nmetadata: {name: x}`;
    for (const [head, field, isOne] of [
      [named('kustomize.config.k8s.io/v1beta1'), 'images', true],
      [named('example.com/v1'), 'images', false],
      ['# values', 'images', true],
      ['# values', 'mirrors', false],
      ['# values', 'images:\n  web', false],
    ] as const) {
      const [before, after] = [text(head, field, 'a', 'v1'), text(head, field, 'a', 'v2')];
      const splice = spliceBack({ before, after, head: text(head, field, 'b', 'v2') });
      expect(splice).toMatchObject(isOne ? { reason: 'changedSince' } : { content: text(head, field, 'b', 'v1') });
    }
  });

  it.each([
    ['in a flow mapping', '- {name: web, newTag: v1}', '- {name: web, digest: x}'],
    ['beside the dash', '- newTag: v1\n  name: web', '- digest: x\n  name: web'],
    ['a comment above the line that went', '- name: web\n  # pinned\n  newTag: v1', '- name: web\n  digest: x'],
    ['a block scalar', '- name: web\n  newTag: |-\n    v1', '- name: web\n  digest: x'],
  ])('is refused as lines: %s', (_, good, bad) => {
    const text = (image: string) => `images:\n${image}\n`;
    const splice = spliceBack({ before: text(good), after: text(bad), head: text(bad) });
    expect(splice).toMatchObject({ kind: 'refused', reason: 'structural' });
  });

  it('tells both fields', () => {
    const splice = spliceBack({
      before: kustomization(tag1),
      after: kustomization(digest1),
      head: kustomization(digest1),
    });
    expect(splice).toMatchObject({
      fields: [
        { document: { label: 'document 1' }, path: 'images[name=web].newTag', from: undefined, to: 'v1' },
        { path: 'images[name=web].digest', from: 'sha256:1111', to: undefined },
      ],
    });
  });
});

describe('a key on a line of its own', () => {
  it.each([
    ['added at the end', 'a: 1\n', 'a: 1\nb: 2\n'],
    ['added at the end, without a line break', 'a: 1', 'a: 1\nb: 2'],
    ['added at the start', '# c\na: 1\n', '# c\nb: 2\na: 1\n'],
    ['added with a comment', 'a: 1\n', 'a: 1\nb: "2"   # why\n'],
    ['added below a mapping', 'a:\n  x: 1\n', 'a:\n  x: 1\nb: 2\n'],
    ['two added', 'x:\n  a: 1\n  d: 4\n', 'x:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n'],
    ['taken away at the end', 'a: 1\nb: 2\n', 'a: 1\n'],
    ['taken away at the end, without a line break', 'a: 1\nb: 2', 'a: 1'],
    ['taken away in the middle', 'a: 1\nb: 2 # two\nc: 3\n', 'a: 1\nc: 3\n'],
    ['taken away in CRLF', 'a: 1\r\nb: 2\r\nc: 3\r\n', 'a: 1\r\nc: 3\r\n'],
    ['two taken away', '- name: x\n  a: 1\n  b: 2\n  c: 3\n', '- name: x\n  c: 3\n'],
    ['swapped', 'x:\n  a: 1\n  b: 2\n', 'x:\n  a: 1\n  c: 2\n'],
    ['without a value', 'a: 1\nb:\nc: 3\n', 'a: 1\nc: 3\n'],
    ['beside another change', 'a: 1\nb: 2\n', 'a: "one"\nc: 3\n'],
  ])('%s', (_, before, after) => {
    const splice = spliceBack({ before, after, head: after });
    expect(splice.kind === 'spliced' ? splice.content : splice).toBe(before);
    const later = (text: string) =>
      `# later\n${text.replace(/^ +/gm, (lead) => lead.repeat(2)).replace(/^- n/gm, '-   n')}`;
    const moved = spliceBack({ before, after, head: later(after) });
    expect(moved.kind === 'spliced' ? moved.content : moved).toBe(later(before));
  });

  it.each([
    ['with another value by now', 'a: 1\n', 'a: 1\nb: 2\n', 'a: 1\nb: 3\n', 'changedSince'],
    ['with another comment by now', 'a: 1\n', 'a: 1\nb: 2\n', 'a: 1\nb: 2 # why\n', 'structural'],
    ['with a value again', 'a: 1\nb: 2\n', 'a: 1\n', 'a: 1\nb: 3\n', 'changedSince'],
    ['whose neighbour went', 'x: 0\na: 1\nb: 2\n', 'x: 0\na: 1\n', 'x: 0\n', 'structural'],
    ['whose mapping went', 'x:\n  a: 1\n  b: 2\n', 'x:\n  a: 1\n', 'y: 1\n', 'changedSince'],
    ['the only one', 'x: {}\n', 'x:\n  a: 1\n', 'x:\n  a: 1\n', 'structural'],
    ['the first of the file', 'b: 2\n', 'a: 1\nb: 2\n', 'a: 1\nb: 2\n', 'structural'],
    ['below a mapping', 'x:\n  y: 1\nb: 2\n', 'x:\n  y: 1\n', 'x:\n  y: 1\n', 'structural'],
    ['with an anchor', 'a: 1\n', 'a: 1\nb: &x 2\n', 'a: 1\nb: &x 2\n', 'alias'],
    ['between two kinds of line ends', 'a: 1\r\n', 'a: 1\r\nb: 2\n', 'a: 1\r\nb: 2\n', 'multiLine'],
  ])('is refused: %s', (_, before, after, head, reason) => {
    expect(spliceBack({ before, after, head })).toMatchObject({ kind: 'refused', reason });
  });
});

describe('what is wanted', () => {
  const file = (image: string, replicas: string, port: string) =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: shop}\nreplicas: ${replicas}\ntemplate: {image: ${image}}\n` +
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nports: ${port}\n`;
  const [before, after] = [file('web:1', '1', '[80]'), file('web:2', '2', '[80, 81]')];
  const only = (kind: string, ...paths: string[]) => ({
    wanted: ({ object }: DocumentName, path: Path) => object?.kind === kind && paths.includes(path[0] ?? ''),
  });

  it('goes back alone; the rest stays and is told', () => {
    const splice = spliceBack({ before, after, head: after, ...only('Rollout', 'template') });
    expect(splice).toEqual({
      kind: 'spliced',
      content: file('web:1', '2', '[80, 81]'),
      fields: [
        {
          document: expect.objectContaining({ label: 'Rollout shop/web' }),
          path: 'template.image',
          from: 'web:2',
          to: 'web:1',
        },
      ],
      already: [],
      left: [
        expect.objectContaining({ path: 'replicas' }),
        { document: expect.objectContaining({ label: 'Service web' }), path: 'ports' },
      ],
    });
  });

  it('alone decides about a refusal', () => {
    const head = file('web:2', '3', '[80, 81]');
    expect(spliceBack({ before, after, head })).toMatchObject({ reason: 'changedSince' });
    expect(spliceBack({ before, after, head: after, ...only('Service', 'ports') })).toMatchObject({
      reason: 'structural',
    });
    expect(spliceBack({ before, after, head, ...only('Rollout', 'template') })).toMatchObject({
      content: file('web:1', '3', '[80, 81]'),
    });
    const unnamed = spliceBack({ before, after: `${after}---\nx: 1\n`, head: after, ...only('Rollout', 'template') });
    expect(unnamed).toMatchObject({ kind: 'spliced', content: file('web:1', '2', '[80, 81]') });
  });

  it('may be nothing', () => {
    const answer = spliceBack({ before, after, head: after, wanted: () => false });
    expect(answer).toMatchObject({ kind: 'unchanged', already: [], left: { length: 3 } });
  });
});

describe('files as people write them', () => {
  it('takes nested Helm values back', () => {
    const values = (tag: string, cpu: string) =>
      `# Default values\nreplicaCount: 2\nimage:\n  repository: registry.example.com/web # {"$imagepolicy": "x"}\n  tag: ${tag}\n\n` +
      `resources:\n  requests: {cpu: ${cpu}, memory: 64Mi}\nenv:\n  LOG: info\nextraEnv:\n- name: A\n  value: 'x'\n`;
    const head = values('1.11', '250m')
      .replace('LOG: info', 'LOG: debug')
      .replace('replicaCount: 2', 'replicaCount: 5');
    const splice = spliceBack({ before: values('"1.10"', '100m'), after: values('1.11', '250m'), head });
    expect(splice).toMatchObject({
      content: head.replace('1.11', '"1.10"').replace('250m', '100m'),
      fields: [
        { path: 'image.tag', from: '1.11', to: '"1.10"' },
        { path: 'resources.requests.cpu', from: '250m', to: '100m' },
      ],
    });
  });

  it('takes one of many lines of a ConfigMap back only while the others stay', () => {
    const map = (...data: string[]) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a.conf: |\n${data.map((line) => `    ${line}\n`).join('')}  b: x\n`;
    const [before, after] = [map('one', 'two'), map('one', '2')];
    expect(spliceBack({ before, after, head: `${after}  c: y\n` })).toMatchObject({ content: `${before}  c: y\n` });
    expect(spliceBack({ before, after, head: map('1', '2') })).toMatchObject({ reason: 'changedSince' });
  });
});
