import type { KubeObject, LabelSelector, Pod, PodTemplateSpec } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import { createReferenceIndex } from '../../kube/reference-index.ts';
import { type Log, silentLog } from '../../log.ts';
import type { Store } from '../api/types.ts';
import type { ScrapeTargets } from '../prometheus/scrapes.ts';
import { createLoop } from '../workloads/loop.ts';
import { isFinished, keyOf, placeOf } from '../workloads/objects.ts';
import { pairOf, pairsOf, servicePairs } from '../workloads/pairs.ts';
import { type Behaviour, failures, REQUEST_METRICS, type Stream, streamSeries } from './exposition.ts';
import type { Request } from './matching.ts';
import { imageOf, podLabels } from './pod-labels.ts';
import { createPodMetrics, POD_METRICS } from './pod-metrics.ts';
import { type App, answers, type Flow, namedServices, split } from './split.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { watchTopology } from './topology.ts';

export type { Behaviour } from './exposition.ts';

export interface TrafficOptions {
  store: Store;
  clock: Clock;
  log?: Log;
  /** Of each Rollout's users, 20 unless set. */
  requestsPerSecond?: (app: { namespace: string; name: string }) => number;
  /** What an image's pods do to requests; asked once per pod. No errors and 40 ms unless set. */
  behaviour?: (image: string) => Behaviour;
}

/** One revision's requests so far. */
export interface RevisionTraffic {
  /** The pods' rollouts-pod-template-hash. */
  hash: string;
  image: string;
  /** Requests that were answered to users. */
  total: number;
  /** Copies of requests besides, whose answers nobody got. */
  mirrored: number;
  failed: number;
  /** At this moment. */
  requestsPerSecond: number;
  /** World time, milliseconds: now where requests are arriving. */
  lastRequestAt: number | undefined;
}

export interface AppTraffic {
  revisions: RevisionTraffic[];
  /** Requests that found no pod; they failed. */
  unserved: number;
}

export interface Traffic {
  /** What Prometheus scrapes. */
  targets: ScrapeTargets;
  /** An app's requests since it appeared, up to now or to a world time (milliseconds). */
  summary(namespace: string, name: string, at?: number): AppTraffic;
  /** The images that answer such a request to an app's route, as the gateway serves it at this moment. */
  answers(namespace: string, name: string, request: Request): string[];
  /** When the last request reached any pod of this revision; undefined where none ever did. */
  lastRequestAt(hash: string): number | undefined;
  stop(): Promise<void>;
}

interface AppState {
  app: App;
  streams: Map<string, Stream>;
  unserved: Timeline;
}

const WELL: Behaviour = { errorRate: 0, latencyMilliseconds: 40 };

/** Users' requests to every Rollout, spread over pods as routes and Services say, worked out when somebody asks. */
export function createTraffic(options: TrafficOptions): Traffic {
  const { store, clock, log = silentLog(), requestsPerSecond = () => 20, behaviour = () => WELL } = options;
  const apps = new Map<string, AppState>();
  const byLabels = createReferenceIndex<string>();
  const podMetrics = createPodMetrics(podLabels);

  const reconcile = (key: string) => {
    const [namespace, name] = placeOf(key);
    const found = store.get<App>('Rollout', namespace, name);
    const state = apps.get(key);
    if (!state) return;
    const app = found && withWorkload(found, store);
    if (app) byLabels.set(key, appPairs(app), key);
    const rate = app ? requestsPerSecond({ namespace, name }) : 0;
    const flows = app ? split(app, watched.topology) : [];
    redirect(state, flows, (flow) => newStream(flow, clock.now(), behaviour), { rate, now: clock.now() });
  };
  const endStreams = (pod: Pod) => {
    const { uid = '', namespace = '', labels } = pod.metadata;
    for (const key of byLabels.find(pairsOf(namespace, labels))) {
      for (const [id, stream] of apps.get(key)?.streams ?? []) {
        if (!id.startsWith(`${uid}/`)) continue;
        for (const timeline of [stream.requests, stream.mirrored]) timeline.setRate(clock.now(), 0);
        stream.until ??= clock.now();
      }
    }
  };

  const loop = createLoop({ name: 'traffic', clock, log, reconcile });
  const watched = watchTopology(store, {
    pod(pod, gone) {
      const { namespace = '', labels } = pod.metadata;
      podMetrics.observe(pod, gone, clock.now());
      if (gone || isFinished(pod)) endStreams(pod);
      for (const key of byLabels.find(pairsOf(namespace, labels))) loop.add(key);
    },
    entry(pairs) {
      for (const key of byLabels.find(pairs)) loop.add(key);
    },
  });
  const endApps = store.watch<App>('Rollout', (_, app) => {
    const key = keyOf(app);
    if (!apps.has(key)) apps.set(key, { app, streams: new Map(), unserved: createTimeline(clock.now()) });
    byLabels.set(key, appPairs(withWorkload(app, store)), key);
    loop.add(key);
  });

  return {
    targets: { series: (metric) => seriesOf(metric, apps.values(), podMetrics) },
    summary(namespace, name, at = clock.now()) {
      const state = apps.get(`${namespace}/${name}`);
      return { revisions: state ? revisions(state, at) : [], unserved: state?.unserved.count(at) ?? 0 };
    },
    answers(namespace, name, request) {
      const app = store.get<App>('Rollout', namespace, name);
      const flows = app ? answers(withWorkload(app, store), watched.topology, request) : [];
      const answering = flows.filter(({ share, mirrored = 0 }) => share - mirrored > 0);
      return [...new Set(answering.map(({ pod }) => imageOf(pod)))];
    },
    lastRequestAt(hash) {
      const streams = [...apps.values()].flatMap((state) => [...state.streams.values()]);
      return latest(
        streams.filter(({ labels }) => labels.rollouts_pod_template_hash === hash),
        clock.now(),
      );
    },
    stop() {
      watched.stop();
      endApps();
      return loop.stop();
    },
  };
}

/** From now on requests go to these pods, so many a second. */
function redirect(
  { streams, unserved }: AppState,
  flows: Flow[],
  streamOf: (flow: Flow) => Stream,
  { rate, now }: { rate: number; now: number },
): void {
  const wanted = new Map(flows.map((flow) => [`${flow.pod.metadata.uid}/${flow.service}`, flow]));
  for (const [key, flow] of wanted) if (!streams.has(key)) streams.set(key, streamOf(flow));
  for (const [key, stream] of streams) {
    const { share = 0, mirrored = 0 } = wanted.get(key) ?? {};
    stream.requests.setRate(now, share * rate);
    stream.mirrored.setRate(now, mirrored * rate);
  }
  const served = flows.reduce((sum, { share, mirrored = 0 }) => sum + share - mirrored, 0);
  unserved.setRate(now, served > 1 - 1e-9 ? 0 : (1 - served) * rate);
}

interface PodHolder extends KubeObject {
  template?: PodTemplateSpec;
  spec?: { selector?: LabelSelector; template?: PodTemplateSpec };
}

/** The app with the pods of the workload that it names, as far as that is there. */
function withWorkload(app: App, store: Store): App {
  const { kind, name = '' } = app.spec.workloadRef ?? {};
  const kinds = ['Deployment', 'ReplicaSet', 'PodTemplate'];
  const holder = kinds.find((known) => known === kind);
  const workload = holder && store.get<PodHolder>(holder, app.metadata.namespace, name);
  if (!workload) return app;
  const template = workload.spec?.template ?? workload.template;
  const selector = app.spec.selector ?? workload.spec?.selector;
  return { ...app, spec: { ...app.spec, ...(template && { template }), ...(selector && { selector }) } };
}

/** Under what a change of a pod, a Service or a route finds the app. */
function appPairs(app: App): string[] {
  const { namespace = '' } = app.metadata;
  const labels = pairsOf(namespace, app.spec.template?.metadata?.labels).filter((pair) => pair.includes('='));
  return [
    ...new Set([pairOf(namespace, app.spec.selector), ...labels, ...servicePairs(namespace, namedServices(app))]),
  ];
}

function newStream({ pod, service }: Flow, now: number, behaviour: (image: string) => Behaviour): Stream {
  return {
    labels: { ...podLabels(pod), ...(service && { service }) },
    behaviour: behaviour(imageOf(pod)),
    requests: createTimeline(now),
    mirrored: createTimeline(now),
    from: now,
    until: undefined,
  };
}

function* seriesOf(
  metric: string | undefined,
  apps: Iterable<AppState>,
  podMetrics: ReturnType<typeof createPodMetrics>,
) {
  const wanted = (name: string) => metric === undefined || metric === name;
  for (const name of POD_METRICS.filter(wanted)) yield* podMetrics.series(name);
  const names = REQUEST_METRICS.filter(wanted);
  if (names.length === 0) return;
  for (const { streams } of apps) {
    for (const stream of streams.values()) for (const name of names) yield* streamSeries(stream, name);
  }
}

function latest(streams: Stream[], now: number): number | undefined {
  const times = streams.map(({ requests }) => requests.lastGrowth(now)).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

function revisions({ streams }: AppState, at: number): RevisionTraffic[] {
  const byHash = Map.groupBy(streams.values(), ({ labels }) => labels.rollouts_pod_template_hash ?? '');
  return [...byHash].map(([hash, group]) => {
    const counts = group.map((stream) => ({
      stream,
      requests: stream.requests.count(at) - stream.mirrored.count(at),
    }));
    return {
      hash,
      image: group[0]?.labels.version ?? '',
      total: counts.reduce((sum, { requests }) => sum + requests, 0),
      mirrored: group.reduce((sum, { mirrored }) => sum + mirrored.count(at), 0),
      failed: counts.reduce((sum, { stream, requests }) => sum + failures(stream.behaviour, requests), 0),
      requestsPerSecond: group.reduce((sum, { requests }) => sum + requests.rate(), 0),
      lastRequestAt: latest(group, at),
    };
  });
}
