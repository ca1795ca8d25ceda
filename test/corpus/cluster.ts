import type { GitRevert, PodTemplateSpec, ReplicaSet } from '../../src/api/index.ts';
import type { TakenOut } from '../../src/controllers/git-revert/record.ts';
import { canonicalRepository } from '../../src/git/url.ts';
import { type GateFacts, type Policy, revertKey } from '../../src/revert/index.ts';
import type { Case } from './cases.ts';
import { NAMESPACE } from './parts.ts';
import type { World } from './world.ts';

/** World time. Below: what a cluster holds of a failed release, as far as the work on its revert looks at it. */
export const NOW = Date.parse('2026-11-21T12:00:00Z');

/** As the API server keeps a template: with what it fills in, and with what a controller adds. */
export function stored(template: Record<string, unknown>, hash: string): ReplicaSet {
  const { metadata, spec } = structuredClone(template) as PodTemplateSpec;
  const containers = (spec?.containers ?? []).map((container) => ({
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...(container.image && { imagePullPolicy: 'IfNotPresent' }),
    ...container,
    ...(Array.isArray(container.ports) && {
      ports: container.ports.map((port: object) => ({ protocol: 'TCP', ...port })),
    }),
  }));
  const labels = { ...metadata?.labels, 'rollouts-pod-template-hash': hash };
  const own = {
    ...spec,
    containers,
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `web-${hash}`, namespace: NAMESPACE },
    spec: { selector: { matchLabels: labels }, template: { metadata: { ...metadata, labels }, spec: own } },
  } as unknown as ReplicaSet;
}

/** What the cluster knows of a failed release. */
export interface Failed {
  good: string;
  bad: string;
  /** As the cluster was given them. */
  templates: { good: Record<string, unknown>; bad: Record<string, unknown> };
}

/** It would have what is proposed merged, too: that nothing is which a person must look at is part of the game. */
export function policyFor({ bare }: World, { policy, repository: { layout } }: Case, branch: string): Policy {
  const spec = {
    namespaces: [NAMESPACE],
    mode: 'Direct',
    pullRequests: { autoMerge: true },
    repository: { host: policy.host, url: bare.path, branch, path: policy.isLimited ? layout.path : '' },
  };
  return { name: 'corpus', spec, repository: canonicalRepository(bare.path) } as unknown as Policy;
}

export const factsFor = (status: GitRevert['status']): GateFacts => ({
  cause: { kind: 'analysis', phase: 'Failed' },
  failedAt: NOW,
  learnt: 'ArgoCD',
  now: NOW,
  writtenToday: { Direct: 0, PullRequest: 0 },
  isSkipped: false,
  isApproved: false,
  autoRevert: undefined,
  paused: undefined,
  cautions: status?.plan?.cautions ?? [],
  revertedBefore: undefined,
  stableProblem: undefined,
  failures: [],
});

/** The record, as far as the work reads it. */
export function recordFor(
  { repository: { layout } }: Case,
  failed: Failed,
  { repository, branch, culprits, apart }: TakenOut & { repository: string; branch: string },
): GitRevert {
  const name = layout.rollout ?? 'web';
  const key = revertKey({ repository, branch, culprits, path: layout.path, apart, rollout: { name } });
  const spec = {
    repository,
    branch,
    path: layout.path,
    culprits: [...culprits].sort(),
    goodRevision: failed.good,
    badRevision: failed.bad,
    ...(apart && { apart }),
    key,
    policy: 'corpus',
    rollout: { namespace: NAMESPACE, name, uid: 'uid' },
    templates: { stable: 'aaa', canary: 'bbb' },
  };
  return {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitRevert',
    metadata: { name: 'revert', namespace: NAMESPACE },
    spec,
  } as GitRevert;
}
