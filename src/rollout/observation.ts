import type {
  AnalysisRun,
  AnalysisTemplate,
  ClusterAnalysisTemplate,
  Contest,
  GitRevert,
  ManagedRoute,
  ReplicaSet,
  Rollout,
  ScaledDown,
  Service,
} from '../api/index.ts';
import type { Problem } from '../errors.ts';
import type { Resets } from './contest.ts';

/** A route that steps have added, as the router's objects hold it. */
export type ObservedRoute = ManagedRoute & {
  /** Not all of it is there, or somebody has changed it: it is to be written anew. */
  isDamaged?: boolean;
};

/** What the router's objects said, already read. */
export interface ObservedTraffic {
  /** The canary's share as configured, 0..maxWeight; undefined where the objects do not hold the pair. */
  canaryWeight: number | undefined;
  /** In the order of their precedence. */
  managedRoutes: ObservedRoute[];
  verified: boolean;
  message?: string;
}

/** An object that somebody else sets back again and again. */
export interface ObservedContest extends Contest {
  /** Whether it is a Service, or an object of a router. */
  of: 'route' | 'service';
  resets: Resets;
}

/** A pod, as far as a restart looks at it. */
export interface ObservedPod {
  name: string;
  uid: string;
  /** The UID of the ReplicaSet that controls it. */
  owner: string;
  /** World time, milliseconds since the epoch. */
  createdAt: number;
  /** It was deleted, and takes its time to end. */
  isLeaving: boolean;
  /** World time, milliseconds since the epoch; undefined: it is not ready. */
  readySince: number | undefined;
}

/** Workloads that have pods of their own. */
export type ScalableKind = 'Deployment' | 'ReplicaSet';

/** The workload that spec.workloadRef names, besides the template and selector that the Rollout takes from it. */
export interface ObservedWorkload {
  kind: ScalableKind | 'PodTemplate';
  name: string;
  resourceVersion: string;
  generation: number;
  /** spec.replicas; undefined for one without pods of its own. */
  replicas: number | undefined;
  /** Its own controller has taken up its spec, and all of its pods have the newest template. */
  isSteady: boolean;
  /** Another object decides its size, or it is being deleted. */
  isTaken: boolean;
  /** How it was last scaled for a Rollout. */
  mark: ScaledDown | undefined;
}

/** Everything that may be known about one Rollout at one instant. */
export interface Observation {
  /** World time, milliseconds since the epoch. */
  now: number;
  /**
   * With its template as far as that can be read, or the template, and where it has none the selector, of the workload that
   * it refers to: never written back.
   */
  rollout: Rollout;
  /** What of its own template cannot be read, so that it is in no pod. */
  leftOut: Problem[];
  /** Undefined where the Rollout refers to none, and where that is not there. */
  workload?: ObservedWorkload;
  /** The ReplicaSets that this Rollout controls, and those that its selector finds and nobody controls. */
  replicaSets: ReplicaSet[];
  /** What one of them should remember and does not yet: the writing of it waits for more. */
  note?: { replicaSet: string; text: string };
  /** The records of taking changes of this Rollout out of Git. */
  reverts?: readonly GitRevert[];
  /** The name of the one of them that runs the template by the API server's word, where that was asked. */
  sameTemplate?: string;
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
  /** The pods of these ReplicaSets, asked for live, so only while a restart is due. */
  pods?: ObservedPod[];
  /** Undefined where there is no router. */
  traffic?: ObservedTraffic;
  /** Undefined where there is none. */
  contests?: ObservedContest[];
  /** The templates that the strategy refers to, by name; missing ones are left out. */
  templates: Record<string, AnalysisTemplate>;
  clusterTemplates: Record<string, ClusterAnalysisTemplate>;
  /** All that is wrong with the object and with what it refers to. */
  problems: Problem[];
}

/** What a look finds where nobody has looked: what was seen goes over it. */
export const NOTHING_SEEN = {
  leftOut: [],
  replicaSets: [],
  takenReplicaSetNames: [],
  runs: [],
  takenRunNames: [],
  services: {},
  stableEndpoints: [],
  templates: {},
  clusterTemplates: {},
  problems: [],
} satisfies Partial<Observation>;
