import { desiredReplicas, type OwnerReference, type ReplicaSet, type Rollout, selects } from '../api/index.ts';
import type { Effect, PlanInput } from './effects.ts';
import type { Facts } from './facts.ts';

export function ownerOf(rollout: Rollout): OwnerReference {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: rollout.metadata.name,
    uid: rollout.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

function claim({ metadata }: ReplicaSet, owners: OwnerReference[]): Effect {
  return { kind: 'claimReplicaSet', name: metadata.name, uid: metadata.uid ?? '', owners };
}

/** Takes in the ReplicaSets that the selector finds and nobody controls, and lets go of those that it does not find any more. */
function claims({ seen }: Facts): Effect[] {
  const { rollout, replicaSets } = seen;
  const uid = rollout.metadata.uid ?? '';
  return replicaSets.flatMap((replicaSet): Effect[] => {
    const { ownerReferences = [], labels = {}, deletionTimestamp } = replicaSet.metadata;
    if (deletionTimestamp !== undefined || rollout.spec.selector === undefined) return [];
    const isOurs = ownerReferences.some((owner) => owner.controller === true && owner.uid === uid);
    const isFound = selects(rollout.spec.selector, labels);
    if (isOurs === isFound) return [];
    const others = ownerReferences.filter((owner) => owner.uid !== uid);
    return [claim(replicaSet, isFound ? [...others, ownerOf(rollout)] : others)];
  });
}

export function ownershipEffects({ facts }: Pick<PlanInput, 'facts'>): Effect[] {
  const { rollout } = facts.seen;
  const replicas = desiredReplicas(rollout);
  return [
    ...(rollout.spec.replicas === undefined && rollout.spec.workloadRef === undefined
      ? [{ kind: 'setReplicas', replicas } as const]
      : []),
    ...claims(facts),
  ];
}

/** The name of the next ReplicaSet belongs to something else: another hash is needed. */
export function isNameTaken({ seen, newReplicaSet, hash }: Facts): boolean {
  return newReplicaSet === undefined && seen.takenReplicaSetNames.includes(`${seen.rollout.metadata.name}-${hash}`);
}
