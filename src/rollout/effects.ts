import type { AbortCause, AnalysisRun, OwnerReference, ReplicaSet, RevisionState } from '../api/index.ts';
import type { Facts } from './facts.ts';
import type { MachineState } from './machine.ts';
import type { RunSlots } from './run-types.ts';

/**
 * One thing to do. Every effect is idempotent and recomputed from what was observed on each pass; one that would change
 * nothing is not in the plan. Carried out in the order of the plan: what lowers canary traffic comes first.
 */
export type Effect =
  /** Sets the canary's share. Lowering never waits for anything; raising only after all else in the plan has succeeded. */
  | {
      kind: 'setTraffic';
      weight: number;
      from: number;
      /** More traffic goes to stable than its pods can carry; says why all the same. */
      overload?: string;
    }
  /** Writes what the status has no field for; goes before the status that needs it. What nothing needs yet may wait for a moment. */
  | { kind: 'annotateReplicaSet'; name: string; annotations: Record<string, string | null>; mayWait?: boolean }
  | { kind: 'annotateRollout'; annotations: Record<string, string> }
  /** How long a pod must be ready before it counts as available; 0: not at all. */
  | { kind: 'setMinReadySeconds'; name: string; seconds: number }
  /** `begins`: an update to `hash` begins with it, which is told with it and not before. */
  | { kind: 'createReplicaSet'; object: ReplicaSet; revision: number; begins?: string }
  /** Becomes exactly this object's controller, or ceases to be it. */
  | { kind: 'claimReplicaSet'; name: string; uid: string; owners: OwnerReference[] }
  /** Writes down what an omitted spec.replicas means: autoscalers read it. */
  | { kind: 'setReplicas'; replicas: number }
  | {
      kind: 'scaleReplicaSet';
      name: string;
      revision: number;
      from: number;
      to: number;
      annotations: Record<string, string | null>;
    }
  /** Deletes exactly this object. */
  | { kind: 'deleteReplicaSet'; name: string; uid: string }
  /** `retreat`: takes users away from what was given up. */
  | { kind: 'switchService'; name: string; hash: string; from: string; retreat?: boolean }
  /** Created under the name that the persisted status holds; AlreadyExists with our own UID is success. */
  | { kind: 'createRun'; object: AnalysisRun }
  | { kind: 'terminateRun'; name: string }
  | { kind: 'deleteRun'; name: string; uid: string };

export interface PlanInput {
  facts: Facts;
  persisted: MachineState;
  next: MachineState;
  slots: RunSlots;
  /** What the new ReplicaSet should remember after this pass. */
  memory: RevisionState;
  abortCause: AbortCause | undefined;
}
