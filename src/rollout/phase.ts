import { isCompleted } from '../analysis/index.ts';
import {
  type BlueGreenStrategy,
  type Condition,
  desiredReplicas,
  type Rollout,
  type RolloutPhase,
  type RolloutStatus,
} from '../api/index.ts';
import { restartAt } from './plan-restart.ts';

export interface Phase {
  phase: RolloutPhase;
  message: string;
}

const DEGRADED = ['RolloutAborted', 'ProgressDeadlineExceeded'];

function degraded(conditions: Condition[]): Phase | undefined {
  const invalid = conditions.find((condition) => condition.type === 'InvalidSpec' && condition.status === 'True');
  if (invalid) return { phase: 'Degraded', message: `InvalidSpec: ${invalid.message}` };
  const bad = conditions.find(
    (condition) => condition.type === 'Progressing' && DEGRADED.includes(condition.reason ?? ''),
  );
  return bad && { phase: 'Degraded', message: `${bad.reason}: ${bad.message}` };
}

function paused(rollout: Rollout, status: RolloutStatus): Phase | undefined {
  if (rollout.spec.paused) return { phase: 'Paused', message: 'manually paused' };
  const reason = status.pauseConditions?.[0]?.reason;
  return reason === undefined ? undefined : { phase: 'Paused', message: reason };
}

function isPromoted({ stableRS, currentPodHash }: RolloutStatus): boolean {
  return stableRS !== undefined && stableRS !== '' && stableRS === currentPodHash;
}

function blueGreenPhase({ postPromotionAnalysis }: BlueGreenStrategy, status: RolloutStatus): Phase {
  const { activeSelector, postPromotionAnalysisRunStatus: run } = status.blueGreen ?? {};
  const progressing = (message: string): Phase => ({ phase: 'Progressing', message });
  if (!activeSelector || activeSelector !== status.currentPodHash) return progressing('active service cutover pending');
  if (isPromoted(status)) return { phase: 'Healthy', message: '' };
  return postPromotionAnalysis && !isCompleted(run?.status)
    ? progressing('waiting for analysis to complete')
    : progressing('waiting for post-promotion verification to complete');
}

/** The phase and message that a status amounts to, in the reference's exact words; the first that matches. */
export function phaseOf(rollout: Rollout, status: RolloutStatus): Phase {
  const stopped = degraded(status.conditions ?? []) ?? paused(rollout, status);
  if (stopped) return stopped;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const progressing = (message: string): Phase => ({ phase: 'Progressing', message });
  if (restartAt(rollout, status) !== undefined) return progressing('rollout is restarting');
  if (updatedReplicas < desiredReplicas(rollout)) return progressing('more replicas need to be updated');
  if (availableReplicas < updatedReplicas) return progressing('updated replicas are still becoming available');
  if (rollout.spec.strategy?.blueGreen) return blueGreenPhase(rollout.spec.strategy.blueGreen, status);
  const routed = rollout.spec.strategy?.canary?.trafficRouting !== undefined;
  if (!routed && replicas > updatedReplicas) return progressing('old replicas are pending termination');
  if (!isPromoted(status)) return progressing('waiting for all steps to complete');
  return { phase: 'Healthy', message: '' };
}
