import type { LabelSelector } from '../api/index.ts';

const OPERATORS: Record<string, (key: string, values: string) => string> = {
  In: (key, values) => `${key} in (${values})`,
  NotIn: (key, values) => `${key} notin (${values})`,
  Exists: (key) => key,
  DoesNotExist: (key) => `!${key}`,
};

/** A label selector as text, the way the API takes it in a query and autoscalers read it from a status. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equal = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}=${matchLabels[key]}`);
  const others = matchExpressions.map(
    ({ key, operator, values = [] }) => OPERATORS[operator]?.(key, [...values].sort().join(',')) ?? key,
  );
  return [...equal, ...others].join(',');
}
