import type { KubeObject, LabelSelector, Pod, PodTemplateSpec, Service } from '../../api/kubernetes.ts';
import type { BackendReference, HttpRoute } from '../workloads/gateways.ts';
import { isServing, selects } from '../workloads/objects.ts';
import { answering, plainRequests, type Request } from './matching.ts';

/** The parts of a Rollout that say where its users arrive. */
export interface App extends KubeObject {
  spec: {
    selector?: LabelSelector;
    template?: PodTemplateSpec;
    workloadRef?: { kind?: string; name?: string };
    strategy?: {
      canary?: { stableService?: string; canaryService?: string };
      blueGreen?: { activeService?: string; previewService?: string };
    };
  };
}

/** What the cluster's data plane can see. */
export interface Topology {
  pods(namespace: string, selector: LabelSelector): Pod[];
  service(namespace: string, name: string): Service | undefined;
  /** Services that may select pods with these labels. */
  services(namespace: string, labels: Record<string, string>): Service[];
  /** Routes to any of these Services, as last accepted by the gateway. */
  routes(namespace: string, services: string[]): HttpRoute[];
}

/** A share (0..1) of an app's requests that reaches one pod, through a Service or, with '', directly. */
export interface Flow {
  pod: Pod;
  service: string;
  share: number;
  /** The part of it that are copies, whose answers nobody gets. */
  mirrored?: number;
}

const HASH_LABEL = 'rollouts-pod-template-hash';

/**
 * Who gets an app's requests: the backends of the HTTPRoutes that name its Services, by weight, as many for each path and
 * method that their rules name; else the pods behind its Service; else all of its pods alike. Shares that find no pod are
 * missing from the sum; copies are not part of it.
 */
export function split(app: App, topology: Topology): Flow[] {
  const { namespace = '' } = app.metadata;
  const services = servicesOf(app, topology);
  const asked = topology.routes(namespace, [...services.keys()]).flatMap((route) => {
    const own = (route.spec.rules ?? []).filter(({ backendRefs = [] }) =>
      backendRefs.some((backend) => isService(backend) && services.has(backend.name)),
    );
    return plainRequests(own).map((request) => answering(route, request));
  });
  if (asked.length > 0) {
    return merged(asked.flatMap((rule) => byRule(rule, namespace, topology, 1 / asked.length)));
  }
  const entry = entryService(app, [...services.values()]);
  if (entry) return throughService(entry, topology, 1);
  return evenly(topology.pods(namespace, app.spec.selector ?? {}), '', 1);
}

/** Who answers one request to the app's routes, and who gets copies of it; nobody where it has no route. */
export function answers(app: App, topology: Topology, request: Request): Flow[] {
  const { namespace = '' } = app.metadata;
  const [route] = topology.routes(namespace, [...servicesOf(app, topology).keys()]);
  return route ? merged(byRule(answering(route, request), namespace, topology, 1)) : [];
}

/** The Services that the Rollout's strategy names. */
export function namedServices({ spec }: App): string[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const names = [canary?.stableService, canary?.canaryService, blueGreen?.activeService, blueGreen?.previewService];
  return names.filter((name) => name !== undefined);
}

function servicesOf(app: App, topology: Topology): Map<string, Service> {
  const { namespace = '' } = app.metadata;
  const labels = app.spec.template?.metadata?.labels ?? {};
  const named = namedServices(app)
    .map((name) => topology.service(namespace, name))
    .filter((service) => service !== undefined);
  const selecting = topology
    .services(namespace, labels)
    .filter((service) => selects({ matchLabels: withoutHash(service) }, labels));
  return new Map([...named, ...selecting].map((service) => [service.metadata.name, service]));
}

function withoutHash({ spec }: Service): Record<string, string> {
  const { [HASH_LABEL]: _, ...rest } = spec.selector ?? {};
  return rest;
}

/** Where users knock when no route says otherwise: a Service over all revisions, else the one for the live revision. */
function entryService(app: App, services: Service[]): Service | undefined {
  const { canary, blueGreen } = app.spec.strategy ?? {};
  const named = (name: string | undefined) =>
    services.find(({ metadata }) => name !== undefined && metadata.name === name);
  const reserved = namedServices(app);
  const general = services.find(
    ({ metadata, spec }) => !reserved.includes(metadata.name) && !spec.selector?.[HASH_LABEL],
  );
  return named(blueGreen?.activeService) ?? general ?? named(canary?.stableService);
}

function isService({ kind = 'Service' }: BackendReference): boolean {
  return kind === 'Service';
}

type Rule = ReturnType<typeof answering>;

function byRule(rule: Rule, namespace: string, topology: Topology, share: number): Flow[] {
  const { backendRefs = [], filters = [] } = rule ?? {};
  const copies = filters.flatMap(({ requestMirror }) => {
    const service = requestMirror && topology.service(namespace, requestMirror.backendRef.name);
    const flows = service ? throughService(service, topology, (share * (requestMirror.percent ?? 100)) / 100) : [];
    return flows.map((flow) => ({ ...flow, mirrored: flow.share }));
  });
  return [...byWeight(backendRefs, namespace, topology, share), ...copies];
}

function byWeight(backends: BackendReference[], namespace: string, topology: Topology, share: number): Flow[] {
  const weight = (backend: BackendReference) => backend.weight ?? 1;
  const total = backends.reduce((sum, backend) => sum + weight(backend), 0);
  if (total === 0) return [];
  return backends.filter(isService).flatMap((backend) => {
    const service = topology.service(backend.namespace ?? namespace, backend.name);
    return service ? throughService(service, topology, (share * weight(backend)) / total) : [];
  });
}

function throughService(service: Service, topology: Topology, share: number): Flow[] {
  const { name, namespace = '' } = service.metadata;
  return evenly(topology.pods(namespace, { matchLabels: service.spec.selector ?? {} }), name, share);
}

function evenly(pods: Pod[], service: string, share: number): Flow[] {
  const serving = pods.filter(isServing);
  return serving.map((pod) => ({ pod, service, share: share / serving.length }));
}

function merged(flows: Flow[]): Flow[] {
  const found = new Map<string, Flow>();
  for (const flow of flows) {
    const key = `${flow.pod.metadata.uid}/${flow.service}`;
    const { share = 0, mirrored = 0 } = found.get(key) ?? {};
    found.set(key, { ...flow, share: flow.share + share, mirrored: (flow.mirrored ?? 0) + mirrored });
  }
  return [...found.values()];
}
