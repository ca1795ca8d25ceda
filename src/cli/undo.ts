import { POD_TEMPLATE_HASH, type PodTemplateSpec, type ReplicaSet, type Rollout } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { replicaSets, rollouts } from '../kube/resources.ts';
import { givenTemplate, revisionOf, sameTemplate } from '../rollout/index.ts';
import type { Cluster } from './cluster.ts';
import { readRollout, selectorOf } from './picture.ts';
import { clusterFlags, numericFlag, onlyName, type Verb, withCluster } from './verb.ts';
import { patchWorkload, readWorkload } from './workload.ts';

export const undo: Verb = {
  name: 'undo',
  operands: 'NAME',
  completes: rollouts,
  summary: 'give a Rollout the pod template of its previous revision, or of another',
  flags: {
    'to-revision': {
      type: 'string',
      value: 'N',
      description: 'the revision to go back to; else the one before the newest',
    },
    ...clusterFlags,
  },
  async run(invocation) {
    const name = onlyName(undo, invocation.names);
    const asked = invocation.text('to-revision') === '0' ? undefined : numericFlag(undo, invocation, 'to-revision');
    return withCluster(invocation, async (cluster) => {
      const rollout = await readRollout(cluster, name);
      const source = revisionToRestore(rollout, await ownReplicaSets(cluster, rollout), asked);
      const written = await restore(cluster, rollout, source);
      const skipped = `skipped rollback (current template already matches revision ${revisionOf(source)})`;
      invocation.world.stdout(`${written ? `rollout '${name}' undo` : skipped}\n`);
      return 0;
    });
  },
};

async function ownReplicaSets({ client, namespace }: Cluster, rollout: Rollout): Promise<ReplicaSet[]> {
  const found = await client.list(replicaSets, { namespace, ...selectorOf(rollout) });
  const { uid } = rollout.metadata;
  return found.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.controller === true),
  );
}

function revisionToRestore({ metadata }: Rollout, own: ReplicaSet[], asked: number | undefined): ReplicaSet {
  const newestFirst = own.sort((a, b) => revisionOf(b) - revisionOf(a));
  const source =
    asked === undefined ? newestFirst[1] : newestFirst.find((replicaSet) => revisionOf(replicaSet) === asked);
  if (source !== undefined) return source;
  const known = newestFirst.map(revisionOf).join(', ') || 'none';
  const what =
    asked === undefined
      ? `no revision found for rollout "${metadata.name}"`
      : `unable to find specified revision ${asked} in history`;
  throw new Error(`${what}; its ReplicaSets have revisions: ${known}`);
}

/** False where the template is the current one already. */
async function restore(cluster: Cluster, rollout: Rollout, source: ReplicaSet): Promise<boolean> {
  try {
    const workload = await readWorkload(cluster, rollout);
    const value = templateToRestore(source);
    if (sameTemplate(value, workload.template)) return false;
    if (await patchWorkload(cluster, workload, [{ op: 'replace', path: workload.pointer, value }])) return true;
    const what = `the template of ${workload.resource.kind.toLowerCase()} "${workload.name}"`;
    throw new Error(`${what} was changed by someone else meanwhile, so nothing was written; look at it and try again`);
  } catch (error) {
    throw new Error(`failed restoring revision ${revisionOf(source)}: ${messageOf(error)}`, { cause: error });
  }
}

/** What was asked for when the revision was made: nothing that a controller added. */
function templateToRestore(source: ReplicaSet): PodTemplateSpec {
  const { metadata, ...rest } = givenTemplate(source);
  const { [POD_TEMPLATE_HASH]: _hash, ...labels } = metadata?.labels ?? {};
  return { ...rest, metadata: { ...metadata, labels } };
}
