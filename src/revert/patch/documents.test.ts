import { describe, expect, it } from 'vitest';
import { documentsIn, takenBackBut } from './documents.ts';
import type { DocumentName } from './types.ts';

const rollout = (name: string, tag: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: ${name}\nspec:\n  image: ${name}:${tag}\n`;
const service = (port: number) => `apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {port: ${port}}\n`;
const file = (...documents: string[]) => documents.join('---\n');
const isApi = ({ object }: DocumentName) => object?.kind === 'Rollout' && object.name === 'api';

describe('taking a file back but for documents that stay', () => {
  it.each([
    ['a file of its own', rollout('api', 'v1'), rollout('api', 'v2'), rollout('api', 'v2')],
    [
      'one of several',
      file(rollout('web', 'v1'), rollout('api', 'v1'), service(80)),
      file(rollout('web', 'v2'), rollout('api', 'v2'), service(81)),
      file(rollout('web', 'v1'), rollout('api', 'v2'), service(80)),
    ],
    [
      'each begun by a line, and comments before',
      `# all\n---\n${rollout('api', 'v1')}--- # two\n${rollout('web', 'v1')}`,
      `# all!\n---\n${rollout('api', 'v2')}--- # two\n${rollout('web', 'v2')}`,
      `# all\n---\n${rollout('api', 'v2')}--- # two\n${rollout('web', 'v1')}`,
    ],
    [
      'with CRLF, and no end',
      file(rollout('api', 'v1'), rollout('web', 'v1')).replaceAll('\n', '\r\n').trimEnd(),
      file(rollout('api', 'v2'), rollout('web', 'v2')).replaceAll('\n', '\r\n').trimEnd(),
      file(rollout('api', 'v2'), rollout('web', 'v1')).replaceAll('\n', '\r\n').trimEnd(),
    ],
    [
      'added',
      rollout('web', 'v1'),
      file(rollout('web', 'v2'), rollout('api', 'v2')),
      file(rollout('web', 'v1'), rollout('api', 'v2')),
    ],
    ['added with a file', undefined, file(rollout('api', 'v2'), service(80)), rollout('api', 'v2')],
    ['taken away', file(rollout('web', 'v1'), rollout('api', 'v1')), rollout('web', 'v2'), rollout('web', 'v1')],
    ['taken away with the file', rollout('api', 'v1'), undefined, undefined],
  ])('%s', (_, before, after, expected) => {
    expect(takenBackBut({ before, after }, isApi)).toEqual({ text: expected });
  });

  it.each([
    ['none stays', rollout('web', 'v1'), rollout('web', 'v2')],
    ['two are the same', file(rollout('api', 'v1'), rollout('api', 'v1')), rollout('api', 'v2')],
    ['it is no YAML', '{{ if x }}\n', rollout('api', 'v2')],
    ['a document must come back that has no place', file(service(80), rollout('api', 'v1')), rollout('api', 'v2')],
    [
      'a document has no line to begin with',
      file(rollout('web', 'v1'), rollout('api', 'v1')),
      file(rollout('api', 'v2'), rollout('web', 'v2')),
    ],
    [
      'it lies in a List with others',
      `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: api}}\n- {apiVersion: v1, kind: Service, metadata: {name: s}}\n`,
      '',
    ],
  ])('cannot be told where %s', (_, before, after) => {
    expect(takenBackBut({ before, after }, isApi)).toBeUndefined();
  });

  it('names documents and the items of Lists', () => {
    const names = documentsIn(file(rollout('web', 'v1'), service(80))).map(({ label }) => label);
    expect(names).toEqual(['Rollout web', 'Service s']);
    expect(documentsIn('a: {{ x }}\n')).toEqual([]);
  });
});
