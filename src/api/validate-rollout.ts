/** The rules of a Rollout that go beyond the types of its fields. */
import type { BlueGreenStrategy } from './blue-green.ts';
import { minReadySeconds, progressDeadlineSeconds, revisionHistoryLimit } from './defaults.ts';
import { type Problem, problem, setFields, show } from './problems.ts';
import type { Rollout } from './rollout.ts';
import { antiAffinityProblems, canaryProblems } from './validate-canary.ts';
import { selectorProblems, templateProblems } from './validate-template.ts';
import { amountProblems, negatives } from './validate-values.ts';

function selectorAndTemplate({ spec }: Rollout): Problem[] {
  const { selector, template, workloadRef } = spec;
  if (workloadRef !== undefined) {
    if (template === undefined) return [];
    return [
      problem('spec.template', 'template must be empty for workload reference rollout: remove template or workloadRef'),
    ];
  }
  const problems: Problem[] = [];
  if (selector === undefined) {
    problems.push(
      problem('spec.selector', "Rollout has missing field '.spec.selector': select the pods by labels of the template"),
    );
  } else {
    problems.push(...selectorProblems('spec.selector', selector));
  }
  if (template === undefined) {
    return [
      ...problems,
      problem('spec.template', "Rollout has missing field '.spec.template': describe the pods, or set workloadRef"),
    ];
  }
  return [...problems, ...templateProblems('spec.template', template, problems.length === 0 ? selector : undefined)];
}

function deadlineProblems(rollout: Rollout): Problem[] {
  const deadline = progressDeadlineSeconds(rollout);
  const ready = minReadySeconds(rollout);
  if (deadline > ready) return [];
  return [
    problem(
      'spec.progressDeadlineSeconds',
      `${deadline} must be greater than minReadySeconds, which is ${ready}: no pod could become available in time`,
    ),
  ];
}

function blueGreenProblems(path: string, blueGreen: BlueGreenStrategy, rollout: Rollout): Problem[] {
  const { activeService, previewService, scaleDownDelayRevisionLimit: limit } = blueGreen;
  const counts = [
    'previewReplicaCount',
    'autoPromotionSeconds',
    'scaleDownDelaySeconds',
    'scaleDownDelayRevisionLimit',
  ];
  const problems = negatives(path, blueGreen, [...counts, 'abortScaleDownDelaySeconds']);
  if (activeService === '')
    problems.push(problem(`${path}.activeService`, 'activeService is required: name the Service that users reach'));
  if (activeService !== '' && activeService === previewService) {
    problems.push(
      problem(
        `${path}.activeService`,
        `${show(activeService)}: this rollout uses the same service for the active and preview services, but two different services are required`,
      ),
    );
  }
  if (limit !== undefined && revisionHistoryLimit(rollout) < limit) {
    problems.push(
      problem(
        `${path}.scaleDownDelayRevisionLimit`,
        `${limit}: this rollout's revision history limit can not be smaller than the rollout's scale down limit; raise spec.revisionHistoryLimit`,
      ),
    );
  }
  return [
    ...problems,
    ...amountProblems(path, blueGreen, ['maxUnavailable']),
    ...antiAffinityProblems(`${path}.antiAffinity`, blueGreen.antiAffinity),
  ];
}

function strategyProblems(rollout: Rollout): Problem[] {
  const strategy = rollout.spec.strategy ?? {};
  const set = setFields(strategy, ['canary', 'blueGreen']);
  if (set.length === 0) {
    return [
      problem(
        'spec.strategy',
        "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen': set exactly one",
      ),
    ];
  }
  if (set.length > 1) {
    return [problem('spec.strategy', 'Multiple Strategies can not be listed: keep either canary or blueGreen')];
  }
  if (strategy.blueGreen) return blueGreenProblems('spec.strategy.blueGreen', strategy.blueGreen, rollout);
  return strategy.canary ? canaryProblems('spec.strategy.canary', strategy.canary, rollout) : [];
}

const counts = ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'];
const histories = ['successfulRunHistoryLimit', 'unsuccessfulRunHistoryLimit'];

export function rolloutProblems(rollout: Rollout): Problem[] {
  return [
    ...negatives('spec', rollout.spec, counts),
    ...negatives('spec.analysis', rollout.spec.analysis ?? {}, histories),
    ...selectorAndTemplate(rollout),
    ...deadlineProblems(rollout),
    ...strategyProblems(rollout),
  ];
}
