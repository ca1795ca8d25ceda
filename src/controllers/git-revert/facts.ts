import type { GitRevert, ReplicaSet, Rollout } from '../../api/index.ts';
import { isObjectId } from '../../git/process.ts';
import type { Provenance } from '../../git/provenance/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { type Gate, gate, type Policy, revertKey, revertName, selectPolicy } from '../../revert/index.ts';
import { asPolicy } from './access.ts';
import { gateFacts } from './gate-facts.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, learn, originOf } from './revision.ts';

export function policiesOf({ policies }: GitRevertOptions): Policy[] {
  return policies.list().map(asPolicy);
}

/** What differs between what the record says and what can be derived: such a record is not acted upon. */
function forged(revert: GitRevert, provenance: Provenance): string | undefined {
  const { spec, metadata } = revert;
  // Who may write records in one namespace has no say in another.
  if (metadata.namespace !== spec.rollout.namespace) return 'it does not lie in the namespace of its Rollout';
  // They become parts of addresses.
  if (!spec.culprits.every(isObjectId)) return 'its culprits are not all whole ids of commits';
  const key = revertKey({ ...spec, repository: canonicalRepository(spec.repository) });
  if (spec.key !== key || metadata.name !== revertName(key)) return 'its key is not that of what it says';
  const origin = originOf(spec.rollout.namespace, provenance);
  const same =
    origin.repository === canonicalRepository(spec.repository) &&
    origin.branch === spec.branch &&
    origin.path === spec.path &&
    provenance.commit === spec.badRevision;
  return same ? undefined : `it does not say what ReplicaSet ${spec.canaryReplicaSet} says of where it came from`;
}

const ASKED_AGAIN_MILLISECONDS = 5_000;

function askedAgain({ clock }: GitRevertOptions, message: string): Gate {
  return { kind: 'wait', until: clock.now() + ASKED_AGAIN_MILLISECONDS, reason: 'ProvenanceAsked', message };
}

export interface GateAnswer {
  gate: Gate;
  policy?: Policy;
}

/** Asks the one matching policy; nothing that the record says is believed. */
export function askPolicy(
  options: GitRevertOptions,
  revert: GitRevert,
  rollout: Rollout,
  canary: ReplicaSet,
): GateAnswer {
  const learnt = learn(options, rollout, canary);
  if ('isAsked' in learnt) return { gate: askedAgain(options, learnt.why) };
  if (!learnt.known) return { gate: { kind: 'skip', reason: 'ProvenanceUnknown', message: learnt.why } };
  const wrong = forged(revert, learnt.provenance);
  if (wrong)
    return { gate: { kind: 'person', reason: 'SpecDiffers', message: `this GitRevert is not acted upon: ${wrong}` } };
  const origin = originOf(revert.spec.rollout.namespace, learnt.provenance);
  const selection = selectPolicy(policiesOf(options), origin);
  if (selection.kind !== 'one') return { gate: { kind: 'skip', reason: selection.reason, message: selection.message } };
  const { policy } = selection;
  const { provenance } = learnt;
  return { gate: gate(policy, gateFacts(options, { rollout, cause: causeOf(canary), provenance, revert })), policy };
}

/** Why the failure that a revert answers does not count any more. */
export function supersededBy(rollout: Rollout | undefined, { spec }: GitRevert): string | undefined {
  if (!rollout || rollout.metadata.uid !== spec.rollout.uid) return 'the Rollout is not there any more';
  const { abort, currentPodHash, stableRS } = rollout.status ?? {};
  const { canary, stable } = spec.templates;
  if (stableRS === canary) return 'the release was promoted after all';
  if (currentPodHash === canary && abort !== true) return 'the update is tried again';
  if (currentPodHash !== canary && currentPodHash !== stable)
    return 'a newer template has taken the place of the one that failed';
  return undefined;
}

/** Whether the cluster runs the stable template again because it is what the Rollout asks for. */
export function isObserved(rollout: Rollout | undefined, { spec }: GitRevert): boolean {
  if (!rollout || rollout.metadata.uid !== spec.rollout.uid) return true;
  const { phase, currentPodHash, stableRS } = rollout.status ?? {};
  return phase === 'Healthy' && currentPodHash === stableRS && currentPodHash !== spec.templates.canary;
}
