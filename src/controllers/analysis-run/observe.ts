import { type OutagePolicy, type ProviderChecks, type Seen, validateRun } from '../../analysis/index.ts';
import type { AnalysisRun } from '../../api/index.ts';
import type { Measurements } from './measurements.ts';

export interface Sources {
  measurements: Measurements;
  providers: ProviderChecks;
  outages: OutagePolicy;
  /** World time, milliseconds since the epoch. */
  now: number;
}

/** Everything that may be known about a run at this instant. */
export function observe(run: AnalysisRun, { measurements, providers, outages, now }: Sources): Seen {
  const uid = run.metadata.uid ?? '';
  const isNew = run.status?.startedAt === undefined;
  return {
    run,
    now,
    finished: measurements.finished(uid),
    inFlight: measurements.inFlight(uid),
    problems: isNew ? validateRun(run.spec, providers) : [],
    outages,
  };
}
