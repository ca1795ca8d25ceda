import type { GitRevert } from '../api/index.ts';
import { gitReverts } from '../kube/resources.ts';
import { newestFirst, revertList } from '../view/index.ts';
import { outputFlag, outputOf } from './revert.ts';
import { clusterFlags, type Invocation, noNames, type Verb, withCluster } from './verb.ts';

export const listReverts: Verb = {
  name: 'revert',
  noun: ['list'],
  operands: '',
  summary: 'list what is being taken out of Git, and what was',
  flags: {
    'all-namespaces': { type: 'boolean', short: 'A', description: 'those of all namespaces' },
    ...outputFlag('json', 'name'),
    ...clusterFlags,
  },
  run: async (invocation) => {
    noNames(listReverts, invocation.names);
    const { world, isSet } = invocation;
    const format = outputOf(listReverts, invocation);
    return withCluster(invocation, async ({ client, namespace: own }) => {
      const namespace = isSet('all-namespaces') ? undefined : own;
      const found = await client.list(gitReverts, namespace === undefined ? {} : { namespace });
      if (found.length === 0 && format === undefined) {
        const where = namespace === undefined ? 'any namespace' : `namespace "${namespace}"`;
        world.stderr(`No GitReverts in ${where}: nothing was to be taken out of Git.\n`);
      } else world.stdout(printed(found.sort(newestFirst), format, invocation));
      return 0;
    });
  },
};

function printed(reverts: GitRevert[], format: string | undefined, { world, isSet }: Invocation): string {
  if (format === 'json') return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: reverts }, null, 2)}\n`;
  if (format === 'name') return reverts.map(({ metadata }) => `gitrevert.headgate.dev/${metadata.name}\n`).join('');
  const drawing = { now: world.now(), ...(world.width === undefined ? {} : { width: world.width }) };
  return revertList(reverts, drawing, { namespaces: isSet('all-namespaces') });
}
