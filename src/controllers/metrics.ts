import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { machineNow } from '../clock.ts';
import { splitKey } from './keys.ts';
import { type Counted, countObjects, gauge, objectGauges } from './object-metrics.ts';
import type { PassOutcome, QueueMetrics } from './queue.ts';

export interface ControllerMetrics extends QueueMetrics {
  /** Counts the objects of these caches from now on. */
  count(caches: Counted): void;
  event(type: string, reason: string): void;
  /** Counts one call to the API server. */
  request(verb: string, kind: string, code: number): void;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  readonly contentType: string;
}

const BUCKETS = [0.01, 0.15, 0.25, 0.5, 1];

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
  const requests = new Counter({
    name: 'controller_clientset_k8s_request_total',
    help: 'Calls to the Kubernetes API.',
    labelNames: ['verb', 'kind', 'status_code'],
    registers: [registry],
  });
  gauge(registry, 'build_info', 'The running build.', ['version']).set({ version }, 1);
  gauge(registry, 'argo_rollouts_controller_info', 'The running controller.', ['version']).set({ version }, 1);
  let counted: Counted | undefined;
  return {
    contentType: registry.contentType,
    count(caches) {
      counted = caches;
    },
    event: (type, reason) => events.inc({ type, reason }),
    request: (verb, kind, code) => requests.inc({ verb, kind, status_code: code }),
    depth: (name, keys) => depth.set({ name }, keys),
    passed: (name, outcome: PassOutcome) => outcomes.inc({ name, outcome }),
    pass(queue, key) {
      const of = passes.find((one) => one.queue === queue);
      const { namespace, name } = splitKey(key);
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
