import { troubleOf } from '../analysis/index.ts';
import type { Facts } from './facts.ts';
import { weightAt } from './step-weight.ts';

/**
 * Why the analysis beside the steps learns nothing at the moment: its backend is away, or answers without data. Until it
 * can measure again no step completes and nothing is promoted; a person may promote past it. Undefined where it can see,
 * and before the canary has traffic: there is nothing to see then.
 */
export function blindness({ runs, canary, status, steps, index, maxWeight }: Facts): string | undefined {
  const started = canary.analysis !== undefined && index >= (canary.analysis.startingStep ?? 0);
  const hasTraffic = weightAt(steps, index, maxWeight) > 0;
  return started && hasTraffic && runs.Background && !status.promoteFull ? troubleOf(runs.Background) : undefined;
}
