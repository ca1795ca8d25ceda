import type { KubeObject } from '../api/kubernetes.ts';
import type { ListOptions, ObjectKey, Resource } from './client.ts';

export type Query = Record<string, string | number | boolean | undefined>;

/** The collection of a kind: in one namespace, or everywhere. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const { group, version, plural } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return resource.namespaced && namespace !== undefined
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
    : `${root}/${plural}`;
}

/** What a path leads to: a collection, whose name is empty, or an object. */
export interface Asked {
  /** The plural, as in `rollouts`. */
  kind: string;
  /** Empty where there is none. */
  namespace: string;
  name: string;
}

export function askedOf(path: string): Asked {
  const parts = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:namespaces\/([^/]+)\/)?([^/?]+)(?:\/([^/?]+))?/.exec(path) ?? [];
  const [, namespace = '', kind = '', name = ''] = parts.map((part) => part && decodeURIComponent(part));
  return { kind, namespace, name };
}

/** Throws where a namespaced kind comes without a namespace: the request would mean something else. */
export function objectPath(resource: Resource, { namespace, name }: ObjectKey, subresource?: string): string {
  if (!name) throw new Error(`${resource.kind}: metadata.name is missing`);
  const path = `${collectionPath(resource, requireNamespace(resource, namespace))}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

export function requireNamespace(resource: Resource, namespace: string | undefined): string | undefined {
  if (resource.namespaced && !namespace) throw new Error(`${resource.kind}: metadata.namespace is missing`);
  return namespace;
}

export function keyOf(object: KubeObject): ObjectKey {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

export function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}

export function selectors({ labelSelector, fieldSelector }: ListOptions): Query {
  return { labelSelector, fieldSelector };
}
