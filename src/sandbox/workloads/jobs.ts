import type { Condition, KubeObject, Pod, PodTemplateSpec } from '../../api/kubernetes.ts';
import { createLoop } from './loop.ts';
import { controllerOf, controllerReference, keyOf, placeOf, same, suffix, timestamp } from './objects.ts';
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
    succeeded?: number;
    failed?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: Condition[];
  };
}

interface Count {
  active: Pod[];
  succeeded: number;
  failed: number;
}

/** Runs each Job's pods until enough have succeeded, too many have failed, or its deadline has passed. */
export function runJobs({ store, clock, log }: Surroundings): Controller {
  const reconcile = (key: string) => {
    const job = store.get<Job>('Job', ...placeOf(key));
    if (!job || job.metadata.deletionTimestamp !== undefined || job.spec.suspend || isOver(job)) return;
    const count = countPods(store.ownedBy<Pod>('Pod', job.metadata.uid ?? ''));
    const { startTime = timestamp(clock.now()) } = job.status ?? {};
    const deadline = job.spec.activeDeadlineSeconds && Date.parse(startTime) + job.spec.activeDeadlineSeconds * 1000;
    const verdict = verdictOf(job, count, deadline ? clock.now() >= deadline : false);
    if (deadline && !verdict) loop.addAt(key, deadline);
    if (verdict) for (const { metadata } of count.active) store.delete('Pod', metadata.namespace, metadata.name);
    const active = verdict ? 0 : count.active.length + start(job, count);
    report(job, { active, succeeded: count.succeeded, failed: count.failed, startTime }, verdict);
  };

  const start = (job: Job, { active, succeeded, failed }: Count): number => {
    const { completions = 1, parallelism = 1 } = job.spec;
    const missing = Math.min(parallelism, completions - succeeded) - active.length;
    for (let index = 0; index < missing; index++) createPod(job, succeeded + failed + active.length + index);
    return Math.max(0, missing);
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
        namespace,
        ownerReferences: [controllerReference('batch/v1', 'Job', job)],
      },
      spec,
    });
  };

  const report = (job: Job, counts: NonNullable<Job['status']>, verdict: Condition | undefined) => {
    const { name, namespace = '' } = job.metadata;
    const now = timestamp(clock.now());
    const conditions = verdict && [{ ...verdict, lastTransitionTime: now }];
    const done = verdict?.type === 'Complete' && { completionTime: now };
    const status = { ...counts, ...done, ...(conditions && { conditions }) };
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

function isOver({ status }: Job): boolean {
  return (
    status?.conditions?.some(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed')) ??
    false
  );
}

function countPods(pods: Pod[]): Count {
  const inPhase = (phase: string) => pods.filter((pod) => pod.status?.phase === phase).length;
  const succeeded = inPhase('Succeeded');
  const failed = inPhase('Failed');
  const active = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  return { active, succeeded, failed };
}

function verdictOf({ spec }: Job, { succeeded, failed }: Count, late: boolean): Condition | undefined {
  if (succeeded >= (spec.completions ?? 1)) return { type: 'Complete', status: 'True', reason: 'CompletionsReached' };
  const refused = (reason: string, message: string) => ({ type: 'Failed', status: 'True', reason, message });
  if (late) return refused('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (failed <= (spec.backoffLimit ?? 6)) return undefined;
  return refused('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
}
