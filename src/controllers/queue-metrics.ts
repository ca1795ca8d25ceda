import { Counter, Histogram, type Registry } from 'prom-client';
import { steadyNow } from '../clock.ts';
import { type Attendance, createAttendance } from './attendance.ts';
import { splitKey } from './keys.ts';
import { gauge } from './object-metrics.ts';
import type { PassOutcome, QueueMetrics } from './queue.ts';

/** Seconds, as in every controller that is made with client-go. */
const QUEUE_BUCKETS = Array.from({ length: 10 }, (_, power) => 10 ** (power - 8));
const PASS_BUCKETS = [0.01, 0.15, 0.25, 0.5, 1];
/** Queues by their names in metrics; any other has its own. */
const NAMES: Record<string, string> = { rollout: 'Rollouts', 'analysis-run': 'AnalysisRuns', service: 'Services' };

function nameOf(queue: string): string {
  return NAMES[queue] ?? queue;
}

function passMetrics(registry: Registry, prefix: string) {
  const common = { labelNames: ['namespace', 'name'], registers: [registry] };
  const duration = new Histogram({
    ...common,
    name: `${prefix}_reconcile`,
    help: 'Seconds that passes took.',
    buckets: PASS_BUCKETS,
  });
  const errors = new Counter({ ...common, name: `${prefix}_reconcile_error`, help: 'Passes that failed.' });
  return { duration, errors };
}

type PassMetrics = ReturnType<typeof passMetrics>;

function workMetrics(registry: Registry) {
  const common = { labelNames: ['name'] as const, registers: [registry], buckets: QUEUE_BUCKETS };
  const seconds = (name: string, help: string) => new Histogram({ ...common, name, help });
  return {
    depth: gauge(registry, 'workqueue_depth', 'Keys that wait for a pass.', ['name']),
    adds: new Counter({ ...common, name: 'workqueue_adds_total', help: 'Keys that were added.' }),
    retries: new Counter({ ...common, name: 'workqueue_retries_total', help: 'Passes that are tried again.' }),
    waits: seconds('workqueue_queue_duration_seconds', 'Seconds that keys waited for their pass.'),
    work: seconds('workqueue_work_duration_seconds', 'Seconds that passes took.'),
    unfinished: gauge(registry, 'workqueue_unfinished_work_seconds', 'Seconds of all passes under way.', ['name']),
    longest: gauge(registry, 'workqueue_longest_running_processor_seconds', 'Seconds of the longest pass under way.', [
      'name',
    ]),
    outcomes: new Counter({
      name: 'workqueue_passes_total',
      help: 'Passes by outcome.',
      labelNames: ['name', 'outcome'],
      registers: [registry],
    }),
  };
}

interface Times {
  /** On the steady clock, milliseconds, by key. */
  added: Map<string, number>;
  began: Map<string, number>;
}

function secondsSince(time: number): number {
  return (steadyNow() - time) / 1000;
}

export interface QueueSeries extends QueueMetrics {
  /** Takes the series of objects that are gone away; each is left for one more scrape. */
  forgetGone(queue: string, isThere: (key: string) => boolean): void;
  /** Brings what depends on the present moment up to date. */
  refresh(): void;
}

/** What queues count, under the names that dashboards know. */
export function queueMetrics(registry: Registry): QueueSeries {
  const work = workMetrics(registry);
  const passes: Record<string, PassMetrics> = {
    rollout: passMetrics(registry, 'rollout'),
    'analysis-run': passMetrics(registry, 'analysis_run'),
  };
  const queues = new Map<string, Times>();
  const attendances = new Map<string, Attendance>();
  const timesOf = (queue: string): Times => {
    const times = queues.get(queue) ?? { added: new Map(), began: new Map() };
    queues.set(queue, times);
    return times;
  };
  const attendanceOf = (queue: string): Attendance => {
    const attendance = attendances.get(queue) ?? createAttendance();
    attendances.set(queue, attendance);
    return attendance;
  };
  return {
    depth: (queue, keys) => work.depth.set({ name: nameOf(queue) }, keys),
    added(queue, key) {
      work.adds.inc({ name: nameOf(queue) });
      timesOf(queue).added.set(key, steadyNow());
    },
    passed(queue, outcome: PassOutcome) {
      const name = nameOf(queue);
      work.outcomes.inc({ name, outcome });
      if (outcome === 'failed' || outcome === 'waiting') work.retries.inc({ name });
    },
    pass(queue, key) {
      const { added, began } = timesOf(queue);
      const name = nameOf(queue);
      const [since, now] = [added.get(key), steadyNow()];
      if (since !== undefined) work.waits.observe({ name }, (now - since) / 1000);
      added.delete(key);
      began.set(key, now);
      return (failed) => {
        const seconds = secondsSince(now);
        began.delete(key);
        work.work.observe({ name }, seconds);
        const of = passes[queue];
        if (!of) return;
        const labels = splitKey(key);
        attendanceOf(queue).note(key);
        of.duration.observe(labels, seconds);
        if (failed) of.errors.inc(labels);
      };
    },
    forgetGone(queue, isThere) {
      for (const key of attendanceOf(queue).over(isThere)) {
        passes[queue]?.duration.remove(splitKey(key));
        passes[queue]?.errors.remove(splitKey(key));
      }
    },
    refresh() {
      for (const [queue, { began }] of queues) {
        const seconds = [...began.values()].map(secondsSince);
        const name = nameOf(queue);
        work.unfinished.set(
          { name },
          seconds.reduce((sum, each) => sum + each, 0),
        );
        work.longest.set({ name }, Math.max(0, ...seconds));
      }
    },
  };
}
