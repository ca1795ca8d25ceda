import { rollouts } from '../kube/resources.ts';
import { patchObject } from './patching.ts';
import { clusterFlags, toEachName, type Verb } from './verb.ts';

export const pause: Verb = {
  name: 'pause',
  operands: 'NAME...',
  completes: rollouts,
  summary: 'hold a Rollout where it is, until it is promoted',
  flags: clusterFlags,
  run: (invocation) =>
    toEachName(pause, invocation, {
      change: (cluster, name) => patchObject(cluster, rollouts, name, { spec: { paused: true } }),
      done: (name) => `rollout '${name}' paused`,
    }),
};
