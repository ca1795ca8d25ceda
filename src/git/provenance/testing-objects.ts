/** Objects of Argo CD and Flux, in the shapes in which the API server holds them, for tests. */
import type { KubeObject } from '../../api/kubernetes.ts';
import { type Found, type Reading, type Reference, referenceKey } from './index.ts';

export const COMMIT = '4f1c9a7e2b8d0c3f5a6b7c8d9e0f1a2b3c4d5e6f';
export const OLDER = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
export const REPOSITORY = 'https://git.example.com/team/deploy';

/**
 * The object with other values at some paths, as in `{ 'status.resources.1.status': 'OutOfSync' }`; undefined takes the field
 * away. What is not there on the way is made.
 */
export function changed(object: KubeObject, changes: Record<string, unknown>): KubeObject {
  // Not structuredClone, which keeps parts shared that the object has twice.
  const copy = JSON.parse(JSON.stringify(object)) as KubeObject;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    let at = copy as unknown as Record<string, unknown>;
    for (const key of keys) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return copy;
}

export function found(...objects: (KubeObject | [Reference, Reading])[]): Found {
  return new Map(
    objects.map((each) => {
      if (Array.isArray(each)) return [referenceKey(each[0]), each[1]];
      const { kind, metadata } = each;
      return [`${kind} ${metadata.namespace}/${metadata.name}`, { object: each }];
    }),
  );
}

/** A Rollout with these marks. */
export function rollout({ labels = {}, annotations = {} }: Partial<KubeObject['metadata']> = {}) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1', generation: 4, labels, annotations },
    spec: { replicas: 3 },
  };
}

export const TRACKED = { 'argocd.argoproj.io/tracking-id': 'web:argoproj.io/Rollout:shop/web' };

/** Synced at COMMIT by an automated operation. */
export function application() {
  const source = { repoURL: `${REPOSITORY}.git`, path: 'apps/web', targetRevision: 'main' };
  const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };
  const own = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' };
  const service = { version: 'v1', kind: 'Service', namespace: 'shop', name: 'web' };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd', uid: 'a-1', generation: 57, annotations: {} },
    spec: {
      project: 'default',
      source,
      destination,
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    },
    status: {
      controllerNamespace: 'argocd',
      health: { status: 'Progressing', lastTransitionTime: '2026-11-20T11:59:40Z' },
      history: [
        { id: 6, revision: OLDER, source, deployedAt: '2026-11-19T10:00:09Z', initiatedBy: { automated: true } },
        { id: 7, revision: COMMIT, source, deployedAt: '2026-11-20T11:59:43Z', initiatedBy: { automated: true } },
      ],
      operationState: {
        phase: 'Succeeded',
        message: 'successfully synced (all tasks run)',
        startedAt: '2026-11-20T11:59:41Z',
        finishedAt: '2026-11-20T11:59:43Z',
        operation: {
          initiatedBy: { automated: true },
          retry: { limit: 5 },
          sync: { prune: true, revision: COMMIT, syncOptions: ['CreateNamespace=true'] },
        },
        syncResult: {
          revision: COMMIT,
          source,
          resources: [
            {
              ...{ group: '', version: 'v1', kind: 'Service', namespace: 'shop', name: 'web', status: 'Synced' },
              ...{ hookPhase: 'Running', syncPhase: 'Sync', message: 'service/web unchanged' },
            },
            {
              ...{ ...own, status: 'Synced', hookPhase: 'Running', syncPhase: 'Sync' },
              message: 'rollout.argoproj.io/web configured',
            },
          ],
        },
      },
      reconciledAt: '2026-11-20T11:59:44Z',
      resources: [
        { ...service, status: 'Synced', health: { status: 'Healthy' } },
        { ...own, status: 'Synced', health: { status: 'Progressing' } },
      ],
      sourceType: 'Directory',
      summary: { images: ['registry.example.com/web:1.4.2'] },
      sync: { status: 'Synced', revision: COMMIT, comparedTo: { source, destination } },
    },
  };
}

/** The same with several sources, applied at these revisions. */
export function severalSources(sources: object[], revisions: string[]): KubeObject {
  return changed(application(), {
    'spec.source': undefined,
    'spec.sources': sources,
    'status.operationState.syncResult.source': { repoURL: '' },
    'status.operationState.syncResult.sources': sources,
    'status.operationState.syncResult.revision': '',
    'status.operationState.syncResult.revisions': revisions,
    'status.operationState.operation.sync.revision': undefined,
    'status.operationState.operation.sync.revisions': revisions,
    'status.sync.revision': undefined,
    'status.sync.revisions': revisions,
    'status.sync.comparedTo.source': { repoURL: '' },
    'status.sync.comparedTo.sources': sources,
  });
}

/** The same with a hydrator, which made OLDER of COMMIT; OLDER is synced. */
export function hydrated(): KubeObject {
  const drySource = { repoURL: `${REPOSITORY}.git`, path: 'charts/web', targetRevision: 'main' };
  const hydrator = { drySource, syncSource: { targetBranch: 'env/prod', path: 'web' } };
  const source = { repoURL: drySource.repoURL, path: 'web', targetRevision: 'env/prod' };
  const operation = { drySHA: COMMIT, hydratedSHA: OLDER, sourceHydrator: hydrator };
  const times = { startedAt: '2026-11-20T11:59:30Z', finishedAt: '2026-11-20T11:59:35Z' };
  return changed(application(), {
    'spec.source': undefined,
    'spec.sourceHydrator': hydrator,
    'status.operationState.syncResult.source': source,
    'status.operationState.syncResult.revision': OLDER,
    'status.operationState.operation.sync.revision': OLDER,
    'status.sync.revision': OLDER,
    'status.sync.comparedTo.source': source,
    'status.sourceHydrator': {
      lastSuccessfulOperation: operation,
      currentOperation: { ...operation, ...times, phase: 'Hydrated', message: '' },
    },
  });
}

export function fluxLabels(name = 'apps', namespace = 'flux-system', group = 'kustomize') {
  return { [`${group}.toolkit.fluxcd.io/name`]: name, [`${group}.toolkit.fluxcd.io/namespace`]: namespace };
}

function condition(type: string, status: string, reason: string, message: string, observedGeneration: number) {
  return { type, status, reason, message, observedGeneration, lastTransitionTime: '2026-11-20T11:59:50Z' };
}

/** Has applied `main@sha1:COMMIT`. */
export function kustomization(...entries: string[]) {
  const revision = `main@sha1:${COMMIT}`;
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'apps', namespace: 'flux-system', uid: 'k-1', generation: 2 },
    spec: {
      interval: '10m0s',
      path: './apps/web',
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'deploy' },
      timeout: '2m0s',
    },
    status: {
      conditions: [condition('Ready', 'True', 'ReconciliationSucceeded', `Applied revision: ${revision}`, 2)],
      history: [
        {
          digest: `sha256:${'ab'.repeat(32)}`,
          firstReconciled: '2026-11-20T11:59:50Z',
          lastReconciled: '2026-11-20T11:59:50Z',
          lastReconciledDuration: '412.5ms',
          lastReconciledStatus: 'ReconciliationSucceeded',
          totalReconciliations: 1,
          metadata: { revision },
        },
      ],
      inventory: {
        entries: ['shop_web__Service', 'shop_web_argoproj.io_Rollout', ...entries].map((id) => ({
          id,
          v: id.endsWith('Rollout') ? 'v1alpha1' : 'v1',
        })),
      },
      lastAppliedRevision: revision,
      lastAttemptedRevision: revision,
      observedGeneration: 2,
    },
  };
}

/** Tries to bring in COMMIT after OLDER. */
export function unfinished(reason: string, status = 'False'): KubeObject {
  return changed(kustomization(), {
    'status.lastAppliedRevision': `main@sha1:${OLDER}`,
    'status.conditions': [condition('Ready', status, reason, 'timeout waiting for: [Rollout/shop/web]', 2)],
  });
}

export function gitRepository() {
  const revision = `main@sha1:${COMMIT}`;
  return {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name: 'deploy', namespace: 'flux-system', uid: 'g-1', generation: 1 },
    spec: { interval: '1m0s', ref: { branch: 'main' }, timeout: '60s', url: REPOSITORY, secretRef: { name: 'deploy' } },
    status: {
      artifact: {
        digest: `sha256:${'cd'.repeat(32)}`,
        lastUpdateTime: '2026-11-20T11:59:48Z',
        path: `gitrepository/flux-system/deploy/${COMMIT}.tar.gz`,
        revision,
        size: 4711,
        url: `http://source-controller.flux-system.svc.cluster.local./gitrepository/flux-system/deploy/${COMMIT}.tar.gz`,
      },
      conditions: [condition('Ready', 'True', 'Succeeded', `stored artifact for revision '${revision}'`, 1)],
      observedGeneration: 1,
    },
  };
}

/** Has released its spec; held by the Kustomization. */
export function helmRelease() {
  const configDigest = `sha256:${'ef'.repeat(32)}`;
  const snapshot = (version: number, status: string, digest: string) => ({
    ...{ chartName: 'web', chartVersion: '2.3.1', configDigest: digest, digest: `sha256:${'01'.repeat(32)}` },
    ...{ name: 'web', namespace: 'shop', status, version },
    ...{ firstDeployed: '2026-11-01T08:00:00Z', lastDeployed: '2026-11-20T11:59:55Z' },
  });
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'web', namespace: 'shop', uid: 'h-1', generation: 9, labels: fluxLabels(), annotations: {} },
    spec: {
      interval: '10m0s',
      chart: {
        spec: {
          ...{ chart: 'web', version: '2.3.1', reconcileStrategy: 'ChartVersion' },
          sourceRef: { kind: 'HelmRepository', name: 'charts', namespace: 'flux-system' },
        },
      },
      values: { image: { tag: '1.4.2' } },
    },
    status: {
      conditions: [condition('Ready', 'True', 'UpgradeSucceeded', 'Helm upgrade succeeded', 9)],
      helmChart: 'flux-system/shop-web',
      history: [snapshot(8, 'deployed', configDigest), snapshot(7, 'superseded', `sha256:${'23'.repeat(32)}`)],
      lastAttemptedConfigDigest: configDigest,
      lastAttemptedGeneration: 9,
      lastAttemptedReleaseAction: 'upgrade',
      lastAttemptedRevision: '2.3.1',
      observedGeneration: 9,
      storageNamespace: 'shop',
    },
  };
}

/** What a HelmRelease has made. */
export const RELEASED = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm', ...fluxLabels('web', 'shop', 'helm') },
  annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' },
};
