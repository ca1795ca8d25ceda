import { expect, it } from 'vitest';
import type {
  AnalysisRun,
  AnalysisTemplate,
  ClusterAnalysisTemplate,
  GitRevert,
  GitSource,
  KubeObject,
  Rollout,
} from '../api/index.ts';
import type { Cache } from '../kube/cache.ts';
import { createMetrics } from './metrics.ts';

function holding<T>(objects: T[]): Cache<never> {
  const get = (namespace: string, name: string) =>
    (objects as KubeObject[]).find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  return { list: () => objects, get } as unknown as Cache<never>;
}

const rollout = {
  kind: 'Rollout',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { replicas: 3, strategy: { canary: { trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': {} } } } } },
  status: {
    phase: 'Paused',
    replicas: 4,
    availableReplicas: 3,
    updatedReplicas: 1,
    conditions: [{ type: 'Progressing', status: 'Unknown', reason: 'RolloutPaused' }],
  },
} as unknown as Rollout;
const run = {
  metadata: { namespace: 'shop', name: 'web-1' },
  spec: {
    metrics: [
      { name: 'rate', provider: { prometheus: {} } },
      { name: 'trial', provider: { job: {} } },
    ],
    dryRun: [{ metricName: 'tri.*' }],
  },
  status: { phase: 'Running', metricResults: [{ name: 'rate', phase: 'Running' }] },
} as unknown as AnalysisRun;
const template = { metadata: { namespace: 'shop', name: 'rate' }, spec: run.spec } as unknown as AnalysisTemplate;
const clusterTemplate = { metadata: { name: 'shared' }, spec: run.spec } as unknown as ClusterAnalysisTemplate;
const revert = {
  metadata: { namespace: 'shop', name: 'revert-1' },
  status: { state: 'needsHuman', reason: 'Conflict', startedAt: '2026-11-20T12:00:00Z' },
} as unknown as GitRevert;

function counting(rollouts: Rollout[]) {
  const metrics = createMetrics('1.2.3');
  metrics.count({
    rollouts: holding(rollouts),
    runs: holding([run]),
    templates: holding([template]),
    clusterTemplates: holding([clusterTemplate]),
    reverts: holding([revert]),
  });
  return metrics;
}

it('counts GitSources and what was told of them, and forgets those that are gone', async () => {
  const conditions = [
    { type: 'Ready', status: 'False', reason: 'Forbidden' },
    { type: 'Healthy', status: 'True' },
  ];
  const status = { objects: 3, lastAppliedAt: '2026-11-20T12:00:00Z', conditions };
  const source = { metadata: { namespace: 'shop', name: 'web' }, spec: {}, status } as unknown as GitSource;
  const there = [source];
  const metrics = createMetrics('1.2.3');
  metrics.sources.follow(holding(there));
  metrics.sources.looked(source, { seconds: 0.5, deleted: 2 });
  metrics.sources.looked(source, { seconds: 0.25, deleted: 1 });
  const own = (text: string) => text.split('\n').filter((line) => line.startsWith('headgate_git_source_'));
  expect(own(await metrics.text())).toEqual([
    'headgate_git_source_info{namespace="shop",name="web",ready="False",healthy="True",reason="Forbidden"} 1',
    'headgate_git_source_objects{namespace="shop",name="web"} 3',
    'headgate_git_source_last_applied_timestamp_seconds{namespace="shop",name="web"} 1795176000',
    'headgate_git_source_last_look_seconds{namespace="shop",name="web"} 0.25',
    'headgate_git_source_pruned_total{namespace="shop",name="web"} 3',
  ]);
  there.length = 0;
  await metrics.text();
  expect(own(await metrics.text())).toEqual([]);
});

it('counts the objects under the names that dashboards know', async () => {
  const text = await counting([rollout]).text();
  for (const line of [
    'rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="argoproj-labs/gatewayAPI",phase="Paused"} 1',
    'rollout_info_replicas_desired{namespace="shop",name="web"} 3',
    'rollout_info_replicas_unavailable{namespace="shop",name="web"} 1',
    'rollout_phase{namespace="shop",name="web",strategy="canary",phase="Paused"} 1',
    'rollout_phase{namespace="shop",name="web",strategy="canary",phase="Completed"} 0',
    'analysis_run_info{namespace="shop",name="web-1",phase="Running"} 1',
    'analysis_run_phase{namespace="shop",name="web-1",phase="Running"} 1',
    'analysis_run_phase{namespace="shop",name="web-1",phase="Pending"} 0',
    'analysis_run_metric_type{namespace="shop",name="web-1",metric="rate",type="Prometheus"} 1',
    'analysis_run_metric_phase{namespace="shop",name="web-1",metric="rate",type="Prometheus",dry_run="false",phase="Running"} 1',
    'analysis_run_metric_phase{namespace="shop",name="web-1",metric="rate",type="Prometheus",dry_run="false",phase="Failed"} 0',
    'analysis_run_metric_phase{namespace="shop",name="web-1",metric="trial",type="Job",dry_run="true",phase="Pending"} 1',
    'analysis_template_info{namespace="",name="shared"} 1',
    'analysis_template_metric_info{namespace="shop",name="rate",type="Prometheus",metric="rate"} 1',
    'headgate_git_revert_info{namespace="shop",name="revert-1",state="needsHuman",reason="Conflict"} 1',
    'headgate_git_revert_pending_since_timestamp_seconds{namespace="shop",name="revert-1"} 1795176000',
    'build_info{version="1.2.3"} 1',
  ]) {
    expect(text).toContain(line);
  }
});

it('leaves no series of what is gone', async () => {
  const rollouts = [rollout];
  const metrics = counting(rollouts);
  expect(await metrics.text()).toContain('rollout_info{');
  rollouts.pop();
  expect(await metrics.text()).not.toContain('rollout_info{');
});

it.each([
  ['Completed', [{ type: 'Progressing', reason: 'NewReplicaSetAvailable' }]],
  ['Progressing', [{ type: 'Progressing', reason: 'ReplicaSetUpdated' }]],
  ['Progressing', []],
  ['Paused', [{ type: 'Progressing', reason: 'RolloutPaused' }]],
  ['Error', [{ type: 'Progressing', reason: 'ReplicaSetCreateError' }]],
  ['Timeout', [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }]],
  ['Abort', [{ type: 'Progressing', reason: 'RolloutAborted' }]],
  [
    'InvalidSpec',
    [
      { type: 'Progressing', reason: 'RolloutAborted' },
      { type: 'InvalidSpec', reason: 'InvalidSpec' },
    ],
  ],
])('tells of %s as dashboards know it', async (phase, conditions) => {
  const text = await counting([{ ...rollout, status: { conditions } } as unknown as Rollout]).text();
  expect(text).toMatch(new RegExp(`rollout_info\\{.*phase="${phase}"\\} 1`));
});

it.each(['landed', 'done', 'skipped', 'vetoed', 'superseded', 'dryRun'])(
  'knows nothing pending of what is %s',
  async (state) => {
    const metrics = createMetrics('1.2.3');
    const one = { ...revert, status: { ...revert.status, state } };
    const none = holding([]);
    metrics.count({ rollouts: none, runs: none, templates: none, clusterTemplates: none, reverts: holding([one]) });
    expect(await metrics.text()).not.toContain('headgate_git_revert_pending_since_timestamp_seconds{');
  },
);

it('counts what Git hosts are asked, and keeps what they said of their limits last', async () => {
  const metrics = createMetrics('1.2.3');
  const call = { host: 'api.github.com', method: 'GET' };
  metrics.gitHost({ ...call, status: 200, remaining: 4999 });
  metrics.gitHost({ ...call, status: 200, remaining: 4998 });
  metrics.gitHost({ ...call, status: undefined, remaining: undefined });
  const text = await metrics.text();
  for (const line of [
    'headgate_git_host_requests_total{host="api.github.com",method="GET",status_code="200"} 2',
    'headgate_git_host_requests_total{host="api.github.com",method="GET",status_code="none"} 1',
    'headgate_git_host_rate_remaining{host="api.github.com"} 4998',
  ]) {
    expect(text).toContain(line);
  }
});

it('counts passes, events and calls', async () => {
  const metrics = counting([rollout]);
  metrics.added('rollout', 'shop/web');
  metrics.depth('rollout', 1);
  metrics.pass('rollout', 'shop/web')(false);
  metrics.pass('rollout', 'shop/web')(true);
  metrics.passed('rollout', 'failed');
  const end = metrics.pass('rollout', 'shop/web');
  metrics.event(rollout, 'Warning', 'RolloutAborted');
  metrics.event({ ...run, kind: 'AnalysisRun' }, 'Warning', 'AnalysisRunFailed');
  metrics.request({ verb: 'Patch', kind: 'rollouts', namespace: 'shop', name: 'web', code: 409 });
  metrics.request({ verb: 'Create', kind: 'events', namespace: 'shop', name: '', code: 201 });
  const text = await metrics.text();
  for (const line of [
    'rollout_reconcile_count{namespace="shop",name="web"} 2',
    'rollout_reconcile_error{namespace="shop",name="web"} 1',
    'rollout_events_total{namespace="shop",name="web",type="Warning",reason="RolloutAborted"} 1',
    'controller_clientset_k8s_request_total{kind="rollouts",namespace="shop",name="web",verb="Patch",status_code="409"} 1',
    'controller_clientset_k8s_request_total{kind="events",namespace="shop",name="N/A",verb="Create",status_code="201"} 1',
    'workqueue_depth{name="Rollouts"} 1',
    'workqueue_adds_total{name="Rollouts"} 1',
    'workqueue_retries_total{name="Rollouts"} 1',
    'workqueue_queue_duration_seconds_count{name="Rollouts"} 1',
    'workqueue_work_duration_seconds_count{name="Rollouts"} 2',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/workqueue_unfinished_work_seconds\{name="Rollouts"\} 0\.?\d/);
  expect(text).toMatch(/workqueue_longest_running_processor_seconds\{name="Rollouts"\} 0\.?\d/);
  expect(text).not.toContain('AnalysisRunFailed');
  end(false);
});

it('leaves what was counted of a Rollout for one more scrape after its end', async () => {
  const rollouts = [rollout];
  const metrics = counting(rollouts);
  metrics.pass('rollout', 'shop/web')(true);
  metrics.event(rollout, 'Normal', 'RolloutDeleted');
  await metrics.text();
  rollouts.pop();
  const [last, after] = [await metrics.text(), await metrics.text()];
  for (const name of ['rollout_reconcile_count{', 'rollout_reconcile_error{', 'rollout_events_total{']) {
    expect(last).toContain(name);
    expect(after).not.toContain(name);
  }
});
