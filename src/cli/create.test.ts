import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { rollout, type SandboxCluster, sandboxCluster, template } from '../../test/sandbox-cluster.ts';
import type { AnalysisTemplate, ClusterAnalysisTemplate } from '../api/index.ts';
import { type AnyObject, analysisRuns } from '../kube/resources.ts';

let cluster: SandboxCluster;
beforeEach(async () => {
  cluster = await sandboxCluster();
});
afterEach(() => cluster.stop());

const manifests = (...objects: object[]) =>
  cluster.file('objects.yaml', objects.map((each) => stringify(each)).join('---\n'));

const metric = (name: string) => ({
  name,
  successCondition: 'result[0] > {{args.least}}',
  provider: { prometheus: { address: 'http://prometheus.example', query: 'vector(1)' } },
});

function analysisTemplate(name: string, spec: object = {}): AnalysisTemplate {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { namespace: 'default', name, labels: { team: 'shop' } },
    spec: { args: [{ name: 'least' }, { name: 'unit', value: 'ms' }], metrics: [metric(name)], ...spec },
  };
}

function clusterTemplate(name: string): ClusterAnalysisTemplate {
  const { spec } = analysisTemplate(name);
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'ClusterAnalysisTemplate', metadata: { name }, spec };
}

describe('create -f', () => {
  const experiment = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'compare', namespace: 'kube-public' },
    spec: { templates: [{ name: 'a', selector: { matchLabels: { app: 'web' } }, template: template('web:1') }] },
  };

  it('creates each object, in its own namespace or the one meant', async () => {
    const { metadata: _metadata, ...web } = rollout('registry.example/web:1');
    const file = await manifests(
      { ...web, metadata: { name: 'web' } },
      analysisTemplate('latency'),
      clusterTemplate('latency'),
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisRun',
        metadata: { generateName: 'now-' },
        spec: { metrics: [metric('latency')] },
      },
    );
    const { code, stdout } = await cluster.run(['create', '-f', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^rollout\.argoproj\.io\/web created\nanalysistemplate\.argoproj\.io\/latency created\nclusteranalysistemplate\.argoproj\.io\/latency created\nanalysisrun\.argoproj\.io\/now-\w{5} created\n$/,
    );
    expect(cluster.api.store.get('Rollout', 'default', 'web')).toBeDefined();
  });

  it('creates what will not be driven, and says so', async () => {
    const { code, stdout, stderr } = await cluster.run(['create', '--filename', await manifests(experiment)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'experiment.argoproj.io/compare created\n' });
    expect(cluster.api.store.get('Experiment', 'kube-public', 'compare')).toBeDefined();
    if (stderr !== '') expect(stderr).toMatch(/objects\.yaml:\d+: warning: .*not supported by this version/);
  });

  it('creates nothing where one of the objects has a field that is not known, or is of another kind', async () => {
    const wrong = rollout('web:1');
    const file = await manifests(
      rollout('web:1'),
      { ...wrong, spec: { ...wrong.spec, replicaz: 1 } },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
      },
    );
    const { code, stdout, stderr } = await cluster.run(['create', '-f', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/objects\.yaml:\d+: spec\.replicaz: "replicaz" is no field here/);
    expect(stderr).toContain('kind: creates of apps/Deployment unsupported: known are Rollout, Experiment');
    expect(cluster.api.store.get('Rollout', 'default', 'web')).toBeUndefined();
  });

  it.each([
    ['what is no YAML', 'a: "b', /this is not YAML/],
    ['what is no object', 'kind: Rollout\n', /not a Kubernetes object/],
    ['an object without metadata', 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {}\n', /metadata/],
    ['nothing', '', /there is no object in/],
  ])('refuses %s', async (_, text, message) => {
    const { code, stderr } = await cluster.run(['create', '-f', await cluster.file('file.yaml', text)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('says what is there already, and what cannot be read', async () => {
    cluster.api.store.create('Rollout', rollout('web:1'));
    expect((await cluster.run(['create', '-f', await manifests(rollout('web:1'))])).stderr).toBe(
      'Error: rollouts.argoproj.io "web" already exists\n',
    );
    expect((await cluster.run(['create', '-f', '/nowhere.yaml'])).stderr).toContain('/nowhere.yaml cannot be read');
  });

  it('then shows the one Rollout or Experiment', async () => {
    const running = cluster.start(['create', '-w', '-f', await manifests(experiment)]);
    await running.printed('experiment.argoproj.io/compare created\nName:            compare');
    running.interrupt();
    expect(await running.ended).toBe(0);
  });

  it.each([
    ['Cannot watch multiple resources', () => [rollout('web:1'), experiment]],
    ['Can only watch resources of type Rollout or Experiment', () => [analysisTemplate('latency')]],
  ])('%s', async (message, objects) => {
    const { code, stdout, stderr } = await cluster.run(['create', '-w', '-f', await manifests(...objects())]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each([
    [['create'], 'create needs a file: -f FILE'],
    [['create', 'rollout', '-f', 'x'], 'create takes no names, not rollout'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cluster.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('create analysisrun', () => {
  const create = (...args: string[]) => cluster.run(['create', 'analysisrun', ...args]);
  const runs = () => cluster.api.store.list(analysisRuns, 'default');

  it('measures what a template in the cluster says, with its arguments', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', owner: 'shop' };
    const latency = analysisTemplate('latency');
    cluster.api.store.create('AnalysisTemplate', { ...latency, metadata: { ...latency.metadata, annotations } });
    expect(await create('--from', 'latency', '-a', 'least=a=b', '--name', 'now', '--instance-id=mine')).toEqual({
      code: 0,
      stdout: 'analysisrun.argoproj.io/now created\n',
      stderr: '',
    });
    const [run] = runs();
    expect(run?.spec).toEqual({
      args: [
        { name: 'least', value: 'a=b' },
        { name: 'unit', value: 'ms' },
      ],
      metrics: [metric('latency')],
    });
    expect(run?.metadata).toMatchObject({
      labels: { team: 'shop', 'argo-rollouts.argoproj.io/controller-instance-id': 'mine' },
      annotations: { owner: 'shop' },
    });
  });

  it('takes in the templates that the template refers to', async () => {
    const templates = [{ templateName: 'errors' }, { templateName: 'latency', clusterScope: true }];
    cluster.api.store.create('AnalysisTemplate', analysisTemplate('latency', { templates }));
    cluster.api.store.create(
      'AnalysisTemplate',
      analysisTemplate('errors', { templates: [{ templateName: 'latency' }] }),
    );
    cluster.api.store.create('ClusterAnalysisTemplate', {
      ...clusterTemplate('latency'),
      spec: { metrics: [metric('p99')] },
    } as AnyObject);
    expect((await create('--from=latency', '--argument=least=1')).stdout).toMatch(/latency-\w{5} created\n$/);
    expect(runs()[0]?.spec.metrics.map(({ name }) => name)).toEqual(['latency', 'errors', 'p99']);
  });

  it.each([
    ['in the cluster', ['--global', '--from', 'latency']],
    ['in a file', ['--global', '--from-file', 'FILE']],
  ])('takes a ClusterAnalysisTemplate %s', async (_, args) => {
    cluster.api.store.create('ClusterAnalysisTemplate', clusterTemplate('latency'));
    const file = await manifests(clusterTemplate('latency'));
    const given = args.map((arg) => arg.replace('FILE', file));
    expect((await create(...given, '-a', 'least=1', '--generate-name', 'try-')).stdout).toMatch(/try-\w{5} created\n$/);
  });

  it('keeps arguments for a template that declares none, and says which no template has', async () => {
    const from = ['--from-file', await manifests(analysisTemplate('latency', { args: undefined }))];
    expect(await create(...from, '-a', 'least=1')).toMatchObject({ code: 0, stderr: '' });
    expect(runs()[0]?.spec.args).toEqual([{ name: 'least', value: '1' }]);
    cluster.api.store.create('AnalysisTemplate', analysisTemplate('errors'));
    expect(await create('--from', 'errors', '-a', 'least=1', '-a', 'lest=2')).toMatchObject({
      code: 0,
      stderr: 'warning: no template has the argument "lest"; known are least, unit\n',
    });
  });

  it.each([
    [
      'an argument without a value',
      ['--from', 'latency'],
      'args.least was not resolved: give it a value with --argument',
    ],
    [
      'a template that is not there',
      ['--from', 'speed'],
      'analysistemplates.argoproj.io "speed" not found in namespace',
    ],
    [
      'a cluster template that is not there',
      ['--from', 'latency', '--global'],
      'clusteranalysistemplates.argoproj.io "latency" not found\n',
    ],
    ['a file without a template', ['--from-file', 'FILE'], 'there is no AnalysisTemplate in '],
    ['a template that refers to none', ['--from', 'broken', '-a', 'least=1'], "AnalysisTemplate 'gone' not found"],
  ])('refuses %s', async (_, args, message) => {
    cluster.api.store.create('AnalysisTemplate', analysisTemplate('latency'));
    cluster.api.store.create('AnalysisTemplate', analysisTemplate('broken', { templates: [{ templateName: 'gone' }] }));
    const file = await manifests(rollout('web:1'));
    const { code, stderr } = await create(...args.map((arg) => arg.replace('FILE', file)));
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(runs()).toEqual([]);
  });

  it.each([
    [[], 'one of --from or --from-file must be specified'],
    [['--from', 'a', '--from-file', 'b'], 'one of --from or --from-file must be specified'],
    [['--from', 'a', '-a', 'least'], 'arguments must be in the form NAME=VALUE, which "least" is not'],
    [['latency'], 'create analysisrun takes no names, not latency'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await create(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('needs a name where the template has none', async () => {
    const nameless = { ...analysisTemplate('x', { args: [] }), metadata: { generateName: 'x-' } };
    const file = await manifests(nameless);
    expect((await create('--from-file', file)).stderr).toContain('name is invalid: the template has none; give --name');
    expect((await create('--from-file', file, '--name', 'now')).stdout).toContain('now created');
  });
});
