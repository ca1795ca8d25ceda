import type { EndpointSlice, Event, KubeObject, Lease, Pod, ReplicaSet, Secret, Service } from '../api/kubernetes.ts';
import type { Resource } from './client.ts';

function namespaced<T extends KubeObject>(group: string, version: string, plural: string, kind: string): Resource<T> {
  return { group, version, plural, kind, namespaced: true };
}

export const replicaSets = namespaced<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const pods = namespaced<Pod>('', 'v1', 'pods', 'Pod');
export const services = namespaced<Service>('', 'v1', 'services', 'Service');
export const endpointSlices = namespaced<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice');
export const secrets = namespaced<Secret>('', 'v1', 'secrets', 'Secret');
export const events = namespaced<Event>('', 'v1', 'events', 'Event');
export const leases = namespaced<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
