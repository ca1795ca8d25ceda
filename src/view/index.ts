export { ageOf, humanDuration } from './age.ts';
export { type ExperimentView, experimentTree } from './experiment.ts';
export { experimentList, type ListOptions, newestFirst, revertList, rolloutList } from './list.ts';
export { type Phase, rolloutPhase, statusLine } from './phase.ts';
export { revertChoiceLines, revertDetails, revertDiff } from './revert.ts';
export { type RolloutView, rolloutExplanation, rolloutTree } from './rollout.ts';
export { type Drawing, plain } from './text.ts';
