import type { AnalysisRun, AnalysisRunSpec } from '../api/index.ts';

/** World time at which a finished run is to go, milliseconds since the epoch; undefined where it stays. */
export function expiryOf({ spec, status }: AnalysisRun): number | undefined {
  const seconds = timeToLive(spec, status?.phase);
  const ended = Date.parse(status?.completedAt ?? '');
  return seconds === undefined || Number.isNaN(ended) ? undefined : ended + seconds * 1000;
}

/** Seconds that a finished run is kept; undefined: for good. */
function timeToLive({ ttlStrategy }: AnalysisRunSpec, phase: string | undefined): number | undefined {
  const { secondsAfterSuccess, secondsAfterFailure, secondsAfterCompletion } = ttlStrategy ?? {};
  if (phase === 'Successful' && secondsAfterSuccess !== undefined) return secondsAfterSuccess;
  if (phase === 'Failed' && secondsAfterFailure !== undefined) return secondsAfterFailure;
  return secondsAfterCompletion;
}
