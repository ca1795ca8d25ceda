import { patchRollout } from './patching.ts';
import { clusterFlags, onlyName, type Verb, withCluster } from './verb.ts';

export const retry: Verb = {
  name: 'retry',
  noun: ['rollout', 'rollouts', 'ro'],
  operands: 'NAME',
  summary: 'try the update of an aborted Rollout again',
  flags: clusterFlags,
  async run(invocation) {
    const name = onlyName(retry, invocation.names);
    const patch = { status: { abort: false } };
    return withCluster(invocation, async (cluster) => {
      await patchRollout(cluster, name, patch, patch);
      invocation.world.stdout(`rollout '${name}' retried\n`);
      return 0;
    });
  },
};
