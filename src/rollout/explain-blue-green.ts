import { troubleOf } from '../analysis/index.ts';
import { timestamp } from '../api/times.ts';
import { autoPromotionAt, isApproved, isPreviewReady, previewCount } from './blue-green.ts';
import { available, type Facts } from './facts.ts';
import type { MachineState } from './machine.ts';
import type { RunType } from './run-types.ts';

function waitingForPods(facts: Facts, count: number): string {
  return `waits for ${count} new pod${count === 1 ? '' : 's'} to be available (${available(facts.newReplicaSet)} now)`;
}

function waitingForVerdict({ slots, runs }: Facts, type: RunType): string {
  const run = runs[type];
  const name = slots[type]?.name ?? '';
  if (!run) return `waits for AnalysisRun ${name} to start`;
  const trouble = troubleOf(run);
  return trouble
    ? `AnalysisRun ${name} cannot measure (${trouble}); it asks again, users stay where they are, and nothing is aborted for that`
    : `waits for the verdict of AnalysisRun ${name}`;
}

function explainPreview(facts: Facts): string {
  const preview = 'the preview runs beside the active pods';
  if (facts.status.pauseConditions?.some(({ reason }) => reason === 'InconclusiveAnalysisRun'))
    return `${preview}: an analysis was inconclusive; promote to go on, abort to go back`;
  if (!isPreviewReady(facts)) return `${preview}: ${waitingForPods(facts, previewCount(facts))}`;
  if (!isApproved(facts)) return `${preview}: ${waitingForVerdict(facts, 'PrePromotion')}`;
  const end = autoPromotionAt(facts);
  return end === undefined
    ? `${preview}: pauses until someone promotes it: kubectl headgate promote`
    : `${preview}: pauses until ${timestamp(end)}, then users are led to it; promote does so now`;
}

/** What an update in flight waits for. */
export function explainBlueGreen(facts: Facts, { delivery }: MachineState): string {
  if (typeof delivery === 'object' && delivery.progressing === 'preview') return explainPreview(facts);
  if (available(facts.newReplicaSet) < facts.replicas)
    return `${waitingForPods(facts, facts.replicas)}${delivery === 'promoting' ? '' : ', then users are led to them'}`;
  return delivery === 'promoting' && facts.slots.PostPromotion
    ? `users reach the new pods: ${waitingForVerdict(facts, 'PostPromotion')} before they become stable`
    : 'leads users to the new pods';
}
