/**
 * What the controller's rights are for, where the stories of the loop do not show it. Together with those they use every
 * right of deploy/: the audit of the whole run counts on it.
 */
import { join } from 'node:path';
import { afterAll, it as base, beforeAll, describe, expect } from 'vitest';
import type { GitRevert, KubeObject } from '../../src/api/index.ts';
import { machineClock } from '../../src/clock.ts';
import { createLeaderElection } from '../../src/controllers/leader.ts';
import {
  application,
  COMMIT,
  changed,
  fluxLabels,
  gitRepository,
  kustomization,
} from '../../src/git/provenance/testing-objects.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { gitReverts, leases, replicaSets, revertPolicies, rollouts, secrets } from '../../src/kube/resources.ts';
import { silentLog } from '../../src/log.ts';
import { FIRST, GOOD, installed, isAborted, isHealthy, NEWEST, rolloutYaml, runs } from '../behaviour/fixtures.ts';
import { startController } from '../worlds/controller.ts';
import { worlds } from '../worlds/index.ts';
import { auditedIn } from '../worlds/real/audit.ts';
import { type ApiServer, CONTROLLER, startApiServer } from '../worlds/real/servers/api-server.ts';
import { type RealWorldState, readRealWorld } from '../worlds/real/state.ts';
import { realWorld } from '../worlds/real/test-world.ts';
import { PROMETHEUS, type TestWorld } from '../worlds/world.ts';
import { accountYaml, grantYaml, sourceYaml, teamRepository } from './deploying.ts';

const clock = machineClock();
const HOME = 'headgate';
const LATER = 'registry.example/shop:1.3.0';
const JUDGED = '[{ setWeight: 50 }, { analysis: { templates: [{ templateName: judge }] } }]';

function theWorld(): RealWorldState {
  const state = readRealWorld();
  if (!state) throw new Error('there is no real world: start it with npm run test:real');
  return state;
}

function connect(kubeconfig: string) {
  return createKubeClient({ config: loadKubeConfig({ kubeconfig }), log: silentLog(), userAgent: 'headgate-test' });
}

/** A template with one measurement, whose query needs no traffic. */
function judgeYaml(query: string, args = ''): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: judge }
spec:
  ${args}
  metrics:
  - name: judge
    successCondition: result[0] >= 1
    provider: { prometheus: { address: 'http://${PROMETHEUS}', query: '${query}' } }
`;
}

function shopYaml(query: string, { args = '', spec = '' } = {}): string {
  return [judgeYaml(query, args), rolloutYaml({ replicas: 2, steps: JUDGED, spec })].join('---');
}

/** Installs the first release and waits for each of the next. */
async function releasedWhole(world: TestWorld, yaml: string, ...images: string[]): Promise<void> {
  await installed(world, yaml);
  for (const image of images) {
    await world.setImage('shop', image);
    await world.until('shop', isHealthy, 90);
  }
}

function policyYaml({ namespace }: TestWorld, url: string, further: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: RevertPolicy
metadata: { name: ${namespace} }
spec:
  namespaces: [${namespace}]
  repository: { host: git, url: '${url}', branch: main, path: apps${further}
`;
}

describe.each(worlds)('rights in the $name world', ({ it }) => {
  it('to delete ReplicaSets and runs: history beyond what is kept goes', async ({ world }) => {
    const spec = '  revisionHistoryLimit: 1\n  analysis: { successfulRunHistoryLimit: 1 }';
    await releasedWhole(world, shopYaml('vector(1)', { spec }), GOOD, NEWEST, LATER);
    await world.untilTrue(async () => (await world.list(replicaSets)).length === 2, 60);
    const images = (await world.list(replicaSets)).map((one) => one.spec.template?.spec?.containers?.[0]?.image);
    expect(images.sort()).toEqual([NEWEST, LATER]);
    // One besides those that status names.
    await world.untilTrue(async () => (await runs(world)).length <= 2, 60);
    const deleted = (await world.writes()).filter((write) => write.startsWith('delete'));
    expect(deleted.map((write) => write.split('/').at(-2))).toEqual(
      expect.arrayContaining(['analysisruns', 'replicasets']),
    );
  });

  it('to get a ReplicaSet: a name that a stranger has is left to it, and used once it is free', async ({ world }) => {
    await installed(world, rolloutYaml({ replicas: 1 }));
    const [own] = await world.list(replicaSets);
    const { namespace } = world;
    const name = own?.metadata.name ?? '';
    await world.client.delete(rollouts, { namespace, name: 'shop' }, { propagation: 'Background' });
    await world.untilTrue(async () => (await world.list(replicaSets)).length === 0, 60);
    const labels = { app: 'stranger' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'shop', image: FIRST }] } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    const { metadata } = await world.client.create(replicaSets, { metadata: { namespace, name }, spec });
    await world.create(rolloutYaml({ replicas: 1 }));
    await world.pass(10);
    expect((await world.get(replicaSets, name)).metadata.uid).toBe(metadata.uid);
    await world.client.delete(replicaSets, { namespace, name });
    await world.until('shop', isHealthy, 60);
    expect((await world.get(replicaSets, name)).metadata.uid).not.toBe(metadata.uid);
  });

  it('to get a Secret of a team: the one that an analysis names', async ({ world }) => {
    const { namespace, client } = world;
    const data = { least: Buffer.from('1').toString('base64') };
    await client.create(secrets, { metadata: { namespace, name: 'judge' }, data });
    const args = 'args: [{ name: least, valueFrom: { secretKeyRef: { name: judge, key: least } } }]';
    await releasedWhole(world, shopYaml('vector({{args.least}})', { args }), GOOD);
    expect((await runs(world)).map(({ status }) => status?.phase)).toEqual(['Successful']);
  });

  it('to get a Secret at home: the one that a RevertPolicy names', async ({ world }) => {
    const { namespace, client } = world;
    const repository = await teamRepository(world);
    await repository.release({ 'all.yaml': rolloutYaml() });
    const says = async (reason: string) => {
      const policy = await world.get(revertPolicies, namespace);
      return policy.status?.conditions?.[0]?.reason === reason;
    };
    const name = `${namespace}-token`;
    await world.create(policyYaml(world, repository.path, `, secretRef: { name: ${name} } }\n  mode: Off`));
    await world.untilTrue(() => says('SecretMissing'), 30);
    await client.create(secrets, { metadata: { namespace: HOME, name }, data: { token: '' } });
    await world.patch(revertPolicies, namespace, { spec: { mode: 'DryRun' } });
    await world.untilTrue(() => says('Probed'), 30);
    await client.delete(secrets, { namespace: HOME, name });
  });

  it('to delete a GitRevert: one by which nothing was written makes room for the next failure', async ({ world }) => {
    const repository = await teamRepository(world);
    const release = (image: string) => {
      const text = shopYaml('vector(0)').replace(FIRST, image);
      return repository.release({ 'all.yaml': text }, `Release ${image}`);
    };
    await release(FIRST);
    const policy = policyYaml(world, repository.path, ' }\n  mode: DryRun');
    await world.create([accountYaml(), grantYaml(world.namespace), sourceYaml(repository), policy].join('---'));
    await world.until('shop', isHealthy, 60);
    await release(GOOD);
    const record = async (): Promise<GitRevert | undefined> => (await world.list(gitReverts))[0];
    await world.untilTrue(async () => (await record())?.status?.state === 'dryRun', 90);
    const first = await record();
    await world.patchStatus('shop', { abort: false });
    const isNext = async () => {
      const now = await record();
      return now?.status?.state === 'dryRun' && now.metadata.uid !== first?.metadata.uid;
    };
    await world.untilTrue(isNext, 90);
    expect((await record())?.metadata.name).toBe(first?.metadata.name);
    await world.until('shop', isAborted, 10);
  });
});

/** Kinds of Argo CD and Flux, without their schemas. */
const TOOL_KINDS = [
  ['argoproj.io', 'v1alpha1', 'Application', 'applications'],
  ['kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations'],
  ['helm.toolkit.fluxcd.io', 'v2', 'HelmRelease', 'helmreleases'],
  ['source.toolkit.fluxcd.io', 'v1', 'GitRepository', 'gitrepositories'],
].map(
  ([group, version, kind = '', plural]) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: ${kind}, plural: ${plural}, singular: ${kind.toLowerCase()}, listKind: ${kind}List }
  versions:
  - name: ${version}
    served: true
    storage: true
    schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`,
);

/** A Rollout of that name, with what a sync engine writes on all that it applies. */
function markedYaml(name: string, { labels = {}, annotations = {} }: Partial<KubeObject['metadata']>): string {
  const metadata = JSON.stringify({ name, labels, annotations });
  return rolloutYaml({ replicas: 1 }).replace('metadata: { name: shop }', `metadata: ${metadata}`);
}

function deployedYaml(name: string, annotations: Record<string, string>): string {
  const pods = `{ metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: shop, image: '${FIRST}' }] } }`;
  return `
apiVersion: apps/v1
kind: Deployment
metadata: ${JSON.stringify({ name, annotations })}
spec: { replicas: 0, selector: { matchLabels: { app: ${name} } }, template: ${pods} }
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${name} }
spec:
  replicas: 1
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  strategy: { canary: {} }
`;
}

describe.each(worlds)('rights to read what sync engines say, in the $name world', ({ it }) => {
  it('where a revision came from is noted: of an Application, a Kustomization, a HelmRelease', async ({ world }) => {
    const { namespace } = world;
    const own = { 'metadata.namespace': namespace, 'metadata.uid': undefined, 'metadata.generation': undefined };
    const resource = { group: 'apps', kind: 'Deployment', namespace, name: 'behind', status: 'Synced' };
    const objects = [
      changed(application(), {
        ...own,
        'status.resources.1': resource,
        'status.operationState.syncResult.resources.1': resource,
      }),
      changed(kustomization(`${namespace}_fluxed_argoproj.io_Rollout`), { ...own, 'status.observedGeneration': 1 }),
      changed(gitRepository(), own),
    ];
    // Another try of this story may have made them.
    for (const kind of TOOL_KINDS) await world.create(kind).catch(() => {});
    for (const object of objects) {
      const isMade = () =>
        world.create(JSON.stringify(object)).then(
          () => true,
          () => false,
        );
      await world.untilTrue(isMade, 30);
    }
    const tracking = `${namespace}_web:apps/Deployment:${namespace}/behind`;
    await world.create(
      [
        markedYaml('fluxed', { labels: fluxLabels('apps', namespace) }),
        markedYaml('released', { labels: fluxLabels('gone', namespace, 'helm') }),
        deployedYaml('behind', { 'argocd.argoproj.io/tracking-id': tracking }),
      ].join('---'),
    );
    const noted = async (rollout: string) => {
      const sets = await world.list(replicaSets);
      return sets.find(({ metadata }) => metadata.ownerReferences?.[0]?.name === rollout)?.metadata.annotations ?? {};
    };
    for (const [rollout, source] of [
      ['fluxed', `Flux/${namespace}/apps`],
      ['behind', `ArgoCD/${namespace}/web`],
    ] as const) {
      await world.untilTrue(async () => (await noted(rollout))['headgate.dev/git-source'] === source, 60);
      expect(await noted(rollout)).toMatchObject({ 'headgate.dev/git-commit': COMMIT });
    }
    expect(await noted('released')).not.toHaveProperty('headgate.dev/git-commit');
  });
});

describe('the right to leases', () => {
  base('lets one process lead, and the next one take over', async () => {
    const home = connect(theWorld().controllerKubeconfig);
    const candidate = (identity: string) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const own = { client: home, namespace: HOME, name: 'rules-test', identity, log: silentLog() };
      const onLost = (reason: string) => reject(new Error(reason));
      const election = createLeaderElection({ ...own, onStarted: resolve, onLost });
      election.start();
      return { election, leads: promise };
    };
    const first = candidate('first');
    await first.leads;
    const second = candidate('second');
    await first.election.stop();
    await second.leads;
    const lease = await home.get(leases, { namespace: HOME, name: 'rules-test' });
    expect(lease?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
    await second.election.stop();
    home.close();
  });
});

/** A second API server on the world's etcd, as strict with owner references as some distributions are. */
async function startStrictApiServer({ parts, folder }: RealWorldState): Promise<ApiServer> {
  return startApiServer({
    binary: parts.kubernetes?.binaries['kube-apiserver'] ?? '',
    folder: join(folder, 'strict'),
    etcd: 'http://127.0.0.1:2379',
    port: 6444,
    address: '10.88.255.253',
    flags: {
      'enable-admission-plugins': 'OwnerReferencesPermissionEnforcement',
      // The cluster's own Service stays the first server's.
      'endpoint-reconciler-type': 'none',
    },
  });
}

describe('the right to update the finalizers of Rollouts', () => {
  let strict: ApiServer;
  beforeAll(async () => {
    strict = await startStrictApiServer(theWorld());
  });
  afterAll(() => strict?.server.stop());

  /** A world whose controller asks the strict server. */
  const strictly = base.extend('world', async ({ task: _ }, { onCleanup }) => {
    const kubeconfig = await strict.writeKubeconfig('controller', strict.tokens[CONTROLLER] ?? '');
    const world: TestWorld = await realWorld(({ namespace, folder: { root, own }, resolve }) => {
      const connection = connect(kubeconfig);
      return startController({ connection, clock, resolve, repositories: root, cache: own, namespace });
    });
    onCleanup(() => world.stop());
    return world;
  });

  strictly('lets what a Rollout owns block its deletion', async ({ world }) => {
    await releasedWhole(world, shopYaml('vector(1)'), GOOD);
    const owned = [...(await world.list(replicaSets)), ...(await runs(world))];
    const owners = owned.flatMap(({ metadata }) => metadata.ownerReferences ?? []);
    expect(owners.map(({ blockOwnerDeletion }) => blockOwnerDeletion)).toEqual([true, true, true]);
    const asked = await auditedIn(strict.auditLog, world.namespace, 0);
    expect(asked.filter(({ verb }) => verb === 'create').length).toBeGreaterThan(2);
    expect(asked.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  });

  strictly('is what that takes: who has it not is refused', async ({ world }) => {
    const { namespace } = world;
    await installed(world, rolloutYaml({ replicas: 1 }));
    const [own] = await world.list(replicaSets);
    const rule = 'apiGroups: [apps], resources: [replicasets], verbs: [create]';
    await world.create([accountYaml('lesser'), grantYaml(namespace, { account: 'lesser', rule })].join('---'));
    const admin = connect(await strict.writeKubeconfig('admin', strict.tokens.admin ?? ''));
    const lesser = admin.as(`system:serviceaccount:${namespace}:lesser`);
    const [owner] = own?.metadata.ownerReferences ?? [];
    const copy = (blockOwnerDeletion: boolean) => ({
      metadata: { namespace, name: `copy-${blockOwnerDeletion}`, ownerReferences: [{ ...owner, blockOwnerDeletion }] },
      spec: { ...own?.spec, replicas: 0 },
    });
    await expect(lesser.create(replicaSets, copy(true) as never)).rejects.toThrow(/can't set finalizers on/);
    await lesser.create(replicaSets, copy(false) as never);
    admin.close();
  });
});
