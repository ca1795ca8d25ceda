import { describe, expect, it } from 'vitest';
import { isInline, readKustomization, readPlugins } from './kustomization.ts';

const named = (source: string) =>
  readKustomization('app/kustomization.yaml', source).references.map(({ kind, field, text }) => [kind, field, text]);
const problemsOf = (source: string) => readKustomization('app/kustomization.yaml', source).problems;

describe('what a kustomization names', () => {
  it('is found in every field that Kustomize reads', () => {
    const source = `
resources: [a.yaml, ../base]
bases: [../old]
components: [../component]
crds: [crd.yaml]
configurations: [names.yaml]
openapi: {path: schema.json}
patches: [{path: patch.yaml, target: {kind: Rollout}}, {patch: '- op: remove'}]
patchesStrategicMerge: [merge.yaml]
patchesJson6902: [{target: {kind: Rollout, name: web, version: v1}, path: ops.yaml}]
replacements: [{path: replace.yaml}, {source: {kind: ConfigMap}, targets: []}]
configMapGenerator: [{name: c, files: [one.txt, key=two.txt], envs: [c.env], literals: [a=b]}]
secretGenerator: [{name: s, env: s.env}]
generators: [generator.yaml]
transformers: [transformer.yaml]
validators: [validator.yaml]
images: [{name: path, newTag: v2}]
helmGlobals: {chartHome: ../charts}
`;
    expect(named(source)).toEqual([
      ['either', 'resources[0]', 'a.yaml'],
      ['either', 'resources[1]', '../base'],
      ['folder', 'bases[0]', '../old'],
      ['folder', 'components[0]', '../component'],
      ['file', 'crds[0]', 'crd.yaml'],
      ['file', 'configurations[0]', 'names.yaml'],
      ['file', 'openapi.path', 'schema.json'],
      ['file', 'patches[0].path', 'patch.yaml'],
      ['patch', 'patchesStrategicMerge[0]', 'merge.yaml'],
      ['file', 'patchesJson6902[0].path', 'ops.yaml'],
      ['file', 'replacements[0].path', 'replace.yaml'],
      ['source', 'configMapGenerator[0].files[0]', 'one.txt'],
      ['source', 'configMapGenerator[0].files[1]', 'key=two.txt'],
      ['file', 'configMapGenerator[0].envs[0]', 'c.env'],
      ['file', 'secretGenerator[0].env', 's.env'],
      ['plugin', 'generators[0]', 'generator.yaml'],
      ['plugin', 'transformers[0]', 'transformer.yaml'],
      ['plugin', 'validators[0]', 'validator.yaml'],
    ]);
    expect(problemsOf(source)).toEqual([]);
  });

  it('is found where only Kustomize would see it: in other cases, and behind merge keys', () => {
    expect(named('Resources: [a.yaml]\nPATCHES: [{Path: p.yaml}]\n')).toEqual([
      ['either', 'Resources[0]', 'a.yaml'],
      ['file', 'PATCHES[0].Path', 'p.yaml'],
    ]);
    expect(named('re\u017fources: [a.yaml]\n')).toEqual([['either', 're\u017fources[0]', 'a.yaml']]);
    expect(named('patches:\n- &p {path: p.yaml}\n- {<<: *p, target: {kind: Rollout}}\n')).toEqual([
      ['file', 'patches[0].path', 'p.yaml'],
      ['file', 'patches[1].path', 'p.yaml'],
    ]);
  });

  it.each([
    ['a field in two cases', 'resources: [a.yaml]\nResources: [b.yaml]\n', 2, 'Resources: is written twice'],
    ['a duplicate key', 'resources: []\nresources: []\n', 2, 'Map keys must be unique'],
    ['a number', 'resources:\n- a.yaml\n- 1\n', 3, 'resources[1]: 1 is not a text'],
    ['bytes', 'resources:\n- !!binary aHR0cDovLw==\n', 2, 'is not a text'],
    ['two documents', 'resources: []\n---\nresources: []\n', undefined, 'one document'],
    ['nothing', '# soon\n', undefined, 'is empty'],
    ['a list', '- a.yaml\n', undefined, 'a mapping'],
    ['a chart', 'helmCharts:\n- name: redis\n', 2, 'helm plugin is never enabled'],
    ['a tab', 'resources:\n\t- a\n', 2, 'Indent with spaces'],
  ])('is refused where it cannot be told or is never allowed: %s', (_, source, line, words) => {
    const [problem] = problemsOf(source);
    expect(problem?.path).toBe(`app/kustomization.yaml${line === undefined ? '' : `:${line}`}`);
    expect(problem?.message).toContain(words);
  });
});

describe('the configuration of a generator or transformer', () => {
  it('names files of its own', () => {
    const source = `
apiVersion: builtin
kind: PatchTransformer
metadata: {name: p}
path: p.yaml
---
kind: ConfigMapGenerator
metadata: {name: c}
files: [k=c.txt]
---
kind: ReplacementTransformer
replacements: [{path: r.yaml}]
---
kind: PrefixTransformer
fieldSpecs: [{path: metadata/name}]
`;
    const { references, problems } = readPlugins('app/t.yaml', source);
    expect(references.map(({ kind, text }) => [kind, text])).toEqual([
      ['file', 'p.yaml'],
      ['source', 'k=c.txt'],
      ['file', 'r.yaml'],
    ]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['a function', "metadata: {annotations: {config.kubernetes.io/function: 'exec: {path: ./x}'}}\n", 'never allowed'],
    ['a chart', 'kind: HelmChartInflationGenerator\nmetadata: {name: x}\n', 'never enabled'],
  ])('may not be %s', (_, source, words) => {
    expect(readPlugins('app/t.yaml', source).problems[0]?.message).toContain(words);
  });
});

it.each([
  ['patch.yaml', false],
  ['../patches/a b.yaml', false],
  ['{kind: Rollout}', true],
  ['kind: Rollout\nmetadata: {name: web}\n', true],
  ['[{op: remove}]', true],
])('%j is text itself: %s', (text, expected) => {
  expect(isInline(text)).toBe(expected);
});
