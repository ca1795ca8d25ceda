import type {
  AnalysisRun,
  AnalysisTemplate,
  ClusterAnalysisTemplate,
  EndpointSlice,
  Event,
  Experiment,
  GitRevert,
  GitSource,
  JsonObject,
  KubeObject,
  Lease,
  Pod,
  ReplicaSet,
  RevertPolicy,
  Rollout,
  Secret,
  Service,
} from '../api/index.ts';
import type { Resource } from './client.ts';

function namespaced<T extends KubeObject>(group: string, version: string, plural: string, kind: string): Resource<T> {
  return { group, version, plural, kind, namespaced: true };
}

function cluster<T extends KubeObject>(group: string, version: string, plural: string, kind: string): Resource<T> {
  return { group, version, plural, kind, namespaced: false };
}

export interface Job extends KubeObject {
  spec: JsonObject;
  status?: {
    active?: number;
    succeeded?: number;
    failed?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

/** An object that is only passed through or whose shape its reader checks. */
export interface AnyObject extends KubeObject {
  [field: string]: unknown;
}

export const rollouts = namespaced<Rollout>('argoproj.io', 'v1alpha1', 'rollouts', 'Rollout');
export const analysisRuns = namespaced<AnalysisRun>('argoproj.io', 'v1alpha1', 'analysisruns', 'AnalysisRun');
export const analysisTemplates = namespaced<AnalysisTemplate>(
  'argoproj.io',
  'v1alpha1',
  'analysistemplates',
  'AnalysisTemplate',
);
export const clusterAnalysisTemplates = cluster<ClusterAnalysisTemplate>(
  'argoproj.io',
  'v1alpha1',
  'clusteranalysistemplates',
  'ClusterAnalysisTemplate',
);
export const experiments = namespaced<Experiment>('argoproj.io', 'v1alpha1', 'experiments', 'Experiment');

export const revertPolicies = cluster<RevertPolicy>('headgate.dev', 'v1alpha1', 'revertpolicies', 'RevertPolicy');
export const gitReverts = namespaced<GitRevert>('headgate.dev', 'v1alpha1', 'gitreverts', 'GitRevert');
export const gitSources = namespaced<GitSource>('headgate.dev', 'v1alpha1', 'gitsources', 'GitSource');

export const replicaSets = namespaced<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const deployments = namespaced<AnyObject>('apps', 'v1', 'deployments', 'Deployment');
export const podTemplates = namespaced<AnyObject>('', 'v1', 'podtemplates', 'PodTemplate');
export const jobs = namespaced<Job>('batch', 'v1', 'jobs', 'Job');
export const pods = namespaced<Pod>('', 'v1', 'pods', 'Pod');
export const services = namespaced<Service>('', 'v1', 'services', 'Service');
export const configMaps = namespaced<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap');
export const secrets = namespaced<Secret>('', 'v1', 'secrets', 'Secret');
export const events = namespaced<Event>('', 'v1', 'events', 'Event');
export const namespaces = cluster<AnyObject>('', 'v1', 'namespaces', 'Namespace');
export const endpointSlices = namespaced<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice');
export const leases = namespaced<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const httpRoutes = namespaced<AnyObject>('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute');

// Of the tools that bring objects from Git; each may not be installed.
export const applications = namespaced<AnyObject>('argoproj.io', 'v1alpha1', 'applications', 'Application');
export const kustomizations = namespaced<AnyObject>(
  'kustomize.toolkit.fluxcd.io',
  'v1',
  'kustomizations',
  'Kustomization',
);
export const helmReleases = namespaced<AnyObject>('helm.toolkit.fluxcd.io', 'v2', 'helmreleases', 'HelmRelease');
export const gitRepositories = namespaced<AnyObject>(
  'source.toolkit.fluxcd.io',
  'v1',
  'gitrepositories',
  'GitRepository',
);
