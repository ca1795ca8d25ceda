/** Flux is asked to look now once a change is out of Git, by one annotation, and by nothing else. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import type { KubeObject, Rollout } from '../../api/index.ts';
import { changed, fluxLabels, gitRepository, kustomization } from '../../git/provenance/testing-objects.ts';
import { ApiError, type KubeClient } from '../../kube/client.ts';
import { rollouts } from '../../kube/resources.ts';

const AT = 'reconcile.fluxcd.io/requestedAt';

let loop: Loop;
/** As the API server holds it, by kind. */
let flux: Record<string, KubeObject>;
let patched: { object: string; body: unknown }[];
/** How the API server answers to the next patches; then it does what they ask for. */
let refusals: ApiError[];

const tools: Pick<KubeClient, 'get' | 'patch'> = {
  async get(resource, { namespace, name }) {
    const found = flux[resource.kind];
    const isIt = found?.metadata.namespace === namespace && found?.metadata.name === name;
    return (isIt ? found : loop.api.store.get(resource, namespace, name)) as never;
  },
  async patch({ kind }, { namespace, name }, { type, body }) {
    patched.push({ object: `${type} ${kind} ${namespace}/${name}`, body });
    const refusal = refusals.shift();
    if (refusal) throw refusal;
    const { annotations } = (body as KubeObject).metadata;
    flux[kind] = changed(flux[kind] as KubeObject, { 'metadata.annotations': annotations });
    return flux[kind] as never;
  },
};

beforeEach(async () => {
  [patched, refusals] = [[], []];
  loop = await startLoop({ tools });
});
afterEach(() => loop.close());

/** What Flux says once it has applied this commit. */
function applied(commit: string): KubeObject {
  const revision = `main@sha1:${commit}`;
  const changes = { 'spec.path': `./${PATH}`, 'status.lastAppliedRevision': revision };
  return changed(kustomization(), { ...changes, 'status.lastAttemptedRevision': revision });
}

/** Applies the Rollout as Flux does, and raises its ReplicaSet as its controller does. */
async function release(image: string, hash: string): Promise<void> {
  const commit = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml(image) }, `Release ${image}`);
  const repository = changed(gitRepository(), { 'spec.url': loop.url });
  flux = { Kustomization: applied(commit), GitRepository: repository };
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } };
  const there = loop.api.store.get(rollouts, 'shop', 'web');
  if (there) loop.api.store.patch(rollouts, { namespace: 'shop', name: 'web' }, { spec: { template } });
  else {
    const spec = { replicas: 3, selector: { matchLabels: { app: 'web' } }, strategy: { canary: {} }, template };
    const metadata = { name: 'web', namespace: 'shop', labels: fluxLabels() };
    const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec };
    loop.api.store.create(rollouts, rollout as unknown as Rollout);
  }
  raise(loop, hash);
  const observedGeneration = String(loop.rollout().metadata.generation);
  setStatus(loop, { observedGeneration, currentPodHash: hash, ...(!there && { stableRS: hash, phase: 'Healthy' }) });
  await loop.settle(1000);
}

/** v1 is stable, v2 has failed and is taken out of Git; answers the revert's commit. */
async function failAndRevert(beforeTheAbort = () => {}): Promise<string> {
  allow(loop);
  await release('web:v1', HASHES.stable);
  await release('web:v2', HASHES.canary);
  beforeTheAbort();
  abort(loop, HASHES);
  await loop.settle(10_000);
  expect(loop.reverts()[0]?.status).toMatchObject({ state: 'landed' });
  const [revert] = await revertCommits(loop);
  return revert?.id ?? '';
}

const asked = () => patched.map(({ object }) => object);
const FETCH = 'merge GitRepository flux-system/deploy';
const APPLY = 'merge Kustomization flux-system/apps';

/** Flux has fetched that commit, or another one. */
function fetched(commit: string): void {
  const repository = flux.GitRepository as KubeObject;
  flux.GitRepository = changed(repository, { 'status.artifact.revision': `main@sha1:${commit}` });
}

it('asks what fetches the branch, once, with nothing but the annotation, and leaves the rest to Flux', async () => {
  const revert = await failAndRevert();
  expect(asked()).toEqual([FETCH]);
  const { takenOutAt = '' } = loop.reverts()[0]?.status ?? {};
  const after = new Date(Date.parse(takenOutAt) + 1000).toISOString();
  expect(patched[0]?.body).toEqual({ metadata: { annotations: { [AT]: after } } });
  fetched(revert);
  flux.Kustomization = applied(revert);
  await loop.restart();
  setStatus(loop, { message: 'another look' });
  await loop.settle(20 * MINUTE);
  expect(loop.reverts()[0]?.status?.state).toBe('landed');
  expect(asked()).toEqual([FETCH]);
});

it('asks what applies it, once, where that has not followed for ten seconds', async () => {
  const revert = await failAndRevert();
  fetched(revert);
  await loop.settle(12_000);
  expect(asked()).toEqual([FETCH, APPLY]);
  await loop.restart();
  await loop.settle(20 * MINUTE);
  expect(asked()).toEqual([FETCH, APPLY]);
});

it('does not have the old commit applied once more while the new one cannot be fetched', async () => {
  await failAndRevert();
  fetched((await loop.bare.log())[1]?.id ?? '');
  await loop.settle(20 * MINUTE);
  expect(asked()).toEqual([FETCH]);
});

it('asks for nothing before the change is out of Git', async () => {
  allow(loop, { mode: 'DryRun' });
  await release('web:v1', HASHES.stable);
  await release('web:v2', HASHES.canary);
  abort(loop, HASHES);
  await loop.settle(10 * MINUTE);
  expect(loop.reverts()[0]?.status?.state).toBe('dryRun');
  expect(asked()).toEqual([]);
});

it.each(['GitRepository', 'Kustomization'])('asks nothing where a person has suspended the %s', async (kind) => {
  await failAndRevert(() => {
    flux[kind] = changed(flux[kind] as KubeObject, { 'spec.suspend': true });
  });
  await loop.settle(20 * MINUTE);
  expect(asked()).toEqual([]);
});

it.each([
  ['before the change was out of Git', () => new Date(loop.clock.now() - 1).toISOString()],
  ['by a tool that writes no times', () => 'now'],
])('asks once more where it was asked %s', async (_, at) => {
  await failAndRevert(() => {
    flux.GitRepository = changed(flux.GitRepository as KubeObject, { 'metadata.annotations': { [AT]: at() } });
  });
  expect(asked()).toEqual([FETCH]);
});

it('does not ask where somebody has asked since, such as a webhook', async () => {
  await failAndRevert(() => {
    const annotations = { [AT]: new Date(loop.clock.now() + MINUTE).toISOString() };
    flux.GitRepository = changed(flux.GitRepository as KubeObject, { 'metadata.annotations': annotations });
  });
  expect(asked()).toEqual([]);
});

it('asks again after the API server did not answer', async () => {
  refusals = [new ApiError(500, 'InternalError', 'no')];
  await failAndRevert();
  expect(asked()).toEqual([FETCH, FETCH]);
});

it('leaves Flux to its interval where it may not ask', async () => {
  refusals = Array.from({ length: 20 }, () => new ApiError(403, 'Forbidden', 'no'));
  await failAndRevert();
  await loop.settle(10 * MINUTE);
  expect(asked()).toEqual([FETCH]);
  // A quarter of an hour later the record says that the cluster does not follow: the right may be there by now.
  await loop.settle(20 * MINUTE);
  expect([...new Set(asked())]).toEqual([FETCH]);
  expect(asked().length).toBeLessThan(5);
});

it('asks nothing of a name that could lead elsewhere', async () => {
  await failAndRevert(() => {
    // By the time it is asked, somebody has changed it.
    const { Kustomization: own = {} as KubeObject, ...others } = flux;
    const moved = changed(own, { 'spec.sourceRef.name': '../../secrets/x' });
    const isOut = () => loop.reverts()[0]?.status?.commit !== undefined;
    flux = Object.defineProperty(others, 'Kustomization', { get: () => (isOut() ? moved : own) }) as typeof flux;
  });
  await loop.settle(20 * MINUTE);
  expect(asked()).toEqual([]);
});
