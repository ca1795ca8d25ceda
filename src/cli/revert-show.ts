import { gitReverts } from '../kube/resources.ts';
import { revertDetails } from '../view/index.ts';
import { outputFlag, outputOf, readRevert } from './revert.ts';
import { drawingOf, showFlags } from './showing.ts';
import { clusterFlags, type Flags, onlyName, type Verb, withCluster } from './verb.ts';

const { color, width } = showFlags as { color: Flags[string]; width: Flags[string] };

export const showRevert: Verb = {
  name: 'revert',
  noun: ['show'],
  operands: 'NAME',
  completes: gitReverts,
  summary: 'show a GitRevert: what failed, which change is taken out for it, how far that is, and what you can do',
  flags: { ...outputFlag('json'), color, width, ...clusterFlags },
  run: async (invocation) => {
    const name = onlyName(showRevert, invocation.names, 'a GitRevert');
    const format = outputOf(showRevert, invocation);
    const drawing = drawingOf(showRevert, invocation);
    const { world } = invocation;
    return withCluster(invocation, async (cluster) => {
      const revert = await readRevert(cluster, name);
      const isJson = format === 'json';
      world.stdout(isJson ? `${JSON.stringify(revert, null, 2)}\n` : revertDetails(revert, world.program, drawing()));
      return 0;
    });
  },
};
