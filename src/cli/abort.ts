import { patchRollout } from './patching.ts';
import { clusterFlags, onlyName, type Verb, withCluster } from './verb.ts';

export const abort: Verb = {
  name: 'abort',
  operands: 'NAME',
  summary: 'give up the update of a Rollout: all traffic goes back to the stable revision',
  flags: clusterFlags,
  async run(invocation) {
    const name = onlyName(abort, invocation.names);
    const patch = { status: { abort: true } };
    return withCluster(invocation, async (cluster) => {
      await patchRollout(cluster, name, patch, patch);
      invocation.world.stdout(`rollout '${name}' aborted\n`);
      return 0;
    });
  },
};
