import { afterEach, expect, it } from 'vitest';
import { byName, ROUTING, rolloutYaml, routeWeights, routeYaml, wanted } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

const TWO_PAUSES = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]';

async function paused(yaml: string): Promise<void> {
  world = await testWorld({ behaviour: byName });
  world.create(yaml);
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', 'registry.example/shop:1.1.0');
  await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
}

const routed = [routeYaml(), rolloutYaml({ steps: TWO_PAUSES, canary: ROUTING })].join('---');

it('abort takes the traffic away and keeps the spec; retry begins again at the first step', async () => {
  await paused(routed);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 75, 'shop-canary': 25 });
  world.patchStatus('shop', { abort: true });
  const aborted = await world.until('shop', ({ status }) => status?.phase === 'Degraded', 60);
  expect(aborted.status?.message).toBe('RolloutAborted: Rollout aborted update to revision 2');
  expect(aborted.status?.abortedAt).toBeDefined();
  expect(aborted.status?.pauseConditions ?? []).toEqual([]);
  expect(aborted.spec.template?.spec?.containers?.[0]).toMatchObject({ image: 'registry.example/shop:1.1.0' });
  expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
  await world.pass(120);
  const { stableRS = '', currentPodHash = '' } = world.rollout('shop').status ?? {};
  expect(wanted(world)).toEqual({ [stableRS]: 4, [currentPodHash]: 0 });
  world.patchStatus('shop', { abort: false });
  const again = await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
  expect(again.status?.currentStepIndex).toBe(1);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 75, 'shop-canary': 25 });
});

it('promote ends one pause; promote where nothing is paused passes one step', async () => {
  await paused(rolloutYaml({ steps: TWO_PAUSES }));
  world.patchStatus('shop', { pauseConditions: null });
  const second = await world.until('shop', ({ status }) => status?.currentStepIndex === 3, 60);
  expect(second.status?.stableRS).not.toBe(second.status?.currentPodHash);
  await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
  world.patchStatus('shop', { pauseConditions: null, currentStepIndex: 4 });
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
});

it('skips as many steps as the status says', async () => {
  await paused(rolloutYaml({ steps: TWO_PAUSES }));
  world.patchStatus('shop', { currentStepIndex: 4 });
  const done = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  expect(done.status?.stableRS).toBe(done.status?.currentPodHash);
});

it('promote --full passes all that is left, and is consumed', async () => {
  await paused(routed);
  world.patchStatus('shop', { promoteFull: true });
  const done = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  expect(done.status?.stableRS).toBe(done.status?.currentPodHash);
  expect(done.status?.promoteFull).toBeFalsy();
  await world.pass(60);
  expect(routeWeights(world)).toEqual({ 'shop-stable': 100, 'shop-canary': 0 });
});

it('promote --full after an abort promotes what was given up', async () => {
  await paused(rolloutYaml({ steps: TWO_PAUSES }));
  world.patchStatus('shop', { abort: true });
  await world.until('shop', ({ status }) => status?.phase === 'Degraded', 60);
  world.patchStatus('shop', { promoteFull: true });
  const done = await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  expect(done.status?.stableRS).toBe(done.status?.currentPodHash);
  expect(done.status?.abort).toBeFalsy();
});

it('needs three promotes for pause, setWeight, pause, setWeight, pause with one replica', async () => {
  const steps = '[{ pause: {} }, { setWeight: 30 }, { pause: {} }, { setWeight: 60 }, { pause: {} }]';
  await paused(rolloutYaml({ replicas: 1, steps }));
  const at: (number | undefined)[] = [];
  for (let promotes = 1; promotes <= 3; promotes++) {
    at.push(world.rollout('shop').status?.currentStepIndex);
    world.patchStatus('shop', { pauseConditions: null });
    await world.pass(60);
    const { phase } = world.rollout('shop').status ?? {};
    expect(phase).toBe(promotes < 3 ? 'Paused' : 'Healthy');
  }
  expect(at).toEqual([0, 2, 4]);
});

it('spec.paused holds every raise and every step, lets an abort through, and goes on when taken back', async () => {
  await paused(routed);
  const name = { namespace: 'default', name: 'shop' };
  world.api.store.patch('Rollout', name, { spec: { paused: true } });
  world.patchStatus('shop', { pauseConditions: null });
  await world.pass(120);
  expect(world.rollout('shop').status).toMatchObject({ phase: 'Paused', message: 'manually paused' });
  expect(routeWeights(world)['shop-canary']).toBe(25);
  world.patchStatus('shop', { abort: true });
  await world.pass(30);
  expect(routeWeights(world)['shop-canary']).toBe(0);
  world.api.store.patch('Rollout', name, { spec: { paused: null } });
  await world.until('shop', ({ status }) => status?.phase === 'Degraded', 60);
  expect(routeWeights(world)['shop-canary']).toBe(0);
});

it('goes on from where it was when spec.paused is taken back', async () => {
  await paused(rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: { duration: 30 } }, { setWeight: 50 }]' }));
  const name = { namespace: 'default', name: 'shop' };
  world.api.store.patch('Rollout', name, { spec: { paused: true } });
  await world.pass(300);
  expect(world.rollout('shop').status?.currentStepIndex).toBe(1);
  world.api.store.patch('Rollout', name, { spec: { paused: false } });
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
});

it('under spec.paused a new revision gets a ReplicaSet without pods', async () => {
  world = await testWorld();
  world.create(rolloutYaml({ steps: TWO_PAUSES }));
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.api.store.patch('Rollout', { namespace: 'default', name: 'shop' }, { spec: { paused: true } });
  world.setImage('shop', 'registry.example/shop:1.1.0');
  await world.pass(120);
  const { stableRS = '', currentPodHash = '' } = world.rollout('shop').status ?? {};
  expect(wanted(world)).toEqual({ [stableRS]: 4, [currentPodHash]: 0 });
});

it('scales in mid-canary, both sides in proportion, without leaving its step', async () => {
  await paused(rolloutYaml({ replicas: 4, steps: '[{ setWeight: 25 }, { pause: {} }]' }));
  const { stableRS = '', currentPodHash = '' } = world.rollout('shop').status ?? {};
  for (const [replicas, canary] of [
    [8, 2],
    [4, 1],
  ] as const) {
    world.api.store.patch('Rollout', { namespace: 'default', name: 'shop' }, { spec: { replicas } });
    await world.pass(60);
    expect(wanted(world)).toEqual({ [stableRS]: replicas - canary, [currentPodHash]: canary });
    expect(world.rollout('shop').status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
  }
});

it('scales to zero and back while it is settled', async () => {
  world = await testWorld();
  world.create(rolloutYaml());
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  const { stableRS = '' } = world.rollout('shop').status ?? {};
  for (const replicas of [0, 3]) {
    world.api.store.patch('Rollout', { namespace: 'default', name: 'shop' }, { spec: { replicas } });
    await world.pass(60);
    expect(wanted(world)).toEqual({ [stableRS]: replicas });
    expect(world.rollout('shop').status?.phase).toBe('Healthy');
  }
});

it.each([
  [false, 'ProgressDeadlineExceeded'],
  [true, 'RolloutAborted'],
])(
  'tells that an image cannot be pulled once the deadline has passed (progressDeadlineAbort %s)',
  async (abort, reason) => {
    world = await testWorld();
    const spec = `  progressDeadlineSeconds: 60\n  progressDeadlineAbort: ${abort}`;
    world.create(rolloutYaml({ steps: '[{ setWeight: 25 }, { pause: { duration: 10 } }]', spec }));
    await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
    world.setImage('shop', 'registry.example/shop:missing');
    const degraded = await world.until('shop', ({ status }) => status?.phase === 'Degraded', 300);
    const hash = degraded.status?.currentPodHash;
    expect(degraded.status?.message).toContain(`${reason}: `);
    expect(degraded.status?.message).toContain(`ReplicaSet "shop-${hash}" has timed out progressing.`);
    expect(degraded.status?.abort ?? false).toBe(abort);
    await world.pass(120);
    expect(wanted(world)[hash ?? '']).toBe(abort ? 0 : 1);
    world.setImage('shop', 'registry.example/shop:1.0.1');
    await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  },
);
