/** Which groups, versions and resources there are. */
import { apiVersionOf, KINDS, type KindInfo } from './kinds.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

interface Subresource {
  name: string;
  responseKind: { group: string; version: string; kind: string };
  verbs: string[];
}

function subresources(kind: KindInfo): Subresource[] {
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const binding = { group: '', version: 'v1', kind: 'Binding' };
  const eviction = { group: 'policy', version: 'v1', kind: 'Eviction' };
  const ofPods = [
    { name: 'binding', responseKind: binding, verbs: ['create'] },
    { name: 'eviction', responseKind: eviction, verbs: ['create'] },
  ];
  return [
    ...(kind.kind === 'Pod' ? ofPods : []),
    ...(kind.scale ? [{ name: 'scale', responseKind: scale, verbs: SUBRESOURCE_VERBS }] : []),
    ...(kind.hasStatus ? [{ name: 'status', responseKind: own, verbs: SUBRESOURCE_VERBS }] : []),
  ];
}

function verbs(kind: KindInfo): string[] {
  if (!kind.stored) return ['create'];
  const isSingle = kind.kind === 'Namespace';
  return isSingle ? VERBS.filter((verb) => verb !== 'deletecollection') : VERBS;
}

function names(kind: KindInfo): { shortNames?: readonly string[]; categories?: readonly string[] } {
  return {
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
}

function groups(): string[] {
  return [...new Set(KINDS.map((kind) => kind.group))].filter((group) => group !== '');
}

/** Newest first. */
function versions(group: string): string[] {
  return [...new Set(KINDS.filter((kind) => kind.group === group).map((kind) => kind.version))].sort(
    (left, right) => left.length - right.length,
  );
}

export function legacyVersions(): object {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

function describeGroup(group: string): object {
  const list = versions(group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

export function groupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(describeGroup) };
}

export function groupDocument(group: string): object | undefined {
  if (!groups().includes(group)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) };
}

export function resourceList(group: string, version: string): object | undefined {
  const kinds = KINDS.filter((kind) => kind.group === group && kind.version === version);
  const [first] = kinds;
  if (!first) return undefined;
  const resources = kinds.flatMap((kind) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: verbs(kind),
      ...names(kind),
    },
    ...subresources(kind).map(({ name, responseKind, verbs: allowed }) => ({
      name: `${kind.plural}/${name}`,
      singularName: '',
      namespaced: kind.namespaced,
      ...(responseKind.group === group ? {} : { group: responseKind.group, version: responseKind.version }),
      kind: responseKind.kind,
      verbs: allowed,
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(first), resources };
}

function aggregatedResource(kind: KindInfo): object {
  const below = subresources(kind).map(({ name, responseKind, verbs: allowed }) => ({
    subresource: name,
    responseKind,
    verbs: allowed,
  }));
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbs(kind),
    ...names(kind),
    ...(below.length > 0 ? { subresources: below } : {}),
  };
}

export function aggregatedDiscovery(isCore: boolean): object {
  const items = (isCore ? [''] : groups()).map((group) => ({
    metadata: { name: group, creationTimestamp: null },
    versions: versions(group).map((version) => ({
      version,
      resources: KINDS.filter((kind) => kind.group === group && kind.version === version).map(aggregatedResource),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}
