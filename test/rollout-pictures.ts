import type {
  AnalysisRun,
  CanaryStep,
  GitRevert,
  KubeObject,
  Pod,
  ReplicaSet,
  Rollout,
  RolloutStatus,
} from '../src/api/index.ts';
import { POD_TEMPLATE_HASH, REVISION } from '../src/api/index.ts';
import type { Explanation } from '../src/rollout/index.ts';
import type { TinyApiServer } from './tiny-api-server.ts';

/** Rollouts in typical situations, with all that belongs to them, for the tests of views and commands. */
export interface RolloutPicture {
  rollout: Rollout;
  replicaSets: ReplicaSet[];
  pods: Pod[];
  analysisRuns: AnalysisRun[];
  gitReverts: GitRevert[];
}

/** An explanation that says nothing else. */
export function because(waitsFor: string): Explanation {
  return { waitsFor, next: '', besides: [], canDo: [], sentence: waitsFor };
}

/** When all pictures are looked at. */
export const lookedAt = Date.parse('2026-11-21T02:00:00Z');

const steps: CanaryStep[] = [
  { setWeight: 20 },
  { pause: { duration: '5m' } },
  { setWeight: 50 },
  { analysis: { templates: [{ templateName: 'success-rate' }] } },
];

function ago(seconds: number): string {
  return new Date(lookedAt - seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function rolloutWith(status: RolloutStatus, generation = 4): Rollout {
  const labels = { app: 'cart' };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'cart', namespace: 'shop', uid: 'rollout', generation, creationTimestamp: ago(3 * 86_400) },
    spec: {
      replicas: 5,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'cart', image: 'registry.example/shop/cart:2.2.0' }] },
      },
      strategy: {
        canary: {
          canaryService: 'cart-canary',
          stableService: 'cart-stable',
          trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'cart' } } },
          steps,
        },
      },
    },
    status: { observedGeneration: String(generation), selector: 'app=cart', ...status },
  };
}

function owned(owner: KubeObject, name: string, seconds: number, rest: object = {}) {
  const { apiVersion = 'v1', kind = 'Object', metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true };
  return { name, namespace: 'shop', uid: name, creationTimestamp: ago(seconds), ownerReferences: [reference], ...rest };
}

interface Revision {
  revision: number;
  hash: string;
  tag: string;
  pods: number;
  ready?: number;
  age: number;
  deadline?: string;
}

function replicaSet(owner: Rollout, { revision, hash, tag, pods, ready = pods, age, deadline }: Revision): ReplicaSet {
  const labels = { app: 'cart', [POD_TEMPLATE_HASH]: hash };
  const annotations = { [REVISION]: String(revision), ...(deadline ? { 'scale-down-deadline': deadline } : {}) };
  const image = `registry.example/shop/cart:${tag}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: owned(owner, `cart-${hash}`, age, { generation: 2, labels, annotations }) as ReplicaSet['metadata'],
    spec: {
      replicas: pods,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'cart', image }] } },
    },
    status: { replicas: pods, readyReplicas: ready, availableReplicas: ready, observedGeneration: 2 },
  };
}

function podsOf(owner: ReplicaSet, age: number, state: { waiting?: string; restarts?: number } = {}): Pod[] {
  return Array.from({ length: owner.spec.replicas ?? 0 }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: owned(owner, `${owner.metadata.name}-${'bcdfg'.charAt(index).repeat(5)}`, age),
    spec: { containers: [{ name: 'cart' }] },
    status: {
      phase: state.waiting ? 'Pending' : 'Running',
      containerStatuses: [
        {
          name: 'cart',
          image: 'cart',
          ready: !state.waiting,
          restartCount: state.restarts ?? 0,
          state: state.waiting ? { waiting: { reason: state.waiting } } : { running: {} },
        },
      ],
    },
  }));
}

function pictureOf(
  rollout: Rollout,
  revisions: (Revision & { waiting?: string; restarts?: number })[],
): RolloutPicture {
  const replicaSets = revisions.map((revision) => replicaSet(rollout, revision));
  const pods = replicaSets.flatMap((owner, index) => podsOf(owner, revisions[index]?.age ?? 0, revisions[index]));
  return { rollout, replicaSets, pods, analysisRuns: [], gitReverts: [] };
}

function counts(updatedReplicas: number, replicas: number, available = replicas): RolloutStatus {
  return { replicas, updatedReplicas, readyReplicas: available, availableReplicas: available, HPAReplicas: replicas };
}

function weights(canary: number): NonNullable<RolloutStatus['canary']> {
  return {
    weights: {
      canary: { weight: canary, serviceName: 'cart-canary', podTemplateHash: 'd7bf7bfb6' },
      stable: { weight: 100 - canary, serviceName: 'cart-stable', podTemplateHash: '688479fdd7' },
    },
  };
}

const stable: Revision = { revision: 1, hash: '688479fdd7', tag: '2.1.0', pods: 5, age: 3 * 86_400 };
const canary: Revision = { revision: 2, hash: 'd7bf7bfb6', tag: '2.2.0', pods: 1, age: 190 };

export function healthy(): RolloutPicture {
  const rollout = rolloutWith({
    ...counts(5, 5),
    currentPodHash: canary.hash,
    stableRS: canary.hash,
    currentStepIndex: 4,
    phase: 'Healthy',
    canary: weights(0),
  });
  return pictureOf(rollout, [
    { ...canary, pods: 5, age: 7200 },
    { ...stable, pods: 0 },
  ]);
}

export function paused(): RolloutPicture {
  const rollout = rolloutWith({
    ...counts(1, 6),
    currentPodHash: canary.hash,
    stableRS: stable.hash,
    currentStepIndex: 1,
    controllerPause: true,
    pauseConditions: [{ reason: 'CanaryPauseStep', startTime: ago(95) }],
    phase: 'Paused',
    message: 'CanaryPauseStep',
    canary: weights(20),
  });
  return pictureOf(rollout, [{ ...canary, restarts: 2 }, stable]);
}

export function aborted(): RolloutPicture {
  const message =
    'RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric "success-rate" assessed Failed due to failed (1) > failureLimit (0)';
  const rollout = rolloutWith({
    ...counts(1, 6),
    abort: true,
    abortedAt: ago(20),
    currentPodHash: canary.hash,
    stableRS: stable.hash,
    currentStepIndex: 0,
    phase: 'Degraded',
    message,
    conditions: [{ type: 'Progressing', status: 'False', reason: 'RolloutAborted', message }],
    canary: weights(0),
  });
  const picture = pictureOf(rollout, [{ ...canary, deadline: ago(-10) }, stable]);
  return { ...picture, analysisRuns: [failedRun(rollout)], gitReverts: [landedRevert(rollout)] };
}

function failedRun(rollout: Rollout): AnalysisRun {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: owned(rollout, 'cart-d7bf7bfb6-2-3', 60, { annotations: { [REVISION]: '2' } }),
    spec: { metrics: [] },
    status: {
      phase: 'Failed',
      metricResults: [
        { name: 'success-rate', phase: 'Failed', count: 5, successful: 4, failed: 1 },
        { name: 'latency', phase: 'Successful', count: 2, inconclusive: 2, error: 1 },
      ],
    },
  } as AnalysisRun;
}

function landedRevert({ metadata }: Rollout): GitRevert {
  const revert: GitRevert = {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitRevert',
    metadata: { name: 'cart-1f0c6b2a', namespace: 'shop', uid: 'revert', creationTimestamp: ago(18) },
    spec: {
      repository: 'https://git.example/shop.git',
      branch: 'main',
      path: 'apps/cart',
      culprits: ['3c0ffee1d2a4b5c6d7e8f90a1b2c3d4e5f607182'],
      goodRevision: '1111111d2a4b5c6d7e8f90a1b2c3d4e5f6071820',
      badRevision: '3c0ffee1d2a4b5c6d7e8f90a1b2c3d4e5f607182',
      key: '1f0c6b2a',
      policy: 'shop',
      rollout: { namespace: 'shop', name: metadata.name, uid: metadata.uid ?? '' },
      templates: { stable: stable.hash, canary: canary.hash },
      stableReplicaSet: `cart-${stable.hash}`,
      canaryReplicaSet: `cart-${canary.hash}`,
    },
    status: {
      state: 'landed',
      commit: '9f8e7d6c5b4a39281706f5e4d3c2b1a099887766',
      message: 'waiting for the revert to reach the cluster',
    },
  };
  return revert;
}

export function invalid(): RolloutPicture {
  const message =
    'InvalidSpec: The Rollout "cart" is invalid: spec.strategy.canary.steps[0].setWeight: 101 is not allowed';
  const rollout = rolloutWith({
    ...counts(5, 5),
    currentPodHash: stable.hash,
    stableRS: stable.hash,
    phase: 'Degraded',
    message,
    conditions: [{ type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message }],
  });
  return pictureOf(rollout, [stable]);
}

export function initial(): RolloutPicture {
  const rollout = rolloutWith(
    { ...counts(5, 5, 0), currentPodHash: stable.hash, stableRS: stable.hash, currentStepIndex: 4 },
    1,
  );
  rollout.status = {
    ...rollout.status,
    phase: 'Progressing',
    message: 'updated replicas are still becoming available',
  };
  rollout.metadata.creationTimestamp = ago(4);
  return pictureOf(rollout, [{ ...stable, ready: 0, age: 3, waiting: 'ContainerCreating' }]);
}

/** Has a server hold all that is in a picture. */
export function putPicture(server: TinyApiServer, picture: RolloutPicture): void {
  server.put('rollouts', picture.rollout);
  for (const object of picture.replicaSets) server.put('replicasets', object);
  for (const object of picture.pods) server.put('pods', object);
  for (const object of picture.analysisRuns) server.put('analysisruns', object);
  for (const object of picture.gitReverts) server.put('gitreverts', object);
}
