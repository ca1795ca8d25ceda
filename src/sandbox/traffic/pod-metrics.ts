import type { Pod } from '../../api/kubernetes.ts';
import type { ExposedSeries } from '../prometheus/scrapes.ts';
import { isFinished } from '../workloads/objects.ts';

export const POD_METRICS = ['up', 'kube_pod_container_status_restarts_total'];

interface Observed {
  pod: Pod;
  from: number;
  until: number | undefined;
  /** By container: how many restarts, from when on. */
  restarts: Map<string, { from: number; count: number }[]>;
}

/** What is exposed about pods themselves: whether they can be scraped, and how often their containers restarted. */
export interface PodMetrics {
  observe(pod: Pod, gone: boolean, now: number): void;
  series(metric: string): ExposedSeries[];
}

export function createPodMetrics(labelsOf: (pod: Pod) => Record<string, string>): PodMetrics {
  const observed = new Map<string, Observed>();
  return {
    observe(pod, gone, now) {
      const { uid = '' } = pod.metadata;
      const known = observed.get(uid) ?? { pod, from: now, until: undefined, restarts: new Map() };
      if (pod.status?.phase === 'Running') observed.set(uid, known);
      known.pod = pod;
      if (gone || isFinished(pod)) known.until ??= now;
      for (const { name, restartCount } of pod.status?.containerStatuses ?? []) {
        const history = known.restarts.get(name) ?? [];
        known.restarts.set(name, history);
        if (history.at(-1)?.count !== restartCount) history.push({ from: now, count: restartCount });
      }
    },
    series(metric) {
      const pods = [...observed.values()];
      if (metric === 'up') return pods.map((each) => upSeries(each, labelsOf(each.pod)));
      return metric === POD_METRICS[1] ? pods.flatMap(restartSeries) : [];
    },
  };
}

function upSeries({ from, until }: Observed, labels: Record<string, string>): ExposedSeries {
  return { labels: { __name__: 'up', ...labels }, from, until: () => until, value: () => 1 };
}

function restartSeries({ pod, from, until, restarts }: Observed): ExposedSeries[] {
  const { namespace = '', name, uid = '' } = pod.metadata;
  return [...restarts].map(([container, history]) => ({
    labels: {
      __name__: 'kube_pod_container_status_restarts_total',
      job: 'kube-state-metrics',
      namespace,
      pod: name,
      uid,
      container,
    },
    from,
    until: () => until,
    value: (time) => history.findLast((each) => each.from <= time)?.count ?? 0,
  }));
}
