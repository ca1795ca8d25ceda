/**
 * The rules of a Rollout that go beyond the types of its fields. A message that Argo Rollouts has too holds its text word
 * for word, because clients compare it; what to do comes after it.
 */
import { minReadySeconds, progressDeadlineSeconds } from './defaults.ts';
import { type Problem, problem, setFields } from './problems.ts';
import type { Rollout } from './rollout.ts';
import { blueGreenProblems } from './validate-blue-green.ts';
import { canaryProblems } from './validate-canary.ts';
import { selectorProblems } from './validate-selector.ts';
import { templateProblems } from './validate-template.ts';
import { negatives } from './validate-values.ts';

type Spec = Rollout['spec'];
type WorkloadRef = NonNullable<Spec['workloadRef']>;

/** Workloads that have a pod template, as group and kind. */
const workloads = ['apps/Deployment', 'apps/ReplicaSet', '/PodTemplate'];

function workloadProblems(path: string, { apiVersion = '', kind = '', name = '' }: WorkloadRef): Problem[] {
  const problems: Problem[] = [];
  const type = `${apiVersion.split('/').slice(0, -1).join('/')}/${kind}`;
  if (!workloads.includes(type)) {
    problems.push(
      problem(
        path,
        `workload of type ${type} is not supported: name a Deployment or ReplicaSet of apps/v1, or a PodTemplate of v1`,
      ),
    );
  }
  if (name === '') problems.push(problem(`${path}.name`, 'name is required: name the workload in the same namespace'));
  return problems;
}

/** Clients that write Rollouts back leave an empty template behind, which is as good as none. */
function hasTemplate({ template }: Spec): boolean {
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  return Object.keys(labels).length + Object.keys(annotations).length > 0;
}

function referencedTemplate(spec: Spec, workloadRef: WorkloadRef): Problem[] {
  const problems = workloadProblems('spec.workloadRef', workloadRef);
  if (spec.selector !== undefined) problems.push(...selectorProblems('spec.selector', spec.selector));
  if (!hasTemplate(spec)) return problems;
  return [
    ...problems,
    problem('spec.template', 'template must be empty for workload reference rollout: remove template or workloadRef'),
  ];
}

function selectorAndTemplate({ spec }: Rollout): Problem[] {
  const { selector, template, workloadRef } = spec;
  if (workloadRef !== undefined) return referencedTemplate(spec, workloadRef);
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
  const { spec } = rollout;
  return [
    ...negatives('spec', spec, counts),
    ...negatives('spec.analysis', spec.analysis ?? {}, histories),
    ...negatives('spec.rollbackWindow', spec.rollbackWindow ?? {}, ['revisions']),
    ...selectorAndTemplate(rollout),
    ...deadlineProblems(rollout),
    ...strategyProblems(rollout),
  ];
}
