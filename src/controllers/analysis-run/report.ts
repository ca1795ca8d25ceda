import { isDeepStrictEqual } from 'node:util';
import type { Decision, Transition } from '../../analysis/index.ts';
import type { AnalysisRun } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import { Waiting } from '../../errors.ts';
import { isConflict, isNotFound, type KubeClient } from '../../kube/client.ts';
import { analysisRuns } from '../../kube/resources.ts';

/** Tells people what happened to an object. */
export type Emit = (object: KubeObject, event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void;

/**
 * Writes the status once, on the version that was observed, through the main resource: runs have no status subresource.
 * Answers with the run as it is now, or undefined where it is gone.
 */
export async function writeStatus(
  client: KubeClient,
  run: AnalysisRun,
  { status }: Decision,
): Promise<AnalysisRun | undefined> {
  if (isDeepStrictEqual(run.status, status)) return run;
  const { namespace, name, resourceVersion } = run.metadata;
  const body = { metadata: { resourceVersion }, status };
  try {
    return await client.patch(
      analysisRuns,
      { ...(namespace !== undefined && { namespace }), name },
      { type: 'merge', body },
    );
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (isConflict(error)) throw new Waiting('Conflict', 'the run has changed since it was observed', 0.05);
    throw error;
  }
}

/** The events of one pass, in the reference's words. */
export function emitTransitions(emit: Emit, run: AnalysisRun, transitions: readonly Transition[]): void {
  for (const each of transitions) {
    if (each.of === 'run' && each.phase === 'Running') continue;
    const type = each.phase === 'Failed' || each.phase === 'Error' ? 'Warning' : 'Normal';
    const [reason, message] =
      each.of === 'metric'
        ? [`Metric${each.phase}`, `Metric '${each.metric}' Completed. Result: ${each.phase}`]
        : [`AnalysisRun${each.phase}`, `Analysis Completed. Result: ${each.phase}`];
    emit(run, { type, reason, message });
  }
}
