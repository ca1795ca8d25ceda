import type { RevertPolicySpec } from '../api/index.ts';

/** A policy as it is matched: its repository in the one spelling. */
export interface Policy {
  name: string;
  spec: RevertPolicySpec;
  repository: string;
}

/** Where a failed revision came from; the repository in its one spelling. */
export interface Origin {
  namespace: string;
  repository: string;
  branch: string;
  path: string;
}

export type Selection =
  | { kind: 'one'; policy: Policy }
  | { kind: 'none'; reason: 'NoRevertPolicy'; message: string }
  | { kind: 'several'; reason: 'SeveralPoliciesMatch'; message: string };

/** Whether `path` is `prefix` or lies below it, by whole segments. */
export function liesBelow(path: string, prefix: string): boolean {
  const clean = prefix.replace(/^\/+|\/+$/g, '');
  return clean === '' || path === clean || path.startsWith(`${clean}/`);
}

function speaksOf({ spec, repository }: Policy, origin: Origin): boolean {
  return (
    spec.namespaces.includes(origin.namespace) &&
    repository === origin.repository &&
    spec.repository.branch === origin.branch &&
    liesBelow(origin.path, spec.repository.path ?? '')
  );
}

/** The one policy that speaks of this origin. */
export function selectPolicy(policies: readonly Policy[], origin: Origin): Selection {
  const matching = policies.filter((policy) => speaksOf(policy, origin));
  const place = `${origin.repository}, branch ${origin.branch}, path ${origin.path || '/'}`;
  const [policy] = matching;
  if (!policy) {
    const message = `no RevertPolicy allows namespace ${origin.namespace} to be reverted in ${place}. Nothing is written to Git without exactly one`;
    return { kind: 'none', reason: 'NoRevertPolicy', message };
  }
  if (matching.length === 1) return { kind: 'one', policy };
  const names = matching.map(({ name }) => name).sort();
  const message = `the RevertPolicies ${names.join(', ')} all match namespace ${origin.namespace} and ${place}. Exactly one must: narrow their namespaces, branch or path`;
  return { kind: 'several', reason: 'SeveralPoliciesMatch', message };
}
