export type { AnalysisRun } from './analysis-run.ts';
export { AnalysisRunSpec, AnalysisRunStatus, Measurement, MetricResult, RunSummary } from './analysis-run.ts';
export type { AnalysisTemplate, ClusterAnalysisTemplate } from './analysis-template.ts';
export { AnalysisTemplateSpec, Argument, Metric } from './analysis-template.ts';
export {
  BackgroundAnalysis,
  DryRun,
  MeasurementRetention,
  RolloutAnalysis,
  RunArgument,
  TemplateRef,
} from './analysis-use.ts';
export * from './annotations.ts';
export { BlueGreenStrategy } from './blue-green.ts';
export { CanaryStrategy, type ReplicaProgressThreshold } from './canary.ts';
export { CanaryStep, ExperimentStep, type HeaderMatch, type RouteMatch, StringMatch } from './canary-steps.ts';
export * from './defaults.ts';
export { builtInPlugins, GATEWAY_API_PLUGIN, notDriven } from './driven.ts';
export { type Amount, durationSeconds, intOrPercent, pauseSeconds, resolveAmount } from './durations.ts';
export type { Experiment } from './experiment.ts';
export { ExperimentSpec, ExperimentStatus } from './experiment.ts';
export type { Culprit, GitRevert, GitRevertState, RevertCaution, RevertWay } from './git-revert.ts';
export { GitRevertPlan, GitRevertSpec, GitRevertStatus, type ProposalRef } from './git-revert.ts';
export type { GitSource, ProtectedKind, SyncWindow, Weekday } from './git-source.ts';
export { GitSourceSpec, GitSourceStatus, protectedKinds, weekdays } from './git-source.ts';
export type { KindDescriptor, PrinterColumn, Subresources } from './kinds.ts';
export { descriptorOf, kinds } from './kinds.ts';
export type * from './kubernetes.ts';
export type { ManagedRoute } from './managed-routes.ts';
export { JobMetric, MetricProvider, PrometheusMetric, WebMetric } from './metric-providers.ts';
export type { RevertMode, RevertPolicy } from './revert-policy.ts';
export {
  AUTHOR_PATTERN,
  CLUSTER_PATTERN,
  knowsPullRequests,
  RevertPolicySpec,
  RevertPolicyStatus,
} from './revert-policy.ts';
export type { Rollout } from './rollout.ts';
export { RolloutSpec } from './rollout-spec.ts';
export type {
  AnalysisPhase,
  BlueGreenStatus,
  CanaryStatus,
  RolloutAnalysisRunStatus,
  RolloutPhase,
} from './rollout-status.ts';
export { PauseCondition, RolloutStatus, TrafficWeights, WeightDestination } from './rollout-status.ts';
export { typeProblems, unknownFields } from './shape.ts';
export { TrafficRouting } from './traffic-routing.ts';
export {
  validate,
  validateAnalysisRun,
  validateAnalysisTemplate,
  validateClusterAnalysisTemplate,
  validateExperiment,
  validateGitSource,
  validateRevertPolicy,
  validateRollout,
  validateWithWorkload,
  withoutNulls,
} from './validate.ts';
export {
  type AnalysisUse,
  analysisUses,
  endlessProblems,
  type NamedService,
  namedServices,
  serviceProblems,
} from './validate-references.ts';
export { selects } from './validate-selector.ts';
