import type { Condition, KubeObject, Pod, PodTemplateSpec } from '../../api/kubernetes.ts';
import { createLoop } from './loop.ts';
import {
  condition as conditionOf,
  controllerOf,
  controllerReference,
  isFinished,
  isReady,
  keyOf,
  placeOf,
  same,
  suffix,
  timestamp,
} from './objects.ts';
import type { Controller, Surroundings } from './settings.ts';

export interface Job extends KubeObject {
  spec: {
    completions?: number;
    parallelism?: number;
    backoffLimit?: number;
    activeDeadlineSeconds?: number;
    suspend?: boolean;
    template: PodTemplateSpec;
  };
  status?: {
    active?: number;
    ready?: number;
    /** On their way out, and not ended yet. */
    terminating?: number;
    succeeded?: number;
    failed?: number;
    uncountedTerminatedPods?: object;
    startTime?: string;
    completionTime?: string;
    conditions?: Condition[];
  };
}

interface Count {
  active: Pod[];
  terminating: number;
  succeeded: number;
  failed: number;
  /** When the next pod may be made, milliseconds since the epoch; 0: at any time. */
  nextTry: number;
}

/** Why a Job will end, said before its last pod has, and what it then is. */
interface Verdict {
  first: 'SuccessCriteriaMet' | 'FailureTarget';
  last: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

/** After a pod has failed; twice as long after each further one without a success between. */
const FIRST_BACK_OFF = 10_000;
const LONGEST_BACK_OFF = 600_000;

/** Runs each Job's pods until enough have succeeded, too many have failed, or its deadline has passed. */
export function runJobs({ store, clock, log }: Surroundings): Controller {
  const reconcile = (key: string) => {
    const job = store.get<Job>('Job', ...placeOf(key));
    if (!job || job.metadata.deletionTimestamp !== undefined || job.spec.suspend || isOver(job)) return;
    const pods = () => countPods(store.ownedBy<Pod>('Pod', job.metadata.uid ?? ''), job);
    const { startTime = timestamp(clock.now()) } = job.status ?? {};
    const deadline = job.spec.activeDeadlineSeconds && Date.parse(startTime) + job.spec.activeDeadlineSeconds * 1000;
    const verdict = verdictOf(job, pods(), deadline ? clock.now() >= deadline : false);
    if (deadline && !verdict) loop.addAt(key, deadline);
    if (verdict) for (const { metadata } of pods().active) store.delete('Pod', metadata.namespace, metadata.name);
    else start(job, pods());
    report(job, pods(), startTime, verdict);
  };

  const start = (job: Job, { active, terminating, succeeded, failed, nextTry }: Count) => {
    const { completions = 1, parallelism = 1 } = job.spec;
    const missing = Math.min(parallelism, completions - succeeded) - active.length;
    if (missing > 0 && nextTry > clock.now()) return loop.addAt(keyOf(job), nextTry);
    const first = succeeded + failed + terminating + active.length;
    for (let index = 0; index < missing; index++) createPod(job, first + index);
  };

  const createPod = (job: Job, number: number) => {
    const { name, namespace = '', uid = '' } = job.metadata;
    const { metadata, spec } = job.spec.template;
    const labels = {
      'job-name': name,
      'controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
    };
    store.create('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        labels: { ...metadata?.labels, ...labels },
        name: `${name}-${suffix(`${uid} ${number}`)}`,
        generateName: `${name}-`,
        namespace,
        ownerReferences: [controllerReference('batch/v1', 'Job', job)],
      },
      spec,
    });
  };

  const report = (job: Job, count: Count, startTime: string, verdict: Verdict | undefined) => {
    const { name, namespace = '' } = job.metadata;
    const status = { startTime, ...statusOf(job, count, verdict, timestamp(clock.now())) };
    if (!same({ ...job.status, ...status }, job.status)) store.patchStatus('Job', { namespace, name }, status);
  };

  const loop = createLoop({ name: 'jobs', clock, log, reconcile });
  const endJobs = store.watch<Job>('Job', (_, object) => loop.add(keyOf(object)));
  const endPods = store.watch<Pod>('Pod', (_, object) => {
    const owner = controllerOf(object);
    if (owner?.kind === 'Job') loop.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
  });
  return {
    stop() {
      endJobs();
      endPods();
      return loop.stop();
    },
  };
}

/** What it comes to is said at once, and that it is over once its last pod has ended. */
function statusOf(job: Job, { active, ...count }: Count, verdict: Verdict | undefined, now: string) {
  const { terminating, succeeded, failed } = count;
  const { first, last, reason = '', message = '' } = verdict ?? {};
  const types = active.length + terminating === 0 ? [first, last] : [first];
  const conditions = types
    .filter((type) => type !== undefined)
    .map((type) => {
      const condition = { type, status: 'True', lastProbeTime: now, lastTransitionTime: now, reason, message };
      return conditionOf(job, type) ?? condition;
    });
  return {
    ...{ active: active.length, ready: active.filter(isReady).length, terminating, succeeded, failed },
    uncountedTerminatedPods: {},
    ...(conditions.length > 0 && { conditions }),
    ...(types.includes('Complete') && { completionTime: now }),
  };
}

function isOver(job: Job): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(job, type)?.status === 'True');
}

/** A Job remembers the pods that failed when they are gone. */
function countPods(pods: Pod[], { status }: Job): Count {
  const inPhase = (phase: string) => pods.filter((pod) => pod.status?.phase === phase);
  const [succeeded, failed] = [inPhase('Succeeded'), inPhase('Failed')];
  const running = pods.filter((pod) => !isFinished(pod));
  const active = running.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return {
    active,
    terminating: running.length - active.length,
    succeeded: succeeded.length,
    failed: Math.max(failed.length, status?.failed ?? 0),
    nextTry: nextTryAfter(failed.map(endOf), Math.max(0, ...succeeded.map(endOf))),
  };
}

function endOf({ status }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(
    ({ state }) => Date.parse((state?.terminated as { finishedAt?: string } | undefined)?.finishedAt ?? '') || 0,
  );
  return Math.max(0, ...ends);
}

function nextTryAfter(failures: number[], lastSuccess: number): number {
  const since = failures.filter((time) => time > lastSuccess);
  if (since.length === 0) return 0;
  return Math.max(...since) + Math.min(FIRST_BACK_OFF * 2 ** (since.length - 1), LONGEST_BACK_OFF);
}

function verdictOf({ spec, status }: Job, { succeeded, failed }: Count, late: boolean): Verdict | undefined {
  const known = status?.conditions?.find(({ type }) => type === 'FailureTarget');
  const refused = (reason: string, message: string): Verdict => ({
    ...{ first: 'FailureTarget', last: 'Failed', reason, message },
  });
  if (known) return refused(known.reason ?? '', known.message ?? '');
  if (succeeded >= (spec.completions ?? 1)) {
    const message = 'Reached expected number of succeeded pods';
    return { first: 'SuccessCriteriaMet', last: 'Complete', reason: 'CompletionsReached', message };
  }
  if (late) return refused('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (failed <= (spec.backoffLimit ?? 6)) return undefined;
  return refused('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
}
