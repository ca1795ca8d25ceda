import { expect, it } from 'vitest';
import { aborted, healthy, lookedAt, paused } from '../../test/rollout-pictures.ts';
import { explainPicture } from './explanation.ts';

it.each([healthy(), paused(), aborted()])('says the same of pods that come from a workload', (picture) => {
  const { template: _, selector: __, ...spec } = picture.rollout.spec;
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' };
  const referring = { ...picture, rollout: { ...picture.rollout, spec: { ...spec, workloadRef } } };
  const own = { ...picture, rollout: { ...picture.rollout, spec: { ...picture.rollout.spec } } };
  const newest = own.replicaSets.find(({ metadata }) =>
    metadata.name.endsWith(own.rollout.status?.currentPodHash ?? '-'),
  );
  if (newest) own.rollout.spec.template = newest.spec.template;
  expect(explainPicture(referring, lookedAt)).toEqual(explainPicture(own, lookedAt));
});

it('says what pods are made without', () => {
  const picture = paused();
  const { template = {}, ...spec } = picture.rollout.spec;
  const pod = { containers: [], ...template.spec, overhead: { cpu: 'much' } };
  const rollout = { ...picture.rollout, spec: { ...spec, template: { ...template, spec: pod } } };
  const told =
    'spec.template.spec.overhead.cpu: "much" is no quantity, so pods are made without it: write a number with or without a unit, as in 2, 100m, 1.5 or 256Mi';
  const whole = explainPicture(picture, lookedAt);
  const { sentence, besides } = explainPicture({ ...picture, rollout }, lookedAt);
  expect(besides).toEqual([told, ...whole.besides]);
  expect(sentence).toBe(`${whole.sentence}; ${told}`);
});
