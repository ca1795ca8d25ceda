import { MANAGED_BY, namedServices, POD_TEMPLATE_HASH, type Rollout, type Service } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import { Waiting } from '../../errors.ts';
import { isConflict, isNotFound, type KubeClient } from '../../kube/client.ts';
import { rollouts, services } from '../../kube/resources.ts';
import type { Log } from '../../log.ts';
import type { Router } from '../../traffic/router.ts';
import { deleted, type Happening } from '../events.ts';
import { keyOf, placeOf, splitKey } from '../keys.ts';
import { createQueue, type PassResult, type QueueMetrics } from '../queue.ts';
import { setTraffic } from '../rollout/apply.ts';
import { indexBy } from '../rollout/index-by.ts';
import { observeRouters, type RolloutCaches } from '../rollout/observe.ts';

export interface ServiceControllerOptions {
  client: KubeClient;
  caches: RolloutCaches;
  clock: Clock;
  log: Log;
  routers: readonly Router[];
  emit(object: KubeObject, happening: Happening): void;
  observeRouterObject(object: KubeObject): void;
  metrics?: QueueMetrics;
}

export interface ServiceController {
  /** Begins with all Services that a Rollout manages; call it once the caches are synced. */
  start(): void;
  /** No new pass begins; resolves when those under way have ended. */
  stop(): Promise<void>;
}

/** All requests go to stable. */
const AT_HOME = { weight: 0, routes: [] };

/** The key of the Rollout that manages a Service. */
function managerOf({ metadata: { namespace, annotations } }: Service): string | undefined {
  const manager = annotations?.[MANAGED_BY];
  return manager === undefined ? undefined : placeOf(namespace, manager);
}

function isRouted({ spec }: Rollout): boolean {
  return spec.strategy?.canary?.trafficRouting !== undefined;
}

/** Makes every attempt, whatever becomes of the others; then throws the first failure. What is gone needs nothing. */
async function tryAll(attempts: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const attempt of attempts) {
    try {
      await attempt();
    } catch (error) {
      if (!isNotFound(error)) failures.push(error);
    }
  }
  if (failures.some(isConflict)) throw new Waiting('Conflict', 'something changed while the pass ran', 0.05);
  if (failures.length > 0) throw failures[0];
}

/** Rollouts that are deleted, or have no router any more, as they were with one, until their routes are home. */
function createFormerlyRouted() {
  const routed = new Map<string, Rollout>();
  const former = new Map<string, Rollout>();
  return {
    /** Whether its routes are to be led home now. */
    see(rollout: Rollout, isGone: boolean): boolean {
      const key = keyOf(rollout);
      const before = isRouted(rollout) ? rollout : routed.get(key);
      if (!before) return false;
      const isDriven = !isGone && isRouted(rollout);
      if (isDriven) routed.set(key, before);
      else {
        routed.delete(key);
        former.set(key, before);
      }
      return !isDriven;
    },
    of: (key: string) => former.get(key),
    forget: (key: string) => void former.delete(key),
  };
}

/** Tells once of each Rollout that is gone. */
function createEndings({ emit }: Pick<ServiceControllerOptions, 'emit'>) {
  const untold = new Map<string, Rollout>();
  return {
    note: (rollout: Rollout) => void untold.set(keyOf(rollout), rollout),
    /** `there`: what has the name now, whoever drives it. */
    tell(key: string, there: Rollout | undefined): void {
      const gone = untold.get(key);
      untold.delete(key);
      if (gone && there?.metadata.uid !== gone.metadata.uid) emit(gone, deleted(gone));
    },
  };
}

/**
 * Leaves nothing half-way where nobody drives it any more. Services that their Rollout no longer names, or whose Rollout
 * is gone, let go of the revision that they were switched to, so that they find the pods of whatever comes after it; the
 * routes of a Rollout that is gone, or goes without a router from now on, lead to stable again. No finalizer keeps the
 * Rollout: a route is only known as long as this process remembers who named it; a Service says itself who managed it. The
 * keys of the queue are those of Rollouts. An Event tells of the end of each.
 */
export function createServiceController(options: ServiceControllerOptions): ServiceController {
  const { client, caches, clock, log, metrics } = options;
  const queue = createQueue({ name: 'service', clock, log, concurrency: 2, reconcile, ...(metrics && { metrics }) });
  const managedBy = indexBy(caches.services, (service) => [managerOf(service) ?? []].flat());
  const namedBy = indexBy(caches.rollouts, (rollout) =>
    namedServices(rollout).map(({ name }) => placeOf(rollout.metadata.namespace, name)),
  );
  const formerlyRouted = createFormerlyRouted();
  const endings = createEndings(options);
  const stops: (() => void)[] = [];

  const isNamed = (namespace: string | undefined, service: string) => namedBy(placeOf(namespace, service)).length > 0;
  /** The Services that the Rollout of this key manages, and no Rollout names. */
  const leftBy = (key: string) =>
    managedBy(key).filter(({ metadata: { namespace, name } }) => !isNamed(namespace, name));

  async function leadHome(rollout: Rollout): Promise<void> {
    const { namespace } = rollout.metadata;
    if (namedServices(rollout).some(({ name }) => namedBy(placeOf(namespace, name)).some(isRouted))) return;
    const routers = observeRouters(rollout, caches, options.routers);
    await setTraffic({ client, rollout, routers, observeRouterObject: options.observeRouterObject }, AT_HOME);
  }

  async function release({ metadata: { namespace = '', name, resourceVersion } }: Service): Promise<void> {
    const body = {
      metadata: { resourceVersion, annotations: { [MANAGED_BY]: null } },
      spec: { selector: { [POD_TEMPLATE_HASH]: null } },
    };
    const change = { type: 'merge', body, fieldManager: 'headgate' } as const;
    caches.services.observe(await client.patch(services, { namespace, name }, change));
    log.info({ service: placeOf(namespace, name) }, 'service released');
  }

  async function reconcile(key: string): Promise<PassResult | undefined> {
    const { namespace, name } = splitKey(key);
    const driven = caches.rollouts.get(namespace, name);
    // What no longer carries this instance's label has left the cache and is driven by another one.
    const there = driven ?? (await client.get(rollouts, { namespace, name }));
    endings.tell(key, there);
    const isDrivenElsewhere = !driven && there !== undefined;
    if (isDrivenElsewhere || (driven && isRouted(driven))) formerlyRouted.forget(key);
    if (isDrivenElsewhere) return undefined;
    const gone = formerlyRouted.of(key);
    // Traffic first.
    const attempts = [...(gone ? [() => leadHome(gone)] : []), ...leftBy(key).map((service) => () => release(service))];
    await tryAll(attempts);
    formerlyRouted.forget(key);
    return undefined;
  }

  const wake = (manager: string | undefined) => {
    if (manager !== undefined && leftBy(manager).length > 0) queue.add(manager);
  };
  const see = (rollout: Rollout, isGone = false) => {
    if (isGone) endings.note(rollout);
    if (formerlyRouted.see(rollout, isGone) || isGone) queue.add(keyOf(rollout));
    wake(keyOf(rollout));
  };
  return {
    start() {
      stops.push(
        caches.services.onChange((service) => wake(managerOf(service))),
        caches.rollouts.onChange((rollout, change) => see(rollout, change === 'deleted')),
      );
      for (const rollout of caches.rollouts.list()) see(rollout);
      for (const service of caches.services.list()) wake(managerOf(service));
    },
    async stop() {
      for (const stop of stops) stop();
      await queue.stop();
    },
  };
}
