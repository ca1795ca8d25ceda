import { Gauge, type Registry } from 'prom-client';
import { isDryRun } from '../analysis/index.ts';
import {
  type AnalysisRun,
  type AnalysisTemplate,
  type ClusterAnalysisTemplate,
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
  clusterTemplates: Cache<ClusterAnalysisTemplate>;
  reverts: Cache<GitRevert>;
}

/** Routers by their names in metrics; of a plugin its own. */
const ROUTERS: Record<string, string> = {
  alb: 'ALB',
  ambassador: 'Ambassador',
  istio: 'Istio',
  nginx: 'Nginx',
  smi: 'SMI',
  appMesh: 'AppMesh',
};
const PROVIDERS: Record<string, string> = {
  prometheus: 'Prometheus',
  job: 'Job',
  kayenta: 'Kayenta',
  web: 'Web',
  datadog: 'Datadog',
  wavefront: 'Wavefront',
  newRelic: 'NewRelic',
  cloudWatch: 'CloudWatch',
  graphite: 'Graphite',
  influxdb: 'Influxdb',
  skywalking: 'skywalking',
  plugin: 'RPCPlugin',
};
/** What the Progressing condition's reason comes to; any other is progress. */
const PHASES: Record<string, string> = {
  NewReplicaSetAvailable: 'Completed',
  RolloutPaused: 'Paused',
  ReplicaSetCreateError: 'Error',
  ProgressDeadlineExceeded: 'Timeout',
  RolloutAborted: 'Abort',
};
const ROLLOUT_PHASES = ['Completed', 'Progressing', 'Paused', 'Timeout', 'Error', 'Abort'];
/** States of a GitRevert in which Git holds what is to go, and nobody has said that it may stay. */
const IN_GIT: ReadonlySet<string> = new Set(['pending', 'planned', 'verified', 'writing', 'proposed', 'needsHuman']);
const RUN_PHASES = ['Pending', 'Error', 'Failed', 'Successful', 'Running', 'Inconclusive'];

function routerOf({ spec }: Rollout): string {
  const routing = spec.strategy?.canary?.trafficRouting ?? {};
  const [known] = Object.keys(routing).filter((key) => key in ROUTERS);
  return known === undefined ? (Object.keys(routing.plugins ?? {})[0] ?? '') : (ROUTERS[known] ?? '');
}

function strategyOf({ spec }: Rollout): string {
  if (spec.strategy?.blueGreen) return 'blueGreen';
  return spec.strategy?.canary ? 'canary' : 'none';
}

function phaseOf({ status }: Rollout): string {
  const reasonOf = (wanted: string) => status?.conditions?.find(({ type }) => type === wanted)?.reason;
  if (reasonOf('InvalidSpec') !== undefined) return 'InvalidSpec';
  return PHASES[reasonOf('Progressing') ?? ''] ?? 'Progressing';
}

function providerOf({ provider }: Metric): string {
  const given = Object.entries(provider ?? {}).flatMap(([key, settings]) => (settings == null ? [] : [key]));
  const [known] = Object.keys(PROVIDERS).filter((key) => given.includes(key));
  return PROVIDERS[known ?? ''] ?? 'Unknown Provider';
}

export function gauge<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]) {
  return new Gauge({ name, help, labelNames, registers: [registry] });
}

/** The reference's names and labels, so that dashboards keep working, and Git's own. */
export function objectGauges(registry: Registry) {
  const of = ['namespace', 'name'] as const;
  const made = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
    gauge(registry, name, help, [...of, ...labels]);
  const pods = (which: string, help: string) => made(`rollout_info_replicas_${which}`, help);
  return {
    info: made('rollout_info', 'Information about a Rollout.', 'strategy', 'traffic_router', 'phase'),
    desired: pods('desired', 'Pods that a Rollout should have.'),
    available: pods('available', 'Available pods of a Rollout.'),
    unavailable: pods('unavailable', 'Pods of a Rollout that are not available.'),
    updated: pods('updated', 'Pods of a Rollout that have the newest template.'),
    phase: made('rollout_phase', 'Whether a Rollout is in this phase; use rollout_info.', 'strategy', 'phase'),
    runInfo: made('analysis_run_info', 'Information about an AnalysisRun.', 'phase'),
    runPhase: made('analysis_run_phase', 'Whether a run is in this phase; use analysis_run_info.', 'phase'),
    runMetricType: made('analysis_run_metric_type', 'Provider of a metric of an AnalysisRun.', 'metric', 'type'),
    runMetricPhase: made(
      'analysis_run_metric_phase',
      'Whether a metric of an AnalysisRun is in this phase.',
      ...(['metric', 'type', 'dry_run', 'phase'] as const),
    ),
    templates: made('analysis_template_info', 'Information about an AnalysisTemplate.'),
    templateMetrics: made(
      'analysis_template_metric_info',
      'Provider of a metric of an AnalysisTemplate.',
      ...(['type', 'metric'] as const),
    ),
    reverts: made('headgate_git_revert_info', 'Information about a GitRevert.', 'state', 'reason'),
    pending: made(
      'headgate_git_revert_pending_since_timestamp_seconds',
      'Since when a change that failed is to be taken out of Git, as long as Git holds it.',
    ),
  };
}

export type ObjectGauges = ReturnType<typeof objectGauges>;

function labelsOf({ metadata }: KubeObject): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function countRollout(gauges: ObjectGauges, rollout: Rollout): void {
  const labels = labelsOf(rollout);
  const { status = {} } = rollout;
  const [strategy, phase] = [strategyOf(rollout), phaseOf(rollout)];
  gauges.info.set({ ...labels, strategy, traffic_router: routerOf(rollout), phase }, 1);
  for (const each of ROLLOUT_PHASES) gauges.phase.set({ ...labels, strategy, phase: each }, Number(each === phase));
  gauges.desired.set(labels, desiredReplicas(rollout));
  gauges.available.set(labels, status.availableReplicas ?? 0);
  gauges.unavailable.set(labels, (status.replicas ?? 0) - (status.availableReplicas ?? 0));
  gauges.updated.set(labels, status.updatedReplicas ?? 0);
}

function countRun(gauges: ObjectGauges, run: AnalysisRun): void {
  const labels = labelsOf(run);
  const current = run.status?.phase ?? '';
  const isIn = (phase: string, now = '') => Number((now || 'Pending') === phase);
  gauges.runInfo.set({ ...labels, phase: current }, 1);
  for (const phase of RUN_PHASES) gauges.runPhase.set({ ...labels, phase }, isIn(phase, current));
  for (const metric of run.spec.metrics ?? []) {
    const what = { ...labels, metric: metric.name, type: providerOf(metric) };
    const now = run.status?.metricResults?.find(({ name }) => name === metric.name)?.phase;
    gauges.runMetricType.set(what, 1);
    const dry_run = String(isDryRun(run.spec, metric));
    for (const phase of RUN_PHASES) gauges.runMetricPhase.set({ ...what, dry_run, phase }, isIn(phase, now));
  }
}

function countTemplate(gauges: ObjectGauges, template: AnalysisTemplate | ClusterAnalysisTemplate): void {
  const labels = labelsOf(template);
  gauges.templates.set(labels, 1);
  for (const metric of template.spec.metrics ?? []) {
    gauges.templateMetrics.set({ ...labels, type: providerOf(metric), metric: metric.name }, 1);
  }
}

/** Counts everything anew: what is gone leaves no series behind. */
export function countObjects(gauges: ObjectGauges, caches: Counted): void {
  for (const one of Object.values(gauges)) one.reset();
  for (const rollout of caches.rollouts.list()) countRollout(gauges, rollout);
  for (const run of caches.runs.list()) countRun(gauges, run);
  for (const template of [...caches.templates.list(), ...caches.clusterTemplates.list()])
    countTemplate(gauges, template);
  for (const revert of caches.reverts.list()) {
    const { state = 'pending', reason = '' } = revert.status ?? {};
    gauges.reverts.set({ ...labelsOf(revert), state, reason }, 1);
    const since = Date.parse(revert.status?.startedAt ?? revert.metadata.creationTimestamp ?? '');
    if (IN_GIT.has(state) && !Number.isNaN(since)) gauges.pending.set(labelsOf(revert), since / 1000);
  }
}
