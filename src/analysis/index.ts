/** Measurements and verdicts. Pure. */
export {
  type ArgumentSources,
  type ArgumentValues,
  fieldAt,
  plainValues,
  resolveArguments,
  secretArguments,
  substitute,
} from './arguments.ts';
export { isCompleted, isWorse, type OutagePolicy } from './assess.ts';
export {
  type Condition,
  type ConditionProblem,
  evaluateCondition,
  evaluateTime,
  LIMITS,
  type Outcome,
  type Parsed,
  parseCondition,
} from './condition/index.ts';
export {
  type Decision,
  decide,
  nextMeasurementAt,
  type Seen,
  type Transition,
} from './decide.ts';
export { analysisRunMachine, nextPhase, type RunFacts } from './machine.ts';
export { failingOnOtherSide, otherSideSpec, type Sides } from './other-side.ts';
export { isDryRun } from './settings.ts';
export { type AnalysisUse, planRun, type RunPlan, type TemplateLookup } from './templates.ts';
export { troubleOf, troubleSince } from './trouble.ts';
export { type ProviderChecks, validateConditions, validateRun, validateTemplate } from './validate.ts';
export { type Answer, type Finished, type Judged, judge } from './verdict.ts';
