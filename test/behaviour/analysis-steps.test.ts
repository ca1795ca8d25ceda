import { describe, expect } from 'vitest';
import type { AnalysisRun } from '../../src/api/index.ts';
import { analysisRuns, analysisTemplates } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  BAD,
  background,
  ENDLESS,
  entryYaml,
  GOOD,
  hashes,
  isAborted,
  isAtStep,
  isHealthy,
  isPaused,
  isPausedAt,
  LATEST,
  released,
  rolloutYaml,
  runPhases,
  runs,
  successRateYaml,
  untilWanted,
} from './fixtures.ts';

const USE = `{ templates: [{ templateName: success-rate }], ${LATEST} }`;
const STEPS = `[{ setWeight: 25 }, { pause: { duration: 10 } }, { analysis: ${USE} }, { setWeight: 50 }, { pause: {} }]`;
const THREE = 'interval: 5s, count: 3, successCondition: result >= 0.95';

function story(world: TestWorld, metric: string, shape: Parameters<typeof rolloutYaml>[0] = { steps: STEPS }): string {
  return [entryYaml(world), successRateYaml(world, metric), rolloutYaml(shape)].join('---');
}

describe.each(worlds)('in the $name', ({ it }) => {
  it('goes on when the analysis of a step succeeds', async ({ world }) => {
    await released(world, story(world, THREE), GOOD);
    await world.until('shop', isAtStep(4), 120);
    const [run, ...others] = await runs(world);
    expect(others).toEqual([]);
    expect(run?.status).toMatchObject({ phase: 'Successful', metricResults: [{ successful: 3, count: 3 }] });
    expect(run?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Rollout', name: 'shop', controller: true });
  });

  it('aborts when the analysis of a step fails', async ({ world }) => {
    await released(world, story(world, THREE), BAD);
    const aborted = await world.until('shop', isAborted, 120);
    expect(aborted.status?.message).toMatch(
      /^RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error\/failed: Metric "success-rate" assessed Failed due to failed \(1\) > failureLimit \(0\)/,
    );
    const { stable, latest } = await hashes(world);
    await untilWanted(world, { [stable]: 4, [latest]: 0 });
  });

  it('pauses when the analysis of a step is inconclusive, and a promote passes that step', async ({ world }) => {
    const inconclusive = 'interval: 5s, count: 1, successCondition: result > 2, failureCondition: result < 0';
    await released(world, story(world, inconclusive), GOOD);
    const paused = await world.until('shop', ({ status }) => status?.message === 'InconclusiveAnalysisRun', 120);
    expect(paused.status).toMatchObject({ phase: 'Paused', currentStepIndex: 2, controllerPause: true });
    await world.pass(15);
    expect((await world.rollout('shop')).status?.currentStepIndex).toBe(2);
    // What the stock plugin sends for it.
    await world.patchStatus('shop', { pauseConditions: null, controllerPause: false, currentStepIndex: 3 });
    await world.until('shop', isAtStep(4), 60);
    expect(await runs(world)).toHaveLength(1);
  });

  it('starts the background analysis at its step, not before, and ends it with the update', async ({ world }) => {
    const steps = '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]';
    await released(world, story(world, ENDLESS, { steps, canary: background(2) }), GOOD);
    await world.until('shop', isPaused, 60);
    await world.pass(10);
    expect(await runs(world)).toEqual([]);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isPausedAt(3), 60);
    await world.pass(10);
    expect(await runPhases(world)).toEqual(['Running']);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    await world.untilTrue(async () => (await runPhases(world)).join() === 'Successful', 30);
  });

  it('runs an AnalysisRun that a person made, and stops it when told to', async ({ world }) => {
    await released(world, story(world, ENDLESS, {}), GOOD);
    await world.until('shop', isHealthy, 60);
    const { stable } = await hashes(world);
    await world.pass(15);
    const template = await world.get(analysisTemplates, 'success-rate');
    const begin = (name: string, further: object) =>
      world.client.create(analysisRuns, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisRun',
        metadata: { namespace: world.namespace, name },
        spec: { ...template.spec, args: [{ name: 'hash', value: stable }], ...further },
      } as AnalysisRun);
    await begin('mine', {});
    await begin('stopped', { terminate: true });
    await world.pass(25);
    const mine = (await world.get(analysisRuns, 'mine')).status;
    expect(mine).toMatchObject({ phase: 'Running', metricResults: [{ name: 'success-rate', phase: 'Running' }] });
    expect(mine?.metricResults?.[0]?.successful).toBeGreaterThanOrEqual(4);
    expect((await world.get(analysisRuns, 'stopped')).status?.phase).toBe('Successful');
    await world.patch(analysisRuns, 'mine', { spec: { terminate: true } });
    const isOver = async () => (await world.get(analysisRuns, 'mine')).status?.phase === 'Successful';
    await world.untilTrue(isOver, 10);
    expect((await world.rollout('shop')).status?.phase).toBe('Healthy');
  });
});
