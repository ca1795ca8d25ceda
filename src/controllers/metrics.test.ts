import { expect, it } from 'vitest';
import type { AnalysisRun, AnalysisTemplate, GitRevert, Rollout } from '../api/index.ts';
import type { Cache } from '../kube/cache.ts';
import { createMetrics } from './metrics.ts';

function holding<T>(objects: T[]): Cache<never> {
  return { list: () => objects } as unknown as Cache<never>;
}

const rollout = {
  metadata: { namespace: 'shop', name: 'web' },
  spec: { replicas: 3, strategy: { canary: { trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': {} } } } } },
  status: { phase: 'Paused', replicas: 4, availableReplicas: 3, updatedReplicas: 1 },
} as unknown as Rollout;
const run = {
  metadata: { namespace: 'shop', name: 'web-1' },
  spec: { metrics: [{ name: 'rate', provider: { prometheus: {} } }] },
  status: { phase: 'Running', metricResults: [{ name: 'rate', phase: 'Running' }] },
} as unknown as AnalysisRun;
const template = { metadata: { namespace: 'shop', name: 'rate' }, spec: run.spec } as unknown as AnalysisTemplate;
const revert = {
  metadata: { namespace: 'shop', name: 'revert-1' },
  status: { state: 'needsHuman', reason: 'Conflict' },
} as unknown as GitRevert;

function counting(rollouts: Rollout[]) {
  const metrics = createMetrics('1.2.3');
  metrics.count({
    rollouts: holding(rollouts),
    runs: holding([run]),
    templates: holding([template]),
    reverts: holding([revert]),
  });
  return metrics;
}

it('counts the objects under the names that dashboards know', async () => {
  const text = await counting([rollout]).text();
  for (const line of [
    'rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="argoproj-labs/gatewayAPI",phase="Paused"} 1',
    'rollout_info_replicas_desired{namespace="shop",name="web"} 3',
    'rollout_info_replicas_unavailable{namespace="shop",name="web"} 1',
    'analysis_run_info{namespace="shop",name="web-1",phase="Running"} 1',
    'analysis_run_metric_type{namespace="shop",name="web-1",metric="rate",type="prometheus"} 1',
    'analysis_run_metric_phase{namespace="shop",name="web-1",metric="rate",type="prometheus",phase="Running"} 1',
    'analysis_template_metric_info{namespace="shop",name="rate",metric="rate",type="prometheus"} 1',
    'headgate_git_revert_info{namespace="shop",name="revert-1",state="needsHuman",reason="Conflict"} 1',
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

it('counts passes, events and calls', async () => {
  const metrics = counting([]);
  metrics.pass('rollout', 'shop/web')(false);
  metrics.pass('rollout', 'shop/web')(true);
  metrics.event('Warning', 'RolloutAborted');
  metrics.request('PATCH', 'rollouts', 409);
  const text = await metrics.text();
  expect(text).toContain('rollout_reconcile_count{namespace="shop",name="web"} 2');
  expect(text).toContain('rollout_reconcile_error{namespace="shop",name="web"} 1');
  expect(text).toContain('rollout_events_total{type="Warning",reason="RolloutAborted"} 1');
  expect(text).toContain('controller_clientset_k8s_request_total{verb="PATCH",kind="rollouts",status_code="409"} 1');
});
