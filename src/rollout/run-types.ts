import type {
  AnalysisRun,
  RolloutAnalysis,
  RolloutAnalysisRunStatus,
  RolloutSpec,
  RolloutStatus,
} from '../api/index.ts';
import type { Facts } from './facts.ts';

/** What an AnalysisRun of an update is for; also the value of its label. */
export type RunType = 'Step' | 'Background' | 'PrePromotion' | 'PostPromotion';
export const runTypes: readonly RunType[] = ['Step', 'Background', 'PrePromotion', 'PostPromotion'];

/** The runs that a status names: the name comes first, the object a pass later. */
export type RunSlots = Partial<Record<RunType, RolloutAnalysisRunStatus>>;

/** The runs themselves, as far as they are there. */
export type NamedRuns = Partial<Record<RunType, AnalysisRun>>;

export function slotsOf({ canary, blueGreen }: RolloutStatus): RunSlots {
  return {
    ...(canary?.currentStepAnalysisRunStatus && { Step: canary.currentStepAnalysisRunStatus }),
    ...(canary?.currentBackgroundAnalysisRunStatus && { Background: canary.currentBackgroundAnalysisRunStatus }),
    ...(blueGreen?.prePromotionAnalysisRunStatus && { PrePromotion: blueGreen.prePromotionAnalysisRunStatus }),
    ...(blueGreen?.postPromotionAnalysisRunStatus && { PostPromotion: blueGreen.postPromotionAnalysisRunStatus }),
  };
}

/** The same in the fields of a status. */
export function slotFields(slots: RunSlots): Required<Pick<RolloutStatus, 'canary' | 'blueGreen'>> {
  return {
    canary: {
      ...(slots.Step && { currentStepAnalysisRunStatus: slots.Step }),
      ...(slots.Background && { currentBackgroundAnalysisRunStatus: slots.Background }),
    },
    blueGreen: {
      ...(slots.PrePromotion && { prePromotionAnalysisRunStatus: slots.PrePromotion }),
      ...(slots.PostPromotion && { postPromotionAnalysisRunStatus: slots.PostPromotion }),
    },
  };
}

const SUFFIX: Record<RunType, (index: number) => string> = {
  Step: (index) => `-${index}`,
  Background: () => '',
  PrePromotion: () => '-pre',
  PostPromotion: () => '-post',
};

/** The name of a run of the update in flight, without the suffix that it gets where the name is taken. */
export function baseName(
  { seen, hash, revision }: Pick<Facts, 'seen' | 'hash' | 'revision'>,
  type: RunType,
  index: number,
): string {
  return `${seen.rollout.metadata.name}-${hash}-${revision}${SUFFIX[type](index)}`;
}

/** Whether a run has this name, with a suffix or without. */
export function isOf(slot: RolloutAnalysisRunStatus | undefined, base: string): slot is RolloutAnalysisRunStatus {
  return slot !== undefined && (slot.name === base || /^\.\d+$/.test(slot.name.replace(base, '')));
}

/** The use of analysis that a type of run comes from, and where it is in the spec; a use without templates is none. */
export function analysisUse(
  { strategy }: RolloutSpec,
  type: RunType,
  index: number,
): { use: RolloutAnalysis; path: string } | undefined {
  const { canary, blueGreen } = strategy ?? {};
  const [use, path] = {
    Step: [canary?.steps?.[index]?.analysis, `spec.strategy.canary.steps[${index}].analysis`] as const,
    Background: [canary?.analysis, 'spec.strategy.canary.analysis'] as const,
    PrePromotion: [blueGreen?.prePromotionAnalysis, 'spec.strategy.blueGreen.prePromotionAnalysis'] as const,
    PostPromotion: [blueGreen?.postPromotionAnalysis, 'spec.strategy.blueGreen.postPromotionAnalysis'] as const,
  }[type];
  return use && (use.templates ?? []).length > 0 ? { use, path } : undefined;
}
