import { type AnalysisRun, analysisUses, namedServices, type Rollout, selects } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import type { Cache } from '../../kube/cache.ts';
import { scaledDownOf } from '../../rollout/index.ts';
import { configuredRouters } from '../../traffic/configured.ts';
import { keyOf, placeOf } from '../keys.ts';
import { createQueue, type QueueMetrics } from '../queue.ts';
import { foreseeingPass } from './foresight.ts';
import { indexBy } from './index-by.ts';
import { type RolloutPassOptions, rolloutPass } from './pass.ts';
import { createPendingVerdicts } from './verdicts.ts';
import type { WorkloadKind, WorkloadRecord } from './workloads.ts';

export interface RolloutController {
  /** Whether so many Rollouts are at work that what is not for them should wait. */
  isCrowded(): boolean;
  /** Takes traffic from the canary that a run judged bad, even where the verdict could not be written down. */
  heed(run: AnalysisRun): void;
  /** Begins with all Rollouts that the cache holds; call it once the caches are synced. */
  start(): void;
  /** No new pass begins; resolves when the passes under way have ended. */
  stop(): Promise<void>;
}

export interface RolloutControllerOptions extends Omit<RolloutPassOptions, 'verdicts' | 'isCrowded'> {
  /** The watched kinds whose objects routers refer to. */
  routerCaches: Cache<KubeObject>[];
  concurrency?: number;
  /** Only tells in the log what would be done: nothing is written, and no Event is emitted. */
  observeOnly?: boolean;
  metrics?: QueueMetrics;
}

function ownerKey({ metadata }: KubeObject): string | undefined {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller && reference.kind === 'Rollout');
  return owner && keyOf({ metadata: { ...metadata, name: owner.name } });
}

function servicesOf(rollout: Rollout): string[] {
  return namedServices(rollout).map(({ name }) => placeOf(rollout.metadata.namespace, name));
}

function usesAnalysis(rollout: Rollout): boolean {
  return analysisUses(rollout).length > 0;
}

/** So many Rollouts at work are a crowd. */
const CROWD = 20;

/** Drives Rollouts: every change of an object that a Rollout depends on asks for a pass of that Rollout. */
export function createRolloutController(options: RolloutControllerOptions): RolloutController {
  const { caches, routers, clock, log, concurrency = 10, metrics } = options;
  const verdicts = createPendingVerdicts(caches.runs);
  const isCrowded = () => queue.atWork() > CROWD;
  const reconcile = options.observeOnly ? foreseeingPass(options) : rolloutPass({ ...options, verdicts, isCrowded });
  const queue = createQueue({ name: 'rollout', clock, log, concurrency, reconcile, ...(metrics && { metrics }) });
  const stops: (() => void)[] = [];

  const wakeWhere = (namespace: string | undefined, concerns: (rollout: Rollout) => boolean) => {
    for (const rollout of caches.rollouts.list(namespace)) if (concerns(rollout)) queue.add(keyOf(rollout));
  };
  const wakeOwner = (object: KubeObject) => {
    const key = ownerKey(object);
    if (key) queue.add(key);
  };
  /** What nobody controls may be adopted by whoever selects it. */
  const wakeAdopter = ({ metadata: { namespace, labels = {}, ownerReferences = [] } }: KubeObject) => {
    if (ownerReferences.some(({ controller }) => controller === true)) return;
    wakeWhere(namespace, ({ spec: { selector } }) => selector !== undefined && selects(selector, labels));
  };
  const byService = indexBy(caches.rollouts, servicesOf);
  const byRouterObject = indexBy(caches.rollouts, ({ metadata: { namespace = '' }, spec }) =>
    configuredRouters(routers, spec.strategy?.canary?.trafficRouting).configured.flatMap(({ router, configuration }) =>
      router.objects(configuration, namespace).map((object) => placeOf(object.namespace, object.name)),
    ),
  );
  const byWorkload = indexBy(caches.rollouts, ({ metadata: { namespace }, spec: { workloadRef } }) =>
    workloadRef ? [`${workloadRef.kind}/${placeOf(namespace, workloadRef.name ?? '')}`] : [],
  );
  const wake = (concerned: Rollout[]) => {
    for (const rollout of concerned) queue.add(keyOf(rollout));
  };
  const wakeByWorkload = (kind: WorkloadKind, record?: WorkloadRecord) => {
    if (record === undefined) return wakeWhere(undefined, ({ spec }) => spec.workloadRef?.kind === kind);
    const { namespace, name } = record.metadata;
    wake(byWorkload(`${kind}/${placeOf(namespace, name)}`));
    const mark = scaledDownOf(record.metadata);
    if (mark) queue.add(placeOf(namespace, mark.rollout));
  };

  return {
    isCrowded,
    heed(run) {
      verdicts.add(run);
      const key = ownerKey(run);
      if (key) queue.addFirst(key);
    },
    start() {
      stops.push(
        caches.rollouts.onChange((rollout) => queue.add(keyOf(rollout))),
        caches.replicaSets.onChange(wakeOwner),
        caches.replicaSets.onChange(wakeAdopter),
        caches.runs.onChange(wakeOwner),
        caches.templates.onChange(({ metadata }) => wakeWhere(metadata.namespace, usesAnalysis)),
        caches.clusterTemplates.onChange(() => wakeWhere(undefined, usesAnalysis)),
        caches.services.onChange(({ metadata }) => wake(byService(placeOf(metadata.namespace, metadata.name)))),
        caches.workloads.onChange(wakeByWorkload),
        caches.reverts.onChange(({ metadata, spec }) => queue.add(placeOf(metadata.namespace, spec.rollout.name))),
        caches.endpointSlices.onChange(({ metadata }) =>
          wake(byService(placeOf(metadata.namespace, metadata.labels?.['kubernetes.io/service-name'] ?? ''))),
        ),
        ...options.routerCaches.map((cache) =>
          cache.onChange(({ metadata }) => wake(byRouterObject(placeOf(metadata.namespace, metadata.name)))),
        ),
      );
      for (const rollout of caches.rollouts.list()) queue.add(keyOf(rollout));
    },
    async stop() {
      for (const stop of stops) stop();
      await queue.stop();
    },
  };
}
