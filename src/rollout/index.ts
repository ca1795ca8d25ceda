export { withCreationError } from './conditions.ts';
export {
  afterAgreement,
  afterReset,
  afterTime,
  afterWrite,
  type Resets,
  UNTOUCHED,
} from './contest.ts';
export { contestOver, contestTold } from './contest-words.ts';
export { type Decision, decide } from './decide.ts';
export type { Effect, MetadataPatch } from './effects.ts';
export { explain, explanation } from './explain.ts';
export type { Choice, Explanation } from './explanation.ts';
export { type Facts, factsOf, hashOf, memoryOf, revisionOf } from './facts.ts';
export { type MachineState, machine, nameOf } from './machine.ts';
export {
  NOTHING_SEEN,
  type Observation,
  type ObservedContest,
  type ObservedPod,
  type ObservedRoute,
  type ObservedTraffic,
  type ObservedWorkload,
  type ScalableKind,
} from './observation.ts';
export { controllerOf, observedPods } from './observed-pods.ts';
export { firstReplicaSet } from './plan.ts';
export { goalOf } from './plan-contests.ts';
export { changesMetadata } from './plan-metadata.ts';
export { needsPods } from './plan-restart.ts';
export { analysisProblems } from './plan-runs.ts';
export { lowersTraffic } from './plan-traffic.ts';
export { type ReadRollout, readRollout, readTemplate } from './readable-template.ts';
export { type RouteStep, routeSteps } from './routes.ts';
export { runBaseNames } from './runs.ts';
export { selectorText } from './selector.ts';
export { givenTemplate, templateHash } from './template.ts';
export { type IgnoredMetadata, sameTemplate, templateDifference } from './template-difference.ts';
export { candidateLike, type TemplateQuestion, templateQuestion } from './template-question.ts';
export type { Transition } from './transitions.ts';
export { weightNow } from './weights.ts';
export { released, scaledDownOf, type Workload, withLastTemplate, withWorkload } from './workload.ts';
