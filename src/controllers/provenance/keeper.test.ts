import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
import { application, changed, TRACKED } from '../../git/provenance/testing-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { replicaSets, rollouts } from '../../kube/resources.ts';

const GITHUB = { protection: {}, name: 'shop' };

let loop: Loop;
/** As the API server holds it; undefined: Argo CD is not there. */
let argoCd: KubeObject | undefined;
let asked: string[];

/** An API server that also knows Argo CD's kinds. */
const tools: Pick<KubeClient, 'get' | 'patch'> = {
  async get(resource, { namespace, name }) {
    asked.push(`${resource.kind} ${namespace}/${name}`);
    const found = resource.kind === 'Application' ? argoCd : loop.api.store.get(resource, namespace, name);
    return found as never;
  },
  patch: async () => expect.unreachable('nothing is asked of Argo CD'),
};

beforeEach(async () => {
  asked = [];
  argoCd = undefined;
  loop = await startLoop({ tools, github: GITHUB as never });
});
afterEach(() => loop.close());

/** What Argo CD says once it has applied this commit. */
function synced(commit: string, more: Record<string, unknown> = {}): KubeObject {
  const source = { repoURL: loop.url, path: PATH, targetRevision: 'main' };
  return changed(application(), {
    'spec.source': source,
    'status.sync.revision': commit,
    'status.sync.comparedTo.source': source,
    'status.operationState.operation.sync.revision': commit,
    'status.operationState.syncResult.revision': commit,
    'status.operationState.syncResult.source': source,
    'status.history': [{ id: 7, revision: commit, source, deployedAt: '2026-11-20T11:59:43Z' }],
    ...more,
  });
}

const marks = (hash: string) => loop.api.store.get(replicaSets, 'shop', `web-${hash}`)?.metadata.annotations ?? {};

/** Applies the Rollout as Argo CD does, and raises its ReplicaSet as its controller does. */
function apply(image: string, hash: string): void {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } };
  const spec = { replicas: 3, selector: { matchLabels: { app: 'web' } }, strategy: { canary: {} }, template };
  const metadata = { name: 'web', namespace: 'shop', annotations: TRACKED };
  const there = loop.api.store.get(rollouts, 'shop', 'web');
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec } as unknown as Rollout;
  if (there) loop.api.store.patch(rollouts, { namespace: 'shop', name: 'web' }, { spec: { template } });
  else loop.api.store.create(rollouts, rollout);
  raise(loop, hash);
  const observedGeneration = String(loop.rollout().metadata.generation);
  setStatus(loop, { observedGeneration, currentPodHash: hash, ...(!there && { stableRS: hash, phase: 'Healthy' }) });
}

/** v1 is stable, and v2 is applied by Argo CD. */
async function release(): Promise<{ good: string; bad: string }> {
  const good = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Release v1');
  argoCd = synced(good);
  apply('web:v1', HASHES.stable);
  await loop.settle(1000);
  const bad = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') }, 'Release v2');
  argoCd = synced(bad);
  apply('web:v2', HASHES.canary);
  await loop.settle(1000);
  return { good, bad };
}

describe('what Argo CD applied', () => {
  it('is noted on the ReplicaSet of each revision, and asked once', async () => {
    const { good, bad } = await release();
    expect(marks(HASHES.stable)).toMatchObject({ 'headgate.dev/git-commit': good });
    expect(marks(HASHES.canary)).toMatchObject({
      'headgate.dev/git-repository': loop.url,
      'headgate.dev/git-branch': 'main',
      'headgate.dev/git-path': PATH,
      'headgate.dev/git-commit': bad,
      'headgate.dev/git-source': 'ArgoCD/argocd/web',
    });
    const before = asked.length;
    setStatus(loop, { phase: 'Progressing' });
    await loop.settle(MINUTE);
    await loop.restart();
    await loop.settle(MINUTE);
    expect(asked).toHaveLength(before);
  });

  it('is taken out of Git when it fails, although Argo CD is at a later commit by then', async () => {
    allow(loop);
    const { good, bad } = await release();
    argoCd = synced(await loop.commit({ 'apps/other/x.yaml': 'x: 1\n' }, 'Another team'));
    abort(loop, HASHES);
    await loop.settle(10_000);
    const [revert] = await revertCommits(loop);
    expect(revert?.message).toContain(`This reverts commit ${bad}.`);
    expect(revert?.message).toContain(`Good-Revision: ${good}`);
  });

  it.each([
    [
      'web=docker.io/library/web:~1.2, other',
      'git:secret:argocd/git',
      { state: 'proposed', reason: 'ImageAutomation' },
    ],
    ['other=ghcr.io/team/other', 'git', { state: 'landed' }],
    ['web', 'argocd', { state: 'landed' }],
  ])('is left to a person where a bot writes that image to Git: %s by %s', async (list, method, expected) => {
    allow(loop);
    await release();
    const annotations = {
      'argocd-image-updater.argoproj.io/image-list': list,
      'argocd-image-updater.argoproj.io/write-back-method': method,
    };
    const bot = { ...argoCd, metadata: { ...argoCd?.metadata, annotations } } as KubeObject;
    argoCd = bot;
    await loop.settle(11 * MINUTE);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(loop.reverts()[0]?.status).toMatchObject(expected);
    const said = 'Application argocd/web has Argo CD Image Updater write image web to Git, which will write it again';
    expect(loop.hosted?.pulls?.[0]?.body?.includes(said) ?? false).toBe(expected.state === 'proposed');
  });

  it('is told where Argo CD does not follow what was taken out of Git', async () => {
    allow(loop);
    const { bad } = await release();
    abort(loop, HASHES);
    await loop.settle(40 * MINUTE);
    const [{ status } = {}] = loop.reverts();
    const late = status?.conditions?.find(({ type }) => type === 'RevertNotSynced');
    expect([status?.state, late?.status]).toEqual(['landed', 'True']);
    expect(late?.message).toMatch(new RegExp(`Application argocd/web .* ${bad.slice(0, 7)} of main`));
    expect(loop.told.filter(({ reason }) => reason === 'RevertNotSynced')).toHaveLength(2);
  });

  it('is waited for while a sync is under way, and noted then', async () => {
    await release();
    const last = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v3') }, 'Release v3');
    argoCd = synced(last, { 'status.operationState.phase': 'Running', 'status.resources.1.status': 'OutOfSync' });
    apply('web:v3', 'ccc');
    await loop.settle(MINUTE);
    expect(marks('ccc')).not.toHaveProperty('headgate.dev/git-commit');
    argoCd = synced(last);
    await loop.settle(11_000);
    expect(marks('ccc')).toMatchObject({ 'headgate.dev/git-commit': last });
  });

  it('is waited for anew with each revision, however long the sync of the one before took', async () => {
    allow(loop);
    await release();
    const syncing = async (image: string, hash: string) => {
      const commit = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml(image) }, `Release ${image}`);
      argoCd = synced(commit, { 'status.operationState.phase': 'Running', 'status.resources.1.status': 'OutOfSync' });
      apply(image, hash);
      return commit;
    };
    await syncing('web:v3', 'ccc');
    await loop.settle(20 * MINUTE);
    const last = await syncing('web:v4', 'ddd');
    abort(loop, { ...HASHES, canary: 'ddd' });
    await loop.settle(MINUTE);
    expect(loop.told.filter(({ reason }) => reason === 'ProvenanceUnknown')).toEqual([]);
    argoCd = synced(last);
    await loop.settle(11_000);
    expect(marks('ddd')).toMatchObject({ 'headgate.dev/git-commit': last });
  });

  it('is written by hand, for the policy, where Argo CD does not say so any more', async () => {
    allow(loop);
    await release();
    argoCd = undefined;
    await loop.settle(11 * MINUTE);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(await revertCommits(loop)).toEqual([]);
    expect(loop.reverts()[0]?.status).toMatchObject({ state: 'needsHuman', reason: 'ProvenanceByHand' });
  });

  it('is by hand too where Argo CD names another place by now', async () => {
    allow(loop);
    await release();
    const source = { repoURL: loop.url, path: 'apps/elsewhere', targetRevision: 'main' };
    argoCd = changed(argoCd as KubeObject, {
      'spec.source': source,
      'status.sync.comparedTo.source': source,
      'status.operationState.syncResult.source': source,
    });
    await loop.settle(11 * MINUTE);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(await revertCommits(loop)).toEqual([]);
    expect(loop.reverts()[0]?.status).toMatchObject({ reason: 'ProvenanceByHand' });
  });

  it('is not known where it was not noted: an Event says what was looked at', async () => {
    allow(loop);
    argoCd = undefined;
    apply('web:v1', HASHES.stable);
    apply('web:v2', HASHES.canary);
    abort(loop, HASHES);
    await loop.settle(10_000);
    const [told] = loop.told.filter(({ reason }) => reason === 'ProvenanceUnknown');
    expect(told?.message).toContain('Argo CD: Application argocd/web is not there');
  });

  it('is not taken from a Rollout that names a tool in its own annotations', async () => {
    allow(loop);
    const good = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') }, 'Release v1');
    const bad = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') }, 'Release v2');
    apply('web:v1', HASHES.stable);
    const claim = (hash: string, commit: string) =>
      loop.api.store.patch(
        replicaSets,
        { namespace: 'shop', name: `web-${hash}` },
        {
          metadata: {
            annotations: {
              'headgate.dev/git-repository': loop.url,
              'headgate.dev/git-branch': 'main',
              'headgate.dev/git-path': PATH,
              'headgate.dev/git-commit': commit,
              'headgate.dev/git-source': 'ArgoCD/argocd/web',
            },
          },
        },
      );
    claim(HASHES.stable, good);
    apply('web:v2', HASHES.canary);
    claim(HASHES.canary, bad);
    abort(loop, HASHES);
    await loop.settle(10_000);
    expect(await revertCommits(loop)).toEqual([]);
    expect(loop.reverts()[0]?.status).toMatchObject({ reason: 'ProvenanceByHand' });
  });
});
