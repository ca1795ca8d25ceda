/** The rules of spec.strategy.blueGreen that go beyond the types of its fields. */
import type { BlueGreenStrategy } from './blue-green.ts';
import { revisionHistoryLimit } from './defaults.ts';
import { type Problem, problem, show } from './problems.ts';
import type { Rollout } from './rollout.ts';
import { antiAffinityProblems } from './validate-anti-affinity.ts';
import { analysisUseProblems } from './validate-arguments.ts';
import { podMetadataProblems } from './validate-pod-metadata.ts';
import { amountProblems, negatives } from './validate-values.ts';

const counts = [
  'previewReplicaCount',
  'autoPromotionSeconds',
  'scaleDownDelaySeconds',
  'scaleDownDelayRevisionLimit',
  'abortScaleDownDelaySeconds',
];

/** An active Service that is left empty is the same as a preview Service that is left out, so both texts may hold. */
function serviceProblems(path: string, { activeService, previewService = '' }: BlueGreenStrategy): Problem[] {
  const problems: Problem[] = [];
  if (activeService === previewService) {
    problems.push(
      problem(
        `${path}.activeService`,
        `${show(activeService)}: This rollout uses the same service for the active and preview services, but two different services are required. Name another one in previewService, or leave that out`,
      ),
    );
  }
  if (activeService === '')
    problems.push(problem(`${path}.activeService`, 'activeService is required: name the Service that users reach'));
  return problems;
}

function historyProblems(path: string, { scaleDownDelayRevisionLimit }: BlueGreenStrategy, rollout: Rollout) {
  const kept = revisionHistoryLimit(rollout);
  if (scaleDownDelayRevisionLimit === undefined || kept >= scaleDownDelayRevisionLimit) return [];
  return [
    problem(
      `${path}.scaleDownDelayRevisionLimit`,
      `${scaleDownDelayRevisionLimit}: This rollout's revision history limit can not be smaller than the rollout's scale down limit; raise spec.revisionHistoryLimit, which is ${kept}`,
    ),
  ];
}

export function blueGreenProblems(path: string, blueGreen: BlueGreenStrategy, rollout: Rollout): Problem[] {
  return [
    ...negatives(path, blueGreen, counts),
    ...serviceProblems(path, blueGreen),
    ...historyProblems(path, blueGreen, rollout),
    ...amountProblems(path, blueGreen, ['maxUnavailable']),
    ...analysisUseProblems(`${path}.prePromotionAnalysis`, blueGreen.prePromotionAnalysis),
    ...analysisUseProblems(`${path}.postPromotionAnalysis`, blueGreen.postPromotionAnalysis),
    ...antiAffinityProblems(`${path}.antiAffinity`, blueGreen.antiAffinity),
    ...podMetadataProblems(`${path}.previewMetadata`, blueGreen.previewMetadata, rollout),
    ...podMetadataProblems(`${path}.activeMetadata`, blueGreen.activeMetadata, rollout),
  ];
}
