import { expect, it } from 'vitest';
import { objectSchema } from '../../api/crd.ts';
import { descriptorOf } from '../../api/index.ts';
import type { Shape } from '../../api/shape.ts';
import { rolloutRules } from './validation-rollouts.ts';

/** The checks of a schema: where, and what they say. */
function checks(shape: Shape, path = ''): string[] {
  const below = Object.entries(shape.properties ?? {});
  return [
    ...(shape['x-kubernetes-validations'] ?? []).map(({ message }) => `${path}: ${message}`),
    ...below.flatMap(([name, each]) => checks(each, path === '' ? name : `${path}.${name}`)),
    ...(shape.items === undefined ? [] : checks(shape.items, `${path}.*`)),
  ];
}

it('every check of the definition has its rule here, and none is made up', () => {
  const rollout = descriptorOf('argoproj.io', 'Rollout');
  if (rollout === undefined) throw new Error('there is no Rollout');
  const own = rolloutRules.map(({ path, message }) => `${path}: ${message}`);
  expect(own.sort()).toEqual(checks(objectSchema(rollout)).sort());
});
