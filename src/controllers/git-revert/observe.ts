import type { GitRevert, ReplicaSet } from '../../api/index.ts';
import { isApproved, type Policy, type Seen } from '../../revert/index.ts';
import { askPolicy, type GateAnswer, isObserved, supersededBy } from './facts.ts';
import type { Context, Job } from './job.ts';
import { causeOf, replicaSetOf } from './revision.ts';
import { clusterOf } from './stable.ts';

function takenBack(canary: ReplicaSet | undefined): string | undefined {
  if (!canary) return 'the ReplicaSet that failed is not there any more';
  return causeOf(canary) ? undefined : 'the abort was taken back';
}

type Wanted = Pick<Seen, 'gate' | 'superseded'>;

/** Nobody is left to review what is not wanted any more; and what the host merges by itself it may merge at any moment. */
export function isUrgent({ status }: GitRevert, { gate, superseded }: Wanted, policy: Policy | undefined): boolean {
  if (superseded !== undefined || (gate.kind === 'skip' && gate.withdraw === true)) return true;
  if (status?.proposal?.autoMerge !== true || policy === undefined) return false;
  const mayMerge = gate.kind === 'open' && gate.mode !== 'DryRun' && gate.personMerges !== true;
  return !mayMerge || policy.spec.pullRequests?.autoMerge !== true;
}

/** All that the machine decides by, as the caches hold it now. */
export function observe(context: Context, revert: GitRevert, job: Job): { seen: Seen; policy: Policy | undefined } {
  const { namespace, name } = revert.spec.rollout;
  const rollout = context.rollouts.get(namespace, name);
  const canary = rollout && replicaSetOf(context, rollout, revert.spec.templates.canary);
  const superseded = supersededBy(rollout, revert) ?? takenBack(canary);
  const noPolicy: GateAnswer = { gate: { kind: 'skip', reason: 'Superseded', message: superseded ?? '' } };
  const { gate, policy } = rollout && canary ? askPolicy(context, revert, rollout, canary) : noPolicy;
  const { work, running: busy } = job;
  const notBefore = job.mayHurry && isUrgent(revert, { gate, superseded }, policy) ? undefined : job.notBefore;
  const now = context.clock.now();
  const observed = isObserved(rollout, revert);
  const jitter = Math.random();
  const { status } = revert;
  const approved = isApproved(revert);
  const isOut = status?.state === 'landed' || status?.state === 'merged';
  const cluster = isOut && rollout ? clusterOf(context, rollout, revert) : undefined;
  const asked = { status, gate, hasPolicy: policy !== undefined, approved, superseded, observed, cluster };
  return { seen: { now, ...asked, work, busy, notBefore, jitter }, policy };
}
