import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runToEnd } from '../command-line.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-bad-input-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function lint(text: string): Promise<{ code: number; told: string }> {
  const file = join(folder, 'file.yaml');
  await writeFile(file, text);
  const { code, stdout, stderr } = await runToEnd(['lint', '-f', file]);
  return { code, told: (stdout + stderr).replaceAll(`${folder}/`, '') };
}

const SOURCE = `apiVersion: headgate.dev/v1alpha1
kind: GitSource
metadata: {name: shop}
spec:
  repository: {url: 'https://git.example/shop.git', branch: main}
  path: apps/shop
  serviceAccountName: deployer
`;

const POLICY = `apiVersion: headgate.dev/v1alpha1
kind: RevertPolicy
metadata: {name: shop}
spec:
  mode: Direct
  namespaces: [default]
  repository:
    host: git
    url: https://git.example/shop.git
    branch: main
    secretRef: {name: token}
`;

it('has nothing to say of what is good', async () => {
  for (const text of [SOURCE, POLICY]) expect(await lint(text)).toMatchObject({ code: 0 });
});

it.each([
  [
    'a path outside the repository',
    SOURCE,
    'path: apps/shop',
    'path: apps/../../etc',
    ['file.yaml:6: spec.path', 'apps/../../etc', '".."'],
  ],
  [
    'an absolute path',
    SOURCE,
    'path: apps/shop',
    'path: /etc',
    ['file.yaml:6: spec.path', '/etc', 'from the root of the repository'],
  ],
  ['no account', SOURCE, '  serviceAccountName: deployer\n', '', ['spec.serviceAccountName', 'required']],
  [
    'an account of no name',
    SOURCE,
    'serviceAccountName: deployer',
    "serviceAccountName: ''",
    ['spec.serviceAccountName', '""', 'same namespace'],
  ],
  [
    'an address that is an option',
    SOURCE,
    'https://git.example/shop.git',
    '--upload-pack=x',
    ['spec.repository.url', '--upload-pack=x', 'https://HOST/PATH'],
  ],
  [
    'an address that is a program',
    SOURCE,
    'https://git.example/shop.git',
    'ext::sh -c x',
    ['spec.repository.url', 'ext::sh -c x', 'https://HOST/PATH'],
  ],
  [
    'a policy with an address that is an option',
    POLICY,
    'https://git.example/shop.git',
    "'-oProxyCommand=x'",
    ['spec.repository.url', '-oProxyCommand=x', 'https://HOST/PATH'],
  ],
  [
    'a policy with an address that is a program',
    POLICY,
    'https://git.example/shop.git',
    "'ext::sh -c x'",
    ['spec.repository.url', 'ext::sh -c x', 'https://HOST/PATH'],
  ],
  [
    'a secret of another namespace',
    POLICY,
    '{name: token}',
    '{name: token, namespace: other}',
    ['spec.repository.secretRef.namespace', 'other', "controller's own namespace"],
  ],
  [
    'an interval in words',
    SOURCE,
    '  path: apps/shop',
    '  path: apps/shop\n  interval: 5 minutes',
    ['spec.interval', '5 minutes', '5m'],
  ],
])('tells where and what: %s', async (_, text, from, to, says) => {
  expect(text).toContain(from);
  const { code, told } = await lint(text.replace(from, to));
  expect(code).toBe(1);
  for (const part of says) expect.soft(told).toContain(part);
  // The mistake is told, and nothing that follows from it.
  expect(told).toMatch(/: 1 problem\n$/);
});
