/** Labels and the selectors that look for them. */
import type { LabelSelector, LabelSelectorRequirement } from './kubernetes.ts';
import { inside, type Problem, problem, show } from './problems.ts';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const WORDS =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

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

/** Whether a label may be called so: a name, with or without a domain before it. */
export function isLabelKey(key: string): boolean {
  const [name = '', domain, ...more] = key.split('/').reverse();
  if (more.length > 0 || name.length > 63 || !NAME.test(name)) return false;
  return domain === undefined || (domain.length <= 253 && DOMAIN.test(domain));
}

function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= 63 && NAME.test(value));
}

export function keyProblems(path: string, key: string): Problem[] {
  if (isLabelKey(key)) return [];
  return [
    problem(
      path,
      `${show(key)}: name part must ${WORDS}; use up to 63 of them, with or without a DNS name and a slash before`,
    ),
  ];
}

function valueProblems(path: string, value: string): Problem[] {
  if (isLabelValue(value)) return [];
  return [problem(path, `${show(value)}: a valid label must be an empty string or ${WORDS}; use up to 63 of them`)];
}

/** Labels that Kubernetes would not store. */
export function labelProblems(path: string, labels: Record<string, string>): Problem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const at = inside(path, key);
    return [...keyProblems(at, key), ...valueProblems(at, value)];
  });
}

function requirementProblems(path: string, { key, operator, values = [] }: LabelSelectorRequirement): Problem[] {
  if (!operators.includes(operator)) {
    return [
      problem(
        inside(path, 'operator'),
        `${show(operator)} is not a valid selector operator: use ${operators.join(', ')}`,
      ),
    ];
  }
  const needsValues = operator === 'In' || operator === 'NotIn';
  const at = inside(path, 'values');
  if (needsValues && values.length === 0) {
    return [problem(at, "must be specified when `operator` is 'In' or 'NotIn': list at least one value")];
  }
  if (!needsValues && values.length > 0) {
    return [problem(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist': remove the values")];
  }
  return [
    ...keyProblems(inside(path, 'key'), key),
    ...values.flatMap((value, index) => valueProblems(`${at}[${index}]`, value)),
  ];
}

export function selectorProblems(path: string, selector: LabelSelector): Problem[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    return [
      problem(
        path,
        'empty selector is invalid for deployment: it would select every pod; give it at least one label of the template',
      ),
    ];
  }
  return [
    ...labelProblems(`${path}.matchLabels`, matchLabels),
    ...matchExpressions.flatMap((each, index) => requirementProblems(`${path}.matchExpressions[${index}]`, each)),
  ];
}
