import type { Rollout } from '../api/index.ts';
import { rollouts } from '../kube/resources.ts';
import { rolloutList } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { clusterFlags, type Invocation, type Verb, withCluster } from './verb.ts';
import { watching } from './watching.ts';

export const list: Verb = {
  name: 'list',
  noun: ['rollouts', 'rollout', 'ro'],
  operands: '',
  summary: 'list Rollouts',
  flags: {
    'all-namespaces': { type: 'boolean', short: 'A', description: 'those of all namespaces' },
    watch: { type: 'boolean', short: 'w', description: 'go on printing each line that changes' },
    ...clusterFlags,
  },
  run: (invocation) =>
    withCluster(invocation, async (cluster) => {
      const { world, isSet } = invocation;
      const namespace = isSet('all-namespaces') ? undefined : cluster.namespace;
      const found = await cluster.client.list(rollouts, namespace === undefined ? {} : { namespace });
      if (found.length === 0 && !isSet('watch')) {
        world.stderr('No resources found.\n');
        return 0;
      }
      world.stdout(lines(found, invocation, true));
      return isSet('watch') ? watch(cluster, namespace, invocation, found) : 0;
    }),
};

function lines(found: Rollout[], { world, isSet }: Invocation, header: boolean): string {
  const drawing = world.width === undefined ? {} : { width: world.width };
  return rolloutList(found, drawing, { namespaces: isSet('all-namespaces'), header });
}

/** Prints a line again only when something that it shows has changed. */
async function watch(cluster: Cluster, namespace: string | undefined, invocation: Invocation, first: Rollout[]) {
  const caches = cluster.caches(namespace);
  const cache = caches.cache(rollouts);
  const shown = new Map<string, string>();
  const changed = (rollout: Rollout) => {
    const line = lines([rollout], invocation, false);
    const key = `${rollout.metadata.namespace}/${rollout.metadata.name}`;
    if (shown.get(key) === line) return '';
    shown.set(key, line);
    return line;
  };
  for (const rollout of first) changed(rollout);
  await caches.start();
  const draw = () => {
    const text = cache.list(namespace).map(changed).join('');
    if (text !== '') invocation.world.stdout(text);
    return undefined;
  };
  const { onChange } = cache;
  try {
    return (await watching({ draw, onChange, ticking: false, signal: invocation.world.interrupted() })) ?? 0;
  } finally {
    await caches.stop();
  }
}
