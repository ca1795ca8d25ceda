import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Content, realPrograms, startTrees, type Trees } from '../../test/git/tree.ts';
import { silentLog } from '../log.ts';
import { type App, type AppContents, readApp } from './app.ts';
import { placeOf } from './manifests.ts';
import { locateProgram } from './render/isolation.ts';
import { chartFileOf, documentsOf, parseRendered } from './render/output.ts';
import { createRenderer, type Job, type Renderer, type Rendering, type Tool } from './render/renderer.ts';

let trees: Trees;
beforeAll(async () => {
  trees = await startTrees();
});
afterAll(() => trees.close());

const configMap = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}`;

/** Answers without a program, and keeps what it was asked. */
function standIn(rendering: Rendering, version = 'v5'): Renderer & { jobs: Job[] } {
  const jobs: Job[] = [];
  return {
    jobs,
    availability: () => Promise.resolve({ kind: 'ready', version }),
    render(job) {
      jobs.push(job);
      return Promise.resolve(rendering);
    },
  };
}
const rendered = (text: string): Rendering => ({ kind: 'rendered', output: Buffer.from(text) });

async function read(files: Record<string, Content>, renderer: Renderer, part: Partial<App> = {}): Promise<AppContents> {
  const app = { tree: await trees.commit(files), path: 'app', namespace: 'shop', ...part };
  return readApp(trees.clone, app, { renderer, parsed: new Map() });
}
const objectsOf = ({ set }: AppContents) =>
  set.manifests.map((manifest) => [manifest.object.kind, manifest.object.metadata.name, placeOf(manifest)]);

const kustomizeApp = {
  'app/kustomization.yaml': 'resources: [c.yaml, ../base]\n',
  'app/c.yaml': configMap('c'),
  'base/kustomization.yaml': 'resources: [d.yaml]\n',
  'base/d.yaml': configMap('d'),
};

describe('a folder', () => {
  it('of plain YAML is read as it is', async () => {
    const contents = await read({ 'app/c.yaml': configMap('c') }, standIn(rendered('')));
    expect(contents).toMatchObject({ kind: 'plain', inputs: ['app'] });
    expect(objectsOf(contents)).toEqual([['ConfigMap', 'c', 'app/c.yaml:1']]);
  });

  it('with a kustomization is rendered from exactly what it reads', async () => {
    const renderer = standIn(rendered(`${configMap('c')}---\n${configMap('d')}`));
    const contents = await read({ ...kustomizeApp, 'app/README.md': 'x', 'other/x.yaml': 'x' }, renderer);
    expect(contents.set.problems).toEqual([]);
    expect(contents).toMatchObject({ kind: 'kustomize', inputs: Object.keys(kustomizeApp).sort() });
    expect(objectsOf(contents)).toEqual([
      ['ConfigMap', 'c', 'app/kustomization.yaml'],
      ['ConfigMap', 'd', 'app/kustomization.yaml'],
    ]);
    const [job] = renderer.jobs;
    expect(Object.fromEntries([...(job?.files ?? [])].map(([path, content]) => [path, String(content)]))).toEqual(
      kustomizeApp,
    );
  });

  it('with a chart is rendered by release name, namespace and value files; objects are told by their templates', async () => {
    const renderer = standIn(rendered(`---\n# Source: web/templates/c.yaml\n${configMap('c')}`));
    const files = { 'app/Chart.yaml': 'name: web\n', 'app/templates/c.yaml': '{{ x', 'env/prod.yaml': 'a: 1' };
    const helm = { releaseName: 'shop-web', valueFiles: ['../env/prod.yaml'] };
    const contents = await read(files, renderer, { helm });
    expect(contents.set.problems).toEqual([]);
    expect(contents).toMatchObject({ kind: 'helm', inputs: ['app/', 'env/prod.yaml'] });
    expect(objectsOf(contents)).toEqual([['ConfigMap', 'c', 'app/templates/c.yaml']]);
    expect(renderer.jobs[0]).toMatchObject({
      releaseName: 'shop-web',
      namespace: 'shop',
      valueFiles: ['env/prod.yaml'],
    });
  });

  it('may be the root', async () => {
    const files = { 'kustomization.yaml': 'resources: [c.yaml]\n', 'c.yaml': configMap('c') };
    const contents = await read(files, standIn(rendered(configMap('c'))), { path: '' });
    expect(contents).toMatchObject({ inputs: ['c.yaml', 'kustomization.yaml'], set: { problems: [] } });
    const chart = await read({ 'Chart.yaml': 'name: web\n' }, standIn(rendered('')), {
      path: '',
      helm: { releaseName: 'x', valueFiles: [] },
    });
    expect(chart).toMatchObject({ inputs: [''], set: { problems: [] } });
  });
});

describe('what keeps a folder from being rendered:', () => {
  it.each([
    [
      'both ways at once',
      { 'app/kustomization.yaml': 'resources: []\n', 'app/Chart.yaml': 'name: web\n' },
      'app',
      'holds Chart.yaml and a kustomization',
    ],
    ['a chart without a release name', { 'app/Chart.yaml': 'name: web\n' }, 'app', 'by which release name'],
    [
      'a kustomization below plain YAML',
      {
        'app/c.yaml': configMap('c'),
        'app/k/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
      },
      'app/k/kustomization.yaml:1',
      'below the path is not rendered',
    ],
    [
      'what it names',
      { 'app/kustomization.yaml': 'resources: [none.yaml]\n' },
      'app/kustomization.yaml:1',
      'not there',
    ],
    [
      'Git LFS',
      {
        'app/kustomization.yaml': 'resources: [c.yaml]\n',
        'app/c.yaml': 'version https://git-lfs.github.com/spec/v1\n',
      },
      'app/c.yaml',
      'Git LFS',
    ],
    ['nothing in it', { 'other/c.yaml': configMap('c') }, 'app', 'holds no YAML file'],
  ])('%s', async (_, files, path, words) => {
    const renderer = standIn(rendered(''));
    const { set } = await read(files as Record<string, Content>, renderer);
    expect(set.problems).toEqual([{ path, message: expect.stringContaining(words) }]);
    expect(renderer.jobs).toEqual([]);
  });

  it('no program; the same folder is rendered once there is one', async () => {
    const tree = await trees.commit(kustomizeApp);
    const parsed = new Map();
    const app = { tree, path: 'app', namespace: 'shop' };
    const none = createRenderer({ environment: {}, log: silentLog() });
    const before = await readApp(trees.clone, app, { renderer: none, parsed });
    expect(before.set.problems).toEqual([
      { path: 'app', message: expect.stringContaining('name it with --kustomize PATH or put it on the PATH') },
    ]);
    const after = await readApp(trees.clone, app, { renderer: standIn(rendered(configMap('c'))), parsed });
    expect(after.set).toMatchObject({ problems: [], manifests: [{}] });
  });

  it('what the program says, and what is wrong with what it renders', async () => {
    const failed = await read(kustomizeApp, standIn({ kind: 'failed', message: 'kustomize cannot render it' }));
    expect(failed.set.problems).toEqual([{ path: 'app', message: 'kustomize cannot render it' }]);
    expect(failed.inputs).toEqual(['app/', 'base/d.yaml', 'base/kustomization.yaml']);
    const twice = await read(kustomizeApp, standIn(rendered(`${configMap('c')}---\n${configMap('c')}`)));
    expect(twice.set.problems[0]?.message).toBe(
      'ConfigMap c is also in app/kustomization.yaml. One object may be in one place only',
    );
    const shapeless = await read(kustomizeApp, standIn(rendered('kind: ConfigMap\n')));
    expect(shapeless.set.problems).toEqual([{ path: 'app/kustomization.yaml', message: 'apiVersion is missing' }]);
  });
});

it('is rendered once for the same content, whatever else the commits hold', async () => {
  const renderer = standIn(rendered(configMap('c')));
  const parsed = new Map();
  const look = async (files: Record<string, Content>, by: Renderer = renderer) =>
    readApp(trees.clone, { tree: await trees.commit(files), path: 'app', namespace: 'shop' }, { renderer: by, parsed });
  await look(kustomizeApp);
  await look({ ...kustomizeApp, 'app/README.md': 'new' });
  expect(renderer.jobs).toHaveLength(1);
  await look({ ...kustomizeApp, 'base/d.yaml': configMap('d', 'data: {a: b}\n') });
  expect(renderer.jobs).toHaveLength(2);
  const newer = standIn(rendered(''), 'v6');
  await look(kustomizeApp, newer);
  expect(newer.jobs).toHaveLength(1);
});

describe('what a program writes', () => {
  it('is parted where no text can be: at lines that begin with ---', async () => {
    const text = `---\n${configMap('a', 'data:\n  x: |\n    ---\n    --- y\n  z: "---"\n')}--- # next\n${configMap('b')}---\n`;
    expect(documentsOf(text)).toHaveLength(2);
    const set = await parseRendered(Buffer.from(text), () => 'f');
    expect(set.manifests.map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
  });

  it('names the template, wherever the chart lies', () => {
    expect(chartFileOf('\n# Source: web/charts/redis/templates/a.yaml\nkind: X\n', 'charts/web')).toBe(
      'charts/web/charts/redis/templates/a.yaml',
    );
    expect(chartFileOf('# Source: web/crds/a.yaml\n', '')).toBe('crds/a.yaml');
    expect(chartFileOf('kind: X\n', 'charts/web')).toBe('charts/web/Chart.yaml');
  });
});

const programs = await realPrograms();
const why = (tool: Tool) =>
  programs[tool] ? '' : ` (skipped: no ${tool} on the PATH, and npm run test:real has built none)`;
const limiter = await locateProgram('prlimit', process.env);
const real = createRenderer({ programs, environment: process.env, log: silentLog() });

const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: webapp}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: webapp}}
    spec: {containers: [{name: webapp, image: 'nginx:1.21'}]}
`;

describe.skipIf(!programs.kustomize)(`Kustomize itself${why('kustomize')}`, () => {
  const repository = {
    'apps/webapp/base/kustomization.yaml': 'resources: [rollout.yaml, service.yaml]\n',
    'apps/webapp/base/rollout.yaml': rollout,
    'apps/webapp/base/service.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: webapp}\nspec: {ports: [{port: 80}]}\n',
    'apps/webapp/overlays/production/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: applications
bases: [../../base]
components: [../../../../components/team]
images: [{name: nginx, newTag: 1.21.6-alpine}]
patchesStrategicMerge: [patches/resources.yaml]
commonLabels: {environment: production}
configMapGenerator:
- {name: webapp-config, literals: [LOG_LEVEL=info], files: [app.properties, key=other.txt], envs: [c.env]}
`,
    'apps/webapp/overlays/production/patches/resources.yaml':
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: webapp}\nspec: {replicas: 10}\n',
    'apps/webapp/overlays/production/app.properties': 'a=b\n',
    'apps/webapp/overlays/production/other.txt': 'text\n',
    'apps/webapp/overlays/production/c.env': 'A=B\n',
    'components/team/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nResources: [c.yaml]\ntransformers: [t.yaml]\n',
    'components/team/c.yaml': configMap('team'),
    'components/team/t.yaml':
      'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: p.yaml\ntarget: {kind: ConfigMap}\n',
    'components/team/p.yaml': '- {op: add, path: /data, value: {team: shop}}\n',
  };
  const path = 'apps/webapp/overlays/production';

  it('gets everything that it asks for', async () => {
    const { set, inputs } = await read(repository, real, { path });
    expect(set.problems).toEqual([]);
    expect(inputs).toEqual(Object.keys(repository).sort());
    const found = Object.fromEntries(set.manifests.map(({ object }) => [object.kind + object.metadata.name, object]));
    expect(found.Rolloutwebapp).toMatchObject({
      metadata: { namespace: 'applications' },
      spec: { replicas: 10, template: { spec: { containers: [{ image: 'nginx:1.21.6-alpine' }] } } },
    });
    expect(found.ConfigMapteam).toMatchObject({ data: { team: 'shop' } });
    expect(Object.keys(found).find((name) => name.startsWith('ConfigMapwebapp-config-'))).toBeDefined();
  });

  it('says what it does not like, in the paths of the repository', async () => {
    const { set } = await read({ ...repository, 'apps/webapp/base/rollout.yaml': 'kind: [\n' }, real, { path });
    expect(set.problems).toEqual([
      { path, message: expect.stringContaining('kustomize cannot render it (exit code 1): Error: ') },
    ]);
    expect(set.problems[0]?.message).toContain('apps/webapp/');
    expect(set.problems[0]?.message).not.toContain('headgate-render');
  });

  it('runs no function of a repository', async () => {
    const runs =
      "apiVersion: x/v1\nkind: X\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'exec: {path: /bin/true}'}}\n";
    const { set } = await read({ 'app/kustomization.yaml': 'generators: [g.yaml]\n', 'app/g.yaml': runs }, real);
    expect(set.problems).toEqual([{ path: 'app/g.yaml:3', message: expect.stringContaining('never allowed') }]);
  });
});

describe.skipIf(!programs.helm)(`Helm itself${why('helm')}`, () => {
  const files = {
    'app/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0}]\n',
    'app/values.yaml': 'image: web:1\n',
    'app/values.schema.json': '{"$ref": "http://127.0.0.1:1/schema.json"}',
    'app/files/a.txt': 'text',
    'app/templates/_helpers.tpl': '{{ define "name" }}{{ .Release.Name }}-web{{ end }}',
    'app/templates/c.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ include "name" . }}, namespace: {{ .Release.Namespace }}}\ndata: {image: {{ .Values.image }}, file: {{ .Files.Get "files/a.txt" }}}\n',
    'app/templates/hook.yaml': `${configMap('hook').replace('{name: hook}', '{name: hook, annotations: {helm.sh/hook: pre-install}}')}`,
    'app/templates/tests/t.yaml': `${configMap('test').replace('{name: test}', '{name: test, annotations: {helm.sh/hook: test}}')}`,
    'app/crds/crd.yaml':
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.example.com}\n',
    'app/charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
    'app/charts/lib/templates/l.yaml': configMap('lib'),
    'env/prod.yaml': 'image: web:2\n',
  };
  const helm = { releaseName: 'shop', valueFiles: ['../env/prod.yaml'] };

  it('renders the chart with its value files, without hooks and tests', async () => {
    const contents = await read(files, real, { helm });
    expect(contents.set.problems).toEqual([]);
    expect(objectsOf(contents).sort()).toEqual([
      ['ConfigMap', 'lib', 'app/charts/lib/templates/l.yaml'],
      ['ConfigMap', 'shop-web', 'app/templates/c.yaml'],
      ['CustomResourceDefinition', 'x.example.com', 'app/crds/crd.yaml'],
    ]);
    const own = contents.set.manifests.find(({ object }) => object.metadata.name === 'shop-web');
    expect(own?.object).toMatchObject({ metadata: { namespace: 'shop' }, data: { image: 'web:2', file: 'text' } });
  });

  it('says what it does not like, in the paths of the repository', async () => {
    const { set } = await read({ ...files, 'app/templates/c.yaml': '{{ fail "no image" }}' }, real, { helm });
    expect(set.problems).toEqual([{ path: 'app', message: expect.stringContaining('no image') }]);
    expect(set.problems[0]?.message).not.toContain('headgate-render');
  });

  it.skipIf(!limiter)('is held to its memory, where prlimit is there', async () => {
    const { set } = await read({ ...files, 'app/templates/c.yaml': '{{ repeat 2000000000 "large" }}' }, real, { helm });
    expect(set.problems).toEqual([{ path: 'app', message: expect.stringContaining('out of memory') }]);
  });
});
