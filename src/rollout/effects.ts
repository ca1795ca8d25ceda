import type {
  AbortCause,
  AnalysisRun,
  ManagedRoute,
  OwnerReference,
  PodTemplateSpec,
  ReplicaSet,
  RevisionState,
  ScaledDown,
} from '../api/index.ts';
import type { Facts } from './facts.ts';
import type { MachineState } from './machine.ts';
import type { ScalableKind } from './observation.ts';
import type { RunSlots } from './run-types.ts';

/**
 * One thing to do. Every effect is idempotent and recomputed from what was observed on each pass; one that would change
 * nothing is not in the plan. Carried out in the order of the plan: what lowers canary traffic comes first.
 */
export type Effect =
  /**
   * Sets the canary's share and the routes that steps have added, together. Lowering never waits for anything; raising only
   * after all else in the plan has succeeded.
   */
  | {
      kind: 'setTraffic';
      weight: number;
      from: number;
      /** All that are to be there. */
      routes: ManagedRoute[];
      /** Of the routes: some go and none is added or changed, or anything else. */
      routeChange: 'none' | 'fewer' | 'other';
      /** More traffic goes to stable than its pods can carry; says why all the same. */
      overload?: string;
    }
  /** Writes what the status has no field for; goes before the status that needs it. What nothing needs yet may wait for a moment. */
  | { kind: 'annotateReplicaSet'; name: string; annotations: Record<string, string | null>; mayWait?: boolean }
  | { kind: 'annotateRollout'; annotations: Record<string, string | null> }
  /** How long a pod must be ready before it counts as available; 0: not at all. */
  | { kind: 'setMinReadySeconds'; name: string; seconds: number }
  /** `begins`: an update to `hash` begins with it, which is told with it and not before. */
  | { kind: 'createReplicaSet'; object: ReplicaSet; revision: number; begins?: string }
  /** Becomes exactly this object's controller, or ceases to be it. */
  | { kind: 'claimReplicaSet'; name: string; uid: string; owners: OwnerReference[] }
  /** Writes down what an omitted spec.replicas means: autoscalers read it. */
  | { kind: 'setReplicas'; replicas: number }
  /**
   * Takes what cannot be read out of the template that the API server holds: typed clients, the stock kubectl plugin among
   * them, can read no list with such a Rollout in it. Goes with the revision, so once for each template at most: where
   * somebody's tool writes it again, it stays.
   */
  | { kind: 'setTemplate'; template: PodTemplateSpec }
  | {
      kind: 'scaleReplicaSet';
      name: string;
      revision: number;
      from: number;
      to: number;
      annotations: Record<string, string | null>;
    }
  /**
   * Gives pods the labels and annotations of their part in the update; null takes a key away. First the ReplicaSet's
   * template, so that pods which are made meanwhile have them, together with `annotations`, which say what is still due;
   * then the pods that are there; last the word that nothing is due any more. Repeated until then.
   */
  | {
      kind: 'setMetadata';
      name: string;
      uid: string;
      metadata: MetadataPatch;
      annotations: Record<string, string | null>;
      /** Of the pods that are there; undefined: the template is all. */
      podSelector?: string;
    }
  /** The whole affinity of a ReplicaSet's template; null: none. */
  | { kind: 'setAffinity'; name: string; affinity: object | null }
  /**
   * Evicts pods in this order until `most` have gone. A disruption budget's refusal is no failure: these and other pods are
   * tried again later.
   */
  | { kind: 'evictPods'; pods: { name: string; uid: string }[]; most: number }
  /** Deletes exactly this object. */
  | { kind: 'deleteReplicaSet'; name: string; uid: string }
  /** `retreat`: takes users away from what was given up. */
  | { kind: 'switchService'; name: string; hash: string; from: string; retreat?: boolean }
  /** Created under the name that the persisted status holds; AlreadyExists with our own UID is success. */
  | { kind: 'createRun'; object: AnalysisRun }
  | { kind: 'terminateRun'; name: string }
  | { kind: 'deleteRun'; name: string; uid: string }
  /** Sets the number of pods of the workload that spec.workloadRef names, as long as the workload is as it was observed. */
  | {
      kind: 'scaleWorkload';
      workload: ScalableKind;
      name: string;
      resourceVersion: string;
      from: number;
      mark: ScaledDown;
    };

/** A merge patch of labels and annotations. */
export interface MetadataPatch {
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
}

export interface PlanInput {
  facts: Facts;
  persisted: MachineState;
  next: MachineState;
  slots: RunSlots;
  /** What the new ReplicaSet should remember after this pass. */
  memory: RevisionState;
  abortCause: AbortCause | undefined;
}
