import type {
  AnalysisRun,
  AnalysisTemplate,
  ClusterAnalysisTemplate,
  ReplicaSet,
  Rollout,
  Service,
} from '../api/index.ts';
import type { Problem } from '../errors.ts';

/** What the router's objects said, already read. */
export interface ObservedTraffic {
  /** The canary's share as configured, 0..maxWeight; undefined where the objects do not hold the pair. */
  canaryWeight: number | undefined;
  verified: boolean;
  message?: string;
}

/** Everything that may be known about one Rollout at one instant. */
export interface Observation {
  /** World time, milliseconds since the epoch. */
  now: number;
  rollout: Rollout;
  /** The ReplicaSets that this Rollout controls, and those that its selector finds and nobody controls. */
  replicaSets: ReplicaSet[];
  /** Names of ReplicaSets that others have, among those that this Rollout's next one could take. */
  takenReplicaSetNames: string[];
  /** The AnalysisRuns that this Rollout controls. */
  runs: AnalysisRun[];
  /** Names already in use, by anyone, among those that this update's next runs could take. */
  takenRunNames: string[];
  /** The Services that the strategy names, by name; missing ones are left out. */
  services: Record<string, Service>;
  /** Names of the ready pods behind the stable Service. */
  stableEndpoints: string[];
  /** Undefined where there is no router. */
  traffic?: ObservedTraffic;
  /** The templates that the strategy refers to, by name; missing ones are left out. */
  templates: Record<string, AnalysisTemplate>;
  clusterTemplates: Record<string, ClusterAnalysisTemplate>;
  /** All that is wrong with the object and with what it refers to. */
  problems: Problem[];
}
