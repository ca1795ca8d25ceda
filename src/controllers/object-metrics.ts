import { Gauge, type Registry } from 'prom-client';
import {
  type AnalysisRun,
  type AnalysisTemplate,
  desiredReplicas,
  type GitRevert,
  type KubeObject,
  type Metric,
  type Rollout,
} from '../api/index.ts';
import type { Cache } from '../kube/cache.ts';

/** What is counted from the caches at each scrape. */
export interface Counted {
  rollouts: Cache<Rollout>;
  runs: Cache<AnalysisRun>;
  templates: Cache<AnalysisTemplate>;
  reverts: Cache<GitRevert>;
}

function trafficRouter({ spec }: Rollout): string {
  const routing = spec.strategy?.canary?.trafficRouting;
  const [plugin] = Object.keys(routing?.plugins ?? {});
  return (
    plugin ?? Object.keys(routing ?? {}).find((key) => key !== 'managedRoutes' && key !== 'maxTrafficWeight') ?? ''
  );
}

export function gauge<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]) {
  return new Gauge({ name, help, labelNames, registers: [registry] });
}

/** The reference's names, so that dashboards keep working, and Git's own. */
export function objectGauges(registry: Registry) {
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
    phase: gauge(registry, 'rollout_phase', 'Phase of a Rollout; use rollout_info.', [...of, 'strategy', 'phase']),
    runInfo: gauge(registry, 'analysis_run_info', 'Information about an AnalysisRun.', [...of, 'phase']),
    runPhase: gauge(registry, 'analysis_run_phase', 'Phase of an AnalysisRun; use analysis_run_info.', [
      ...of,
      'phase',
    ]),
    runMetricType: gauge(registry, 'analysis_run_metric_type', 'Provider of a metric of an AnalysisRun.', [
      ...of,
      'metric',
      'type',
    ]),
    runMetricPhase: gauge(registry, 'analysis_run_metric_phase', 'Phase of a metric of an AnalysisRun.', [
      ...of,
      'metric',
      'type',
      'phase',
    ]),
    templates: gauge(registry, 'analysis_template_info', 'Information about an AnalysisTemplate.', rollout),
    templateMetrics: gauge(registry, 'analysis_template_metric_info', 'Provider of a metric of an AnalysisTemplate.', [
      ...of,
      'metric',
      'type',
    ]),
    reverts: gauge(registry, 'headgate_git_revert_info', 'Information about a GitRevert.', [...of, 'state', 'reason']),
  };
}

export type ObjectGauges = ReturnType<typeof objectGauges>;

function labelsOf({ metadata }: KubeObject): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function providerOf(metric: Metric | undefined): string {
  return Object.keys(metric?.provider ?? {})[0] ?? '';
}

function countRollouts(gauges: ObjectGauges, rollouts: Rollout[]): void {
  for (const rollout of rollouts) {
    const labels = labelsOf(rollout);
    const { status = {}, spec } = rollout;
    const strategy = spec.strategy?.blueGreen ? 'blueGreen' : 'canary';
    const phase = status.phase ?? '';
    gauges.info.set({ ...labels, strategy, traffic_router: trafficRouter(rollout), phase }, 1);
    gauges.phase.set({ ...labels, strategy, phase }, 1);
    gauges.desired.set(labels, desiredReplicas(rollout));
    gauges.available.set(labels, status.availableReplicas ?? 0);
    gauges.unavailable.set(labels, Math.max(0, (status.replicas ?? 0) - (status.availableReplicas ?? 0)));
    gauges.updated.set(labels, status.updatedReplicas ?? 0);
  }
}

function countRuns(gauges: ObjectGauges, runs: AnalysisRun[]): void {
  for (const run of runs) {
    const labels = labelsOf(run);
    const phase = run.status?.phase ?? 'Pending';
    gauges.runInfo.set({ ...labels, phase }, 1);
    gauges.runPhase.set({ ...labels, phase }, 1);
    for (const metric of run.spec.metrics ?? []) {
      gauges.runMetricType.set({ ...labels, metric: metric.name, type: providerOf(metric) }, 1);
    }
    for (const result of run.status?.metricResults ?? []) {
      const type = providerOf(run.spec.metrics?.find(({ name }) => name === result.name));
      gauges.runMetricPhase.set({ ...labels, metric: result.name, type, phase: result.phase }, 1);
    }
  }
}

function countTemplates(gauges: ObjectGauges, templates: AnalysisTemplate[]): void {
  for (const template of templates) {
    gauges.templates.set(labelsOf(template), 1);
    for (const metric of template.spec.metrics ?? []) {
      gauges.templateMetrics.set({ ...labelsOf(template), metric: metric.name, type: providerOf(metric) }, 1);
    }
  }
}

/** Counts everything anew: what is gone leaves no series behind. */
export function countObjects(gauges: ObjectGauges, caches: Counted): void {
  for (const one of Object.values(gauges)) one.reset();
  countRollouts(gauges, caches.rollouts.list());
  countRuns(gauges, caches.runs.list());
  countTemplates(gauges, caches.templates.list());
  for (const revert of caches.reverts.list()) {
    const { state = 'pending', reason = '' } = revert.status ?? {};
    gauges.reverts.set({ ...labelsOf(revert), state, reason }, 1);
  }
}
