import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SandboxCluster, sandboxCluster } from '../../test/sandbox-cluster.ts';
import { createKubeClient } from '../kube/http-client.ts';
import { replicaSets } from '../kube/resources.ts';
import { reply, startTestServer, status } from '../kube/test-server.ts';
import { silentLog } from '../log.ts';
import type { RequestInfo } from '../sandbox/api/types.ts';
import { connect } from './cluster.ts';
import type { World } from './world.ts';

let cluster: SandboxCluster;
/** What the API server was asked. */
let asked: RequestInfo[];
beforeEach(async () => {
  cluster = await sandboxCluster();
  asked = [];
  cluster.api.authorize = (request) => {
    asked.push(request);
    return true;
  };
});
afterEach(() => cluster.stop());

/** A Rollout of 18 lines; the resources are on line 16. */
const manifest = (resources = '{}', { name = 'web', namespace = 'default', image = 'web:1' } = {}) =>
  `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: ${image}
        resources: ${resources}
  strategy:
    canary: {}
`;
const TOO_MUCH = '{requests: {cpu: "2"}, limits: {cpu: "1"}}';
const REFUSED =
  'spec.template.spec.containers[0].resources.requests: the API server refuses it: Invalid value: "2": must be less than or equal to cpu limit of 1\n';

async function lint(text: string, flags: string[] = ['--server-dry-run'], world: Partial<World> = {}) {
  const file = await cluster.file('rollout.yaml', text);
  const { code, ...printed } = await cluster.run(['lint', '-f', file, ...flags], world);
  const short = (all: string) => all.replaceAll(file, 'rollout.yaml');
  return { code, stdout: short(printed.stdout), stderr: short(printed.stderr) };
}

describe('lint --server-dry-run', () => {
  afterEach(() => {
    for (const { verb, resource } of asked) expect(`${verb} ${resource}`).toBe('create replicasets');
    expect(cluster.api.store.list(replicaSets)).toEqual([]);
  });

  it('has nothing to say of pods that the API server takes, and stores nothing', async () => {
    expect(await lint(manifest())).toEqual({
      code: 0,
      stdout: '',
      stderr: '1 object in 1 file, 1 pod template tried on the API server: 0 problems\n',
    });
    expect(asked).toMatchObject([{ verb: 'create', resource: 'replicasets', namespace: 'default' }]);
  });

  it('asks about a Rollout whose name the API server is to make', async () => {
    const text = manifest(TOO_MUCH).replace('  name: web\n', '  generateName: web-\n');
    expect((await lint(text)).stdout).toBe(`rollout.yaml:16: ${REFUSED}`);
  });

  it('tells what the API server refuses, where it stands in the file', async () => {
    expect(await lint(manifest(TOO_MUCH))).toEqual({
      code: 1,
      stdout: `rollout.yaml:16: ${REFUSED}`,
      stderr: '1 object in 1 file, 1 pod template tried on the API server: 1 problem\n',
    });
  });

  it('asks for each document, in its own namespace or the one that is meant', async () => {
    const texts = [
      manifest(),
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n',
      manifest(TOO_MUCH, { name: 'api' }).replace('  namespace: default\n', ''),
      manifest(TOO_MUCH, { name: 'jobs', namespace: 'kube-system' }),
    ];
    const { stdout } = await lint(texts.join('---\n'), ['--server-dry-run', '-n', 'kube-public']);
    expect(stdout).toBe(`rollout.yaml:39: ${REFUSED}rollout.yaml:58: ${REFUSED}`);
    expect(asked.map(({ namespace }) => namespace)).toEqual(['default', 'kube-public', 'kube-system']);
  });

  it('reads as the controller does: a quantity that is none is told once', async () => {
    const { code, stdout } = await lint(manifest('{requests: {memory: lots}}'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^rollout\.yaml:16: .*requests\.memory: "lots" is no quantity[^\n]*\n$/);
  });

  it('tells once what is known without the API server', async () => {
    const { stdout } = await lint(manifest('{}', { image: '""' }));
    expect(stdout).toMatch(/^rollout\.yaml:15: spec\.template\.spec\.containers\[0\]\.image: [^\n]*\n$/);
    expect(stdout).not.toContain('API server');
  });

  it.each([
    [
      'pods that come from a workload',
      /( {2}selector:[\s\S]*)(?= {2}strategy:)/,
      '  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n',
    ],
    ['a Rollout of wrong types', 'canary: {}', 'canary: 5'],
    ['a Rollout without a name', '  name: web\n', ''],
    ['other kinds', 'argoproj.io/', 'example.com/'],
  ])('asks nothing about %s', async (_, from, to) => {
    const text = manifest(TOO_MUCH).replace(from, to);
    expect(text).not.toBe(manifest(TOO_MUCH));
    expect((await lint(text)).stderr).toContain(', 0 pod templates tried on the API server');
    expect(asked).toEqual([]);
  });

  it('does not take missing rights for a problem of the manifest, and asks on', async () => {
    cluster.api.authorize = ({ namespace }) => namespace !== 'default';
    const both = `${manifest(TOO_MUCH)}---\n${manifest(TOO_MUCH, { namespace: 'kube-system' })}`;
    const { code, stdout, stderr } = await lint(both);
    expect(code).toBe(1);
    expect(stdout).toBe(`rollout.yaml:35: ${REFUSED}`);
    expect(stderr).toMatch(
      /^Error: rollout\.yaml:9: spec\.template: the API server could not be asked: replicasets\.apps is forbidden: User ".*"default"\n2 objects in 1 file, 1 pod template tried on the API server: 1 problem\n$/,
    );
  });

  it('ends with 1 where nothing is known of the pods, though there is no problem', async () => {
    const { code, stdout, stderr } = await lint(manifest('{}', { namespace: 'gone' }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('could not be asked: namespaces "gone" not found');
    expect(stderr).toContain(', 0 pod templates tried on the API server: 0 problems\n');
  });

  it('says that the API server cannot be reached, once, and all that is known without it', async () => {
    await cluster.api.stop();
    const { code, stdout, stderr } = await lint(`${manifest()}---\n${manifest()}`);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^rollout\.yaml:23: metadata\.name: Rollout "web" is there already[^\n]*\n$/);
    expect(stderr).toMatch(/^Error: the API server could not be asked: .*ECONNREFUSED.*\n2 objects/);
    cluster = await sandboxCluster();
  });

  it('says so too where the kubeconfig leads nowhere', async () => {
    const { code, stderr } = await lint(manifest(), ['--server-dry-run', '--context', 'nobody']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: the API server could not be asked: .*nobody/);
  });

  it.each([
    ['--namespace', 'shop'],
    ['--context', 'prod'],
  ])('refuses %s alone', async (...flag) => {
    const { code, stderr } = await lint(manifest(), flag);
    expect(code).toBe(2);
    expect(stderr).toContain('is for --server-dry-run: lint asks no cluster without it');
    expect(asked).toEqual([]);
  });

  it('survives whatever is in the place of a part', async () => {
    const lines = manifest(TOO_MUCH).split('\n');
    for (const damage of ['5', 'null', 'text', '[1, {}]', '[null]', '{a: {}}']) {
      const texts = lines.flatMap((line, index) => {
        const [, start] = /^([ -]*[^ :]+:)/.exec(line) ?? [];
        if (start === undefined) return [];
        const indent = line.search(/[^ -]/);
        const after = lines.slice(index + 1);
        const end = after.findIndex((next) => next.search(/[^ -]/) <= indent);
        const left = after.slice(end < 0 ? after.length : end);
        return [[...lines.slice(0, index), `${start} ${damage}`, ...left].join('\n')];
      });
      const { stderr } = await lint(texts.join('\n---\n'));
      expect(stderr).toMatch(/ in 1 file, \d+ pod templates tried on the API server: /);
    }
  });
});

it('takes a name that is taken for a template that has passed', async () => {
  const world = {
    connect: async (options: Parameters<typeof connect>[0]) => {
      const connected = await connect(options);
      const { client } = connected;
      // As if the dry run were none: the next one finds the name taken.
      const create: typeof client.create = (resource, object) => client.create(resource, object);
      return { ...connected, client: { ...client, create } };
    },
  };
  await lint(manifest(), ['--server-dry-run'], world);
  expect(cluster.api.store.list(replicaSets)).toHaveLength(1);
  expect(await lint(manifest())).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(' 1 pod') });
});

/** Answers of real API servers that the sandbox's never gives. */
describe('what a real API server answers', () => {
  const lintAgainst = async (body: object) => {
    const server = await startTestServer();
    server.intercept = (_, response) => {
      reply(response, (body as { code: number }).code, body);
      return true;
    };
    const client = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'headgate/test' });
    const connected = { client, namespace: 'default', close: () => client.close() };
    const text = manifest('{limits: {nvidia.com/gpu: 1.5}}').replace('  namespace: default\n', '');
    try {
      return await lint(text, ['--server-dry-run'], {
        connect: async (options) => ({ ...(await connect(options)), ...connected }),
      });
    } finally {
      await server.stop();
    }
  };
  const invalid = (...causes: object[]) => ({ ...status(422, 'Invalid', 'all of it'), details: { causes } });

  it.each([
    ['metadata.labels', 10, 'spec.template.metadata.labels'],
    ['spec.template.labels', 10, 'spec.template.metadata.labels'],
    ['spec.template.annotations[a.b/c]', 9, 'spec.template.metadata.annotations."a.b/c"'],
    [
      'spec.template.spec.containers[0].resources.limits[nvidia.com/gpu]',
      15,
      'spec.template.spec.containers[0].resources.limits."nvidia.com/gpu"',
    ],
    ['spec.selector.matchLabels', 7, 'spec.selector.matchLabels'],
    ['metadata.name', 4, 'metadata.name'],
  ])('%s stands in line %i', async (field, line, path) => {
    const cause = { reason: 'FieldValueInvalid', field, message: 'Invalid value: 1: no' };
    const { code, stdout } = await lintAgainst(invalid(cause, cause));
    expect(code).toBe(1);
    expect(stdout).toBe(`rollout.yaml:${line}: ${path}: the API server refuses it: Invalid value: 1: no\n`);
  });

  const denied = `replicasets.apps "web" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`;
  it.each([
    ['a policy', { ...status(422, 'Invalid', denied), details: { causes: [{ message: denied }] } }, denied],
    [
      'a policy that forbids',
      { ...status(403, 'Forbidden', denied), details: { causes: [{ message: denied }] } },
      denied,
    ],
    [
      'a webhook',
      status(400, '', 'admission webhook "w.x" denied the request: no'),
      'admission webhook "w.x" denied the request: no',
    ],
    [
      'who reads it',
      status(400, 'BadRequest', 'ReplicaSet in version "v1" cannot be handled as a ReplicaSet'),
      'ReplicaSet in version "v1" cannot be handled as a ReplicaSet',
    ],
    ['causes that are none', { ...invalid(), details: { causes: [5, { field: 7 }] } }, 'all of it'],
  ])('tells the refusal of %s of the template as a whole', async (_, body, message) => {
    expect(await lintAgainst(body)).toMatchObject({
      code: 1,
      stdout: `rollout.yaml:8: spec.template: the API server refuses its pods: ${message}; correct the template\n`,
    });
  });

  it.each([
    ['missing rights', status(403, 'Forbidden', 'replicasets.apps is forbidden: no')],
    ['an outage', status(503, 'ServiceUnavailable', 'later')],
    ['an unknown user', status(401, 'Unauthorized', 'Unauthorized')],
    [
      'a webhook that nothing can be tried with',
      status(400, 'BadRequest', 'admission webhook "w.x" does not support dry run'),
    ],
  ])('does not take %s for a problem of the manifest', async (_, body) => {
    const { code, stdout, stderr } = await lintAgainst(body);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('Error: rollout.yaml:8: spec.template: the API server could not be asked: ');
  });
});
