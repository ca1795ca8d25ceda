import { afterEach, expect, it } from 'vitest';
import type { AnalysisRun } from '../../src/api/index.ts';
import { byName, LATEST, rolloutYaml, runs, successRateYaml, wanted } from './fixtures.ts';
import { type TestWorld, testWorld } from './world.ts';

let world: TestWorld;
afterEach(() => world.stop());

const USE = `{ templates: [{ templateName: success-rate }], ${LATEST} }`;
const STEPS = `[{ setWeight: 25 }, { pause: { duration: 20 } }, { analysis: ${USE} }, { setWeight: 50 }, { pause: {} }]`;

async function released(image: string, metric: string, shape: Parameters<typeof rolloutYaml>[0] = { steps: STEPS }) {
  world = await testWorld({ behaviour: byName });
  world.create([successRateYaml(metric), rolloutYaml(shape)].join('---'));
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 60);
  world.setImage('shop', `registry.example/shop:${image}`);
}

it('goes on when the analysis of a step succeeds', async () => {
  await released('1.1.0', 'interval: 10s, count: 3, successCondition: result >= 0.95');
  await world.until('shop', ({ status }) => status?.currentStepIndex === 4, 300);
  const [run, ...others] = runs(world);
  expect(others).toEqual([]);
  expect(run?.status).toMatchObject({ phase: 'Successful', metricResults: [{ successful: 3, count: 3 }] });
  expect(run?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Rollout', name: 'shop', controller: true });
});

it('aborts when the analysis of a step fails', async () => {
  await released('bad', 'interval: 10s, count: 3, successCondition: result >= 0.95');
  const aborted = await world.until('shop', ({ status }) => status?.abort === true, 300);
  expect(aborted.status?.message).toMatch(
    /^RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error\/failed: Metric "success-rate" assessed Failed due to failed \(1\) > failureLimit \(0\)/,
  );
  await world.pass(60);
  const { stableRS = '', currentPodHash = '' } = world.rollout('shop').status ?? {};
  expect(wanted(world)).toEqual({ [stableRS]: 4, [currentPodHash]: 0 });
});

const INCONCLUSIVE = 'interval: 10s, count: 1, successCondition: result > 2, failureCondition: result < 0';

it('pauses when the analysis of a step is inconclusive, and a promote passes that step', async () => {
  await released('1.1.0', INCONCLUSIVE);
  const paused = await world.until('shop', ({ status }) => status?.message === 'InconclusiveAnalysisRun', 300);
  expect(paused.status).toMatchObject({ phase: 'Paused', currentStepIndex: 2, controllerPause: true });
  await world.pass(120);
  expect(world.rollout('shop').status?.currentStepIndex).toBe(2);
  // What the stock plugin sends for it.
  world.patchStatus('shop', { pauseConditions: null, controllerPause: false, currentStepIndex: 3 });
  await world.until('shop', ({ status }) => status?.currentStepIndex === 4, 60);
  expect(runs(world)).toHaveLength(1);
});

it('starts the background analysis at its step, not before, and ends it with the update', async () => {
  await released('1.1.0', 'interval: 10s, successCondition: result >= 0.95', {
    steps: '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]',
    canary: `      analysis: { startingStep: 2, templates: [{ templateName: success-rate }], ${LATEST} }`,
  });
  await world.until('shop', ({ status }) => status?.phase === 'Paused', 60);
  await world.pass(60);
  expect(runs(world)).toEqual([]);
  world.patchStatus('shop', { pauseConditions: null });
  await world.until('shop', ({ status }) => status?.phase === 'Paused' && status.currentStepIndex === 3, 60);
  await world.pass(60);
  expect(runs(world).map(({ status }) => status?.phase)).toEqual(['Running']);
  world.patchStatus('shop', { pauseConditions: null });
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  await world.pass(30);
  expect(runs(world).map(({ status }) => status?.phase)).toEqual(['Successful']);
});

it('runs an AnalysisRun that a person made, and stops it when told to', async () => {
  await released('1.1.0', 'interval: 10s, successCondition: result >= 0.95', {});
  await world.until('shop', ({ status }) => status?.phase === 'Healthy', 120);
  const { stableRS = '' } = world.rollout('shop').status ?? {};
  await world.pass(30);
  const template = world.api.store.get('AnalysisTemplate', 'default', 'success-rate') as unknown as { spec: object };
  for (const [name, further] of [
    ['mine', {}],
    ['stopped', { terminate: true }],
  ] as const) {
    world.api.store.create('AnalysisRun', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { namespace: 'default', name },
      spec: { ...structuredClone(template.spec), args: [{ name: 'hash', value: stableRS }], ...further },
    } as never);
  }
  await world.pass(65);
  const mine = () => world.api.store.get<AnalysisRun>('AnalysisRun', 'default', 'mine');
  expect(mine()?.status).toMatchObject({
    phase: 'Running',
    metricResults: [{ name: 'success-rate', phase: 'Running' }],
  });
  expect(mine()?.status?.metricResults?.[0]?.successful).toBeGreaterThanOrEqual(6);
  const stopped = world.api.store.get<AnalysisRun>('AnalysisRun', 'default', 'stopped');
  expect(stopped?.status?.phase).toBe('Successful');
  world.api.store.patch('AnalysisRun', { namespace: 'default', name: 'mine' }, { spec: { terminate: true } });
  await world.pass(5);
  expect(mine()?.status?.phase).toBe('Successful');
  expect(world.rollout('shop').status?.phase).toBe('Healthy');
});
