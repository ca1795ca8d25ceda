import type { Finished } from '../../analysis/index.ts';

/**
 * Measurements under way, and those that are done but not yet in a run's status. The only thing between two passes that
 * is not on the API server; losing it loses nothing: the question is asked again.
 */
export interface Measurements {
  /** Begins to measure; false where that metric is under way already or waits to be written down. */
  start(uid: string, metric: string, work: () => Promise<Finished>, ends: Ends): boolean;
  inFlight(uid: string): ReadonlySet<string>;
  /** What is done and not yet written down, oldest first. */
  finished(uid: string): readonly Finished[];
  /** These are in the run's status now. */
  settle(uid: string, written: readonly Finished[]): void;
  /** The run has ended or is gone: what is still under way no longer matters. */
  forget(uid: string): void;
}

export interface Ends {
  /** The result is there. */
  done(): void;
  /** Nobody wants the result any more. */
  dropped(): void;
}

interface OfRun {
  inFlight: Set<string>;
  finished: Finished[];
}

export function createMeasurements(): Measurements {
  const runs = new Map<string, OfRun>();
  return {
    start(uid, metric, work, { done, dropped }) {
      const run = runs.get(uid) ?? { inFlight: new Set(), finished: [] };
      if (run.inFlight.has(metric) || run.finished.some((each) => each.metric === metric)) return false;
      runs.set(uid, run);
      run.inFlight.add(metric);
      const end = (finished?: Finished) => {
        run.inFlight.delete(metric);
        if (finished !== undefined) run.finished.push(finished);
        if (runs.get(uid) === run) done();
        else dropped();
      };
      work().then(end, () => end());
      return true;
    },
    inFlight: (uid) => new Set(runs.get(uid)?.inFlight),
    finished: (uid) => [...(runs.get(uid)?.finished ?? [])],
    settle(uid, written) {
      const run = runs.get(uid);
      if (run === undefined) return;
      run.finished = run.finished.filter((each) => !written.includes(each));
      if (run.finished.length === 0 && run.inFlight.size === 0) runs.delete(uid);
    },
    forget(uid) {
      runs.delete(uid);
    },
  };
}
