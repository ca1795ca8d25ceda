import type { KubeObject } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Resource } from '../kube/client.ts';
import type { ListOptions } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { clusterFlags, type Flags, type Invocation, noNames, type Verb, withCluster } from './verb.ts';
import { watching } from './watching.ts';

export const listFlags: Flags = {
  name: { type: 'string', value: 'NAME', description: 'only the one of this name' },
  'all-namespaces': { type: 'boolean', short: 'A', description: 'those of all namespaces' },
  watch: { type: 'boolean', short: 'w', description: 'go on printing each line that changes' },
  timestamps: { type: 'boolean', description: 'say of each line when it was printed' },
  ...clusterFlags,
};

export interface Listing<T extends KubeObject> {
  resource: Resource<T>;
  /** The table; `now` in milliseconds since the epoch. */
  table(objects: T[], now: number, options: ListOptions): string;
}

/** Lists all objects of a kind as the flags say, and watches them if asked. */
export function runListing<T extends KubeObject>(
  verb: Verb,
  invocation: Invocation,
  listing: Listing<T>,
): Promise<number> {
  noNames(verb, invocation.names);
  return withCluster(invocation, async (cluster) => {
    const { world, isSet, text } = invocation;
    const name = text('name');
    const namespace = isSet('all-namespaces') ? undefined : cluster.namespace;
    const found = await cluster.client.list(listing.resource, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
    });
    if (found.length === 0 && !isSet('watch')) {
      world.stderr('No resources found.\n');
      return 0;
    }
    world.stdout(lines(listing, found, invocation, true));
    return isSet('watch') ? watch(cluster, namespace, invocation, listing, found) : 0;
  });
}

function lines<T extends KubeObject>(listing: Listing<T>, objects: T[], invocation: Invocation, header: boolean) {
  const { world, isSet } = invocation;
  const now = world.now();
  return listing.table(objects, now, {
    namespaces: isSet('all-namespaces'),
    header,
    timestamp: isSet('timestamps') ? timestamp(now) : undefined,
  });
}

/** Prints a line again only when something of the object that it shows has changed. */
async function watch<T extends KubeObject>(
  cluster: Cluster,
  namespace: string | undefined,
  invocation: Invocation,
  listing: Listing<T>,
  first: T[],
) {
  const caches = cluster.caches(namespace);
  const cache = caches.cache(listing.resource);
  const shown = new Map<string, string>();
  const isNew = (object: T) => {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    // Without what time alone changes.
    const line = listing.table([object], 0, { header: false });
    if (shown.get(key) === line) return false;
    shown.set(key, line);
    return true;
  };
  for (const object of first) isNew(object);
  await caches.start();
  const name = invocation.text('name');
  const draw = () => {
    const wanted = cache.list(namespace).filter(({ metadata }) => name === undefined || metadata.name === name);
    const changed = wanted.filter(isNew);
    if (changed.length > 0) invocation.world.stdout(lines(listing, changed, invocation, false));
    return undefined;
  };
  const { onChange } = cache;
  try {
    return (await watching({ draw, onChange, ticking: false, signal: invocation.world.interrupted() })) ?? 0;
  } finally {
    await caches.stop();
  }
}
