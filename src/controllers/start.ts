import type { OutagePolicy } from '../analysis/index.ts';
import { type GitRevert, INSTANCE_ID } from '../api/index.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import type { Clock } from '../clock.ts';
import type { Cache } from '../kube/cache.ts';
import { type Caches, createCaches } from '../kube/caches.ts';
import type { KubeConnection } from '../kube/client.ts';
import { createEventRecorder } from '../kube/events.ts';
import {
  analysisRuns,
  analysisTemplates,
  clusterAnalysisTemplates,
  endpointSlices,
  gitReverts,
  httpRoutes,
  replicaSets,
  rollouts,
  services,
} from '../kube/resources.ts';
import { keepingWriters } from '../kube/writers.ts';
import type { Log } from '../log.ts';
import type { MetricProvider } from '../metrics/provider.ts';
import type { ObjectReference, Router } from '../traffic/router.ts';
import { createAnalysisRunController } from './analysis-run/controller.ts';
import { placeOf } from './keys.ts';
import type { ControllerMetrics } from './metrics.ts';
import { createRolloutController } from './rollout/controller.ts';
import { indexBy } from './rollout/index-by.ts';
import type { RolloutCaches } from './rollout/observe.ts';
import { createWorkloads } from './rollout/workloads.ts';
import { createServiceController } from './service/controller.ts';

export interface ControllersOptions {
  connection: KubeConnection;
  clock: Clock;
  log: Log;
  providers: ReadonlyMap<string, MetricProvider>;
  routers: readonly Router[];
  outages: OutagePolicy;
  /** Where Argo CD keeps its Applications. */
  argoCdNamespace: string;
  /** Only this namespace; undefined: all. */
  namespace?: string | undefined;
  /** Only argoproj.io objects labelled for this instance; undefined: only those labelled for none. */
  instanceId?: string | undefined;
  /** Which process reports, in Kubernetes Events. */
  instance: string;
  /** Only tells in the log what would be done to Rollouts: nothing is written, and no metric is asked. */
  observeOnly?: boolean;
  metrics?: ControllerMetrics;
}

/** A group of controllers over one set of caches. */
export interface Controllers {
  /** Resolves when every cache is synced and the first passes are queued. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A further group of controllers that shares the caches. */
export type Extension = (shared: {
  caches: Caches;
  rollout: RolloutCaches;
  reverts: Cache<GitRevert>;
  emit: (object: KubeObject, happening: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void;
}) => { start(): void; stop(): Promise<void> };

function rolloutCaches(caches: Caches, instanceId: string | undefined) {
  const own = { labelSelector: instanceId === undefined ? `!${INSTANCE_ID}` : `${INSTANCE_ID}=${instanceId}` };
  const routes = caches.cache(httpRoutes, { optional: true, transform: keepingWriters('spec', 'rules') });
  const cachesByPlural = new Map([[httpRoutes.plural, routes]]);
  const routerObject = ({ plural, namespace, name }: ObjectReference) =>
    cachesByPlural.get(plural)?.get(namespace, name);
  const slices = caches.cache(endpointSlices);
  const byService = indexBy(slices, ({ metadata: { namespace, labels } }) => [
    placeOf(namespace, labels?.['kubernetes.io/service-name'] ?? ''),
  ]);
  const sets = caches.cache(replicaSets, { labelSelector: 'rollouts-pod-template-hash' });
  const reverts = caches.cache(gitReverts, { optional: true });
  const orphansIn = indexBy(sets, ({ metadata: { namespace = '', ownerReferences = [] } }) =>
    ownerReferences.some(({ controller }) => controller === true) ? [] : [namespace],
  );
  return {
    routes,
    forRollouts: {
      rollouts: caches.cache(rollouts, own),
      replicaSets: sets,
      orphansIn: (namespace = '') => orphansIn(namespace),
      runs: caches.cache(analysisRuns, own),
      templates: caches.cache(analysisTemplates, own),
      clusterTemplates: caches.cache(clusterAnalysisTemplates, { ...own, optional: true }),
      services: caches.cache(services, { transform: keepingWriters('spec', 'selector') }),
      workloads: createWorkloads(caches),
      endpointSlices: slices,
      reverts,
      revertsOf: indexBy(reverts, ({ spec }) => [spec.rollout.uid]),
      slicesOf: (namespace, service) => byService(placeOf(namespace, service)),
      routerObject,
    } satisfies RolloutCaches,
  };
}

/** Puts the controllers together; nothing runs before `start`. */
export function createControllers(options: ControllersOptions, extensions: Extension[] = []): Controllers {
  const { connection, clock, log, providers, routers, outages, namespace, metrics } = options;
  const caches = createCaches({ connection, log, clock, namespace });
  const recorder = createEventRecorder({
    client: connection,
    log,
    component: 'rollouts-controller',
    instance: options.instance,
    isCrowded: () => rolloutController.isCrowded(),
  });
  const emit: Parameters<Extension>[0]['emit'] = (object, happening) => {
    metrics?.event(object, happening.type, happening.reason);
    recorder.record({ object, ...happening, at: clock.now() });
  };
  const { routes, forRollouts } = rolloutCaches(caches, options.instanceId);
  const { reverts } = forRollouts;
  metrics?.count(forRollouts);
  const common = { client: connection, clock, log, emit, ...(metrics && { metrics }) };
  const routing = {
    caches: forRollouts,
    routers,
    observeRouterObject: (object: KubeObject) => routes.observe(object as Parameters<typeof routes.observe>[0]),
  };
  const { observeOnly = false, argoCdNamespace } = options;
  const rolloutController = createRolloutController({
    ...common,
    ...routing,
    argoCdNamespace,
    routerCaches: [routes],
    observeOnly,
  });
  const analysis = { runs: forRollouts.runs, providers, outages, onBadVerdict: rolloutController.heed };
  const writers = () => [
    createServiceController({ ...common, ...routing }),
    createAnalysisRunController({ ...common, ...analysis }),
    ...extensions.map((extend) => extend({ caches, rollout: forRollouts, reverts, emit })),
  ];
  const members = observeOnly ? [rolloutController] : [rolloutController, ...writers()];
  return {
    async start() {
      await caches.start();
      for (const member of members) member.start();
    },
    async stop() {
      await Promise.all(members.map((member) => member.stop()));
      await caches.stop();
      await recorder.stop();
    },
  };
}
