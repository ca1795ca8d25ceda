import { performance } from 'node:perf_hooks';
import type { Cache } from '../../src/kube/cache.ts';
import type { AnyObject } from '../../src/kube/resources.ts';

interface Judged {
  parents?: { conditions?: { type: string; status: string; observedGeneration?: number }[] }[];
}

function isAccepted({ metadata, status }: AnyObject): boolean {
  const { parents = [] } = (status ?? {}) as Judged;
  return parents.some(({ conditions = [] }) =>
    conditions.some(
      ({ type, status, observedGeneration }) =>
        type === 'Accepted' && status === 'True' && observedGeneration === metadata.generation,
    ),
  );
}

/** Notes how long each change of a route waits for the gateway's word. */
export function listenToRoutes(routes: Cache<AnyObject>) {
  const since = new Map<string, { generation: number; at: number }>();
  let waits: number[] = [];
  routes.onChange((route) => {
    const { name, generation = 0 } = route.metadata;
    const known = since.get(name);
    if (!isAccepted(route)) {
      if (known?.generation !== generation) since.set(name, { generation, at: performance.now() });
    } else if (known) {
      waits.push((performance.now() - known.at) / 1000);
      since.delete(name);
    }
  });
  return {
    /** Forgets what it heard before. */
    begin() {
      waits = [];
    },
    waits: () => waits,
  };
}
