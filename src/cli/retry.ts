import { experiments, rollouts } from '../kube/resources.ts';
import { patchObject, patchRollout } from './patching.ts';
import { clusterFlags, toEachName, type Verb } from './verb.ts';

const patch = { status: { abort: false } };

export const retryRollout: Verb = {
  name: 'retry',
  noun: ['rollout', 'rollouts', 'ro'],
  operands: 'NAME...',
  completes: rollouts,
  summary: 'try the update of an aborted Rollout again',
  flags: clusterFlags,
  run: (invocation) =>
    toEachName(retryRollout, invocation, {
      change: (cluster, name) => patchRollout(cluster, name, patch, patch),
      done: (name) => `rollout '${name}' retried`,
    }),
};

export const retryExperiment: Verb = {
  name: 'retry',
  noun: ['experiment', 'experiments', 'exp'],
  operands: 'NAME...',
  completes: experiments,
  summary: 'start a finished Experiment over',
  flags: clusterFlags,
  run: (invocation) =>
    toEachName(retryExperiment, invocation, {
      what: 'an Experiment',
      // Experiments have no status subresource.
      change: (cluster, name) => patchObject(cluster, experiments, name, { status: null }),
      done: (name) => `experiment '${name}' retried`,
    }),
};
