import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Content, realPrograms, startTrees, type Trees } from '../../test/git/tree.ts';
import { silentLog } from '../log.ts';
import { type AppContents, inputsOf, readApp } from './app.ts';
import { createRenderer, type Job, type Renderer } from './render/renderer.ts';

let trees: Trees;
beforeAll(async () => {
  trees = await startTrees();
});
afterAll(() => trees.close());

const HELM = { chartsOf: { namespace: 'flux-system', name: 'deploy' } };
const CHART = 'charts/web';
const CHART_FILES = {
  [`${CHART}/Chart.yaml`]: 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  [`${CHART}/values.yaml`]: 'tag: own\nreplicas: 2\n',
  [`${CHART}/templates/rollout.yaml`]: [
    'apiVersion: argoproj.io/v1alpha1',
    'kind: Rollout',
    'metadata: {name: {{ .Release.Name }}}',
    'spec: {replicas: {{ .Values.replicas | default 1 }}, image: "{{ .Values.tag }}", in: {{ .Release.Namespace }}}',
    '',
  ].join('\n'),
};

interface Parts {
  chart?: object;
  spec?: object;
  metadata?: object;
}

function helmRelease({ chart = {}, spec = {}, metadata = {} }: Parts = {}): string {
  const sourceRef = { kind: 'GitRepository', ...HELM.chartsOf };
  return JSON.stringify({
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: { chart: { spec: { chart: `./${CHART}`, sourceRef, ...chart } }, ...spec },
  });
}

/** Answers with what it was asked, and keeps it. */
function standIn(): Renderer & { jobs: Job[] } {
  const jobs: Job[] = [];
  return {
    jobs,
    availability: () => Promise.resolve({ kind: 'ready', version: 'v1' }),
    render(job) {
      jobs.push(job);
      const output = 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n';
      return Promise.resolve({ kind: 'rendered', output: Buffer.from(output) });
    },
  };
}

async function read(release: string, renderer: Renderer, more: Record<string, Content> = {}): Promise<AppContents> {
  const tree = await trees.commit({ ...CHART_FILES, 'apps/web.json': release, ...more });
  return readApp(trees.clone, { tree, path: 'apps', namespace: 'shop', helm: HELM }, { renderer, parsed: new Map() });
}

const filesOf = ({ files }: Job) => Object.fromEntries([...files].map(([path, content]) => [path, String(content)]));

describe('a HelmRelease whose chart lies in the same repository', () => {
  it('is rendered by its names, with its values on top', async () => {
    const renderer = standIn();
    const contents = await read(helmRelease({ spec: { values: { tag: 'v2' } } }), renderer);
    expect(contents.set.problems).toEqual([]);
    expect(contents.inputs).toEqual(['apps', `${CHART}/`]);
    expect(contents.set.manifests.map(({ object }) => `${object.kind} ${object.metadata.namespace}`)).toEqual([
      'HelmRelease shop',
      'Rollout shop',
    ]);
    const [job] = renderer.jobs as [Job];
    expect(job).toMatchObject({ tool: 'helm', folder: CHART, releaseName: 'web', namespace: 'shop' });
    expect(job).toMatchObject({ valueFiles: ['.headgate-values/0.yaml'] });
    expect(filesOf(job)).toEqual({ ...CHART_FILES, '.headgate-values/0.yaml': '{"tag":"v2"}' });
  });

  it.each([
    [{ targetNamespace: 'live' }, 'live-web', 'live'],
    [{ targetNamespace: 'live', releaseName: 'other' }, 'other', 'live'],
    [{ releaseName: 'other' }, 'other', 'shop'],
  ])('%j is release %s in %s', async (spec, releaseName, namespace) => {
    const renderer = standIn();
    const { set } = await read(helmRelease({ spec }), renderer);
    expect(renderer.jobs[0]).toMatchObject({ releaseName, namespace });
    expect(set.manifests[1]?.object.metadata.namespace).toBe(namespace);
  });

  it('is rendered anew where only its values are others, and else once', async () => {
    const renderer = standIn();
    const parsed = new Map();
    for (const tag of ['v1', 'v1', 'v2']) {
      const files = { ...CHART_FILES, 'apps/web.json': helmRelease({ spec: { values: { tag } } }) };
      const app = { tree: await trees.commit(files), path: 'apps', namespace: 'shop', helm: HELM };
      await readApp(trees.clone, app, { renderer, parsed });
    }
    expect(renderer.jobs).toHaveLength(2);
  });

  it("has value files in place of the chart's own, and ConfigMaps of the folder below its values", async () => {
    const renderer = standIn();
    const chart = { valuesFiles: ['env/prod.yaml', 'env/none.yaml'], ignoreMissingValuesFiles: true };
    const valuesFrom = [
      { kind: 'ConfigMap', name: 'more' },
      { kind: 'ConfigMap', name: 'more', valuesKey: 'b' },
    ];
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {values.yaml: "x: 1", b: "x: 2"}\n';
    const more = { 'apps/more.yaml': map, 'env/prod.yaml': 'tag: prod\n' };
    const contents = await read(helmRelease({ chart, spec: { valuesFrom, values: {} } }), renderer, more);
    expect(contents.set.problems).toEqual([]);
    expect(contents.inputs).toEqual(['apps', `${CHART}/`, 'env/none.yaml', 'env/prod.yaml']);
    const [job] = renderer.jobs as [Job];
    const below = ['0', '1', '2'].map((name) => `.headgate-values/${name}.yaml`);
    expect(job).toMatchObject({ valueFiles: ['env/prod.yaml', ...below] });
    expect(filesOf(job)).toMatchObject({
      [`${CHART}/values.yaml`]: '{}\n',
      [below[0] as string]: 'x: 1',
      [below[1] as string]: 'x: 2',
    });
  });

  it('names its chart and value files before anything is rendered, of a kustomization too', async () => {
    const files = { ...CHART_FILES, 'apps/web.json': helmRelease() };
    const plain = { tree: await trees.commit(files), path: 'apps', namespace: 'shop', helm: HELM };
    expect(await inputsOf(trees.clone, plain)).toEqual(['apps', `${CHART}/`]);
    const base = {
      ...CHART_FILES,
      'base/kustomization.yaml': 'resources: [web.json]\n',
      'base/web.json': helmRelease(),
    };
    const tree = await trees.commit({ ...base, 'apps/kustomization.yaml': 'resources: [../base]\n' });
    expect(await inputsOf(trees.clone, { ...plain, tree })).toContain(`${CHART}/`);
    const valuesFiles = ['env/prod.yaml', '../../x.yaml'];
    const named = await trees.commit({ ...CHART_FILES, 'apps/web.json': helmRelease({ chart: { valuesFiles } }) });
    expect(await inputsOf(trees.clone, { ...plain, tree: named })).toEqual(['apps', `${CHART}/`, 'env/prod.yaml']);
    const { helm: _, ...unfollowed } = plain;
    expect(await inputsOf(trees.clone, unfollowed)).toEqual(['apps']);
  });
});

describe('a HelmRelease stays an object', () => {
  it.each([
    ['a HelmRepository', { sourceRef: { kind: 'HelmRepository', ...HELM.chartsOf } }],
    ['another GitRepository', { sourceRef: { kind: 'GitRepository', namespace: 'flux-system', name: 'charts' } }],
    ['a GitRepository of its own namespace', { sourceRef: { kind: 'GitRepository', name: 'deploy' } }],
  ])('where its chart is from %s', async (_, chart) => {
    const renderer = standIn();
    const { set } = await read(helmRelease({ chart }), renderer);
    expect(set.problems).toEqual([]);
    expect([set.manifests.length, renderer.jobs.length]).toEqual([1, 0]);
  });

  it('where nothing says which GitRepository the folder is from', async () => {
    const tree = await trees.commit({ ...CHART_FILES, 'apps/web.json': helmRelease() });
    const app = { tree, path: 'apps', namespace: 'shop' };
    const { set } = await readApp(trees.clone, app, { renderer: standIn(), parsed: new Map() });
    expect(set.manifests).toHaveLength(1);
  });
});

describe('what a HelmRelease is made of besides is for a person:', () => {
  it.each([
    [{ spec: { valuesFrom: [{ kind: 'Secret', name: 'x' }] } }, 'values from Secret x, and only those of a ConfigMap'],
    [
      { spec: { valuesFrom: [{ kind: 'ConfigMap', name: 'x' }] } },
      'ConfigMap x, whose values.yaml is not in its folder',
    ],
    [{ spec: { valuesFrom: [{ kind: 'ConfigMap', name: 'x', targetPath: 'a.b' }] } }, 'targetPath'],
    [{ spec: { postRenderers: [{ kustomize: {} }] } }, 'spec.postRenderers'],
    [{ spec: { releaseName: '--post-renderer=x' } }, 'Set spec.releaseName'],
    [{ spec: { targetNamespace: 'x --set=a', releaseName: 'web' } }, 'a namespace that cannot be one'],
    [{ metadata: { name: 'w'.repeat(60) } }, 'more than 53 characters'],
    [{ chart: { chart: '../web' } }, 'a chart that leads out of the repository'],
    [{ chart: { valuesFiles: ['../x.yaml'] } }, 'leads out of the repository'],
    [{ chart: { valuesFiles: ['none.yaml'] } }, 'names none.yaml, which is not there'],
  ])('%j', async (parts: Parts, words) => {
    const renderer = standIn();
    const { set } = await read(helmRelease(parts), renderer);
    expect(set.problems).toEqual([expect.objectContaining({ message: expect.stringContaining(words) })]);
    expect(renderer.jobs).toEqual([]);
  });
});

const programs = await realPrograms();
describe.runIf(programs.helm)('with Helm itself', () => {
  const rolloutOf = async (parts: Parts, more: Record<string, Content> = {}) => {
    const renderer = createRenderer({ programs, environment: process.env, log: silentLog() });
    const { set } = await read(helmRelease(parts), renderer, more);
    expect(set.problems).toEqual([]);
    return set.manifests[1]?.object;
  };

  it("values win over the chart's own", async () => {
    expect(await rolloutOf({ spec: { values: { tag: 'v2' } } })).toMatchObject({
      spec: { replicas: 2, image: 'v2', in: 'shop' },
    });
  });

  it("the chart's own count only among the value files that are named", async () => {
    const env = { 'env/prod.yaml': 'tag: prod\n' };
    const prod = await rolloutOf({ chart: { valuesFiles: ['env/prod.yaml'] } }, env);
    expect(prod).toMatchObject({ spec: { replicas: 1, image: 'prod' } });
    const both = await rolloutOf({ chart: { valuesFiles: [`${CHART}/values.yaml`, 'env/prod.yaml'] } }, env);
    expect(both).toMatchObject({ spec: { replicas: 2, image: 'prod' } });
  });
});
