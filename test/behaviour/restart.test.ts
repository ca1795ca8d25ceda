import { describe, expect, vi } from 'vitest';
import { pods, rollouts } from '../../src/kube/resources.ts';
import { sandboxOnly, worlds } from '../worlds/index.ts';
import { podDisruptionBudgets, type TestWorld } from '../worlds/world.ts';
import {
  AT_HOME,
  entryYaml,
  GOOD,
  hashes,
  installed,
  isAborted,
  isDegraded,
  isHealthy,
  isPaused,
  podsOf,
  ROUTING,
  released,
  rolloutYaml,
  routeWeights,
  routeYaml,
} from './fixtures.ts';

const PAUSED = '[{ setWeight: 25 }, { pause: {} }]';
const shop = (maxUnavailable: string, more: { steps?: string; spec?: string } = {}) =>
  rolloutYaml({ ...more, canary: `      maxUnavailable: ${maxUnavailable}` });

const budgetYaml = (spec: string) => `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: shop }
spec: { ${spec}, selector: { matchLabels: { app: shop } } }
`;

/** Pods' times are whole seconds: what is asked for now is about all that are there. */
async function restart(world: TestWorld, seconds = 0): Promise<string> {
  await world.pass(2);
  const restartAt = `${new Date(world.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  await world.patch(rollouts, 'shop', { spec: { restartAt } });
  return restartAt;
}

/** The pods of a revision, by their UIDs: a name may come again. */
async function uids(world: TestWorld, hash: string): Promise<string[]> {
  return (await podsOf(world, hash)).map(({ metadata }) => metadata.uid ?? '');
}

/** How many of these pods are still there. */
async function left(world: TestWorld, before: string[]): Promise<number> {
  const all = await world.list(pods);
  return all.filter(({ metadata }) => before.includes(metadata.uid ?? '') && !metadata.deletionTimestamp).length;
}

/** Lets time pass until the restart is over; answers with the fewest pods that were available meanwhile. */
async function untilRestarted(world: TestWorld, restartAt: string): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  await world.until(
    'shop',
    ({ status }) => {
      fewest = Math.min(fewest, status?.availableReplicas ?? 0);
      return status?.restartedAt !== undefined && Date.parse(status.restartedAt) === Date.parse(restartAt);
    },
    240,
  );
  return fewest;
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('replaces every pod, as many at a time as may be missing, and no user notices', async ({ world }) => {
    await installed(world, [entryYaml(world), shop('1')].join('---'));
    const { stable } = await hashes(world);
    await world.pass(1);
    const before = await uids(world, stable);
    const { unserved } = world.requests();
    const restartAt = await restart(world);
    const { status } = await world.until('shop', ({ status }) => status?.phase === 'Progressing', 20);
    expect(status?.message).toBe('rollout is restarting');
    expect(await untilRestarted(world, restartAt)).toBeGreaterThanOrEqual(3);
    expect(await left(world, before)).toBe(0);
    await world.until('shop', isHealthy, 30);
    expect(await uids(world, stable)).toHaveLength(4);
    expect((await hashes(world)).stable).toBe(stable);
    expect(world.requests().unserved).toBe(unserved);
  });

  it('in a pause: the stable pods and the new ones, and the pause goes on', async ({ world }) => {
    await released(world, shop('75%', { steps: PAUSED }), GOOD);
    await world.until('shop', isPaused, 60);
    const { stable, latest } = await hashes(world);
    const before = [...(await uids(world, stable)), ...(await uids(world, latest))];
    const restartAt = await restart(world);
    await world.untilTrue(async () => (await left(world, before)) === 1, 20);
    expect(await untilRestarted(world, restartAt)).toBeGreaterThanOrEqual(1);
    expect(await left(world, before)).toBe(0);
    const { status } = await world.rollout('shop');
    expect(status).toMatchObject({ phase: 'Paused', message: 'CanaryPauseStep', currentStepIndex: 1 });
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
  });

  it('evicts nothing that a disruption budget keeps, and goes on when it is gone', async ({ world }) => {
    await installed(world, [shop('100%'), budgetYaml('minAvailable: 4')].join('---'));
    const { stable } = await hashes(world);
    const before = await uids(world, stable);
    const restartAt = await restart(world);
    await world.until('shop', ({ status }) => status?.message === 'rollout is restarting', 20);
    await world.pass(10);
    expect(await left(world, before)).toBe(4);
    expect((await world.rollout('shop')).status?.restartedAt).toBeUndefined();
    await world.client.delete(podDisruptionBudgets, { namespace: world.namespace, name: 'shop' });
    await untilRestarted(world, restartAt);
    expect(await left(world, before)).toBe(0);
  });

  it('evicts one by one where the budget allows one', async ({ world }) => {
    await installed(world, [shop('100%'), budgetYaml('maxUnavailable: 1')].join('---'));
    const { stable } = await hashes(world);
    const before = await uids(world, stable);
    const restartAt = await restart(world);
    expect(await untilRestarted(world, restartAt)).toBeGreaterThanOrEqual(3);
    expect(await left(world, before)).toBe(0);
  });

  it('of a Rollout that spec.paused holds', async ({ world }) => {
    await installed(world, shop('2'));
    await world.patch(rollouts, 'shop', { spec: { paused: true } });
    const before = await uids(world, (await hashes(world)).stable);
    await untilRestarted(world, await restart(world));
    expect(await left(world, before)).toBe(0);
    expect((await world.rollout('shop')).status?.message).toBe('manually paused');
  });

  it('waits for its time', async ({ world }) => {
    await installed(world, shop('4'));
    const before = await uids(world, (await hashes(world)).stable);
    const restartAt = await restart(world, 10);
    const { status } = await world.until('shop', ({ status }) => status?.phase === 'Progressing', 20);
    expect(status?.message).toBe('rollout is restarting');
    await world.pass(5);
    expect(await left(world, before)).toBe(4);
    await untilRestarted(world, restartAt);
    expect(await left(world, before)).toBe(0);
  });

  it('gives way to a new template', async ({ world }) => {
    await installed(world, shop('1', { steps: PAUSED }));
    const restartAt = await restart(world, 600);
    await world.until('shop', ({ status }) => status?.message === 'rollout is restarting', 20);
    await world.setImage('shop', GOOD);
    const { status } = await world.until('shop', isPaused, 60);
    expect(status?.restartedAt).toBe(restartAt);
  });

  it('is no lack of progress, however short the deadline', async ({ world }) => {
    const spec = '  progressDeadlineAbort: true\n  progressDeadlineSeconds: 8';
    await installed(world, shop('1', { steps: '[{ setWeight: 20 }]', spec }));
    await world.pass(9);
    const restartAt = await restart(world);
    const phases = new Set<string | undefined>();
    await world.until(
      'shop',
      ({ status }) => {
        phases.add(status?.phase);
        return status?.restartedAt === restartAt && status.phase === 'Healthy';
      },
      120,
    );
    expect([...phases].filter((phase) => phase === 'Degraded')).toEqual([]);
  });

  it('is brought to its end by the next controller', async ({ world }) => {
    await installed(world, shop('1'));
    const before = await uids(world, (await hashes(world)).stable);
    const restartAt = await restart(world);
    await world.untilTrue(async () => (await left(world, before)) < 4, 20);
    await world.restart();
    expect(await untilRestarted(world, restartAt)).toBeGreaterThanOrEqual(3);
    expect(await left(world, before)).toBe(0);
  });

  it('in an update behind a route: an abort comes first', async ({ world }) => {
    const yaml = [routeYaml(world), rolloutYaml({ steps: PAUSED, canary: ROUTING })].join('---');
    await released(world, yaml, GOOD);
    await world.until('shop', isPaused, 60);
    const restartAt = await restart(world);
    await world.patchStatus('shop', { abort: true });
    await world.until('shop', isAborted, 20);
    expect(await routeWeights(world)).toEqual(AT_HOME);
    await untilRestarted(world, restartAt);
    expect((await world.rollout('shop')).status?.phase).toBe('Degraded');
  });

  it('refuses a time that is none', async ({ world }) => {
    await installed(world, rolloutYaml({ replicas: 1 }));
    await expect(world.patch(rollouts, 'shop', { spec: { restartAt: 'soon' } })).rejects.toMatchObject({ code: 422 });
    expect((await world.rollout('shop')).status?.phase).toBe('Healthy');
  });
});

/** Only the sandbox's API server fails on demand. */
sandboxOnly.describe('pods that cannot be looked at', () => {
  const { it } = sandboxOnly;

  it('hold up no abort, and are restarted when they can be', async ({ world }) => {
    await released(world, [routeYaml(world), rolloutYaml({ steps: PAUSED, canary: ROUTING })].join('---'), GOOD);
    await world.until('shop', isPaused, 60);
    world.setFaults(({ verb, resource }) => (verb === 'list' && resource === 'pods' ? { answer: 500 } : undefined));
    const restartAt = await restart(world);
    await world.pass(5);
    await world.patchStatus('shop', { abort: true });
    await vi.waitFor(
      async () => {
        await world.pass(1);
        expect(isDegraded(await world.rollout('shop'))).toBe(true);
      },
      { timeout: 10_000 },
    );
    expect(await routeWeights(world)).toEqual(AT_HOME);
    world.setFaults();
    await vi.waitFor(() => untilRestarted(world, restartAt), { timeout: 10_000 });
  });

  it('are asked for while a restart is due, and only then', async ({ world }) => {
    await installed(world, shop('4'));
    let lists = 0;
    world.setFaults(({ verb, resource }) => {
      if (verb === 'list' && resource === 'pods') lists++;
      return undefined;
    });
    const restartAt = await restart(world, 300);
    await world.pass(200);
    expect(lists).toBe(0);
    await world.pass(200);
    expect((await world.rollout('shop')).status?.restartedAt).toBe(restartAt);
    expect(lists).toBeGreaterThan(0);
    const before = lists;
    await world.pass(600);
    expect(lists).toBe(before);
  });
});
