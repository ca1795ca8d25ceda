import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { KubeObject } from '../api/index.ts';
import type { Answered } from '../kube/http-client.ts';
import { keyOf, splitKey } from './keys.ts';
import { type Counted, countObjects, gauge, objectGauges } from './object-metrics.ts';
import type { QueueMetrics } from './queue.ts';
import { queueMetrics } from './queue-metrics.ts';

export interface ControllerMetrics extends QueueMetrics {
  /** Counts the objects of these caches from now on. */
  count(caches: Counted): void;
  /** Counts an Event, where it is on a Rollout. */
  event(object: KubeObject, type: string, reason: string): void;
  /** Counts one call to the API server. */
  request(answered: Answered): void;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Of these so many come and go that each is not told apart. */
const NAMELESS = ['events', 'replicasets', 'analysisruns', 'pods'];
const NO_NAME = 'N/A';

type IsThere = (namespace: string, name: string) => boolean;

function eventMetrics(registry: Registry) {
  const counter = new Counter({
    name: 'rollout_events_total',
    help: 'Kubernetes Events on Rollouts by reason.',
    labelNames: ['namespace', 'name', 'type', 'reason'],
    registers: [registry],
  });
  /** What was counted, by Rollout; `isLeaving`: its last scrape is over. */
  const counted = new Map<string, { series: Map<string, { type: string; reason: string }>; isLeaving: boolean }>();
  return {
    count(object: KubeObject, type: string, reason: string): void {
      if (object.kind !== 'Rollout') return;
      const key = keyOf(object);
      const { series } = counted.get(key) ?? { series: new Map<string, { type: string; reason: string }>() };
      series.set(`${type}/${reason}`, { type, reason });
      counted.set(key, { series, isLeaving: false });
      counter.inc({ ...splitKey(key), type, reason });
    },
    /** Takes the series of Rollouts that are gone away; each is left for one more scrape. */
    forgetGone(isThere: IsThere): void {
      for (const [key, { series, isLeaving }] of counted) {
        const labels = splitKey(key);
        if (isThere(labels.namespace, labels.name)) continue;
        counted.set(key, { series, isLeaving: true });
        if (!isLeaving) continue;
        for (const { type, reason } of series.values()) counter.remove({ ...labels, type, reason });
        counted.delete(key);
      }
    },
  };
}

function requestMetrics(registry: Registry) {
  const requests = new Counter({
    name: 'controller_clientset_k8s_request_total',
    help: 'Calls to the Kubernetes API.',
    labelNames: ['kind', 'namespace', 'name', 'verb', 'status_code'],
    registers: [registry],
  });
  return ({ verb, kind, namespace, name, code }: Answered): void => {
    const isNamed = verb !== 'List' && !NAMELESS.includes(kind);
    requests.inc({ kind, namespace, name: isNamed ? name : NO_NAME, verb, status_code: code });
  };
}

export function createMetrics(version: string): ControllerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = objectGauges(registry);
  const queues = queueMetrics(registry);
  const events = eventMetrics(registry);
  gauge(registry, 'build_info', 'The running build.', ['version']).set({ version }, 1);
  gauge(registry, 'argo_rollouts_controller_info', 'The running controller.', ['version']).set({ version }, 1);
  let counted: Counted | undefined;
  const forgetGone = ({ rollouts, runs }: Counted) => {
    const isRollout: IsThere = (namespace, name) => rollouts.get(namespace, name) !== undefined;
    events.forgetGone(isRollout);
    queues.forgetGone('rollout', isRollout);
    queues.forgetGone('analysis-run', (namespace, name) => runs.get(namespace, name) !== undefined);
  };
  return {
    ...queues,
    contentType: registry.contentType,
    count(caches) {
      counted = caches;
    },
    event: events.count,
    request: requestMetrics(registry),
    async text() {
      if (counted) {
        countObjects(gauges, counted);
        forgetGone(counted);
      }
      queues.refresh();
      return registry.metrics();
    },
  };
}
