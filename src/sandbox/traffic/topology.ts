import type { Condition, KubeObject, Pod, Service } from '../../api/kubernetes.ts';
import { createReferenceIndex } from '../../kube/reference-index.ts';
import type { Store, StoreChange } from '../api/types.ts';
import { backendsOf, type HttpRoute } from '../workloads/gateways.ts';
import { keyOf, selects } from '../workloads/objects.ts';
import { pairOf, pairsOf, servicePairs } from '../workloads/pairs.ts';
import type { Topology } from './split.ts';

export interface TopologyListeners {
  pod(pod: Pod, gone: boolean): void;
  /** A Service or a route changed; concerns whatever is known under these pairs. */
  entry(pairs: string[]): void;
}

/** Follows pods, Services and routes, indexed for the questions of `split`. */
export function watchTopology(store: Store, listeners: TopologyListeners): { topology: Topology; stop(): void } {
  const pods = createReferenceIndex<Pod>();
  const services = createReferenceIndex<Service>();
  const routes = createReferenceIndex<HttpRoute>();
  const known = { services: new Map<string, Service>(), routes: new Map<string, HttpRoute>() };

  const ends = [
    store.watch<Pod>('Pod', (change, pod) => {
      const { namespace = '', labels } = pod.metadata;
      if (change === 'deleted') pods.delete(keyOf(pod));
      else pods.set(keyOf(pod), pairsOf(namespace, labels), pod);
      listeners.pod(pod, change === 'deleted');
    }),
    store.watch<Service>('Service', (change, service) => {
      const before = known.services.get(keyOf(service));
      if (change === 'deleted') services.delete(keyOf(service));
      else services.set(keyOf(service), [selectorPair(service)], service);
      remember(known.services, change, service);
      listeners.entry([...concerned(service), ...(before ? concerned(before) : [])]);
    }),
    store.watch<HttpRoute>('HTTPRoute', (change, route) => {
      if (change !== 'deleted' && !isAccepted(route)) return;
      const { namespace = '' } = route.metadata;
      const before = known.routes.get(keyOf(route));
      if (change === 'deleted') routes.delete(keyOf(route));
      else routes.set(keyOf(route), servicePairs(namespace, backendNames(route)), route);
      remember(known.routes, change, route);
      listeners.entry([route, before].flatMap((each) => (each ? routePairs(store, each) : [])));
    }),
  ];
  return {
    topology: {
      pods(namespace, selector) {
        return pods.find([pairOf(namespace, selector)]).filter((pod) => selects(selector, pod.metadata.labels));
      },
      service: (namespace, name) => store.get<Service>('Service', namespace, name),
      services: (namespace, labels) => services.find(pairsOf(namespace, labels)),
      routes: (namespace, names) => routes.find(servicePairs(namespace, names)),
    },
    stop() {
      for (const end of ends) end();
    },
  };
}

function remember<T extends KubeObject>(objects: Map<string, T>, change: StoreChange, object: T): void {
  if (change === 'deleted') objects.delete(keyOf(object));
  else objects.set(keyOf(object), object);
}

function selectorPair({ metadata, spec }: Service): string {
  return pairOf(metadata.namespace ?? '', { matchLabels: spec.selector ?? {} });
}

function concerned(service: Service): string[] {
  return [...servicePairs(service.metadata.namespace ?? '', [service.metadata.name]), selectorPair(service)];
}

function backendNames(route: HttpRoute): string[] {
  return backendsOf(route).map(({ name }) => name);
}

function routePairs(store: Store, route: HttpRoute): string[] {
  const { namespace } = route.metadata;
  return backendNames(route).flatMap((name) => {
    const service = store.get<Service>('Service', namespace, name);
    return service ? concerned(service) : servicePairs(namespace ?? '', [name]);
  });
}

/** The gateway serves a route's former state until it has accepted the new one. */
function isAccepted({ metadata, status }: HttpRoute): boolean {
  const current = (condition: Condition) =>
    condition.type === 'Accepted' &&
    condition.status === 'True' &&
    condition.observedGeneration === metadata.generation;
  return status?.parents?.some(({ conditions }) => conditions.some(current)) ?? false;
}
