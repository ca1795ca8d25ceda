import type { KubeObject } from '../api/kubernetes.ts';
import type { Resource } from './client.ts';
import { createInformer, type Informer } from './informer.ts';
import type { InformerOptions } from './informer-options.ts';

export type CacheOptions<T extends KubeObject> = Pick<
  InformerOptions<T>,
  'namespace' | 'labelSelector' | 'optional' | 'transform' | 'timing'
>;

/** The caches of one process, started and stopped together. */
export interface Caches {
  /** A cache of one kind, not yet started: attach listeners first. */
  cache<T extends KubeObject>(resource: Resource<T>, options?: CacheOptions<T>): Informer<T>;
  /** Starts all; resolves when every first list is in. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `defaults.namespace` narrows every cache of a namespaced kind. */
export function createCaches(
  defaults: Pick<InformerOptions<KubeObject>, 'connection' | 'log' | 'clock' | 'namespace' | 'timing'>,
): Caches {
  const informers: Pick<Informer<KubeObject>, 'start' | 'stop' | 'synced'>[] = [];
  return {
    cache(resource, options) {
      const { namespace, ...rest } = defaults;
      const informer = createInformer({ ...rest, ...(resource.namespaced && { namespace }), ...options, resource });
      informers.push(informer);
      return informer;
    },
    async start() {
      for (const informer of informers) informer.start();
      await Promise.all(informers.map(({ synced }) => synced));
    },
    async stop() {
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}
