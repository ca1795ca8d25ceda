/** Pod templates and selectors: what can be said without asking the API server. */
import type { Container, LabelSelector, LabelSelectorRequirement, PodTemplateSpec } from './kubernetes.ts';
import { duplicates, inside, type Problem, problem, show } from './problems.ts';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Whether labels satisfy a selector; an empty selector selects everything. */
export function selects(selector: LabelSelector, labels: Record<string, string>): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every((requirement) => satisfied(requirement, labels));
}

function satisfied({ key, operator, values = [] }: LabelSelectorRequirement, labels: Record<string, string>): boolean {
  const value = labels[key];
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  return value === undefined;
}

function requirementProblems(path: string, { operator, values = [] }: LabelSelectorRequirement): Problem[] {
  if (!operators.includes(operator)) {
    return [
      problem(
        inside(path, 'operator'),
        `${show(operator)} is not a valid selector operator: use ${operators.join(', ')}`,
      ),
    ];
  }
  const needsValues = operator === 'In' || operator === 'NotIn';
  if (needsValues && values.length === 0) {
    return [problem(inside(path, 'values'), `must be specified when operator is ${operator}: list at least one value`)];
  }
  if (!needsValues && values.length > 0) {
    return [problem(inside(path, 'values'), `may not be specified when operator is ${operator}: remove the values`)];
  }
  return [];
}

export function selectorProblems(path: string, selector: LabelSelector): Problem[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    return [
      problem(
        path,
        'an empty selector is invalid: it would select every pod; give it at least one label of the template',
      ),
    ];
  }
  return matchExpressions.flatMap((each, index) => requirementProblems(`${path}.matchExpressions[${index}]`, each));
}

function containerProblems(path: string, containers: Container[]): Problem[] {
  const without = containers.flatMap(({ image }, index) =>
    image === undefined || image.trim() === ''
      ? [problem(`${path}[${index}].image`, 'image is required: name the image that the container runs')]
      : [],
  );
  return [
    ...without,
    ...duplicates(
      containers.map(({ name }) => name),
      (index) => `${path}[${index}].name`,
      'container name',
    ),
  ];
}

function podProblems(path: string, spec: NonNullable<PodTemplateSpec['spec']>): Problem[] {
  const { containers = [], restartPolicy } = spec;
  const problems = containerProblems(`${path}.containers`, containers);
  if (containers.length === 0)
    problems.push(problem(`${path}.containers`, 'containers is required: list at least one container'));
  if (restartPolicy !== undefined && restartPolicy !== 'Always') {
    problems.push(
      problem(
        `${path}.restartPolicy`,
        `${show(restartPolicy)} is an unsupported value: supported values: "Always"; remove the field`,
      ),
    );
  }
  return problems;
}

/** The template of a ReplicaSet, and whether `selector` selects its pods. */
export function templateProblems(
  path: string,
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
): Problem[] {
  const labels = template.metadata?.labels ?? {};
  const problems = template.spec
    ? podProblems(`${path}.spec`, template.spec)
    : [problem(`${path}.spec`, 'spec is required: describe the pod and its containers')];
  if (selector !== undefined && !selects(selector, labels)) {
    problems.push(
      problem(
        `${path}.metadata.labels`,
        `${show(labels)}: selector does not match template labels; give the template every label that the selector asks for`,
      ),
    );
  }
  return problems;
}
