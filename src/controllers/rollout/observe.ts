import {
  type AnalysisRun,
  type AnalysisTemplate,
  analysisUses,
  type ClusterAnalysisTemplate,
  canaryServices,
  type EndpointSlice,
  endlessProblems,
  type GitRevert,
  MANAGED_BY,
  type ManagedRoute,
  maxTrafficWeight,
  namedServices,
  type ReplicaSet,
  type Rollout,
  type Service,
  selects,
  serviceProblems,
  type TemplateRef,
} from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import type { Problem } from '../../errors.ts';
import type { Cache } from '../../kube/cache.ts';
import { analysisProblems, factsOf, type Observation, routeSteps, runBaseNames } from '../../rollout/index.ts';
import { type ConfiguredRouter, configuredRouters, routeStepProblems } from '../../traffic/configured.ts';
import { heldByAll } from '../../traffic/held-routes.ts';
import type { ObjectReference, Observed, Router, TrafficTarget } from '../../traffic/router.ts';
import type { Resolved } from './resolve.ts';
import type { Workloads } from './workloads.ts';

/** Everything that a Rollout's pass reads from. */
export interface RolloutCaches {
  rollouts: Cache<Rollout>;
  replicaSets: Cache<ReplicaSet>;
  runs: Cache<AnalysisRun>;
  templates: Cache<AnalysisTemplate>;
  clusterTemplates: Cache<ClusterAnalysisTemplate>;
  services: Cache<Service>;
  workloads: Workloads;
  endpointSlices: Cache<EndpointSlice>;
  reverts: Cache<GitRevert>;
  /** Of the Rollout with this uid. */
  revertsOf(uid: string): GitRevert[];
  /** The slices of one Service. */
  slicesOf(namespace: string | undefined, service: string): EndpointSlice[];
  /** The ReplicaSets of a namespace that nobody controls. */
  orphansIn(namespace: string | undefined): ReplicaSet[];
  /** The watched copy of a router's object; undefined where it does not exist. */
  routerObject(reference: ObjectReference): KubeObject | undefined;
}

/** A router of this Rollout with its objects as they are. */
export interface ObservedRouter extends ConfiguredRouter {
  observed: Observed;
}

const TRAFFIC_ROUTING = 'spec.strategy.canary.trafficRouting';

export function trafficTarget(rollout: Rollout, canaryWeight: number, managedRoutes: ManagedRoute[]): TrafficTarget {
  const { stable: stableService = '', canary: canaryService = '' } = canaryServices(rollout);
  const maxWeight = maxTrafficWeight(rollout);
  const namespace = rollout.metadata.namespace ?? '';
  return { namespace, canaryService, stableService, canaryWeight, maxWeight, managedRoutes };
}

export function observeRouters(rollout: Rollout, caches: RolloutCaches, routers: readonly Router[]): ObservedRouter[] {
  const { configured } = configuredRouters(routers, rollout.spec.strategy?.canary?.trafficRouting);
  return configured.map((one) => {
    const references = one.router.objects(one.configuration, rollout.metadata.namespace ?? '');
    return { ...one, observed: references.map(caches.routerObject) };
  });
}

function routerProblems(rollout: Rollout, routers: ObservedRouter[]): Problem[] {
  const steps = routeSteps(rollout);
  return routers.flatMap((one) => {
    const { router, configuration, observed, path } = one;
    const { problems } = router.render(configuration, observed, trafficTarget(rollout, 0, []));
    const own = problems.map(({ path: at, message }) => ({
      path: `${TRAFFIC_ROUTING}.${path}${at ? `.${at}` : ''}`,
      message,
    }));
    // What is wrong with the objects themselves would be told again by every step.
    if (own.length > 0) return own;
    return steps.flatMap((step) =>
      routeStepProblems(one, step, (routes) =>
        router.render(configuration, observed, trafficTarget(rollout, 0, routes)),
      ),
    );
  });
}

/** Several routers count as one: the canary has what the most generous gives it, and all must serve it. */
function readTraffic(rollout: Rollout, routers: ObservedRouter[]): Observation['traffic'] {
  if (routers.length === 0) return undefined;
  const target = trafficTarget(rollout, 0, []);
  const readings = routers.map(({ router, configuration, observed }) => router.read(configuration, observed, target));
  const weights = readings.flatMap(({ canaryWeight }) => (canaryWeight === undefined ? [] : [canaryWeight]));
  const late = readings.find(({ verified }) => !verified);
  return {
    canaryWeight: weights.length > 0 ? Math.max(...weights) : undefined,
    managedRoutes: heldByAll(readings.map(({ managedRoutes }) => ({ routes: managedRoutes, takes: () => true }))),
    verified: late === undefined,
    ...(late?.message ? { message: late.message } : {}),
  };
}

export function namedByStrategy(
  rollout: Rollout,
  caches: RolloutCaches,
): { services: Record<string, Service>; problems: Problem[] } {
  const services: Record<string, Service> = {};
  const problems: Problem[] = [];
  for (const named of namedServices(rollout)) {
    const { name, path } = named;
    const service = caches.services.get(rollout.metadata.namespace, name);
    if (service) {
      services[name] = service;
      problems.push(...serviceProblems(named, withoutGoneManager(service, caches), rollout));
    } else {
      problems.push({ path, message: `service ${JSON.stringify(name)} not found: create it or correct the name` });
    }
  }
  return { services, problems };
}

/** A Rollout that is gone manages nothing any more. */
function withoutGoneManager(service: Service, { rollouts }: RolloutCaches): Service {
  const { namespace, annotations: { [MANAGED_BY]: manager, ...annotations } = {} } = service.metadata;
  const isGone = manager !== undefined && rollouts.get(namespace, manager) === undefined;
  return isGone ? { ...service, metadata: { ...service.metadata, annotations } } : service;
}

function readyPods(caches: RolloutCaches, namespace: string | undefined, service: string | undefined): string[] {
  if (!service) return [];
  return caches
    .slicesOf(namespace, service)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.targetRef?.name ?? []);
}

type Templates = Pick<Observation, 'templates' | 'clusterTemplates'>;

/** All templates that a reference leads to, through templates that name further ones. */
function collectTemplates(
  refs: TemplateRef[],
  namespace: string | undefined,
  caches: RolloutCaches,
  into: Templates,
): void {
  for (const { templateName = '', clusterScope } of refs) {
    const known = clusterScope ? into.clusterTemplates : into.templates;
    const template = clusterScope
      ? caches.clusterTemplates.get(undefined, templateName)
      : caches.templates.get(namespace, templateName);
    if (!template || known[templateName]) continue;
    known[templateName] = template;
    collectTemplates(template.spec.templates ?? [], namespace, caches, into);
  }
}

function namedTemplates(rollout: Rollout, caches: RolloutCaches): Templates {
  const refs = analysisUses(rollout).flatMap(({ analysis }) => analysis.templates ?? []);
  const templates: Templates = { templates: {}, clusterTemplates: {} };
  collectTemplates(refs, rollout.metadata.namespace, caches, templates);
  return templates;
}

/** Templates that never end, where the update waits for them. */
function endlessSteps({ rollout, templates, clusterTemplates }: Observation): Problem[] {
  const uses = analysisUses(rollout).filter(({ background }) => !background);
  return uses.flatMap(({ path, analysis }) =>
    (analysis.templates ?? []).flatMap(({ templateName = '', clusterScope }, index) => {
      const template = (clusterScope ? clusterTemplates : templates)[templateName];
      return template ? endlessProblems(`${path}.templates[${index}]`, template) : [];
    }),
  );
}

/** The names that are in use among those that the next runs could take: each base name and the suffixes up to the first free one. */
function takenNames(bases: string[], namespace: string | undefined, runs: Cache<AnalysisRun>): string[] {
  return bases.flatMap((base) => {
    const taken: string[] = [];
    for (let name = base; runs.get(namespace, name); name = `${base}.${taken.length}`) taken.push(name);
    return taken;
  });
}

/** ReplicaSets that the selector finds and nobody controls. */
function orphans({ metadata, spec: { selector } }: Rollout, { orphansIn }: RolloutCaches): ReplicaSet[] {
  if (selector === undefined) return [];
  return orphansIn(metadata.namespace).filter((orphan) => selects(selector, orphan.metadata.labels ?? {}));
}

function takenReplicaSetNames({ metadata, spec }: Rollout, hash: string, { replicaSets }: RolloutCaches): string[] {
  const there = replicaSets.get(metadata.namespace, `${metadata.name}-${hash}`);
  const { ownerReferences = [], labels = {} } = there?.metadata ?? {};
  const isOurs = ownerReferences.some(({ controller, uid }) => controller === true && uid === metadata.uid);
  const isFree = !ownerReferences.some(({ controller }) => controller === true);
  const fits = spec.selector !== undefined && selects(spec.selector, labels);
  return there === undefined || (fits && (isOurs || isFree)) ? [] : [there.metadata.name];
}

/** Gathers what is known about one Rollout at `now` (world time, milliseconds since the epoch) from the caches alone. */
export function observe(
  { rollout, leftOut, workload, problems: own }: Resolved,
  caches: RolloutCaches,
  routers: ObservedRouter[],
  now: number,
): Observation {
  const { namespace, uid = '' } = rollout.metadata;
  const { services, problems } = namedByStrategy(rollout, caches);
  const traffic = readTraffic(rollout, routers);
  const seen: Observation = {
    now,
    rollout,
    leftOut,
    ...(workload && { workload }),
    replicaSets: [...caches.replicaSets.ownedBy(uid), ...orphans(rollout, caches)],
    takenReplicaSetNames: [],
    runs: caches.runs.ownedBy(uid),
    takenRunNames: [],
    services,
    stableEndpoints: readyPods(caches, namespace, canaryServices(rollout).stable),
    ...(traffic ? { traffic } : {}),
    ...namedTemplates(rollout, caches),
    reverts: caches.revertsOf(uid),
    problems: [],
  };
  if (own.length > 0) return { ...seen, problems: own };
  const facts = factsOf(seen);
  return {
    ...seen,
    takenReplicaSetNames: takenReplicaSetNames(rollout, facts.hash, caches),
    takenRunNames: takenNames(runBaseNames(facts), namespace, caches.runs),
    problems: [...problems, ...routerProblems(rollout, routers), ...endlessSteps(seen), ...analysisProblems(facts)],
  };
}
