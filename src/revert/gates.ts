import {
  type AbortCause,
  knowsPullRequests,
  type RevertPolicySpec,
  type RevertWay,
  revertBudget,
  revertMode,
} from '../api/index.ts';

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

export interface GateFacts {
  cause: Pick<AbortCause, 'kind' | 'phase'>;
  /** Anything but `annotations` stands for an object that was found and says the same. */
  learnt: 'GitSource' | 'ArgoCD' | 'Flux' | 'annotations';
  /** World time, milliseconds since the epoch. */
  now: number;
  /** Commits and proposals by Headgate in the same repository in the last 24 hours. */
  writtenToday: Record<RevertWay, number>;
}

export type Gate =
  | { kind: 'open'; mode: 'Direct' | 'PullRequest' | 'DryRun' }
  /** Nothing is written, and nobody is asked. `withdraw`: what is proposed already is closed first. */
  | { kind: 'skip'; reason: string; message: string; withdraw?: true }
  /** Milliseconds since the epoch. */
  | { kind: 'wait'; until: number; reason: string; message: string }
  | { kind: 'person'; reason: string; message: string };

/** What of a policy's triggers an abort meets; undefined: it is reverted. */
function untriggered({ kind, phase }: GateFacts['cause'], { triggers }: RevertPolicySpec): string | undefined {
  if (kind === 'analysis') {
    return phase === 'Failed'
      ? undefined
      : `the analysis ended as ${phase ?? 'unknown'}: only Failed is a verdict on the release`;
  }
  if (kind === 'progressDeadline') {
    return triggers?.progressDeadline
      ? undefined
      : 'it was stuck, and triggers.progressDeadline is not true in the policy';
  }
  return triggers?.manualAbort ? undefined : 'a person aborted it, and triggers.manualAbort is not true in the policy';
}

function frozen({ spec }: Policy, now: number): Gate | undefined {
  const freeze = spec.freeze?.find(({ from, to }) => Date.parse(from) <= now && now < Date.parse(to));
  if (!freeze) return undefined;
  const message = `the policy allows no write until ${freeze.to}: ${freeze.reason}`;
  return { kind: 'wait', until: Date.parse(freeze.to), reason: 'Frozen', message };
}

function spent(policy: Policy, way: RevertWay, writtenToday: GateFacts['writtenToday']): Gate | undefined {
  const { directPerDay, pullRequestsPerDay } = revertBudget(policy);
  const [most, field, what] =
    way === 'Direct'
      ? [directPerDay, 'directPerDay', 'commits were reverted']
      : [pullRequestsPerDay, 'pullRequestsPerDay', 'reverts were proposed'];
  if (writtenToday[way] < most) return undefined;
  const message = `${writtenToday[way]} ${what} in this repository in the last 24 hours; RevertPolicy ${policy.name} allows ${most} (budget.${field})`;
  return { kind: 'person', reason: 'BudgetExhausted', message };
}

/** Whether this policy lets this failure be taken out of Git now. Asked again before every step, the last time right before the write. */
export function gate(policy: Policy, facts: GateFacts): Gate {
  const mode = revertMode(policy);
  if (mode === 'Off') {
    return {
      kind: 'skip',
      reason: 'RevertPolicyOff',
      message: `RevertPolicy ${policy.name} is switched off (mode: Off)`,
    };
  }
  const why = untriggered(facts.cause, policy.spec);
  if (why) return { kind: 'skip', reason: 'NotTriggered', message: why };
  if (mode === 'DryRun') return { kind: 'open', mode };
  const { host } = policy.spec.repository;
  if (mode === 'PullRequest' && !knowsPullRequests(host)) {
    const message = `RevertPolicy ${policy.name} asks for pull requests, and host ${host} knows none. Revert by hand, or set mode: Direct`;
    return { kind: 'person', reason: 'PullRequestsNotSupported', message };
  }
  if (mode === 'Direct' && facts.learnt === 'annotations') {
    const message =
      'where the release came from was written down by hand; that is not enough to write to a branch directly';
    return { kind: 'person', reason: 'ProvenanceByHand', message };
  }
  return spent(policy, mode, facts.writtenToday) ?? frozen(policy, facts.now) ?? { kind: 'open', mode };
}
