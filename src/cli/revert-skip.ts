import { SKIP } from '../api/index.ts';
import { isConflict } from '../kube/client.ts';
import { gitReverts } from '../kube/resources.ts';
import { maySkip } from '../revert/index.ts';
import type { Cluster } from './cluster.ts';
import { patchObject } from './patching.ts';
import { readRevert, refusal } from './revert.ts';
import { clusterFlags, type Invocation, onlyName, type Verb, withCluster } from './verb.ts';

const MOST_ATTEMPTS = 5;

export const skipRevert: Verb = {
  name: 'revert',
  noun: ['skip'],
  operands: 'NAME',
  completes: gitReverts,
  summary: 'leave a change in Git: its revert is not written, and not for a later attempt of it either',
  flags: clusterFlags,
  run: async (invocation) => {
    const name = onlyName(skipRevert, invocation.names, 'a GitRevert');
    return withCluster(invocation, async (cluster) => {
      const { number } = (await skip(cluster, name, invocation)).status?.proposal ?? {};
      const closed = number === undefined ? '' : `; pull request ${number} is closed for it`;
      invocation.world.stdout(`gitrevert '${name}' skipped: the change stays in Git${closed}\n`);
      return 0;
    });
  },
};

/** Writes it only onto the very state that was looked at: the next one may be the write. */
async function skip(cluster: Cluster, name: string, invocation: Invocation) {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const revert = await readRevert(cluster, name);
    if (!maySkip(revert)) throw refusal(revert, 'cannot be skipped any more', invocation);
    const { resourceVersion } = revert.metadata;
    const body = { metadata: { resourceVersion, annotations: { [SKIP]: 'true' } } };
    try {
      return await patchObject(cluster, gitReverts, name, body);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new Error(`gitrevert '${name}' keeps changing, so nothing was written; try again`);
}
