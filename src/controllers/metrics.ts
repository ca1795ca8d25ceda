import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AnalysisRun, AnalysisTemplate, GitRevert, Rollout } from '../api/index.ts';
import { machineNow } from '../clock.ts';
import type { Cache } from '../kube/cache.ts';
import type { PassOutcome, QueueMetrics } from './queue.ts';

/** What is counted from the caches at each scrape. */
export interface Counted {
  rollouts: Cache<Rollout>;
  runs: Cache<AnalysisRun>;
  templates: Cache<AnalysisTemplate>;
  reverts: Cache<GitRevert>;
}

export interface ControllerMetrics extends QueueMetrics {
  /** Counts the objects of these caches from now on. */
  count(caches: Counted): void;
  event(type: string, reason: string): void;
  /** Times one pass, in machine time; returns the function that ends it. */
  pass(queue: string, namespace: string, name: string): (failed: boolean) => void;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  readonly contentType: string;
}

const BUCKETS = [0.01, 0.15, 0.25, 0.5, 1];

function trafficRouter({ spec }: Rollout): string {
  const routing = spec.strategy?.canary?.trafficRouting;
  const [plugin] = Object.keys(routing?.plugins ?? {});
  return (
    plugin ?? Object.keys(routing ?? {}).find((key) => key !== 'managedRoutes' && key !== 'maxTrafficWeight') ?? ''
  );
}

function gauge<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]) {
  return new Gauge({ name, help, labelNames, registers: [registry] });
}

/** The reference's names, so that dashboards keep working, and Git's own. */
function objectGauges(registry: Registry) {
  const of = ['namespace', 'name'] as const;
  const rollout = [...of];
  return {
    info: gauge(registry, 'rollout_info', 'Information about a Rollout.', [
      ...of,
      'strategy',
      'traffic_router',
      'phase',
    ]),
    desired: gauge(registry, 'rollout_info_replicas_desired', 'Pods that a Rollout should have.', rollout),
    available: gauge(registry, 'rollout_info_replicas_available', 'Available pods of a Rollout.', rollout),
    unavailable: gauge(
      registry,
      'rollout_info_replicas_unavailable',
      'Pods of a Rollout that are not available.',
      rollout,
    ),
    updated: gauge(
      registry,
      'rollout_info_replicas_updated',
      'Pods of a Rollout that have the newest template.',
      rollout,
    ),
    runInfo: gauge(registry, 'analysis_run_info', 'Information about an AnalysisRun.', [...of, 'phase']),
    runPhase: gauge(registry, 'analysis_run_metric_phase', 'Phase of a metric of an AnalysisRun.', [
      ...of,
      'metric',
      'type',
      'phase',
    ]),
    templates: gauge(registry, 'analysis_template_info', 'Information about an AnalysisTemplate.', rollout),
    reverts: gauge(registry, 'headgate_git_revert_info', 'Information about a GitRevert.', [...of, 'state', 'reason']),
  };
}

type ObjectGauges = ReturnType<typeof objectGauges>;

function countRollouts(gauges: ObjectGauges, rollouts: Rollout[]): void {
  for (const rollout of rollouts) {
    const labels = { namespace: rollout.metadata.namespace ?? '', name: rollout.metadata.name };
    const { status = {}, spec } = rollout;
    const strategy = spec.strategy?.blueGreen ? 'blueGreen' : 'canary';
    gauges.info.set({ ...labels, strategy, traffic_router: trafficRouter(rollout), phase: status.phase ?? '' }, 1);
    gauges.desired.set(labels, spec.replicas ?? 1);
    gauges.available.set(labels, status.availableReplicas ?? 0);
    gauges.unavailable.set(labels, Math.max(0, (status.replicas ?? 0) - (status.availableReplicas ?? 0)));
    gauges.updated.set(labels, status.updatedReplicas ?? 0);
  }
}

function countRuns(gauges: ObjectGauges, runs: AnalysisRun[]): void {
  for (const { metadata, spec, status } of runs) {
    const labels = { namespace: metadata.namespace ?? '', name: metadata.name };
    gauges.runInfo.set({ ...labels, phase: status?.phase ?? 'Pending' }, 1);
    for (const result of status?.metricResults ?? []) {
      const metric = spec.metrics?.find(({ name }) => name === result.name);
      const [type = ''] = Object.keys(metric?.provider ?? {});
      gauges.runPhase.set({ ...labels, metric: result.name, type, phase: result.phase }, 1);
    }
  }
}

function countObjects(gauges: ObjectGauges, caches: Counted): void {
  for (const one of Object.values(gauges)) one.reset();
  countRollouts(gauges, caches.rollouts.list());
  countRuns(gauges, caches.runs.list());
  for (const { metadata } of caches.templates.list())
    gauges.templates.set({ namespace: metadata.namespace ?? '', name: metadata.name }, 1);
  for (const { metadata, status } of caches.reverts.list()) {
    const labels = { namespace: metadata.namespace ?? '', name: metadata.name };
    gauges.reverts.set({ ...labels, state: status?.state ?? 'pending', reason: status?.reason ?? '' }, 1);
  }
}

function passMetrics(registry: Registry, queue: string, prefix: string) {
  const labelNames = ['namespace', 'name'];
  return {
    queue,
    duration: new Histogram({
      name: `${prefix}_reconcile`,
      help: `Seconds that passes took.`,
      labelNames,
      buckets: BUCKETS,
      registers: [registry],
    }),
    errors: new Counter({
      name: `${prefix}_reconcile_error`,
      help: `Passes that failed.`,
      labelNames,
      registers: [registry],
    }),
  };
}

export function createMetrics(version: string): ControllerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = objectGauges(registry);
  const passes = [passMetrics(registry, 'rollout', 'rollout'), passMetrics(registry, 'analysis-run', 'analysis_run')];
  const depth = gauge(registry, 'workqueue_depth', 'Keys that wait for a pass.', ['name']);
  const outcomes = new Counter({
    name: 'workqueue_passes_total',
    help: 'Passes by outcome.',
    labelNames: ['name', 'outcome'],
    registers: [registry],
  });
  const events = new Counter({
    name: 'rollout_events_total',
    help: 'Kubernetes Events by reason.',
    labelNames: ['type', 'reason'],
    registers: [registry],
  });
  gauge(registry, 'argo_rollouts_controller_info', 'The running controller.', ['version']).set({ version }, 1);
  let counted: Counted | undefined;
  return {
    contentType: registry.contentType,
    count(caches) {
      counted = caches;
    },
    event: (type, reason) => events.inc({ type, reason }),
    depth: (name, keys) => depth.set({ name }, keys),
    passed: (name, outcome: PassOutcome) => outcomes.inc({ name, outcome }),
    pass(queue, namespace, name) {
      const of = passes.find((one) => one.queue === queue);
      const began = machineNow();
      return (failed) => {
        of?.duration.observe({ namespace, name }, (machineNow() - began) / 1000);
        if (failed) of?.errors.inc({ namespace, name });
      };
    },
    async text() {
      if (counted) countObjects(gauges, counted);
      return registry.metrics();
    },
  };
}
