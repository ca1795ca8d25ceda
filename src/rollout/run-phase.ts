import type { AnalysisPhase, AnalysisRun, RolloutAnalysisRunStatus } from '../api/index.ts';

const FINAL: readonly string[] = ['Successful', 'Failed', 'Error', 'Inconclusive'];

export function isFinal(phase: string | undefined): boolean {
  return phase !== undefined && FINAL.includes(phase);
}

/** The phase of a run that status names, also after the run itself was deleted. */
export function runPhase(
  run: AnalysisRun | undefined,
  mirror: RolloutAnalysisRunStatus | undefined,
): AnalysisPhase | undefined {
  return run?.status?.phase ?? (isFinal(mirror?.status) ? mirror?.status : undefined);
}
