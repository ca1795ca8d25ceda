import { maxTrafficWeight, type ReplicaSet, type Rollout } from '../api/index.ts';
import { hashOf } from '../rollout/index.ts';

/** Where a Rollout is in its strategy, in words for a column. */
export interface Progress {
  strategy: string;
  /** As in `2/6`; undefined without steps. */
  step?: string;
  /** The weight that the present step asks for; undefined for blue-green. */
  setWeight?: number;
}

export function progressOf(rollout: Rollout): Progress {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (canary === undefined) return { strategy: blueGreen === undefined ? 'unknown' : 'BlueGreen' };
  const index = rollout.status?.currentStepIndex;
  const count = canary.steps?.length ?? 0;
  const step = index === undefined || count === 0 ? {} : { step: `${index}/${count}` };
  return { strategy: 'Canary', ...step, setWeight: setWeightOf(rollout) };
}

function isPastSteps({ spec, status }: Rollout): boolean {
  return (status?.currentStepIndex ?? 0) >= (spec.strategy?.canary?.steps?.length ?? 0);
}

function setWeightOf(rollout: Rollout): number {
  const { canary } = rollout.spec.strategy ?? {};
  if (rollout.status?.abort === true) return 0;
  if (isPastSteps(rollout)) return maxTrafficWeight(rollout);
  const taken = (canary?.steps ?? []).slice(0, (rollout.status?.currentStepIndex ?? 0) + 1);
  return taken.findLast((step) => step.setWeight !== undefined)?.setWeight ?? 0;
}

/** The canary's share as it is: what the router was last set to or, without one, its part of the available pods. */
export function actualWeightOf(rollout: Rollout, replicaSets: ReplicaSet[]): number {
  const { status = {} } = rollout;
  if (isPastSteps(rollout)) return 100;
  const available = status.availableReplicas ?? 0;
  if (rollout.spec.strategy?.canary?.trafficRouting !== undefined) {
    return status.canary?.weights?.canary.weight ?? 0;
  }
  if (available === 0 || status.currentPodHash === status.stableRS) return 0;
  const canary = replicaSets.find((replicaSet) => hashOf(replicaSet) === status.currentPodHash);
  return Math.floor(((canary?.status?.availableReplicas ?? 0) * 100) / available);
}
