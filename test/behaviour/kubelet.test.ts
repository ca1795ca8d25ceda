import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Condition, Pod } from '../../src/api/index.ts';
import { gitSources, jobs, pods, rollouts } from '../../src/kube/resources.ts';
import { openRepository } from '../../src/sandbox/git/index.ts';
import { accountYaml, grantYaml } from '../real/deploying.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  FIRST,
  hashes,
  installed,
  isDegraded,
  isHealthy,
  isPausedAt,
  podsOf,
  released,
  rolloutYaml,
  untilWanted,
} from './fixtures.ts';

/** What a kubelet says of a container; times as in the API. */
interface Life {
  startedAt: string;
  finishedAt: string;
  exitCode: number;
}
interface ContainerStatus {
  restartCount: number;
  state?: { running?: Pick<Life, 'startedAt'>; terminated?: Life; waiting?: { reason: string } };
  lastState?: { terminated?: Life };
}

const CRASHES = 'registry.example/shop:crash-at-start';
const GATE = 'example.com/warm';
const ONE_POD = '[{ setWeight: 25 }, { pause: {} }]';
/** Times of the API are cut to the second. */
const CUT_SECONDS = 1;

function containerOf(pod: Pod | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.[0] as ContainerStatus | undefined;
}

function conditionOf(pod: Pod | undefined, type: string): Condition | undefined {
  return pod?.status?.conditions?.find((condition) => condition.type === type);
}

function secondsBetween(begin: string | undefined, end: unknown): number {
  return (Date.parse(String(end)) - Date.parse(begin ?? '')) / 1000;
}

/** The one pod of the newest revision. */
async function canaryPod(world: TestWorld): Promise<Pod | undefined> {
  return (await podsOf(world, (await hashes(world)).latest))[0];
}

/** Begins a release whose pods are otherwise. */
async function releasedWith(world: TestWorld, pod: object): Promise<void> {
  await installed(world, rolloutYaml({ steps: ONE_POD }));
  await world.patch(rollouts, 'shop', { spec: { template: { spec: pod } } });
}

function jobYaml(command: string): string {
  const container = JSON.stringify({ name: 'prepare', image: 'tools:1', command: ['sh', '-c', command] });
  return `
apiVersion: batch/v1
kind: Job
metadata: { name: prepare }
spec:
  backoffLimit: 1
  template: { spec: { restartPolicy: Never, containers: [${container}] } }
`;
}

function sourceYaml(url: string, app: string, further = ''): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: GitSource
metadata: { name: ${app} }
spec:
  repository: { url: '${url}', branch: main }
  path: apps/${app}
  interval: 2s
  serviceAccountName: deployer
  ${further}
`;
}

/** A shop that is applied once what the Job prepares for it is there. */
async function followed(world: TestWorld, command: string): Promise<void> {
  const repository = await openRepository(join(world.folder, 'repo.git'), process.env.PATH);
  const files = { 'apps/base/job.yaml': jobYaml(command), 'apps/shop/all.yaml': rolloutYaml() };
  await repository.commit({ author: 'Ann <ann@example.com>', message: 'Begin', time: world.now(), files });
  const sources = [sourceYaml(repository.path, 'base'), sourceYaml(repository.path, 'shop', 'dependsOn: [base]')];
  await world.create([accountYaml(), grantYaml(world.namespace), ...sources].join('---'));
}

/** The Job's pods, the oldest first. */
async function jobPods(world: TestWorld): Promise<Pod[]> {
  const all = await world.list(pods);
  const own = all.filter(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] === 'prepare');
  return own.sort((one, other) => secondsBetween(other.status?.startTime, one.status?.startTime));
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('a Job that exits with 0 after its sleep is complete, and what depends on it is applied', async ({ world }) => {
    await followed(world, 'sleep 1 && exit 0');
    const isThere = async () => (await world.list(rollouts)).length > 0;
    await world.untilTrue(isThere, 60);
    await world.until('shop', isHealthy, 60);
    const job = await world.get(jobs, 'prepare');
    const [pod, ...others] = await jobPods(world);
    expect(others).toEqual([]);
    expect(pod?.status?.phase).toBe('Succeeded');
    const { startedAt, finishedAt, exitCode } = containerOf(pod)?.state?.terminated ?? {};
    expect([exitCode, secondsBetween(startedAt, finishedAt)]).toEqual([0, 1]);
    const { startTime, completionTime, conditions, ...counts } = job.status ?? {};
    expect(counts).toEqual({ succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    const why = { status: 'True', message: 'Reached expected number of succeeded pods', reason: 'CompletionsReached' };
    expect(conditions).toMatchObject([
      { type: 'SuccessCriteriaMet', ...why },
      { type: 'Complete', ...why },
    ]);
    expect(secondsBetween(startTime, completionTime)).toBeGreaterThanOrEqual(1);
    const { creationTimestamp } = (await world.rollout('shop')).metadata;
    expect(secondsBetween(completionTime, creationTimestamp)).toBeGreaterThanOrEqual(0);
  });

  it('a Job that exits with 1 is tried again 10 s later, fails, and what depends on it stays away', async ({
    world,
  }) => {
    await followed(world, 'sleep 1 && exit 1');
    const unhealthy = async () => (await world.get(gitSources, 'base')).status?.unhealthy ?? [];
    const toldOf = async () => (await unhealthy()).map(({ object, message }) => `${object}: ${message}`);
    const hasFailed = async () => (await toldOf()).some((told) => told.includes('backoff limit'));
    await world.untilTrue(hasFailed, 60);
    const job = await world.get(jobs, 'prepare');
    expect(await toldOf()).toEqual([`Job ${world.namespace}/prepare: Job has reached the specified backoff limit`]);
    const tries = await jobPods(world);
    expect(tries.map((pod) => [pod.status?.phase, containerOf(pod)?.state?.terminated?.exitCode])).toEqual([
      ['Failed', 1],
      ['Failed', 1],
    ]);
    const [first, second] = tries;
    const waited = secondsBetween(
      containerOf(first)?.state?.terminated?.finishedAt,
      second?.metadata.creationTimestamp,
    );
    expect(waited).toBeGreaterThanOrEqual(10 - CUT_SECONDS);
    const { startTime: _, conditions, ...counts } = job.status ?? {};
    expect(counts).toEqual({ failed: 2, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    const why = { status: 'True', reason: 'BackoffLimitExceeded' };
    expect(conditions).toMatchObject([
      { type: 'FailureTarget', ...why },
      { type: 'Failed', ...why },
    ]);
    const shop = await world.get(gitSources, 'shop');
    expect(shop.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'WaitingForDependencies',
      message: expect.stringContaining('GitSource base is not healthy'),
    });
    expect(await world.list(rollouts)).toEqual([]);
  });

  it('an image that crashes is restarted ever later, until the deadline says so; the old one is Healthy', async ({
    world,
  }) => {
    const deadline = 28;
    const steps = '[{ setWeight: 25 }, { pause: { duration: 5 } }]';
    await released(world, rolloutYaml({ steps, spec: `  progressDeadlineSeconds: ${deadline}` }), CRASHES);
    await world.until('shop', ({ status }) => status?.currentPodHash !== status?.stableRS, 60);
    /** The last life at each number of restarts. */
    const lives = new Map<number, Life>();
    const reached = new Set<number | undefined>();
    const isOver = async () => {
      const rollout = await world.rollout('shop');
      reached.add(rollout.status?.currentStepIndex);
      const pod = await canaryPod(world);
      const { restartCount = 0, state, lastState } = containerOf(pod) ?? {};
      if (state?.waiting?.reason === 'CrashLoopBackOff' && lastState?.terminated)
        lives.set(restartCount, lastState.terminated);
      expect(conditionOf(pod, 'Ready')?.status).not.toBe('True');
      return isDegraded(rollout);
    };
    await world.untilTrue(isOver, 60);
    const { status } = await world.rollout('shop');
    const { stable, latest } = await hashes(world);
    expect(status?.message).toBe(`ProgressDeadlineExceeded: ReplicaSet "shop-${latest}" has timed out progressing.`);
    expect([...reached]).toEqual([0]);
    // Nothing is waited for at first, then 10 s, then more than that.
    const [first, second] = [lives.get(1), lives.get(2)];
    expect([...lives.keys()]).toEqual([1, 2]);
    expect([first?.exitCode, secondsBetween(first?.finishedAt, second?.startedAt)]).toEqual([1, 10]);
    expect(secondsBetween(second?.finishedAt, new Date(world.now()).toISOString())).toBeGreaterThan(10);
    await untilWanted(world, { [stable]: 3, [latest]: 1 });
    await world.setImage('shop', FIRST);
    await world.until('shop', isHealthy, 60);
    expect((await hashes(world)).stable).toBe(stable);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
  });

  it('a step waits until somebody opens the readiness gate of its pod', async ({ world }) => {
    await releasedWith(world, { readinessGates: [{ conditionType: GATE }] });
    const isUp = async () => conditionOf(await canaryPod(world), 'ContainersReady')?.status === 'True';
    await world.untilTrue(isUp, 60);
    await world.pass(5);
    const pod = await canaryPod(world);
    expect(conditionOf(pod, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
    expect((await world.rollout('shop')).status).toMatchObject({ phase: 'Progressing', currentStepIndex: 0 });
    const { namespace } = world;
    const body = { status: { conditions: [{ type: GATE, status: 'True' }] } };
    await world.client.patch(
      pods,
      { namespace, name: pod?.metadata.name ?? '' },
      { type: 'strategic', subresource: 'status', body },
    );
    await world.until('shop', isPausedAt(1), 60);
    const opened = await canaryPod(world);
    expect([conditionOf(opened, 'Ready')?.status, conditionOf(opened, GATE)?.status]).toEqual(['True', 'True']);
  });

  it('a step waits for the initial delay of a readiness probe', async ({ world }) => {
    const delay = 6;
    const readinessProbe = { httpGet: { path: '/', port: 8080 }, initialDelaySeconds: delay };
    await releasedWith(world, { containers: [{ name: 'shop', image: FIRST, readinessProbe }] });
    const { status } = await world.until('shop', isPausedAt(1), 60);
    const pod = await canaryPod(world);
    const { startedAt } = containerOf(pod)?.state?.running ?? {};
    const ready = conditionOf(pod, 'Ready');
    expect(ready?.status).toBe('True');
    expect(secondsBetween(startedAt, ready?.lastTransitionTime)).toBeGreaterThanOrEqual(delay);
    const { startTime: passedAt } = status?.pauseConditions?.[0] ?? {};
    expect(secondsBetween(ready?.lastTransitionTime, passedAt)).toBeGreaterThanOrEqual(0);
  });
});
