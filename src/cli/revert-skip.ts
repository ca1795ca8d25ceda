import { SKIP } from '../api/index.ts';
import { gitReverts } from '../kube/resources.ts';
import { maySkip } from '../revert/index.ts';
import { refusal } from './revert.ts';
import { annotateRevert } from './revert-annotate.ts';
import { clusterFlags, onlyName, type Verb, withCluster } from './verb.ts';

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
      const skipped = await annotateRevert(cluster, name, SKIP, (revert) => {
        if (!maySkip(revert)) throw refusal(revert, 'cannot be skipped any more', invocation);
      });
      const { number } = skipped.status?.proposal ?? {};
      const closed = number === undefined ? '' : `; pull request ${number} is closed for it`;
      invocation.world.stdout(`gitrevert '${name}' skipped: the change stays in Git${closed}\n`);
      return 0;
    });
  },
};
