/** Names that Headgate reads and writes on objects, in one place. */

/** Label on ReplicaSets, Pods, Service selectors and runs: which revision's template they belong to. */
export const POD_TEMPLATE_HASH = 'rollouts-pod-template-hash';

export const REVISION = 'rollout.argoproj.io/revision';
export const REVISION_HISTORY = 'rollout.argoproj.io/revision-history';
export const DESIRED_REPLICAS = 'rollout.argoproj.io/desired-replicas';
/** On a ReplicaSet: JSON of the labels and annotations that were added to its pods while they were canary or stable. */
export const EPHEMERAL_METADATA = 'rollout.argoproj.io/ephemeral-metadata';
/** On a ReplicaSet of an Experiment: which of its templates it was made from. */
export const EXPERIMENT_TEMPLATE = 'experiment.argoproj.io/template-name';
export const SCALE_DOWN_DEADLINE = 'scale-down-deadline';
export const MANAGED_BY = 'argo-rollouts.argoproj.io/managed-by-rollouts';
export const INSTANCE_ID = 'argo-rollouts.argoproj.io/controller-instance-id';
export const RUN_TYPE = 'rollout-type';
export const STEP_INDEX = 'step-index';

/** On a Rollout: the generation of the workload that spec.workloadRef names, as it was last taken up. */
export const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation';

/** On a ReplicaSet: what the stock status has no field for, as JSON of `RevisionState`. */
export const STATE = 'headgate.dev/state';

/**
 * On a ReplicaSet whose template has metadata that its running pods may not have yet: JSON of the keys to take from them,
 * `{"labels":[],"annotations":[]}`. Gone once the pods have what the template has.
 */
export const PENDING_METADATA = 'headgate.dev/pending-metadata';

/** On a ReplicaSet with another hash: the hash of the template that the API server says it runs. */
export const TEMPLATE_HASH = 'headgate.dev/template-hash';

/** On a router's object: the rules in it that steps have added, as JSON. */
export const MANAGED_RULES = 'headgate.dev/managed-rules';

/** Where an object's content, or a ReplicaSet's revision, came from. */
export const GIT_REPOSITORY = 'headgate.dev/git-repository';
export const GIT_BRANCH = 'headgate.dev/git-branch';
/** The app's path in the repository: the folder that holds its manifests, no leading or trailing slash, '' for the root. */
export const GIT_PATH = 'headgate.dev/git-path';
/** 40 hex digits: the commit in which this object's own content last changed. */
export const GIT_COMMIT = 'headgate.dev/git-commit';
/**
 * How it was learnt: `GitSource/<namespace>/<name>`; on ReplicaSets also `ArgoCD/...` (an Application) and `Flux/...` (a
 * Kustomization). Anything else, or nothing, counts as set by hand.
 */
export const GIT_SOURCE = 'headgate.dev/git-source';

/** Where an object's content came from, all of it. */
export const PROVENANCE: readonly string[] = [GIT_REPOSITORY, GIT_BRANCH, GIT_PATH, GIT_COMMIT, GIT_SOURCE];

/** On an object of a GitSource: `disabled` where it is to stay when it leaves Git. */
export const PRUNE = 'headgate.dev/prune';

/** On a GitRevert: `true` where a person asked that the change stays in Git. Whoever removes it lets later attempts be reverted again. */
export const SKIP = 'headgate.dev/skip';

/**
 * On a GitRevert: `true` where a person, who may patch it, lets pass what only asks for a person's word. It counts for this
 * record alone, and goes with it.
 */
export const APPROVE = 'headgate.dev/approve';

/** On a Rollout: how its failures are taken out of Git at most, one of `autoRevertWords`. Anything else means `disable`. */
export const AUTO_REVERT = 'headgate.dev/auto-revert';

/** On a workload that was scaled for a Rollout: JSON of `ScaledDown`. Whoever removes it decides the size alone again. */
export const SCALED_DOWN = 'headgate.dev/scaled-down';

/** How a workload was scaled for the Rollout that runs its pods, and how large it was before. */
export interface ScaledDown {
  rollout: string;
  /** The Rollout's, so that one that takes its place is not mistaken for it. */
  uid: string;
  /** The number of pods that it had before. */
  from: number;
  /** The number that was last asked for; any other is somebody else's. */
  to: number;
  /** When that was, RFC 3339, world time. */
  at: string;
}

/** Why a revision was given up. */
export interface AbortCause {
  kind: 'analysis' | 'progressDeadline' | 'user';
  /** The AnalysisRun, for `analysis`. */
  run?: string;
  /** `Failed` or `Error`, for `analysis`. Only Failed reverts by default. */
  phase?: string;
  /** The step at which it happened, where there are steps. */
  step?: number;
  /** The new pods' share of the traffic by then, in percent; where there are steps. */
  weight?: number;
  /** RFC 3339, world time. */
  at: string;
  message: string;
}

/** Somebody who sets the part of an object back that a Rollout decides, again and again. */
export interface Contest {
  /** Of the object, as in `HTTPRoute`. */
  kind: string;
  name: string;
  /** Who, as metadata.managedFields calls it; '' where that tells nobody. */
  manager: string;
  /** Whose behalf it is on, as marks on the object tell: `Application argocd/web`. */
  source?: string;
  /** How often so far; where it is kept on a ReplicaSet, how often at least. */
  times: number;
  /** Of the first time, RFC 3339, world time. */
  since: string;
}

/** Facts of one revision, kept on its ReplicaSet. */
export interface RevisionState {
  abort?: AbortCause;
  /** true: an earlier attempt was given up, and the revision has not been stable since. */
  wasGivenUp?: boolean;
  /** How often this template was tried, from 1; a retry raises it. */
  attempt?: number;
  /** The most pods of this revision that were available at once in this attempt: only more counts as progress. */
  progressHighWater?: number;
  /** When the last progress was made, RFC 3339. */
  progressAt?: string;
  /** What is contested at the moment. */
  contests?: Contest[];
}
