/** Fields of which more than the decision must be right: what the controller reads and writes for them. */

import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import type { ClusterAnalysisTemplate } from '../../src/api/index.ts';
import { clusterAnalysisTemplates, rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import {
  entryYaml,
  GOOD,
  installed,
  isPausedAt,
  LATEST,
  released,
  replicaSets,
  rolloutYaml,
  runs,
  successRateYaml,
} from './fixtures.ts';

describe.each(worlds)('in the $name', ({ it }) => {
  it('minReadySeconds that is changed later reaches the pods there are', async ({ world }) => {
    await installed(world, rolloutYaml({ replicas: 1, spec: '  minReadySeconds: 5' }));
    expect((await replicaSets(world)).map(({ spec }) => spec.minReadySeconds)).toEqual([5]);
    await world.patch(rollouts, 'shop', { spec: { minReadySeconds: 7 } });
    await world.untilTrue(async () => (await replicaSets(world))[0]?.spec.minReadySeconds === 7, 30);
    await world.patch(rollouts, 'shop', { spec: { minReadySeconds: null } });
    await world.untilTrue(async () => ((await replicaSets(world))[0]?.spec.minReadySeconds ?? 0) === 0, 30);
    expect(await replicaSets(world)).toHaveLength(1);
  });

  it('clusterScope asks for a ClusterAnalysisTemplate, whatever a template of the namespace is called', async ({
    world,
  }) => {
    const name = `success-rate-${world.namespace}`;
    const template = parse(successRateYaml(world)) as ClusterAnalysisTemplate;
    await world.client.create(clusterAnalysisTemplates, {
      ...template,
      kind: 'ClusterAnalysisTemplate',
      metadata: { name },
    });
    const use = `{ templates: [{ templateName: ${name}, clusterScope: true }], ${LATEST} }`;
    const steps = `[{ setWeight: 25 }, { pause: { duration: 10 } }, { analysis: ${use} }, { pause: {} }]`;
    await released(world, [entryYaml(world), rolloutYaml({ steps })].join('---'), GOOD);
    await world.until('shop', isPausedAt(3), 120);
    expect((await runs(world)).map(({ status }) => status?.phase)).toEqual(['Successful']);
    await world.client.delete(clusterAnalysisTemplates, { name });
  });
});
