import type { AnalysisRun, GitRevert, Measurement, ReplicaSet, Rollout } from '../../api/index.ts';
import type { Event, KubeObject } from '../../api/kubernetes.ts';
import { machineNow } from '../../clock.ts';
import { explainPicture } from '../explanation.ts';
import type { Scene } from './stage.ts';

/** What a spectator may be told, as it happens. */
type Happening =
  | { type: 'commit'; author: string; subject: string; commit: string }
  | { type: 'phase'; phase: string; message: string; step: number | undefined }
  /** Why the rollout is where it is, in a sentence. */
  | { type: 'why'; sentence: string }
  | { type: 'weight'; canary: number; image: string }
  | { type: 'measurement'; run: string; metric: string; phase: string; value: string; message: string }
  | { type: 'verdict'; run: string; phase: string; message: string }
  | { type: 'event'; reason: string; message: string; warning: boolean }
  | { type: 'revert'; state: string; reason: string; message: string; commit: string }
  | { type: 'prometheus'; up: boolean }
  | { type: 'killed'; restarts: number }
  | { type: 'log'; commits: string[] }
  | { type: 'chapter'; title: string };

/** `of`: which app or cluster it is about, in the stories that have several. */
export type Sight = Happening & { of?: string };

export type Tell = (sight: Sight) => void;

/** Says of whatever is told that it is about this scene. */
export function tellOf({ label }: Scene, tell: Tell): Tell {
  return label === undefined ? tell : (sight) => tell({ ...sight, of: label });
}

/** What the summary needs to know of a release that failed. */
export interface Reaction {
  /** World time, milliseconds: the first request that a bad pod answered. */
  firstBadRequest: number | undefined;
  /** World and machine time of the verdict. */
  verdict: { world: number; machine: number } | undefined;
  /** World and machine time at which no traffic went to the canary any more. */
  restored: { world: number; machine: number } | undefined;
}

export interface Observer {
  reaction(): Reaction;
  stop(): void;
}

interface Route extends KubeObject {
  spec: { rules?: { backendRefs?: { name: string; weight?: number }[] }[] };
}

function routeShare(route: Route | undefined, canary: string): number | undefined {
  for (const { backendRefs = [] } of route?.spec.rules ?? []) {
    const total = backendRefs.reduce((sum, { weight = 1 }) => sum + weight, 0);
    const own = backendRefs.find(({ name }) => name === canary);
    if (own && total > 0) return ((own.weight ?? 1) * 100) / total;
  }
  return undefined;
}

/** By the route where there is one, else by the share of pods; nothing goes to what has become stable. */
function shareOf({ world, namespace, name }: Scene): number {
  const { store } = world.api;
  const rollout = store.get<Rollout>('Rollout', namespace, name);
  const { canary } = rollout?.spec.strategy ?? {};
  const byRoute = store
    .list<Route>('HTTPRoute', namespace)
    .map((route) => routeShare(route, canary?.canaryService ?? ''));
  const routed = canary?.trafficRouting ? byRoute.find((share) => share !== undefined) : undefined;
  if (routed !== undefined) return routed;
  const { stableRS } = rollout?.status ?? {};
  const revisions = world.traffic.summary(namespace, name).revisions;
  const total = revisions.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);
  const stable = revisions.find(({ hash }) => hash === stableRS)?.requestsPerSecond ?? total;
  return total > 0 ? ((total - stable) * 100) / total : 0;
}

/** The canary's share of traffic, in whole percent, by what routes and pods say. */
export function canaryShare(scene: Scene): number {
  return Math.round(shareOf(scene));
}

/** By the controller's own machine, from what everybody can see. */
function explanation({ world, namespace, name, clock }: Scene): string | undefined {
  const { store } = world.api;
  const rollout = store.get<Rollout>('Rollout', namespace, name);
  if (!rollout?.status?.phase) return undefined;
  const replicaSets = store.list<ReplicaSet>('ReplicaSet', namespace);
  const analysisRuns = store.list<AnalysisRun>('AnalysisRun', namespace);
  return explainPicture({ rollout, replicaSets, analysisRuns, pods: [], gitReverts: [] }, clock.now()).sentence;
}

function newMeasurements(run: AnalysisRun, known: Map<string, number>): Sight[] {
  return (run.status?.metricResults ?? []).flatMap((result) => {
    const key = `${run.metadata.uid}/${result.name}`;
    const made = (result.count ?? 0) + (result.error ?? 0);
    const news = made - (known.get(key) ?? 0);
    known.set(key, made);
    const latest = news > 0 ? (result.measurements ?? []).slice(-news) : [];
    return latest.map((measurement: Measurement): Sight => {
      const { phase, value = '', message = '' } = measurement;
      return { type: 'measurement', run: run.metadata.name, metric: result.name, phase, value, message };
    });
  });
}

/** Watches an app in its cluster and tells what a person would want to see. */
export function observeScene(scene: Scene, tell: Tell): Observer {
  const { world, clock, namespace, name, badImages } = scene;
  const { store } = world.api;
  const measured = new Map<string, number>();
  const told = new Map<string, string>();
  const reaction: Reaction = { firstBadRequest: undefined, verdict: undefined, restored: undefined };
  const moment = () => ({ world: clock.now(), machine: machineNow() });
  const onceFor = (key: string, text: string, then: () => void) => {
    if (told.get(key) === text) return;
    told.set(key, text);
    then();
  };
  const look = () => {
    const share = canaryShare(scene);
    const image = store.get<Rollout>('Rollout', namespace, name)?.spec.template?.spec?.containers[0]?.image ?? '';
    if (share > 0 && badImages.has(image)) reaction.firstBadRequest ??= clock.now();
    if (share === 0 && reaction.verdict) reaction.restored ??= moment();
    onceFor('weight', String(share), () => tell({ type: 'weight', canary: share, image }));
  };
  let passing = () => {};
  /** Said of what lasts: a state that is left within a second explains nothing. */
  const why = () => {
    passing();
    passing = clock.at(clock.now() + 1000, sayWhy);
  };
  const sayWhy = () => {
    const sentence = explanation(scene);
    // Counts and times change all the time; what is waited for does not.
    if (sentence) onceFor('why', sentence.replace(/\d+/g, ''), () => tell({ type: 'why', sentence }));
  };
  const ofRun = (run: AnalysisRun) => {
    for (const sight of newMeasurements(run, measured)) tell(sight);
    why();
    const { phase = '', message = '' } = run.status ?? {};
    if (!['Successful', 'Failed', 'Error', 'Inconclusive'].includes(phase)) return;
    onceFor(`run/${run.metadata.uid}`, phase, () => {
      if (phase === 'Failed') reaction.verdict ??= moment();
      tell({ type: 'verdict', run: run.metadata.name, phase, message });
    });
  };
  const isOurs = (object: KubeObject) => object.metadata.namespace === namespace;
  const stops = [
    store.watch<Rollout>('Rollout', (_, rollout) => {
      if (!isOurs(rollout)) return;
      const { status } = rollout;
      look();
      const { phase = '', message = '', currentStepIndex: step } = status ?? {};
      onceFor('phase', `${phase} ${message} ${step}`, () => phase && tell({ type: 'phase', phase, message, step }));
      why();
    }),
    store.watch<AnalysisRun>('AnalysisRun', (_, run) => {
      // What is asked of the stable side after a verdict is no news of the release.
      if (isOurs(run) && run.metadata.ownerReferences?.[0]?.kind !== 'GitRevert') ofRun(run);
    }),
    store.watch('HTTPRoute', look),
    store.watch('Pod', look),
    store.watch<GitRevert>('GitRevert', (_, revert) => {
      if (!isOurs(revert)) return;
      const { metadata, status } = revert;
      const { state = 'pending', reason = '', message = '', commit = '' } = status ?? {};
      onceFor(`revert/${metadata.uid}`, state, () => tell({ type: 'revert', state, reason, message, commit }));
    }),
    store.watch<Event>('Event', (change, event) => {
      if (change !== 'added' || !isOurs(event) || event.involvedObject.kind !== 'Rollout') return;
      tell({ type: 'event', reason: event.reason, message: event.message, warning: event.type === 'Warning' });
    }),
  ];
  return {
    reaction: () => reaction,
    stop() {
      passing();
      for (const stop of stops) stop();
    },
  };
}
