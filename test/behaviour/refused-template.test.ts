import { describe, expect } from 'vitest';
import { rollouts } from '../../src/kube/resources.ts';
import { expectRefusal, worlds } from '../worlds/index.ts';
import { GOOD, installed, isDegraded, isHealthy, replicaSets, rolloutYaml } from './fixtures.ts';

describe.each(worlds)('in the $name', ({ it }) => {
  it('says what the API server finds wrong with the pods, leaves the stable ones alone, and goes on once it is mended', async ({
    world,
  }) => {
    await installed(world, rolloutYaml({ replicas: 2, steps: '[{ setWeight: 50 }]' }));
    expectRefusal(world, /^422 create .*replicasets/);
    const resources = { requests: { cpu: '2' }, limits: { cpu: '1' } };
    const containers = [{ name: 'shop', image: GOOD, ports: [{ containerPort: 8080 }], resources }];
    await world.patch(rollouts, 'shop', { spec: { template: { spec: { containers } } } });
    const { status } = await world.until('shop', isDegraded, 60);
    expect(status?.message).toMatch(/^InvalidSpec: spec\.template: the API server refuses its pods: .*cpu/);
    expect(await replicaSets(world)).toHaveLength(1);
    const mended = [{ name: 'shop', image: GOOD, ports: [{ containerPort: 8080 }] }];
    await world.patch(rollouts, 'shop', { spec: { template: { spec: { containers: mended } } } });
    await world.until('shop', isHealthy, 60);
  });
});
