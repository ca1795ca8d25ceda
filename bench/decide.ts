import { performance } from 'node:perf_hooks';
import type { AnalysisRun, AnalysisTemplate, EndpointSlice, ReplicaSet, Service } from '../src/api/index.ts';
import { decide, type Observation } from '../src/rollout/index.ts';
import { startController } from './controller.ts';
import { PROMETHEUS } from './manifests.ts';
import type { Program } from './program.ts';
import { startPrometheus } from './prometheus.ts';
import { createStage, isHealthy, isInMidCanary, type Stage } from './stage.ts';
import { quantile, rounded } from './statistics.ts';

const AT = { namespace: 'decide', name: 'web' };
const LONGEST_WAIT_SECONDS = 30;
const WARM_UP_PASSES = 5_000;

/** What the controller's pass would see: every object is one that it made or that the API server completed. */
function observationOf({ api: { store }, rollout }: Stage): Observation {
  const seen = rollout(AT.namespace, AT.name);
  const { uid = '' } = seen.metadata;
  const template = store.get<AnalysisTemplate>('AnalysisTemplate', AT.namespace, AT.name);
  if (!template) throw new Error('the template is gone');
  const services = store.list<Service>('Service', AT.namespace);
  const stable = store
    .list<EndpointSlice>('EndpointSlice', AT.namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === `${AT.name}-stable`);
  return {
    now: Date.parse(seen.status?.pauseConditions?.[0]?.startTime ?? '') + 1500,
    rollout: seen,
    leftOut: [],
    replicaSets: store.ownedBy<ReplicaSet>('ReplicaSet', uid),
    runs: store.ownedBy<AnalysisRun>('AnalysisRun', uid),
    takenReplicaSetNames: [],
    takenRunNames: store.list<AnalysisRun>('AnalysisRun', AT.namespace).map(({ metadata }) => metadata.name),
    services: Object.fromEntries(services.map((service) => [service.metadata.name, service])),
    stableEndpoints: stable.flatMap(({ endpoints = [] }) =>
      endpoints.flatMap(({ targetRef }) => targetRef?.name ?? []),
    ),
    traffic: { canaryWeight: 50, managedRoutes: [], verified: true },
    templates: { [AT.name]: template },
    clusterTemplates: {},
    problems: [],
  };
}

async function midCanary(program: Program): Promise<Observation> {
  const stage = await createStage();
  const prometheus = await startPrometheus();
  stage.install({ ...AT, replicas: 4 });
  const controller = await startController(stage.api.kubeconfig(), program, [
    '--resolve',
    `${PROMETHEUS}=127.0.0.1:${prometheus.port}`,
  ]);
  const now = () => stage.rollout(AT.namespace, AT.name);
  try {
    await stage.until('installed', () => isHealthy(now()), LONGEST_WAIT_SECONDS);
    stage.release(AT.namespace, AT.name, 1);
    await stage.until('in mid-canary', () => isInMidCanary(now()), LONGEST_WAIT_SECONDS);
    return structuredClone(observationOf(stage));
  } finally {
    await controller.stop();
    await prometheus.stop();
    await stage.stop();
  }
}

/** Times the pure part of one pass, in this process, once the compiler has warmed up. */
export async function measureDecide(program: Program, passes: number) {
  const seen = await midCanary(program);
  for (let pass = 0; pass < WARM_UP_PASSES; pass++) decide(seen);
  const microseconds = Array.from({ length: passes }, () => {
    const began = performance.now();
    decide(seen);
    return (performance.now() - began) * 1000;
  });
  return {
    decide_microseconds: rounded(quantile(microseconds, 0.5), 1),
    decide_microseconds_p99: rounded(quantile(microseconds, 0.99), 1),
  };
}
