import type {
  AnalysisPhase,
  AnalysisRun,
  AnalysisTemplate,
  BlueGreenStrategy,
  CanaryStrategy,
  ClusterAnalysisTemplate,
  JsonObject,
  ManagedRoute,
  ReplicaSet,
  Rollout,
  RolloutStatus,
  ScaledDown,
  Service,
} from '../../src/api/index.ts';
import { MANAGED_BY, PENDING_METADATA, POD_TEMPLATE_HASH } from '../../src/api/index.ts';
import type { Problem } from '../../src/errors.ts';
import {
  analysisProblems,
  type Effect,
  factsOf,
  hashOf,
  type MetadataPatch,
  needsPods,
  type Observation,
  type ObservedPod,
  readRollout,
  withLastTemplate,
  withWorkload,
} from '../../src/rollout/index.ts';

/** A Deployment that has taken up whatever is asked of it. */
export interface Deployment {
  replicas: number;
  generation: number;
  template: NonNullable<Rollout['spec']['template']>;
  mark: ScaledDown | undefined;
}

/** The objects of one Rollout in memory, on which plans are carried out and users write: no API server, no time of its own. */
export interface World {
  /** World time, milliseconds since the epoch. */
  now: number;
  rollout: Rollout;
  /** Named `web`; undefined where there is none. */
  deployment: Deployment | undefined;
  replicaSets: ReplicaSet[];
  runs: AnalysisRun[];
  /** Names of AnalysisRuns that belong to someone else. */
  foreignRuns: string[];
  services: Record<string, Service>;
  templates: Record<string, AnalysisTemplate>;
  clusterTemplates: Record<string, ClusterAnalysisTemplate>;
  problems: Problem[];
  /** The router's weight, where there is one. */
  weight: number;
  /** What steps have added to it. */
  routes: ManagedRoute[];
  /** false: what is asked of the router is not served until `serve`. */
  routeFollows: boolean;
  served: boolean;
  /** false: pods become available only as told. */
  podsFollow: boolean;
  /** false: endpoints stay as they are. */
  endpointsFollow: boolean;
  endpoints: string[];
  /** The pods, only as many as the ReplicaSets count. */
  pods: ObservedPod[];
  /** How many more pods a disruption budget lets go; undefined: there is none. */
  budget: number | undefined;
  podsBorn: number;
  born: number;
}

export const START = Date.parse('2026-11-21T09:00:00Z');

function service(name: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  };
}

function template(name: string): AnalysisTemplate {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: {
      metrics: [
        {
          name,
          successCondition: 'result > 0.95',
          provider: { prometheus: { address: 'http://prometheus.example', query: 'up' } },
        },
      ],
    },
  } as AnalysisTemplate;
}

export function podTemplate(version: string): NonNullable<Rollout['spec']['template']> {
  return {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: `registry.example/web:${version}` }] },
  };
}

export type ScaleDown = 'never' | 'onsuccess' | 'progressively';

export interface WorldOptions {
  replicas?: number;
  canary?: CanaryStrategy;
  /** Instead of a canary. */
  blueGreen?: BlueGreenStrategy;
  spec?: Partial<Rollout['spec']>;
  /** The size of a Deployment from which the Rollout takes its pods. */
  deployment?: { replicas: number; scaleDown?: ScaleDown };
}

const selector = () => ({ matchLabels: { app: 'web' } });

export function newDeployment(replicas: number): Deployment {
  return { replicas, generation: 1, template: podTemplate('v1'), mark: undefined };
}

function podsIn(deployment: WorldOptions['deployment']): Partial<Rollout['spec']> {
  if (!deployment) return { selector: selector(), template: podTemplate('v1') };
  const { scaleDown } = deployment;
  return { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', ...(scaleDown && { scaleDown }) } };
}

type Strategy = NonNullable<Rollout['spec']['strategy']>;

/** The Services and templates that a strategy names. */
function namedIn({ canary = {}, blueGreen }: Strategy): Pick<World, 'services' | 'templates'> {
  const { stableService, canaryService } = canary;
  const { pingService, pongService } = canary.pingPong ?? {};
  const { activeService, previewService } = blueGreen ?? {};
  const named = [stableService, canaryService, pingService, pongService, activeService, previewService];
  const names = named.flatMap((name) => name ?? []);
  const uses = [
    ...(canary.steps ?? []).map((step) => step.analysis),
    canary.analysis,
    blueGreen?.prePromotionAnalysis,
    blueGreen?.postPromotionAnalysis,
  ];
  const templates = uses.flatMap((use) => use?.templates ?? []).flatMap((ref) => ref.templateName ?? []);
  return {
    services: Object.fromEntries(names.map((name) => [name, service(name)])),
    templates: Object.fromEntries(templates.map((name) => [name, template(name)])),
  };
}

export function createWorld(options: WorldOptions): World {
  const { replicas = 4, canary = {}, blueGreen, spec = {}, deployment } = options;
  return {
    now: START,
    rollout: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'web', namespace: 'shop', uid: 'rollout-uid', generation: 1 },
      spec: {
        replicas,
        ...podsIn(deployment),
        strategy: blueGreen ? { blueGreen } : { canary },
        ...spec,
      },
    },
    deployment: deployment && newDeployment(deployment.replicas),
    replicaSets: [],
    runs: [],
    foreignRuns: [],
    ...namedIn({ canary, ...(blueGreen && { blueGreen }) }),
    clusterTemplates: {},
    problems: [],
    weight: 0,
    routes: [],
    routeFollows: true,
    served: true,
    podsFollow: true,
    endpointsFollow: true,
    endpoints: [],
    pods: [],
    budget: undefined,
    podsBorn: 0,
    born: 0,
  };
}

function trafficOf({ weight, routes, served }: World) {
  const traffic = { canaryWeight: weight, managedRoutes: routes };
  return { ...traffic, verified: served, ...(served ? {} : { message: 'the gateway is yet to accept it' }) };
}

/** The Rollout as it is read, and what it takes from the Deployment, as the controller looks it up. */
function resolved({
  rollout,
  deployment,
  replicaSets,
}: World): Pick<Observation, 'rollout' | 'leftOut' | 'workload' | 'problems'> {
  if (!rollout.spec.workloadRef) return { ...readRollout(rollout), problems: [] };
  const leftOut: Problem[] = [];
  if (!deployment) {
    const problems = [{ path: 'spec.workloadRef.name', message: 'deployments.apps "shop/web" not found' }];
    return { rollout: withLastTemplate(rollout, replicaSets) ?? rollout, leftOut, problems };
  }
  const { template, replicas, generation, mark } = deployment;
  const resourceVersion = String(generation);
  return {
    rollout: withWorkload(rollout, { metadata: {}, selector: selector(), template }),
    leftOut,
    workload: {
      kind: 'Deployment',
      name: 'web',
      resourceVersion,
      generation,
      replicas,
      isSteady: true,
      isTaken: false,
      mark,
    },
    problems: [],
  };
}

export function observe(world: World): Observation {
  const { canary } = world.rollout.spec.strategy ?? {};
  const taken = [...world.runs.map((run) => run.metadata.name), ...world.foreignRuns];
  const seen: Observation = {
    now: world.now,
    ...resolved(world),
    replicaSets: world.replicaSets,
    takenReplicaSetNames: [],
    runs: world.runs,
    takenRunNames: taken,
    services: world.services,
    stableEndpoints: world.endpoints,
    ...(canary?.trafficRouting ? { traffic: trafficOf(world) } : {}),
    templates: world.templates,
    clusterTemplates: world.clusterTemplates,
  };
  const own = [...seen.problems, ...world.problems];
  const problems = own.length > 0 ? own : analysisProblems(factsOf(seen));
  return structuredClone({ ...seen, problems, ...(needsPods(seen) ? { pods: world.pods } : {}) });
}

function named(world: World, name: string): ReplicaSet | undefined {
  return world.replicaSets.find((replicaSet) => replicaSet.metadata.name === name);
}

/** Pods take and lose metadata in the ReplicaSet's template; what is due is done by then. */
function setMetadata(replicaSet: ReplicaSet | undefined, { labels, annotations }: MetadataPatch): void {
  if (!replicaSet) return;
  const { template } = replicaSet.spec;
  const metadata = {
    labels: merged(template.metadata?.labels, labels),
    annotations: merged(template.metadata?.annotations, annotations),
  };
  replicaSet.spec.template = { ...template, metadata: { ...template.metadata, ...metadata } };
  annotate(replicaSet, { [PENDING_METADATA]: null });
}

/** An evicted pod goes at once, and is missed until another one comes. */
function evict(world: World, { pods, most }: Extract<Effect, { kind: 'evictPods' }>): void {
  const allowed = Math.min(most, world.budget ?? most);
  const going = pods.slice(0, allowed).map(({ uid }) => uid);
  if (world.budget !== undefined) world.budget -= going.length;
  for (const { owner, readySince } of world.pods.filter((pod) => going.includes(pod.uid))) {
    const status = world.replicaSets.find(({ metadata }) => metadata.uid === owner)?.status;
    if (status && readySince !== undefined) status.availableReplicas = (status.availableReplicas ?? 1) - 1;
  }
  world.pods = world.pods.filter((pod) => !going.includes(pod.uid));
}

function merged(annotations: Record<string, string> | undefined, patch: Record<string, string | null>) {
  const entries = Object.entries({ ...annotations, ...patch });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

function annotate(object: ReplicaSet | Rollout | undefined, patch: Record<string, string | null>): void {
  if (object) object.metadata.annotations = merged(object.metadata.annotations, patch);
}

/** Carries out one effect; throws where the API server would refuse it. */
export function perform(world: World, effect: Effect): void {
  switch (effect.kind) {
    case 'setTraffic':
      world.weight = effect.weight;
      world.routes = structuredClone(effect.routes);
      world.served = world.routeFollows;
      return;
    case 'annotateReplicaSet':
      annotate(named(world, effect.name), effect.annotations);
      return;
    case 'setMinReadySeconds': {
      const replicaSet = named(world, effect.name);
      if (replicaSet) replicaSet.spec.minReadySeconds = effect.seconds;
      return;
    }
    case 'annotateRollout':
      annotate(world.rollout, effect.annotations);
      return;
    case 'createReplicaSet': {
      if (named(world, effect.object.metadata.name)) return;
      const metadata = { ...effect.object.metadata, uid: `rs-${++world.born}`, creationTimestamp: stamp(world) };
      world.replicaSets.push(structuredClone({ ...effect.object, metadata, status: { replicas: 0 } }));
      return;
    }
    case 'scaleReplicaSet': {
      const replicaSet = named(world, effect.name);
      if (replicaSet) replicaSet.spec.replicas = effect.to;
      annotate(replicaSet, effect.annotations);
      return;
    }
    case 'claimReplicaSet': {
      const replicaSet = named(world, effect.name);
      if (replicaSet) replicaSet.metadata.ownerReferences = effect.owners;
      return;
    }
    case 'setTemplate':
      world.rollout.spec.template = effect.template;
      return;
    case 'setReplicas':
      world.rollout.spec.replicas = effect.replicas;
      return;
    case 'setMetadata':
      annotate(named(world, effect.name), effect.annotations);
      setMetadata(named(world, effect.name), effect.metadata);
      return;
    case 'setAffinity': {
      const spec = named(world, effect.name)?.spec.template.spec;
      if (spec) spec.affinity = effect.affinity ?? undefined;
      return;
    }
    case 'evictPods':
      evict(world, effect);
      return;
    case 'deleteReplicaSet':
      world.replicaSets = world.replicaSets.filter(({ metadata }) => metadata.uid !== effect.uid);
      return;
    case 'switchService': {
      const target = world.services[effect.name];
      if (!target) return;
      target.spec.selector = { ...target.spec.selector, [POD_TEMPLATE_HASH]: effect.hash };
      target.metadata.annotations = { ...target.metadata.annotations, [MANAGED_BY]: 'web' };
      return;
    }
    case 'createRun': {
      const { name } = effect.object.metadata;
      if (world.foreignRuns.includes(name)) throw new Error(`AnalysisRun ${name} exists and belongs to someone else`);
      if (world.runs.some((run) => run.metadata.name === name)) return;
      const metadata = { ...effect.object.metadata, uid: `run-${++world.born}`, creationTimestamp: stamp(world) };
      world.runs.push(structuredClone({ ...effect.object, metadata }));
      return;
    }
    case 'terminateRun':
      for (const run of world.runs) if (run.metadata.name === effect.name) run.spec.terminate = true;
      return;
    case 'deleteRun':
      world.runs = world.runs.filter(({ metadata }) => metadata.uid !== effect.uid);
      return;
    case 'scaleWorkload':
      if (String(world.deployment?.generation) !== effect.resourceVersion)
        throw new Error('the Deployment has changed');
      changeDeployment(world, { replicas: effect.mark.to, mark: effect.mark });
      return;
  }
}

function stamp(world: World): string {
  return `${new Date(world.now).toISOString().slice(0, 19)}Z`;
}

/** Writes the status as the API server keeps it; false where there is nothing to change. */
export function writeStatus(world: World, status: RolloutStatus): boolean {
  const kept = JSON.parse(JSON.stringify(status)) as RolloutStatus;
  if (sorted(kept) === sorted(world.rollout.status ?? {})) return false;
  // The Services have changed places, not the traffic.
  if (kept.canary?.stablePingPong !== world.rollout.status?.canary?.stablePingPong) world.weight = 100 - world.weight;
  world.rollout.status = kept;
  return true;
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** ReplicaSets have as many pods as they want; those become available unless told otherwise. */
export function podsCatchUp(world: World): void {
  for (const replicaSet of world.replicaSets) {
    const wanted = replicaSet.spec.replicas ?? 1;
    const was = replicaSet.status?.availableReplicas ?? 0;
    const ready = world.podsFollow ? wanted : Math.min(was, wanted);
    replicaSet.status = { replicas: wanted, readyReplicas: ready, availableReplicas: ready };
    bringPods(world, replicaSet, ready);
  }
  if (world.endpointsFollow) world.endpoints = stablePods(world);
}

/** As many pods as the ReplicaSet counts: the oldest stay and are the first to be available. */
function bringPods(world: World, { metadata, spec }: ReplicaSet, ready: number): void {
  const owner = metadata.uid ?? '';
  const others = world.pods.filter((pod) => pod.owner !== owner);
  const own = world.pods.filter((pod) => pod.owner === owner).slice(0, spec.replicas ?? 1);
  for (let missing = (spec.replicas ?? 1) - own.length; missing > 0; missing--) {
    const name = `${metadata.name}-${podSuffix(++world.podsBorn)}`;
    own.push({ name, uid: name, owner, createdAt: world.now, isLeaving: false, readySince: undefined });
  }
  const since = (pod: ObservedPod, index: number) => (index < ready ? (pod.readySince ?? world.now) : undefined);
  world.pods = [...others, ...own.map((pod, index) => ({ ...pod, readySince: since(pod, index) }))];
}

function stablePods(world: World): string[] {
  const name = world.rollout.spec.strategy?.canary?.stableService ?? '';
  const hash = world.services[name]?.spec.selector?.[POD_TEMPLATE_HASH];
  return world.replicaSets
    .filter((replicaSet) => hash === undefined || hashOf(replicaSet) === hash)
    .flatMap(({ metadata, status }) =>
      Array.from({ length: status?.availableReplicas ?? 0 }, (_, index) => `${metadata.name}-${podSuffix(index)}`),
    );
}

function podSuffix(index: number): string {
  return String(index).padStart(5, 'x');
}

export function setAvailable(replicaSet: ReplicaSet, count: number): void {
  const wanted = replicaSet.spec.replicas ?? 1;
  const ready = Math.min(count, wanted);
  replicaSet.status = { replicas: wanted, readyReplicas: ready, availableReplicas: ready };
}

export function finishRun(world: World, name: string, phase: AnalysisPhase, message?: string): boolean {
  const run = world.runs.find(({ metadata }) => metadata.name === name);
  if (run) run.status = { phase, ...(message ? { message } : {}) };
  return run !== undefined;
}

function patchSpec(world: World, change: Partial<Rollout['spec']>): void {
  const { rollout } = world;
  if (JSON.stringify({ ...rollout.spec, ...change }) === JSON.stringify(rollout.spec)) return;
  Object.assign(rollout.spec, change);
  rollout.metadata.generation = (rollout.metadata.generation ?? 0) + 1;
}

/** Changes the Deployment's spec; what is the same already is no change. */
export function changeDeployment({ deployment }: World, change: Partial<Deployment>): void {
  if (!deployment || sorted({ ...deployment, ...change }) === sorted(deployment)) return;
  Object.assign(deployment, change);
  deployment.generation++;
}

/** A merge patch of the status, as a client sends it: null takes a field away. */
export function patchStatus(world: World, patch: JsonObject): void {
  const status = { ...(world.rollout.status ?? {}), ...patch };
  world.rollout.status = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null));
}

function nextStep({ rollout }: World): number {
  const steps = rollout.spec.strategy?.canary?.steps?.length ?? 0;
  return Math.min((rollout.status?.currentStepIndex ?? 0) + 1, steps);
}

/** What the stock kubectl plugin sends for `promote` (reference §1.14). */
function promote(world: World): void {
  const status = world.rollout.status ?? {};
  if (world.rollout.spec.paused) patchSpec(world, { paused: false });
  const waits = (status.pauseConditions ?? []).length > 0;
  const inconclusive = status.canary?.currentStepAnalysisRunStatus?.status === 'Inconclusive';
  if (inconclusive && waits && status.controllerPause) {
    patchStatus(world, { pauseConditions: null, controllerPause: false, currentStepIndex: nextStep(world) });
  } else if (waits) patchStatus(world, { pauseConditions: null });
  else if (world.rollout.spec.strategy?.canary?.steps)
    patchStatus(world, { pauseConditions: null, currentStepIndex: nextStep(world) });
}

/** What users do, by exactly the patches that the stock kubectl plugin sends. */
export const user = {
  template: (world: World, version: string) =>
    world.deployment
      ? changeDeployment(world, { template: podTemplate(version) })
      : patchSpec(world, { template: podTemplate(version) }),
  scale: (world: World, replicas: number) => patchSpec(world, { replicas }),
  pause: (world: World) => patchSpec(world, { paused: true }),
  resume: (world: World) => patchSpec(world, { paused: false }),
  steps: (world: World, steps: CanaryStrategy['steps']) =>
    patchSpec(world, { strategy: { canary: { ...world.rollout.spec.strategy?.canary, ...(steps ? { steps } : {}) } } }),
  promote,
  skip: (world: World) => patchStatus(world, { currentStepIndex: nextStep(world) }),
  promoteFull: (world: World) => {
    const { currentPodHash, stableRS } = world.rollout.status ?? {};
    if (currentPodHash !== stableRS) patchStatus(world, { promoteFull: true });
  },
  abort: (world: World) => patchStatus(world, { abort: true }),
  retry: (world: World) => patchStatus(world, { abort: false }),
  restart: (world: World, seconds: number) =>
    patchSpec(world, { restartAt: `${new Date(world.now + seconds * 1000).toISOString().slice(0, 19)}Z` }),
  /** Another strategy. The Services and templates that it names are there. */
  becomes: (world: World, strategy: Strategy) => {
    const { services, templates } = namedIn(strategy);
    world.services = { ...services, ...world.services };
    world.templates = { ...templates, ...world.templates };
    patchSpec(world, { strategy });
  },
  /** Fields of the strategy; undefined takes one away. */
  strategy: (world: World, fields: object) => {
    const { canary, blueGreen } = world.rollout.spec.strategy ?? {};
    const changed = { ...(canary ?? blueGreen), ...fields };
    patchSpec(world, { strategy: canary ? { canary: changed } : { blueGreen: changed as BlueGreenStrategy } });
  },
};
