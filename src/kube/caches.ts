import type { KubeObject } from '../api/kubernetes.ts';
import type { Resource } from './client.ts';
import { createInformer, type Informer } from './informer.ts';
import type { InformerOptions } from './informer-options.ts';

export interface CacheOptions<T extends KubeObject>
  extends Pick<InformerOptions<T>, 'namespace' | 'name' | 'labelSelector' | 'optional' | 'transform' | 'timing'> {
  /** Stays empty, and costs nothing, until somebody calls its own `start`. */
  onDemand?: boolean;
}

/** The caches of one process, started and stopped together. */
export interface Caches {
  /** A cache of one kind, not yet started: attach listeners first. */
  cache<T extends KubeObject>(resource: Resource<T>, options?: CacheOptions<T>): Informer<T>;
  /** Starts all but those on demand; resolves when every first list is in. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `defaults.namespace` narrows every cache of a namespaced kind. */
export function createCaches(
  defaults: Pick<InformerOptions<KubeObject>, 'connection' | 'log' | 'clock' | 'namespace' | 'timing'>,
): Caches {
  type Started = Pick<Informer<KubeObject>, 'start' | 'stop' | 'synced'>;
  const [always, later]: [Started[], Started[]] = [[], []];
  return {
    cache(resource, { onDemand = false, ...options } = {}) {
      const { namespace, ...rest } = defaults;
      const informer = createInformer({ ...rest, ...(resource.namespaced && { namespace }), ...options, resource });
      (onDemand ? later : always).push(informer);
      return informer;
    },
    async start() {
      for (const informer of always) informer.start();
      await Promise.all(always.map(({ synced }) => synced));
    },
    async stop() {
      await Promise.all([...always, ...later].map((informer) => informer.stop()));
    },
  };
}
