import { type Rollout, validateRollout, validateWithWorkload } from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import {
  type ObservedWorkload,
  readRollout,
  scaledDownOf,
  withLastTemplate,
  withWorkload,
} from '../../rollout/index.ts';
import type { RolloutCaches } from './observe.ts';
import type { WorkloadKind, WorkloadRecord } from './workloads.ts';

/** A Rollout with everything that it takes from the workload that it names. */
export interface Resolved {
  /** Only to look at: never written back. */
  rollout: Rollout;
  /** What of its own template cannot be read, and is not in `rollout`. */
  leftOut: Problem[];
  workload?: ObservedWorkload;
  /** What is wrong with the Rollout by itself, or with it and its workload together. */
  problems: Problem[];
  /** The API server is yet to say what the workload is like: nothing may follow but a retreat. */
  isPending: boolean;
}

/** By the Rollout's uid, the problems of one generation of it and of its workload: they depend on the two specs alone. */
const validated = new Map<string, { of: string; problems: Problem[] }>();
const MOST_VALIDATED = 10_000;

function problemsOf(
  { metadata: { uid, generation } }: Rollout,
  record: WorkloadRecord | undefined,
  judge: () => Problem[],
) {
  if (uid === undefined || generation === undefined) return judge();
  const of = `${generation} ${record?.metadata.uid} ${record?.metadata.generation}`;
  const known = validated.get(uid);
  if (known?.of === of) return known.problems;
  const problems = judge();
  validated.delete(uid);
  validated.set(uid, { of, problems });
  const oldest = validated.keys().next();
  if (validated.size > MOST_VALIDATED && !oldest.done) validated.delete(oldest.value);
  return problems;
}

const RESOURCES: Readonly<Record<string, string>> = {
  Deployment: 'deployments.apps',
  ReplicaSet: 'replicasets.apps',
  PodTemplate: 'podtemplates',
};

function notFound({
  metadata: { namespace = '' },
  spec: { workloadRef: { kind = '', name = '' } = {} },
}: Rollout): Problem {
  const message = `${RESOURCES[kind]} "${namespace}/${name}" not found: create it or correct the name`;
  return { path: 'spec.workloadRef.name', message };
}

function observed(kind: WorkloadKind, { metadata, replicas, isSteady }: WorkloadRecord): ObservedWorkload {
  const { name, resourceVersion = '', generation = 0, deletionTimestamp, ownerReferences = [] } = metadata;
  const isTaken = deletionTimestamp !== undefined || ownerReferences.some(({ controller }) => controller === true);
  return { kind, name, resourceVersion, generation, replicas, isSteady, isTaken, mark: scaledDownOf(metadata) };
}

/**
 * Reads the Rollout's own template, or looks up the workload that it names. One that is not there leaves the Rollout with
 * the pods that it has.
 */
export function resolve(written: Rollout, caches: Pick<RolloutCaches, 'workloads' | 'replicaSets'>): Resolved {
  const { rollout, leftOut } = readRollout(written);
  const { workloadRef } = rollout.spec;
  const judge = () => validateRollout(rollout);
  if (!workloadRef) return { rollout, leftOut, problems: problemsOf(rollout, undefined, judge), isPending: false };
  const found = caches.workloads.find(rollout);
  const record = found === 'unknown' ? undefined : found;
  const whole = record
    ? withWorkload(rollout, record)
    : (withLastTemplate(rollout, caches.replicaSets.ownedBy(rollout.metadata.uid ?? '')) ?? rollout);
  const problems = problemsOf(rollout, record, () => {
    const own = judge();
    return own.length > 0 || !record ? own : validateWithWorkload(whole);
  });
  const isMissing = problems.length === 0 && found === undefined;
  return {
    rollout: whole,
    leftOut,
    ...(record && { workload: observed(workloadRef.kind as WorkloadKind, record) }),
    problems: isMissing ? [notFound(rollout)] : problems,
    isPending: problems.length === 0 && found === 'unknown',
  };
}
