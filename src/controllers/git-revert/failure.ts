import type { AbortCause, ReplicaSet, Rollout } from '../../api/index.ts';
import type { Provenance } from '../../git/provenance/index.ts';
import { gate, type Policy, selectPolicy } from '../../revert/index.ts';
import { memoryOf } from '../../rollout/index.ts';
import { policiesOf } from './facts.ts';
import { gateFacts } from './gate-facts.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, learn, originOf, replicaSetOf } from './revision.ts';

/** A failure that is persisted, with both sides of the update. */
export interface Failure {
  rollout: Rollout;
  canary: ReplicaSet;
  stable: ReplicaSet;
  cause: AbortCause;
  /** How often this template was tried, from 1. */
  attempt: number;
  /** One try of one template: what is said about it is said once. */
  id: string;
}

/** A failure that one policy speaks of. */
export interface Case {
  failure: Failure;
  policy: Policy;
  bad: Provenance;
  good: Provenance;
}

/** Why nothing is reverted. */
export interface Refusal {
  reason: string;
  message: string;
}

/** The failure that a Rollout's status holds, where it holds one. */
export function failureOf(options: GitRevertOptions, rollout: Rollout): Failure | undefined {
  const { abort, currentPodHash, stableRS } = rollout.status ?? {};
  if (abort !== true || !currentPodHash || !stableRS || currentPodHash === stableRS) return undefined;
  const canary = replicaSetOf(options, rollout, currentPodHash);
  const stable = replicaSetOf(options, rollout, stableRS);
  const cause = canary && causeOf(canary);
  if (!canary || !stable || !cause) return undefined;
  const attempt = memoryOf(canary).attempt ?? 1;
  return { rollout, canary, stable, cause, attempt, id: `${rollout.metadata.uid}/${currentPodHash}/${attempt}` };
}

/** The one policy and the two commits, or why nothing is reverted; undefined as long as a tool is being asked. */
export function assess(options: GitRevertOptions, failure: Failure): Case | Refusal | undefined {
  const { rollout, canary, stable, cause } = failure;
  const namespace = rollout.metadata.namespace ?? 'default';
  const bad = learn(options, rollout, canary);
  if ('isAsked' in bad) return undefined;
  if (!bad.known) return unknown('what failed', canary, bad.why);
  const origin = originOf(namespace, bad.provenance);
  const selection = selectPolicy(policiesOf(options), origin);
  if (selection.kind !== 'one') return selection;
  const { policy } = selection;
  const answer = gate(policy, gateFacts(options, { rollout, cause, provenance: bad.provenance }));
  if (answer.kind === 'skip') return answer;
  const good = learn(options, rollout, stable);
  if ('isAsked' in good) return undefined;
  if (!good.known) return unknown('the stable revision', stable, good.why);
  const before = originOf(namespace, good.provenance);
  if (before.repository !== origin.repository || before.branch !== origin.branch || before.path !== origin.path) {
    const place = `${before.repository}, branch ${before.branch}, path ${before.path || '/'}`;
    return { reason: 'ProvenanceDiffers', message: `the stable revision came from ${place}; what failed did not` };
  }
  return { failure, policy, bad: bad.provenance, good: good.provenance };
}

function unknown(what: string, { metadata }: ReplicaSet, why: string): Refusal {
  const message = `where ${what} (ReplicaSet ${metadata.name}) came from is not known: ${why}`;
  return { reason: 'ProvenanceUnknown', message };
}
