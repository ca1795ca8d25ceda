import type { EndpointSlice, Pod, Service, ServicePort } from '../../api/kubernetes.ts';
import { createReferenceIndex } from '../../kube/reference-index.ts';
import { createLoop } from './loop.ts';
import { controllerReference, isFinished, isReady, keyOf, same, selects, splitKey, suffix } from './objects.ts';
import { pairOf, pairsOf } from './pairs.ts';
import type { Controller, Surroundings } from './settings.ts';

/** Writes one EndpointSlice per Service with a selector: the pods that it selects and whether they are ready. */
export function runEndpoints({ store, clock, log }: Surroundings): Controller {
  const pods = createReferenceIndex<Pod>();
  const services = createReferenceIndex<Service>();

  const reconcile = (key: string) => {
    const { namespace, name } = splitKey(key);
    const service = store.get<Service>('Service', namespace, name);
    if (!service?.spec.selector || service.metadata.deletionTimestamp !== undefined) return;
    const selector = { matchLabels: service.spec.selector };
    const candidates = pods.find([pairOf(namespace, selector)]).filter((pod) => selects(selector, pod.metadata.labels));
    write(
      sliceOf(
        service,
        candidates.sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1)),
      ),
    );
  };
  const write = (wanted: EndpointSlice) => {
    const { namespace = '', name } = wanted.metadata;
    const found = store.get<EndpointSlice>('EndpointSlice', namespace, name);
    if (!found) {
      store.create('EndpointSlice', wanted);
    } else if (!same([found.endpoints ?? [], found.ports ?? []], [wanted.endpoints, wanted.ports])) {
      store.update('EndpointSlice', { ...found, endpoints: wanted.endpoints ?? [], ports: wanted.ports ?? [] });
    }
  };

  const loop = createLoop({ name: 'endpoints', clock, log, reconcile });
  const endServices = store.watch<Service>('Service', (change, service) => {
    const { namespace = '' } = service.metadata;
    const selector = { matchLabels: service.spec.selector ?? {} };
    if (change === 'deleted') services.delete(keyOf(service));
    else services.set(keyOf(service), [pairOf(namespace, selector)], service);
    loop.add(keyOf(service));
  });
  const endPods = store.watch<Pod>('Pod', (change, pod) => {
    const { namespace = '', labels } = pod.metadata;
    if (change === 'deleted') pods.delete(keyOf(pod));
    else pods.set(keyOf(pod), pairsOf(namespace, labels), pod);
    for (const service of services.find(pairsOf(namespace, labels))) loop.add(keyOf(service));
  });
  return {
    stop() {
      endServices();
      endPods();
      return loop.stop();
    },
  };
}

function sliceOf(service: Service, pods: Pod[]): EndpointSlice {
  const { name, namespace = '', uid = '' } = service.metadata;
  const placed = pods.filter((pod) => pod.status?.podIP && !isFinished(pod));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${suffix(uid)}`,
      namespace,
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [controllerReference('v1', 'Service', service)],
    },
    addressType: 'IPv4',
    endpoints: placed.map((pod) => endpoint(pod, namespace)),
    ports: (service.spec.ports ?? []).map((port) => endpointPort(port, pods[0])),
  };
}

function endpoint(pod: Pod, namespace: string) {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: serving && !terminating, serving, terminating },
    nodeName: pod.spec.nodeName ?? '',
    targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid ?? '' },
  };
}

interface NamedPort {
  name?: string;
  containerPort: number;
}

function endpointPort({ name = '', port, targetPort, protocol = 'TCP' }: ServicePort, pod: Pod | undefined) {
  const ports = pod?.spec.containers.flatMap((container) => (container.ports as NamedPort[] | undefined) ?? []) ?? [];
  const named = ports.find((each) => each.name === targetPort)?.containerPort;
  return { name, port: typeof targetPort === 'number' ? targetPort : (named ?? port), protocol };
}
