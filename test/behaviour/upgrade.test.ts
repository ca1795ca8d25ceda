import { describe, expect } from 'vitest';
import { INSTANCE_ID, POD_TEMPLATE_HASH, STATE } from '../../src/api/index.ts';
import { analysisRuns, replicaSets as replicaSetsKind, rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  FIRST,
  GOOD,
  hashes,
  installed,
  isAtStep,
  isDegraded,
  isHealthy,
  isPausedAt,
  LATEST,
  MISSING,
  NEWEST,
  ROUTING,
  released,
  replicaSets,
  rolloutYaml,
  routeWeights,
  routeYaml,
  runs,
  successRateYaml,
  untilWanted,
} from './fixtures.ts';
import { abort, fewestUntil, livePods, promote, told, watched } from './noticed.ts';

const LIMITS = '      maxSurge: 1\n      maxUnavailable: 0';
const HALF = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]';
const half = rolloutYaml({ steps: HALF, canary: LIMITS });

/** What an older library made of the steps. */
const OLDER_HASH = '5d4b8c7f9c';
/** Fields that came into the status later, or that another controller leaves out. */
const UNKNOWN = { phase: null, message: null, selector: null, HPAReplicas: null, currentStepHash: OLDER_HASH };

/** The ReplicaSets keep none of this controller's notes, and the status is as another version leaves it. */
async function leaveAsOlder(world: TestWorld, status: object = {}): Promise<void> {
  for (const { metadata } of await replicaSets(world))
    await world.patch(replicaSetsKind, metadata.name, { metadata: { annotations: { [STATE]: null } } });
  await world.patchStatus('shop', { ...UNKNOWN, ...status });
}

/** A while after a newer version has taken over. */
async function takenOver(world: TestWorld): Promise<void> {
  await world.restart();
  await world.until('shop', ({ status }) => (status?.currentStepHash ?? OLDER_HASH) !== OLDER_HASH, 20);
  await world.pass(2);
}

const STANDING = [
  'phase',
  'message',
  'currentStepIndex',
  'currentPodHash',
  'stableRS',
  'pauseConditions',
  'abortedAt',
] as const;

/** Nothing of this may change when another process takes over. */
async function picture(world: TestWorld) {
  const { status = {} } = await world.rollout('shop');
  const sets = await replicaSets(world);
  return {
    pods: await livePods(world),
    wanted: sets.map(({ metadata, spec }) => [metadata.name, spec.replicas]),
    standing: STANDING.map((field) => status[field]),
    updates: (await told(world, 'RolloutUpdated')).length,
    completed: (await told(world, 'RolloutStepCompleted')).length,
  };
}

describe.each(worlds)('another controller takes over in the $name', ({ it }) => {
  it('at rest: nothing is deployed anew, and nothing is written twice', async ({ world }) => {
    await installed(world, half);
    const before = await picture(world);
    await leaveAsOlder(world);
    await takenOver(world);
    expect(await picture(world)).toEqual(before);
  });

  it('in mid-pause, after an older version: the pause goes on, and ends with a promote', async ({ world }) => {
    await released(world, half, GOOD);
    await world.until('shop', isPausedAt(1), 60);
    const before = await picture(world);
    await leaveAsOlder(world);
    await takenOver(world);
    expect(await picture(world)).toEqual(before);
    await promote(world);
    await world.until('shop', isPausedAt(3), 60);
    expect((await picture(world)).updates).toBe(before.updates);
  });

  it('in a timed pause, which ends when it would have ended', async ({ world }) => {
    const steps = '[{ setWeight: 25 }, { pause: { duration: 8 } }, { setWeight: 50 }, { pause: {} }]';
    await released(world, rolloutYaml({ steps, canary: LIMITS }), GOOD);
    const paused = await world.until('shop', isPausedAt(1), 60);
    const began = Date.parse(paused.status?.pauseConditions?.[0]?.startTime ?? '');
    await world.pass(3);
    await leaveAsOlder(world);
    await takenOver(world);
    await world.until('shop', isAtStep(2), 20);
    expect(world.now() - began).toBeGreaterThanOrEqual(8000);
    expect(world.now() - began).toBeLessThan(12_000);
  });

  it('in mid-analysis: the run goes on, and there is no other', async ({ world }) => {
    const use = `{ templates: [{ templateName: success-rate }], ${LATEST} }`;
    const steps = `[{ setWeight: 25 }, { analysis: ${use} }, { pause: {} }]`;
    const rate = successRateYaml(world, 'interval: 2s, count: 4, successCondition: result >= 0.95');
    const lost = await watched(world, [routeYaml(world), rate, rolloutYaml({ steps, canary: ROUTING })].join('---'));
    await world.setImage('shop', GOOD);
    await world.untilTrue(async () => (await runs(world))[0]?.status?.phase === 'Running', 60);
    const [run] = await runs(world);
    await leaveAsOlder(world);
    await takenOver(world);
    await world.until('shop', isPausedAt(2), 60);
    const after = await world.list(analysisRuns);
    expect(after.map(({ metadata }) => metadata.uid)).toEqual([run?.metadata.uid]);
    expect(after[0]?.status?.phase).toBe('Successful');
    expect(lost()).toBe(0);
  });

  it('while pods are replaced: enough of them serve, and none is replaced twice', async ({ world }) => {
    await released(world, half, GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await world.patchStatus('shop', { promoteFull: true });
    await world.until('shop', ({ status }) => (status?.updatedReplicas ?? 0) >= 2, 30);
    await leaveAsOlder(world);
    await world.restart();
    const { latest } = await hashes(world);
    expect(
      await fewestUntil(world, (rollout) => isHealthy(rollout) && rollout.status?.stableRS === latest),
    ).toBeGreaterThanOrEqual(4);
    expect(await replicaSets(world)).toHaveLength(2);
    expect(await told(world, 'RolloutUpdated')).toHaveLength(2);
  });

  it('in mid-abort: traffic stays at home, and the pods go when they were to go', async ({ world }) => {
    const lost = await watched(world, [routeYaml(world), rolloutYaml({ steps: HALF, canary: ROUTING })].join('---'));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPausedAt(1), 60);
    await abort(world);
    await world.until('shop', isDegraded, 20);
    await leaveAsOlder(world);
    await takenOver(world);
    const { stable, latest } = await hashes(world);
    expect(await routeWeights(world)).toEqual(AT_HOME);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
    const { status } = await world.rollout('shop');
    expect(status).toMatchObject({ abort: true, message: 'RolloutAborted: Rollout aborted update to revision 2' });
    expect(await told(world, 'RolloutAborted')).toHaveLength(1);
    expect(lost()).toBe(0);
  });

  it('while pods never come: the deadline is not begun anew', async ({ world }) => {
    const spec = '  progressDeadlineSeconds: 8\n  progressDeadlineAbort: true';
    await released(world, rolloutYaml({ steps: HALF, canary: LIMITS, spec }), MISSING);
    const begun = await world.until('shop', ({ status }) => status?.updatedReplicas === 1, 30);
    const since = Date.parse(
      begun.status?.conditions?.find(({ type }) => type === 'Progressing')?.lastUpdateTime ?? '',
    );
    await world.pass(4);
    await world.restart();
    await world.until('shop', isDegraded, 30);
    expect(world.now() - since).toBeLessThan(14_000);
    expect((await world.rollout('shop')).status?.abort).toBe(true);
  });

  it('that hashes templates otherwise: the pods there are stay, and the next release is the first new one', async ({
    world,
  }) => {
    await installed(world, half);
    const { stable } = await hashes(world);
    // As though another library had named the ReplicaSet: its pods are made anew once, by this story.
    await world.patch(rollouts, 'shop', { metadata: { labels: { [INSTANCE_ID]: 'nobody' } } });
    await world.pass(1);
    const other = '7f6c9d8b5';
    await renamed(world, stable, other);
    await world.patchStatus('shop', { ...UNKNOWN, stableRS: other, currentPodHash: other, canary: null });
    const before = await livePods(world);
    expect(before).toHaveLength(4);
    await world.patch(rollouts, 'shop', { metadata: { labels: { [INSTANCE_ID]: null } } });
    await world.until('shop', isHealthy, 30);
    await world.pass(2);
    expect(await livePods(world)).toEqual(before);
    expect(await hashes(world)).toEqual({ stable: other, latest: other });
    await world.setImage('shop', NEWEST);
    await world.until('shop', isPausedAt(1), 60);
    expect((await hashes(world)).stable).toBe(other);
    await world.setImage('shop', FIRST);
    await world.until('shop', isHealthy, 60);
    expect(await hashes(world)).toEqual({ stable: other, latest: other });
  });
});

/** The ReplicaSet of one hash, made anew under another. */
async function renamed(world: TestWorld, hash: string, other: string): Promise<void> {
  const [old] = await replicaSets(world);
  if (!old) throw new Error('there is no ReplicaSet');
  const { name, annotations, ownerReferences } = old.metadata;
  const { metadata, spec } = JSON.parse(JSON.stringify(old).replaceAll(hash, other)) as typeof old;
  const { [STATE]: _, ...kept } = annotations ?? {};
  const place = { name: metadata.name, namespace: world.namespace };
  await world.client.delete(replicaSetsKind, { name, namespace: world.namespace }, { propagation: 'Background' });
  await world.client.create(replicaSetsKind, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      ...place,
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: kept,
      ...(ownerReferences && { ownerReferences }),
    },
    spec,
  });
  const isReady = async () =>
    (await replicaSets(world)).some(
      (one) => one.metadata.labels?.[POD_TEMPLATE_HASH] === other && one.status?.availableReplicas === 4,
    );
  await world.untilTrue(isReady, 30);
  await world.untilTrue(async () => (await livePods(world)).length === 4, 30);
}
