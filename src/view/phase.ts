import { type Rollout, WORKLOAD_GENERATION } from '../api/index.ts';

export interface Phase {
  phase: string;
  /** Why, where there is something to say. */
  message: string;
}

/**
 * Phase and message as every tool of the field shows them. What the controller wrote holds only for the spec that it saw, and not
 * between a user's clearing of the pause and the controller's taking it up.
 */
export function rolloutPhase(rollout: Rollout): Phase {
  const status = rollout.status ?? {};
  if (!isObserved(rollout)) return progressing('waiting for rollout spec update to be observed');
  if (status.controllerPause === true && (status.pauseConditions ?? []).length === 0) {
    return progressing('waiting for rollout to unpause');
  }
  if (!isWorkloadObserved(rollout)) {
    return progressing('waiting for rollout spec update to be observed for the reference workload');
  }
  if (status.phase === undefined) return progressing('more replicas need to be updated');
  return { phase: status.phase, message: status.message ?? '' };
}

function progressing(message: string): Phase {
  return { phase: 'Progressing', message };
}

/** A status of a later generation than the object's is one of an older API, where the field held a hash. */
function isObserved({ metadata, status }: Rollout): boolean {
  const observed = Number.parseInt(status?.observedGeneration ?? '', 10);
  return !(observed < (metadata.generation ?? 0));
}

/** The controller writes the workload's generation on the Rollout, and then into its status: in between it is not taken up. */
function isWorkloadObserved({ metadata, spec, status }: Rollout): boolean {
  const generation = Number.parseInt(metadata.annotations?.[WORKLOAD_GENERATION] ?? '', 10);
  const observed = Number.parseInt(status?.workloadObservedGeneration ?? '', 10);
  return (
    spec.workloadRef === undefined || Number.isNaN(generation) || Number.isNaN(observed) || generation === observed
  );
}

/** One line for `status`: the phase and, where there is one, the message. */
export function statusLine(rollout: Rollout): string {
  const { phase, message } = rolloutPhase(rollout);
  return message === '' ? phase : `${phase} - ${message}`;
}
