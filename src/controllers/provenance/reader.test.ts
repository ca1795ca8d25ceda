import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, Rollout } from '../../api/index.ts';
import {
  application,
  COMMIT,
  changed,
  fluxLabels,
  gitRepository,
  helmRelease,
  kustomization,
  RELEASED,
  REPOSITORY,
  rollout,
  TRACKED,
} from '../../git/provenance/testing-objects.ts';
import type { KubeConnection } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { rollouts } from '../../kube/resources.ts';
import { reply, startTestServer, status, type TestServer } from '../../kube/test-server.ts';
import { silentLog } from '../../log.ts';
import { createProvenanceReader } from './reader.ts';

const COLLECTIONS: Record<string, string> = {
  Rollout: '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts',
  Application: '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications',
  Kustomization: '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations',
  GitRepository: '/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories',
  HelmRelease: '/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases',
};

let server: TestServer;
let client: KubeConnection;
beforeEach(async () => {
  server = await startTestServer();
  client = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'headgate/test' });
});
afterEach(async () => {
  client.close();
  await server.stop();
});

/** Puts it there; answers it as a list has it, which names no kind. */
function put(object: KubeObject): Rollout {
  server.put(COLLECTIONS[object.kind ?? ''] ?? '', object);
  const { apiVersion: _, kind: __, ...item } = object;
  return item as Rollout;
}

/** What was asked for, without what leads there. */
const asked = () => server.requests.map(({ method, path }) => `${method} ${path.replace(/^.*\/namespaces\//, '')}`);
const tracked = rollout({ annotations: TRACKED });

describe('learning where an object came from', () => {
  it('costs no request where nothing has marked it', async () => {
    const reader = createProvenanceReader({ client });
    expect(await reader.learn(rollouts, put(rollout({ labels: { app: 'web' } })))).toMatchObject({ known: false });
    const stamped = rollout({
      annotations: {
        'headgate.dev/git-repository': REPOSITORY,
        'headgate.dev/git-branch': 'main',
        'headgate.dev/git-commit': COMMIT,
      },
    });
    expect(await reader.learn(rollouts, put(stamped))).toMatchObject({ known: true });
    expect(server.requests).toEqual([]);
  });

  it('asks Argo CD by one request, and looks whether the object is still the same', async () => {
    put(application());
    const reader = createProvenanceReader({ client });
    expect(await reader.learn(rollouts, put(tracked))).toMatchObject({
      known: true,
      provenance: { repository: REPOSITORY, commit: COMMIT, learnt: 'ArgoCD' },
    });
    expect(asked()).toEqual(['GET argocd/applications/web', 'GET shop/rollouts/web']);
  });

  it('asks Argo CD where it is', async () => {
    const reader = createProvenanceReader({ client, argoCdNamespace: 'gitops' });
    await reader.learn(rollouts, put(tracked));
    expect(asked()).toEqual(['GET gitops/applications/web']);
  });

  it('follows Flux from object to object', async () => {
    for (const object of [kustomization(), gitRepository()]) put(object);
    const reader = createProvenanceReader({ client });
    expect(await reader.learn(rollouts, put(rollout({ labels: fluxLabels() })))).toMatchObject({
      known: true,
      provenance: { repository: REPOSITORY, commit: COMMIT, learnt: 'Flux' },
    });
    expect(asked()).toEqual([
      'GET flux-system/kustomizations/apps',
      'GET flux-system/gitrepositories/deploy',
      'GET shop/rollouts/web',
    ]);
  });

  it('follows a release one level further', async () => {
    const owner = kustomization('shop_web_helm.toolkit.fluxcd.io_HelmRelease');
    for (const object of [helmRelease(), owner, gitRepository()]) put(object);
    const reader = createProvenanceReader({ client });
    expect(await reader.learn(rollouts, put(rollout(RELEASED)))).toMatchObject({ known: true });
    expect(asked()[0]).toBe('GET shop/helmreleases/web');
    expect(asked()).toHaveLength(4);
  });

  it('asks for the default branch only where one is followed', async () => {
    const source = { repoURL: REPOSITORY, path: 'apps/web', targetRevision: 'HEAD' };
    put(
      changed(application(), {
        'spec.source': source,
        'status.operationState.syncResult.source': source,
        'status.sync.comparedTo.source': source,
      }),
    );
    const object = put(tracked);
    const repositories: string[] = [];
    const defaultBranch = async (repository: string) => {
      repositories.push(repository);
      return 'trunk';
    };
    expect(await createProvenanceReader({ client, defaultBranch }).learn(rollouts, object)).toMatchObject({
      known: true,
      provenance: { branch: 'trunk' },
    });
    expect(repositories).toEqual([REPOSITORY]);
    expect(await createProvenanceReader({ client }).learn(rollouts, object)).toMatchObject({
      known: false,
      why: expect.stringContaining('is not known: name the branch instead of HEAD'),
    });
  });
});

describe('what stands in the way', () => {
  it('is told where the object, or its whole kind, is not there', async () => {
    const reader = createProvenanceReader({ client });
    const why = 'Application argocd/web is not there, or no applications.argoproj.io are installed';
    expect(await reader.learn(rollouts, put(tracked))).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(why),
    });
    server.intercept = (_, response) => {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404 page not found\n');
      return true;
    };
    expect(await reader.learn(rollouts, put(tracked))).toMatchObject({ why: expect.stringContaining(why) });
  });

  it('is told where it may not be read', async () => {
    put(kustomization());
    server.intercept = ({ path }, response) => {
      if (!path.includes('gitrepositories')) return false;
      reply(response, 403, status(403, 'Forbidden', 'gitrepositories is forbidden'));
      return true;
    };
    const reader = createProvenanceReader({ client });
    expect(await reader.learn(rollouts, put(rollout({ labels: fluxLabels() })))).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(
        'GitRepository flux-system/deploy may not be read: grant Headgate get on gitrepositories.source.toolkit.fluxcd.io (gitrepositories is forbidden)',
      ),
    });
  });

  it('is thrown where it will pass by itself', async () => {
    server.intercept = (_, response) => {
      reply(response, 503, status(503, 'ServiceUnavailable', 'try again'));
      return true;
    };
    const reader = createProvenanceReader({ client });
    await expect(reader.learn(rollouts, put(tracked))).rejects.toMatchObject({ code: 503 });
  });

  it.each([
    ['changed', { 'metadata.generation': 5 }],
    ['took the place of another', { 'metadata.uid': 'u-2' }],
  ])('is an object that %s meanwhile: what was read may be about the newer one', async (_, change) => {
    put(application());
    const older = put(tracked);
    put(changed(tracked, change));
    expect(await createProvenanceReader({ client }).learn(rollouts, older)).toMatchObject({
      known: false,
      reason: 'NotYet',
      why: 'Rollout shop/web has changed while it was looked at',
    });
  });

  it('is an object that went meanwhile', async () => {
    put(application());
    const { apiVersion: _, kind: __, ...item } = tracked;
    expect(await createProvenanceReader({ client }).learn(rollouts, item as Rollout)).toMatchObject({
      reason: 'NotYet',
    });
  });
});
