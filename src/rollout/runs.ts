import type { AnalysisRun, RolloutAnalysisRunStatus } from '../api/index.ts';
import { isActive, mayBeJudged } from './blue-green.ts';
import type { Facts } from './facts.ts';
import { isInFlight, type MachineState, nameOf } from './machine.ts';
import { analysisUse, baseName, isOf, type RunSlots, type RunType, runTypes } from './run-types.ts';

/** The names, without collision suffix, among which the next pass may have to find a free one. */
export function runBaseNames(facts: Facts): string[] {
  const { spec } = facts.seen.rollout;
  const indices: Record<RunType, number[]> = {
    Background: [0],
    Step: [...new Set([0, facts.index, facts.index + 1])],
    PrePromotion: [0],
    PostPromotion: [0],
  };
  return (Object.keys(indices) as RunType[]).flatMap((type) =>
    indices[type].filter((index) => analysisUse(spec, type, index)).map((index) => baseName(facts, type, index)),
  );
}

function freeName(base: string, taken: readonly string[]): string {
  let name = base;
  for (let collision = 1; taken.includes(name); collision++) name = `${base}.${collision}`;
  return name;
}

/** The update begins (again) with this pass: nothing that was measured before counts. */
export function startsOver(
  { status, hash, hasOtherSteps }: Facts,
  persisted: MachineState,
  next: MachineState,
): boolean {
  const resting = ['settled', 'aborting', 'aborted'].includes(nameOf(persisted.delivery));
  const other = status.currentPodHash !== hash || hasOtherSteps;
  return isInFlight(next) && (resting || other);
}

/** A person let the update go on although a run was inconclusive: the pause that stood for it is gone. */
function acknowledged({ status }: Facts, slot: RolloutAnalysisRunStatus): boolean {
  const stands = status.pauseConditions?.some((condition) => condition.reason === 'InconclusiveAnalysisRun');
  return slot.status === 'Inconclusive' && !stands;
}

/** What status says of a run that is still there, or said last of one that is gone. */
function reflect(slot: RolloutAnalysisRunStatus, run: AnalysisRun | undefined): RolloutAnalysisRunStatus {
  if (!run) return slot;
  const { phase, message } = run.status ?? {};
  return { name: slot.name, status: phase ?? 'Pending', ...(message ? { message } : {}) };
}

/** Whether a state calls for a run of this type. */
export function wantsRun(facts: Facts, state: MachineState, type: RunType): boolean {
  const { status, canary, seen } = facts;
  if (!isInFlight(state) || !status.stableRS || status.promoteFull) return false;
  if (!analysisUse(seen.rollout.spec, type, state.index)) return false;
  const kind = typeof state.delivery === 'object' ? state.delivery.progressing : undefined;
  switch (type) {
    case 'Step':
      return kind === 'analysis';
    case 'Background':
      return state.index >= (canary.analysis?.startingStep ?? 0);
    case 'PrePromotion':
      return kind === 'preview' && mayBeJudged(facts);
    case 'PostPromotion':
      return facts.strategy === 'blueGreen' && state.delivery === 'promoting' && isActive(facts);
  }
}

/** Blue-green's runs stay in status until the next update, the canary's until they have no more to say. */
function isKept(type: RunType): boolean {
  return type === 'PrePromotion' || type === 'PostPromotion';
}

function nextSlot(facts: Facts, type: RunType, next: MachineState, fresh: boolean) {
  const slot = facts.slots[type];
  const run = facts.runs[type];
  const shown = slot && reflect(slot, run);
  const delivery = nameOf(next.delivery);
  if (['invalid', 'aborting', 'aborted'].includes(delivery)) return shown;
  if (!wantsRun(facts, next, type)) return isKept(type) && !fresh ? shown : undefined;
  const base = baseName(facts, type, next.index);
  const foreign = run === undefined && slot !== undefined && facts.seen.takenRunNames.includes(slot.name);
  if (fresh || foreign || !isOf(slot, base) || acknowledged(facts, slot)) {
    return { name: freeName(base, facts.seen.takenRunNames), status: 'Pending' as const };
  }
  return reflect(slot, run);
}

/** The runs that the next status names. */
export function runSlots(facts: Facts, persisted: MachineState, next: MachineState): RunSlots {
  const fresh = startsOver(facts, persisted, next);
  const slots = runTypes.map((type) => [type, nextSlot(facts, type, next, fresh)] as const);
  return Object.fromEntries(slots.filter(([, slot]) => slot !== undefined));
}

/** A run has just become inconclusive: the update pauses for a person, once for each run. */
export function newlyInconclusive(facts: Facts, slots: RunSlots): boolean {
  return runTypes.some((type) => {
    const [before, after] = [facts.slots[type], slots[type]];
    return after?.status === 'Inconclusive' && (before?.name !== after.name || before.status !== 'Inconclusive');
  });
}
