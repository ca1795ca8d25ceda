import { isCompleted } from '../../analysis/index.ts';
import type { AnalysisRun } from '../../api/index.ts';
import type { Cache } from '../../kube/cache.ts';

/**
 * Bad verdicts that the API server does not hold yet, because writing them down failed. Until it does they lower canary
 * traffic, and nothing else follows from them.
 */
export interface PendingVerdicts {
  add(run: AnalysisRun): void;
  /** These runs as they are known, with the verdicts that are still on their way; whether there are any such. */
  overlay(runs: AnalysisRun[]): { runs: AnalysisRun[]; pending: boolean };
}

export function createPendingVerdicts(cache: Cache<AnalysisRun>): PendingVerdicts {
  const pending = new Map<string, AnalysisRun>();
  cache.onChange((run, change) => {
    if (change === 'deleted' || isCompleted(run.status?.phase)) pending.delete(run.metadata.uid ?? '');
  });
  const isWritten = ({ metadata: { namespace, name, uid } }: AnalysisRun) => {
    const known = cache.get(namespace, name);
    return known?.metadata.uid !== uid || isCompleted(known?.status?.phase);
  };
  return {
    add(run) {
      if (!isWritten(run)) pending.set(run.metadata.uid ?? '', run);
    },
    overlay(runs) {
      const judged = runs.map((run) => pending.get(run.metadata.uid ?? '') ?? run);
      return { runs: judged, pending: judged.some((run, index) => run !== runs[index]) };
    },
  };
}
