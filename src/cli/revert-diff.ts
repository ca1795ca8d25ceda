import type { GitRevert } from '../api/index.ts';
import { gitReverts } from '../kube/resources.ts';
import { revertDiff } from '../view/index.ts';
import { readRevert, refusal } from './revert.ts';
import { clusterFlags, onlyName, type Verb, withCluster } from './verb.ts';

/** Why there is no diff to print. */
function whyNone({ status }: GitRevert): string {
  if (status?.plan === undefined) return 'has no plan, so there is nothing that it would write';
  if (status.commit !== undefined || status.proposal !== undefined) return 'keeps no diff: Git has it';
  return 'keeps no diff: that is kept for dry runs, and where a person must decide about a plan';
}

export const diffRevert: Verb = {
  name: 'revert',
  noun: ['diff'],
  operands: 'NAME',
  completes: gitReverts,
  summary: 'print what a GitRevert would write, where that is only a dry run or for a person to decide',
  flags: clusterFlags,
  run: async (invocation) => {
    const name = onlyName(diffRevert, invocation.names, 'a GitRevert');
    return withCluster(invocation, async (cluster) => {
      const revert = await readRevert(cluster, name);
      const { diff } = revert.status?.plan ?? {};
      if (diff === undefined) throw refusal(revert, whyNone(revert), invocation);
      invocation.world.stdout(revertDiff(diff));
      return 0;
    });
  },
};
