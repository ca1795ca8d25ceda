import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOf, resolvePath, safePath } from './places.ts';

const PLACE = { repository: 'https://git.example.com/team/deploy', branch: 'main', path: 'apps/web/prod' };
const origin = (text: string, place = PLACE) =>
  fileOf({ metadata: { annotations: { 'config.kubernetes.io/origin': text } } }, place);

describe('the file that an object was read from', () => {
  it.each([
    ['path: rollout.yaml\n', 'apps/web/prod/rollout.yaml'],
    ['path: ../base/rollout.yaml\n', 'apps/web/base/rollout.yaml'],
    ['path: rollout.yaml\nrepo: https://git.example.com/team/deploy.git\nref: main\n', 'rollout.yaml'],
    ['path: base/rollout.yaml\nrepo: https://GIT.example.com/team/deploy\n', 'base/rollout.yaml'],
  ])('%j is %s', (text, file) => {
    expect(origin(text)).toEqual({ file });
  });

  it.each([
    [
      'path: x.yaml\nrepo: https://github.com/other/base\nref: v1.0.6\n',
      'of https://github.com/other/base at "v1.0.6"',
    ],
    ['path: x.yaml\nrepo: https://git.example.com/team/deploy\nref: v1\n', 'at "v1"'],
    ['path: x.yaml\nrepo: https://u:t0p@github.com/other/base\n', 'of https://github.com'],
  ])('%j is of another place, which is told', (text, told) => {
    const { file, override } = origin(text);
    expect(file).toBeUndefined();
    expect(override?.replace('//[redacted]@', '//')).toContain(told);
    expect(override).not.toContain('t0p');
  });

  it.each([
    'path: ../../../../etc/passwd\n',
    'path: ../../../.git/config\n',
    'configuredIn: kustomization.yaml\nconfiguredBy:\n  kind: ConfigMapGenerator\n',
    'path: x.yaml\nconfiguredIn: generator.yaml\n',
    'path: 7\n',
    'path: [x]\n',
    'rollout.yaml',
    '{',
    'a: &a [*a, *a]\npath: *b\n',
    `path: ${'x'.repeat(5_000)}\n`,
    '',
  ])('%j names none', (text) => {
    expect(origin(text)).toEqual({});
  });
});

describe('a path', () => {
  it.each([
    ['a/b', '../c', 'a/c'],
    ['a/b', '/c', 'c'],
    ['', './a//b/', 'a/b'],
    ['a', '..', ''],
    ['a', '../..', undefined],
  ])('%j then %j is %j', (folder, path, expected) => {
    expect(resolvePath(folder, path)).toBe(expected);
  });

  it('never leads out of the repository', () => {
    const segment = fc.constantFrom('a', 'b', '..', '.', '', '.git', '\\', 'c\n');
    const path = fc.array(segment, { maxLength: 8 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(path, path, (folder, relative) => {
        const safe = safePath(resolvePath('', folder) ?? '', relative);
        const parts = safe?.split('/') ?? [];
        expect(parts.some((part) => part === '..' || part === '.' || part === '.git')).toBe(false);
        expect(safe?.startsWith('/') ?? false).toBe(false);
      }),
    );
  });
});
