export { ageOf, humanDuration } from './age.ts';
export { rolloutList } from './list.ts';
export { type Phase, rolloutPhase, statusLine } from './phase.ts';
export { type RolloutView, rolloutTree } from './rollout.ts';
export { type Drawing, plain } from './text.ts';
