import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Content, startTrees, type Trees } from '../../../test/git/tree.ts';
import { isRemote, resolveBelow } from './graph.ts';
import { kustomizeGraph } from './kustomize-graph.ts';
import { openTree } from './tree.ts';

let trees: Trees;
beforeAll(async () => {
  trees = await startTrees();
});
afterAll(() => trees.close());

async function graphOf(files: Record<string, Content>, folder = 'app') {
  const tree = await trees.commit(files);
  const own = await trees.clone.files(tree, folder);
  const graph = await kustomizeGraph(trees.clone, openTree(trees.clone, { tree, folder, files: own }), folder);
  return { files: [...graph.files.keys()].sort(), inputs: [...graph.inputs].sort(), problems: graph.problems };
}
const problemsOf = async (files: Record<string, Content>) => (await graphOf(files)).problems;
const app = (text: string) => ({ 'app/kustomization.yaml': text });

describe('what a kustomization reads', () => {
  it('is followed through bases and components, wherever they lie, and nothing else of the folders counts', async () => {
    const { files, inputs, problems } = await graphOf(
      {
        'apps/web/overlays/prod/kustomization.yaml': `bases: [../../base]
components: [../../../../components/tls/]
patchesStrategicMerge:
- patches/resources.yaml
- |-
  kind: Rollout
patches: [{path: ./patches/more.yaml}]
configMapGenerator: [{name: c, files: [settings.ini, key=other.ini], envs: [c.env], literals: [A=b]}]
`,
        'apps/web/overlays/prod/patches/resources.yaml': 'kind: Rollout\n',
        'apps/web/overlays/prod/patches/more.yaml': 'kind: Rollout\n',
        'apps/web/overlays/prod/settings.ini': 'a=b\n',
        'apps/web/overlays/prod/other.ini': 'a=b\n',
        'apps/web/overlays/prod/c.env': 'A=b\n',
        'apps/web/overlays/prod/README.md': 'not read\n',
        'apps/web/base/kustomization.yml': 'resources: [rollout.yaml]\n',
        'apps/web/base/rollout.yaml': 'kind: Rollout\n',
        'apps/web/base/unused.yaml': 'kind: Rollout\n',
        'components/tls/Kustomization': 'kind: Component\ntransformers: [t.yaml]\n',
        'components/tls/t.yaml': 'kind: PatchTransformer\npath: p.yaml\n',
        'components/tls/p.yaml': 'kind: Rollout\n',
      },
      'apps/web/overlays/prod',
    );
    expect(problems).toEqual([]);
    expect(files).toEqual([
      'apps/web/base/kustomization.yml',
      'apps/web/base/rollout.yaml',
      'apps/web/overlays/prod/c.env',
      'apps/web/overlays/prod/kustomization.yaml',
      'apps/web/overlays/prod/other.ini',
      'apps/web/overlays/prod/patches/more.yaml',
      'apps/web/overlays/prod/patches/resources.yaml',
      'apps/web/overlays/prod/settings.ini',
      'components/tls/Kustomization',
      'components/tls/p.yaml',
      'components/tls/t.yaml',
    ]);
    expect(inputs).toEqual(files);
  });

  it('may be the root, and may be reached twice', async () => {
    const { files, problems } = await graphOf(
      {
        'kustomization.yaml': 'resources: [a, b]\n',
        'a/kustomization.yaml': 'resources: [../base]\nnamePrefix: a-\n',
        'b/kustomization.yaml': 'resources: [../base]\nnamePrefix: b-\n',
        'base/kustomization.yaml': 'resources: [c.yaml]\n',
        'base/c.yaml': 'kind: ConfigMap\n',
      },
      '',
    );
    expect(problems).toEqual([]);
    expect(files).toHaveLength(5);
  });

  it('may be a file that is named like an address', async () => {
    const { files, problems } = await graphOf({
      ...app('resources: ["role:reader.yaml"]\n'),
      'app/role:reader.yaml': 'kind: Role\n',
    });
    expect([files.at(-1), problems]).toEqual(['app/role:reader.yaml', []]);
  });

  it('holds what was not found, and the whole folder where that is not one file', async () => {
    const { inputs } = await graphOf({
      ...app('resources: [new.yaml, ../base]\n'),
      'base/c.yaml': 'kind: ConfigMap\n',
    });
    expect(inputs).toEqual(['app/kustomization.yaml', 'app/new.yaml', 'base/']);
  });
});

describe('what a kustomization may not name', () => {
  it.each([
    ['https://github.com/team/base?ref=v1', 'is remote'],
    ['github.com/team/base', 'is remote'],
    ['git@host.example:team/base.git', 'is remote'],
    ['host.example:team/base', 'is remote'],
    ['../base?ref=main', 'is remote'],
    ['http://127.0.0.1/x.yaml', 'is remote'],
    ['../../elsewhere', 'leads out of the repository'],
    ['/etc/passwd', 'leads out of the repository'],
    ['..\\base', 'leads out of the repository'],
    ['../other/c.yaml', 'names a file outside of app'],
    ['missing.yaml', 'names app/missing.yaml, which is not there'],
    ['link.yaml', 'which is a symbolic link or a submodule'],
    ['linked/c.yaml', 'lies behind app/linked, which is a symbolic link'],
    ['../link/c.yaml', 'lies behind link, which is a symbolic link'],
    ['..', 'read in a circle'],
    ['.', 'read in a circle'],
    ['../other', 'holds none of kustomization.yaml'],
  ])('%s', async (text, words) => {
    const problems = await problemsOf({
      ...app(`namespace: shop\nresources:\n- ${JSON.stringify(text)}\n`),
      'app/link.yaml': { content: 'c.yaml', mode: '120000' },
      'app/linked': { content: '../other', mode: '120000' },
      link: { content: 'other', mode: '120000' },
      'other/c.yaml': 'kind: ConfigMap\n',
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.path).toBe(text === '../other' ? 'other' : 'app/kustomization.yaml:3');
    expect(problems[0]?.message).toContain(words);
  });

  it.each([
    ['a remote patch', 'patches: [{path: "http://x/p.yaml"}]', 'patches[0].path "http://x/p.yaml" is remote'],
    ['a remote file of a generator', 'configMapGenerator: [{name: c, files: ["k=https://x/y"]}]', 'is remote'],
    [
      'a remote file of a transformer',
      'transformers: ["{kind: PatchTransformer, path: \\"https://x/y\\"}"]',
      'is remote',
    ],
    ['a remote transformer', 'transformers: ["https://x/y"]', 'is remote'],
    ['a folder of transformers', 'transformers: [../base]', 'a file must stand here'],
    ['a folder as a patch', 'patches: [{path: ../base}]', 'a file must stand here'],
    ['a file as a base', 'bases: [kustomization.yaml]', 'a folder with a kustomization must stand here'],
    ['a chart', 'helmCharts: [{name: x, repo: "https://x"}]', 'helm plugin is never enabled'],
  ])('%s', async (_, text, words) => {
    const problems = await problemsOf({ ...app(`${text}\n`), 'base/kustomization.yaml': 'resources: []\n' });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(words)]);
  });

  it('itself, through others', async () => {
    const [problem] = await problemsOf({
      ...app('resources: [../a]\n'),
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../app]\n',
    });
    expect(problem).toEqual({
      path: 'b/kustomization.yaml:1',
      message: 'resources[0] "../app" names a folder that app lies in: it would be read in a circle',
    });
  });

  it('ever deeper folders', async () => {
    const chain = Array.from({ length: 30 }, (_, at) => [`f${at}/kustomization.yaml`, `resources: [../f${at + 1}]\n`]);
    const problems = await problemsOf({ ...app('resources: [../f0]\n'), ...Object.fromEntries(chain) });
    expect(problems).toEqual([expect.objectContaining({ path: 'f18/kustomization.yaml:1' })]);
  });

  it('more folders than are read', async () => {
    const names = Array.from({ length: 101 }, (_, at) => `f${at}`);
    const problems = await problemsOf({
      ...app(`resources: [${names.map((name) => `../${name}`).join(', ')}]\n`),
      ...Object.fromEntries(names.map((name) => [`${name}/kustomization.yaml`, 'namePrefix: x-\n'])),
    });
    expect(problems.map(({ path }) => path)).toEqual(['f99', 'f100']);
  });

  it.each([
    ['two kustomizations', { 'app/Kustomization': 'resources: []\n' }, 'app', 'holds several of'],
    [
      'a kustomization that is a link',
      { 'app/kustomization.yaml': { content: 'k', mode: '120000' as const } },
      'app/kustomization.yaml',
      'symbolic link',
    ],
    [
      'a kustomization in Git LFS',
      { 'app/kustomization.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' },
      'app/kustomization.yaml',
      'Git LFS',
    ],
    [
      'a kustomization of 2 MiB',
      { 'app/kustomization.yaml': '#'.repeat(2 * 1024 * 1024) },
      'app/kustomization.yaml',
      'is longer than 1048576 bytes',
    ],
    ['bytes', { 'app/kustomization.yaml': Buffer.from([0xff, 0xfe]) }, 'app/kustomization.yaml', 'not UTF-8'],
  ])('%s', async (_, files, path, words) => {
    const problems = await problemsOf({ ...app('resources: []\n'), ...files });
    expect(problems).toEqual([{ path, message: expect.stringContaining(words) }]);
  });

  it('a submodule, or what lies in one', async () => {
    const problems = await problemsOf({
      ...app('resources: [../sub, ../sub/app]\n'),
      sub: { content: '1'.repeat(40), mode: '160000' },
    });
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('names sub, which is a symbolic link or a submodule'),
      expect.stringContaining('names sub/app, which lies behind sub'),
    ]);
  });
});

it.each([
  ['a.yaml', 'app/a.yaml'],
  ['./x/../a.yaml', 'app/a.yaml'],
  ['../base/', 'base'],
  ['..', ''],
  ['../..', undefined],
  ['../../app/a.yaml', undefined],
  ['/app/a.yaml', undefined],
])('%s, seen from app, is %s', (text, path) => {
  expect(resolveBelow('app', text)).toBe(path);
});

it.each(['a.yaml', '../base', 'x/y-z.yaml', 'a b.yaml', 'what?.yaml'])('%s is no address', (text) => {
  expect(isRemote(text)).toBe(false);
});
