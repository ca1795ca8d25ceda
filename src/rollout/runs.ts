import type { AnalysisRun, RolloutAnalysisRunStatus } from '../api/index.ts';
import type { Facts } from './facts.ts';
import { type MachineState, nameOf } from './machine.ts';

export type RunType = 'Step' | 'Background';

/** A run that a state calls for: the name in status comes first, the object a pass later. */
export interface RunSlots {
  step: RolloutAnalysisRunStatus | undefined;
  background: RolloutAnalysisRunStatus | undefined;
}

export function baseName(facts: Facts, type: RunType, index: number): string {
  const background = `${facts.seen.rollout.metadata.name}-${facts.hash}-${facts.revision}`;
  return type === 'Background' ? background : `${background}-${index}`;
}

/** The names, without collision suffix, among which the next pass may have to find a free one. */
export function runBaseNames(facts: Facts): string[] {
  const steps = [0, facts.index, facts.index + 1].filter((index) => facts.steps[index]?.analysis !== undefined);
  const background = facts.canary.analysis ? [baseName(facts, 'Background', 0)] : [];
  return [...background, ...[...new Set(steps)].map((index) => baseName(facts, 'Step', index))];
}

function freeName(base: string, taken: readonly string[]): string {
  let name = base;
  for (let collision = 1; taken.includes(name); collision++) name = `${base}.${collision}`;
  return name;
}

/** The update begins (again) with this pass: nothing that was measured before counts. */
export function startsOver({ status, hash, stepHash }: Facts, persisted: MachineState, next: MachineState): boolean {
  const inFlight = ['progressing', 'promoting'].includes(nameOf(next.delivery));
  const resting = ['settled', 'aborting', 'aborted'].includes(nameOf(persisted.delivery));
  return inFlight && (resting || status.currentPodHash !== hash || status.currentStepHash !== stepHash);
}

/** A person let the update go on although a run was inconclusive: the pause that stood for it is gone. */
function acknowledged({ status }: Facts, mirror: RolloutAnalysisRunStatus): boolean {
  const stands = status.pauseConditions?.some((condition) => condition.reason === 'InconclusiveAnalysisRun');
  return mirror.status === 'Inconclusive' && !stands;
}

function belongs(mirror: RolloutAnalysisRunStatus | undefined, base: string): mirror is RolloutAnalysisRunStatus {
  return mirror !== undefined && (mirror.name === base || /^\.\d+$/.test(mirror.name.replace(base, '')));
}

interface SlotInput {
  facts: Facts;
  base: string;
  mirror: RolloutAnalysisRunStatus | undefined;
  run: AnalysisRun | undefined;
  fresh: boolean;
}

function slot({ facts, base, mirror, run, fresh }: SlotInput): RolloutAnalysisRunStatus {
  const foreign = run === undefined && mirror !== undefined && facts.seen.takenRunNames.includes(mirror.name);
  if (fresh || foreign || !belongs(mirror, base) || acknowledged(facts, mirror)) {
    return { name: freeName(base, facts.seen.takenRunNames), status: 'Pending' };
  }
  return reflect(mirror, run);
}

/** What status says of a run that is still there, or said last of one that is gone. */
function reflect(mirror: RolloutAnalysisRunStatus, run: AnalysisRun | undefined): RolloutAnalysisRunStatus {
  if (!run) return mirror;
  const { phase, message } = run.status ?? {};
  return { name: mirror.name, status: phase ?? 'Pending', ...(message ? { message } : {}) };
}

export function wantsBackground({ canary, status }: Facts, state: MachineState): boolean {
  const inFlight = ['progressing', 'promoting'].includes(nameOf(state.delivery));
  return (
    inFlight &&
    canary.analysis !== undefined &&
    status.stableRS !== undefined &&
    !status.promoteFull &&
    state.index >= (canary.analysis.startingStep ?? 0)
  );
}

export function wantsStep(state: MachineState): boolean {
  return typeof state.delivery === 'object' && state.delivery.progressing === 'analysis';
}

/** The runs that the next status names. */
export function runSlots(facts: Facts, persisted: MachineState, next: MachineState): RunSlots {
  const { currentStepAnalysisRunStatus: step, currentBackgroundAnalysisRunStatus: background } =
    facts.status.canary ?? {};
  const delivery = nameOf(next.delivery);
  const fresh = startsOver(facts, persisted, next);
  if (delivery === 'settled') return { step: undefined, background: undefined };
  const keep = delivery === 'invalid' || delivery === 'aborting' || delivery === 'aborted';
  const shown = (mirror: RolloutAnalysisRunStatus | undefined, run: AnalysisRun | undefined) =>
    mirror && reflect(mirror, run);
  if (keep) return { step: shown(step, facts.stepRun), background: shown(background, facts.backgroundRun) };
  const of = (base: string, mirror: typeof step, run: AnalysisRun | undefined) =>
    slot({ facts, base, mirror, run, fresh });
  return {
    step: wantsStep(next) ? of(baseName(facts, 'Step', next.index), step, facts.stepRun) : undefined,
    background: wantsBackground(facts, next)
      ? of(baseName(facts, 'Background', 0), background, facts.backgroundRun)
      : undefined,
  };
}

/** A run has just become inconclusive: the update pauses for a person, once for each run. */
export function newlyInconclusive(facts: Facts, slots: RunSlots): boolean {
  const { currentStepAnalysisRunStatus: step, currentBackgroundAnalysisRunStatus: background } =
    facts.status.canary ?? {};
  const turned = (after: RolloutAnalysisRunStatus | undefined, before: RolloutAnalysisRunStatus | undefined) =>
    after?.status === 'Inconclusive' && (before?.name !== after.name || before.status !== 'Inconclusive');
  return turned(slots.step, step) || turned(slots.background, background);
}
