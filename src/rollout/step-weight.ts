import type { CanaryStep } from '../api/index.ts';

/** The weight that the steps up to and including `index` ask for: the last setWeight among them, 0 before the first. */
export function weightAt(steps: readonly CanaryStep[], index: number, maxWeight: number): number {
  if (index >= steps.length) return maxWeight;
  const last = steps.slice(0, index + 1).findLast((step) => step.setWeight !== undefined);
  return last?.setWeight ?? 0;
}
