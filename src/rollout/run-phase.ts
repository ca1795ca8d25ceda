import { isCompleted } from '../analysis/index.ts';
import type { AnalysisPhase, AnalysisRun, RolloutAnalysisRunStatus } from '../api/index.ts';

/** The phase of a run that status names, also after the run itself was deleted. */
export function runPhase(
  run: AnalysisRun | undefined,
  mirror: RolloutAnalysisRunStatus | undefined,
): AnalysisPhase | undefined {
  return run?.status?.phase ?? (isCompleted(mirror?.status) ? mirror?.status : undefined);
}
