import { APPROVE, type GitRevert } from '../api/index.ts';
import { gitReverts } from '../kube/resources.ts';
import { isApproved, mayApprove } from '../revert/index.ts';
import { refusal } from './revert.ts';
import { annotateRevert } from './revert-annotate.ts';
import { clusterFlags, onlyName, type Verb, withCluster } from './verb.ts';

export const approveRevert: Verb = {
  name: 'revert',
  noun: ['approve'],
  operands: 'NAME',
  completes: gitReverts,
  summary: "let a revert pass that waits for a person's word: a spent budget, many failures at once, sensitive files",
  flags: clusterFlags,
  run: async (invocation) => {
    const name = onlyName(approveRevert, invocation.names, 'a GitRevert');
    return withCluster(invocation, async (cluster) => {
      const { status } = await annotateRevert(cluster, name, APPROVE, (revert) => {
        if (!mayApprove(revert)) throw refusal(revert, whyNot(revert), invocation);
      });
      invocation.world.stdout(`gitrevert '${name}' approved: ${status?.reason} does not hold it up any more\n`);
      return 0;
    });
  },
};

function whyNot(revert: GitRevert): string {
  return isApproved(revert) ? 'was approved already' : "does not wait for a person's word";
}
