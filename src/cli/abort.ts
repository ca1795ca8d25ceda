import { rollouts } from '../kube/resources.ts';
import { patchRollout } from './patching.ts';
import { clusterFlags, toEachName, type Verb } from './verb.ts';

const patch = { status: { abort: true } };

export const abort: Verb = {
  name: 'abort',
  operands: 'NAME...',
  completes: rollouts,
  summary: 'give up the update of a Rollout: all traffic goes back to the stable revision',
  flags: clusterFlags,
  run: (invocation) =>
    toEachName(abort, invocation, {
      change: (cluster, name) => patchRollout(cluster, name, patch, patch),
      done: (name) => `rollout '${name}' aborted`,
    }),
};
