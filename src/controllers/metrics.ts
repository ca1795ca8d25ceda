import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { AnalysisRun, KubeObject, Rollout } from '../api/index.ts';
import type { HostCall } from '../git/hosts/host.ts';
import type { Cache } from '../kube/cache.ts';
import type { Answered } from '../kube/http-client.ts';
import { type Attendance, createAttendance } from './attendance.ts';
import { gitHostMetrics } from './git-metrics.ts';
import { keyOf, splitKey } from './keys.ts';
import { type Counted, countObjects, gauge, objectGauges } from './object-metrics.ts';
import type { QueueMetrics } from './queue.ts';
import { queueMetrics } from './queue-metrics.ts';
import { type SourceMetrics, sourceMetrics } from './source-metrics.ts';

export interface ControllerMetrics extends QueueMetrics {
  /** Counts the objects of these caches from now on. */
  count(caches: Counted): void;
  /** Counts an Event, where it is on a Rollout. */
  event(object: KubeObject, type: string, reason: string): void;
  readonly sources: SourceMetrics;
  /** Counts one call to the API server. */
  request(answered: Answered): void;
  /** Counts one request to a Git host. */
  gitHost(call: HostCall): void;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Of these so many come and go that each is not told apart. */
const NAMELESS = ['events', 'replicasets', 'analysisruns', 'pods'];
const NO_NAME = 'N/A';

type IsThere = Parameters<Attendance['over']>[0];

function eventMetrics(registry: Registry) {
  const counter = new Counter({
    name: 'rollout_events_total',
    help: 'Kubernetes Events on Rollouts by reason.',
    labelNames: ['namespace', 'name', 'type', 'reason'],
    registers: [registry],
  });
  /** What was counted, by Rollout. */
  const counted = new Map<string, Map<string, { type: string; reason: string }>>();
  const attendance = createAttendance();
  return {
    count(object: KubeObject, type: string, reason: string): void {
      if (object.kind !== 'Rollout') return;
      const key = keyOf(object);
      const series = counted.get(key) ?? new Map<string, { type: string; reason: string }>();
      series.set(`${type}/${reason}`, { type, reason });
      counted.set(key, series);
      attendance.note(key);
      counter.inc({ ...splitKey(key), type, reason });
    },
    /** Takes the series of Rollouts that are gone away; each is left for one more scrape. */
    forgetGone(isThere: IsThere): void {
      for (const key of attendance.over(isThere)) {
        for (const one of counted.get(key)?.values() ?? []) counter.remove({ ...splitKey(key), ...one });
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
  const sources = sourceMetrics(registry);
  gauge(registry, 'build_info', 'The running build.', ['version']).set({ version }, 1);
  gauge(registry, 'argo_rollouts_controller_info', 'The running controller.', ['version']).set({ version }, 1);
  let counted: Counted | undefined;
  const forgetGone = ({ rollouts, runs }: Counted) => {
    const isIn =
      (cache: Cache<Rollout> | Cache<AnalysisRun>): IsThere =>
      (key) => {
        const { namespace, name } = splitKey(key);
        return cache.get(namespace, name) !== undefined;
      };
    const isRollout = isIn(rollouts);
    events.forgetGone(isRollout);
    queues.forgetGone('rollout', isRollout);
    queues.forgetGone('analysis-run', isIn(runs));
  };
  return {
    ...queues,
    contentType: registry.contentType,
    count(caches) {
      counted = caches;
    },
    event: events.count,
    sources,
    request: requestMetrics(registry),
    gitHost: gitHostMetrics(registry),
    async text() {
      if (counted) {
        countObjects(gauges, counted);
        forgetGone(counted);
      }
      sources.refresh();
      queues.refresh();
      return registry.metrics();
    },
  };
}
