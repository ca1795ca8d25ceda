import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { expectRefusal, worlds } from '../worlds/index.ts';
import { GOOD, installed, isDegraded, isHealthy, replicaSets, rolloutYaml, withPod } from './fixtures.ts';

/** More than the limit allows. */
const resources = { requests: { cpu: '2' }, limits: { cpu: '1' } };

describe.each(worlds)('in the $name', ({ it }) => {
  it('says what the API server finds wrong with the pods, leaves the stable ones alone, and goes on once it is mended', async ({
    world,
  }) => {
    await installed(world, rolloutYaml({ replicas: 2, steps: '[{ setWeight: 50 }]' }));
    expectRefusal(world, /^422 create .*replicasets/);
    const containers = [{ name: 'shop', image: GOOD, ports: [{ containerPort: 8080 }], resources }];
    await world.patch(rollouts, 'shop', { spec: { template: { spec: { containers } } } });
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toMatch(
      /^InvalidSpec: The Rollout "shop" is invalid: spec\.template: the API server refuses its pods: .*cpu/,
    );
    expect(await replicaSets(world)).toHaveLength(1);
    const mended = [{ name: 'shop', image: GOOD, ports: [{ containerPort: 8080 }] }];
    await world.patch(rollouts, 'shop', { spec: { template: { spec: { containers: mended } } } });
    await world.until('shop', isHealthy, 60);
  });

  it('says of a first template that the API server refuses nothing but that, until it is mended', async ({ world }) => {
    expectRefusal(world, /^422 create .*replicasets/);
    const container = (more: object) => [{ name: 'shop', image: GOOD, ...more }];
    await world.create(withPod(rolloutYaml({ replicas: 1 }), { containers: container({ resources }) }));
    const degraded = await world.until('shop', isDegraded, 60);
    expect(degraded.status).toEqual({
      phase: 'Degraded',
      message: expect.stringContaining('InvalidSpec: The Rollout "shop" is invalid: spec.template: the API server'),
      observedGeneration: expect.any(String),
      conditions: [expect.objectContaining({ type: 'InvalidSpec', status: 'True' })],
    });
    await world.pass(130);
    expect((await world.rollout('shop')).status).toEqual(degraded.status);
    await world.patch(rollouts, 'shop', { spec: { template: { spec: { containers: container({}) } } } });
    await world.until('shop', isHealthy, 60);
  });

  it('says of a template beside a workload, as it does of all that is invalid from the start, only that', async ({
    world,
  }) => {
    const workloadRef = 'workloadRef: { apiVersion: apps/v1, kind: Deployment, name: shop }';
    await world.create(rolloutYaml({ replicas: 1, spec: `  ${workloadRef}` }));
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status).toEqual({
      phase: 'Degraded',
      message: expect.stringContaining('template must be empty for workload reference rollout'),
      observedGeneration: expect.any(String),
      conditions: [expect.objectContaining({ type: 'InvalidSpec', status: 'True' })],
    });
  });
});
