import { failingOnOtherSide, otherSideSpec, type Sides } from '../../analysis/index.ts';
import { type AnalysisRun, type GitRevert, INSTANCE_ID, type Rollout } from '../../api/index.ts';
import { Waiting } from '../../errors.ts';
import { isAlreadyExists } from '../../kube/client.ts';
import { analysisRuns } from '../../kube/resources.ts';
import { harmless } from '../../revert/index.ts';
import type { GitRevertOptions } from './options.ts';
import { verdictOf } from './revision.ts';

/** How long a revert waits for the answer at most; without one by then, it goes on. */
const PATIENCE_MILLISECONDS = 30_000;
const ASKED_AGAIN_SECONDS = 2;

/** How the two sides are named in the arguments of an analysis. */
function sidesOf({ spec }: Rollout, { spec: { templates } }: GitRevert): Sides {
  const { canary, blueGreen } = spec?.strategy ?? {};
  const services: [string | undefined, string | undefined][] = [
    [canary?.canaryService, canary?.stableService],
    [blueGreen?.previewService, blueGreen?.activeService],
  ];
  const named = services.flatMap(([one, other]): [string, string][] => (one && other ? [[one, other]] : []));
  return [[templates.canary, templates.stable], ...named];
}

/** By the record's UID: one that is made anew under the same name asks anew. */
function checkName({ metadata }: GitRevert): string {
  return `${metadata.name}-stable-${(metadata.uid ?? '').slice(0, 8)}`;
}

/** As an AnalysisRun like any other: with the rights of its namespace, and by the one way in which metrics are asked. */
async function begin(
  options: Pick<GitRevertOptions, 'client'>,
  rollout: Rollout,
  revert: GitRevert,
): Promise<AnalysisRun | undefined> {
  const verdict = await verdictOf(options, revert);
  const spec = verdict && otherSideSpec(verdict, sidesOf(rollout, revert));
  if (!verdict || !spec) return undefined;
  const { name, namespace = 'default', uid = '' } = revert.metadata;
  const instance = verdict.metadata.labels?.[INSTANCE_ID];
  const run = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: {
      name: checkName(revert),
      namespace,
      ...(instance !== undefined && { labels: { [INSTANCE_ID]: instance } }),
      ownerReferences: [{ apiVersion: 'headgate.dev/v1alpha1', kind: 'GitRevert', name, uid, controller: true }],
    },
    spec,
  };
  try {
    return await options.client.create(analysisRuns, run);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return options.client.get(analysisRuns, { namespace, name: run.metadata.name });
  }
}

/**
 * Why the verdict is no proof against the release: each metric that failed fails for the stable pods too, asked right after it.
 * Undefined where one does not, or where that cannot be told. Throws `Waiting` as long as they are being asked, for half a
 * minute at most. The answer is the run's, so that it stays the same however often it is asked for.
 */
export async function stableFailsToo(
  options: Pick<GitRevertOptions, 'client' | 'clock'>,
  rollout: Rollout,
  revert: GitRevert,
): Promise<string | undefined> {
  const { namespace = 'default', uid } = revert.metadata;
  const known = await options.client.get(analysisRuns, { namespace, name: checkName(revert) });
  const run = known ?? (await begin(options, rollout, revert));
  if (!run?.metadata.ownerReferences?.some((owner) => owner.uid === uid)) return undefined;
  const failing = run.status && failingOnOtherSide(run.status);
  if (failing === undefined) {
    const since = Date.parse(run.metadata.creationTimestamp ?? '');
    if (!(options.clock.now() - since < PATIENCE_MILLISECONDS)) return undefined;
    const message = `the stable pods are asked for what failed too (AnalysisRun ${run.metadata.name})`;
    throw new Waiting('StableAsked', message, ASKED_AGAIN_SECONDS);
  }
  if (failing.length === 0) return undefined;
  const metrics = harmless(failing.join(', '), 200);
  const place = `AnalysisRun ${run.metadata.name}`;
  return `the stable pods fail the same: ${metrics} (${place}). That is no proof against the change, and nothing was written. See what both sides share, such as a dependency that is down; if it is the change all the same, let it pass with "headgate revert approve"`;
}
