import type { GitRevert } from '../api/index.ts';
import { gitReverts, rollouts } from '../kube/resources.ts';
import { derive, isFinal, mayRetry } from '../revert/index.ts';
import type { Cluster } from './cluster.ts';
import { readRevert, refusal } from './revert.ts';
import { clusterFlags, onlyName, type Verb, withCluster } from './verb.ts';

export const retryRevert: Verb = {
  name: 'revert',
  noun: ['retry'],
  operands: 'NAME',
  completes: gitReverts,
  summary: 'take a revert up anew that ended without anything written',
  flags: clusterFlags,
  run: async (invocation) => {
    const name = onlyName(retryRevert, invocation.names, 'a GitRevert');
    return withCluster(invocation, async (cluster) => {
      const { client, namespace } = cluster;
      const revert = await readRevert(cluster, name);
      if (!mayRetry(revert)) throw refusal(revert, whyNot(revert), invocation);
      await refuseWithoutFailure(cluster, revert);
      const { uid, resourceVersion } = revert.metadata;
      // The controller makes another record for a failure that none speaks of; this very one goes, and only as it was seen.
      const seen = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
      await client.delete(gitReverts, { namespace, name }, seen);
      invocation.world.stdout(
        `gitrevert '${name}' deleted: the controller takes the failure up anew, under the same name\n`,
      );
      return 0;
    });
  },
};

function whyNot({ status }: GitRevert): string {
  const { number } = status?.proposal ?? {};
  if (isFinal(derive(status)) && status?.commit === undefined && number !== undefined) {
    return `cannot be taken up anew while pull request ${number} is closed: it would be found again, and be a veto`;
  }
  return 'cannot be taken up anew: it has not ended without a write';
}

/** Without the failure there would be neither the record nor another one. */
async function refuseWithoutFailure({ client }: Cluster, { metadata, spec }: GitRevert): Promise<void> {
  const { namespace, name, uid } = spec.rollout;
  const rollout = await client.get(rollouts, { namespace, name });
  const { abort, currentPodHash } = rollout?.status ?? {};
  if (rollout?.metadata.uid === uid && abort === true && currentPodHash === spec.templates.canary) return;
  const why = `rollout "${name}" is not aborted on the template that failed (${spec.templates.canary})`;
  throw new Error(
    `gitrevert '${metadata.name}' was left as it is: ${why}, so there is nothing to take up. If that fails again, it is taken up by itself`,
  );
}
