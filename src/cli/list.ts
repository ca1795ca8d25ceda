import { experiments, rollouts } from '../kube/resources.ts';
import { experimentList, rolloutList } from '../view/index.ts';
import { listFlags, runListing } from './listing.ts';
import type { Invocation, Verb } from './verb.ts';

function widthOf({ world }: Invocation): { width?: number } {
  return world.width === undefined ? {} : { width: world.width };
}

export const listRollouts: Verb = {
  name: 'list',
  noun: ['rollouts', 'rollout', 'ro'],
  operands: '',
  summary: 'list Rollouts',
  flags: listFlags,
  run: async (invocation) =>
    runListing(listRollouts, invocation, {
      resource: rollouts,
      table: (objects, _now, options) => rolloutList(objects, widthOf(invocation), options),
    }),
};

export const listExperiments: Verb = {
  name: 'list',
  noun: ['experiments', 'experiment', 'exp'],
  operands: '',
  summary: 'list Experiments',
  flags: listFlags,
  run: async (invocation) =>
    runListing(listExperiments, invocation, {
      resource: experiments,
      table: (objects, now, options) => experimentList(objects, { now, ...widthOf(invocation) }, options),
    }),
};
