import { fieldsOf, isFields, listOf, textOf } from '../api/fields.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import type { Problem } from '../errors.ts';

const GATEWAY_API = 'gateway.networking.k8s.io';

/** An object that a route sends requests to, and where the route says so. */
interface Backend {
  path: string;
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

/**
 * The backends of a route in other namespaces that no ReferenceGrant there permits; a gateway answers 500 for their share.
 * `grants` are the ReferenceGrants of at least those namespaces. Paths are in the route. Total over any input.
 */
export function missingGrants(route: KubeObject, grants: readonly KubeObject[]): Problem[] {
  const { namespace, name } = fieldsOf(fieldsOf(route).metadata);
  const from = { group: GATEWAY_API, kind: textOf(fieldsOf(route).kind) ?? 'HTTPRoute', namespace: textOf(namespace) };
  const missing = backendsOf(route).filter(
    (backend) => backend.namespace !== from.namespace && !grants.some((grant) => permits(grant, from, backend)),
  );
  return missing.map((backend) => ({
    path: backend.path,
    message: `${from.kind} "${textOf(name) ?? ''}" refers to ${backend.kind} "${backend.name}" in namespace "${backend.namespace}", and no ReferenceGrant there permits it; create one from ${from.kind} of namespace "${from.namespace ?? ''}" to ${backend.kind} "${backend.name}", or name a ${backend.kind} of the route's own namespace`,
  }));
}

/** All that a route refers to: in the rules, and in the filters that mirror requests. */
function backendsOf(route: KubeObject): Backend[] {
  const home = textOf(fieldsOf(fieldsOf(route).metadata).namespace) ?? '';
  const rules = listOf(fieldsOf(fieldsOf(route).spec).rules);
  return rules.flatMap((rule, index) => {
    const at = `spec.rules[${index}]`;
    const refs = listOf(fieldsOf(rule).backendRefs);
    return [
      ...mirrors(at, rule, home),
      ...refs.flatMap((ref, number) => {
        const path = `${at}.backendRefs[${number}]`;
        return [...backendAt(path, ref, home), ...mirrors(path, ref, home)];
      }),
    ];
  });
}

function mirrors(path: string, owner: unknown, home: string): Backend[] {
  return listOf(fieldsOf(owner).filters).flatMap((filter, index) => {
    const { requestMirror } = fieldsOf(filter);
    const at = `${path}.filters[${index}].requestMirror.backendRef`;
    return isFields(requestMirror) ? backendAt(at, requestMirror.backendRef, home) : [];
  });
}

function backendAt(path: string, ref: unknown, home: string): Backend[] {
  const { group, kind, namespace, name } = fieldsOf(ref);
  const named = textOf(name);
  if (named === undefined) return [];
  const where = textOf(namespace) ?? home;
  return [{ path, group: textOf(group) ?? '', kind: textOf(kind) ?? 'Service', namespace: where, name: named }];
}

/** A grant permits what is in its own namespace. It must name the route's kind and namespace, and the backend's kind. */
function permits(
  grant: KubeObject,
  from: { group: string; kind: string; namespace: string | undefined },
  backend: Backend,
): boolean {
  const { metadata, spec } = fieldsOf(grant);
  if (fieldsOf(metadata).namespace !== backend.namespace) return false;
  const givers = listOf(fieldsOf(spec).from).map(fieldsOf);
  const takers = listOf(fieldsOf(spec).to).map(fieldsOf);
  return (
    givers.some(
      ({ group, kind, namespace }) => group === from.group && kind === from.kind && namespace === from.namespace,
    ) &&
    takers.some(({ group, kind, name }) => {
      const isKind = (textOf(group) ?? '') === backend.group && kind === backend.kind;
      return isKind && (name === undefined || name === null || name === '' || name === backend.name);
    })
  );
}
